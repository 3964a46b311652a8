/*
 * call_site.c - the calling thread's guest return address and guest thread.
 */
#include "heap/call_site.h"

static _Thread_local uint32_t current_site;
static _Thread_local uint32_t current_thread;

uint32_t grt_call_site(void)
{
    return current_site;
}

uint32_t grt_set_call_site(uint32_t return_address)
{
    uint32_t before = current_site;
    current_site = return_address;
    return before;
}

uint32_t grt_calling_thread(void)
{
    return current_thread;
}

void grt_set_calling_thread(uint32_t id)
{
    current_thread = id;
}
