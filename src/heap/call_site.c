/*
 * call_site.c - the calling thread's guest return address.
 */
#include "heap/call_site.h"

static _Thread_local uint32_t current_site;

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
