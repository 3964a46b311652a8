/*
 * The host has no memory for the pages.
 *
 * expect:
 * [MEMORY] 0x00130000, 1953792 bytes, was given back but may stay accessible: Cannot allocate
 *     memory (errno 12)
 * [MEMORY] the host refused to back 1953792 bytes at 0x00130000 of 'user': Cannot allocate memory
 *     (errno 12); RLIMIT_AS is 1048576.0 MiB; see vm.overcommit_memory, RLIMIT_DATA and the
 *     cgroup limit named in the report
 * [MEMORY] 0x00130000, 1953792 bytes, was given back but may stay accessible: Cannot allocate
 *     memory (errno 12)
 * [MEMORY] the host refused to back 1953792 bytes at 0x00130000 of 'user': Cannot allocate memory
 *     (errno 12); RLIMIT_AS is 1048576.0 MiB; see vm.overcommit_memory, RLIMIT_DATA and the
 *     cgroup limit named in the report
 * [HEAP-ALLOC-FAIL] size=3000000 cause=GRT_HEAP_HOST_REFUSED rounded=3002368 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the host refused memory for the pages
 * [HEAP-DIAG] remedy: see errno and the limit below (RLIMIT_DATA, overcommit, cgroup)
 * [HEAP-DIAG] capacity=4194304 allocated=112 peak_allocated=7168 oom_count=1 free_space=4128768
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=4128768 would_fit=112 cached=65424 committed=1114112 blocks=1
 *     asked=100
 * [HEAP-DIAG] errno=12 limit: RLIMIT_AS is 1048576.0 MiB
 * [HEAP-DIAG] owner 1: 112 bytes in 1 blocks of up to 112 bytes
 * sound, 0 bad frees, 1 failures
 */
#include <sys/resource.h>

#include "fault.h"
#include "os/os_inject.h"

/* A limit of our own, so that every machine names the same one. */
static void set_limit(uint64_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
}

int main(void)
{
    open_heap(1024);
    (void)grt_heap_alloc(heap, 100);
    set_limit(UINT64_C(1) << 40);
    os_inject_failure(1, true);
    EXPECT(grt_heap_alloc(heap, 3000000) == 0);
    os_inject_failure(0, false);
    EXPECT(last_cause() == GRT_HEAP_HOST_REFUSED);
    return go_on(0, 1);
}
