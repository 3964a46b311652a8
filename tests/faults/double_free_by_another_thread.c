/*
 * A block that one thread freed is freed by another one.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

static grt_addr block;

static void free_again(void *arg)
{
    (void)arg;
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
}

int main(void)
{
    open_heap(64);
    block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    os_thread *thread;
    EXPECT(os_thread_create(0x20000, free_again, NULL, &thread) == 0);
    os_thread_join(thread);
    return go_on(1, 0);
}
