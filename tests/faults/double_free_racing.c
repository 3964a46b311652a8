/*
 * Two threads free the same block at the same moment: one of them is right.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * sound, 1 bad frees, 0 failures
 */
#include <stdatomic.h>

#include "fault.h"

static grt_addr block;
static atomic_uint arrived, accepted, refused;

static void free_together(void *arg)
{
    (void)arg;
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < 2) {
        os_thread_yield();
    }
    grt_status status = grt_heap_free(heap, block);
    atomic_fetch_add(status == GRT_OK ? &accepted : &refused, 1);
    EXPECT(status == GRT_OK || status == GRT_DOUBLE_FREE);
}

int main(void)
{
    open_heap(64);
    block = grt_heap_alloc(heap, 100);
    os_thread *thread;
    EXPECT(os_thread_create(0x20000, free_together, NULL, &thread) == 0);
    free_together(NULL);
    os_thread_join(thread);
    EXPECT(accepted == 1 && refused == 1);
    return go_on(1, 0);
}
