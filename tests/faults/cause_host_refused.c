/*
 * The host has no memory for the pages.
 *
 * expect:
 * [MEMORY] 0x00020000, 102400 bytes, was given back but may stay accessible: Cannot allocate
 *     memory (errno 12)
 * [MEMORY] the host refused to back 102400 bytes at 0x00020000 of 'user': Cannot allocate memory
 *     (errno 12); RLIMIT_AS is 1048576.0 MiB; see vm.overcommit_memory, RLIMIT_DATA and the
 *     cgroup limit named in the report
 * [HEAP-ALLOC-FAIL] size=100000 cause=GRT_HEAP_HOST_REFUSED rounded=102400 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the host refused memory for the pages
 * [HEAP-DIAG] remedy: see errno and the limit below (RLIMIT_DATA, overcommit, cgroup)
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=1 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=0 cached=0 committed=0 blocks=0 asked=0
 * [HEAP-DIAG] errno=12 limit: RLIMIT_AS is 1048576.0 MiB
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
    open_heap(64);
    set_limit(UINT64_C(1) << 40);
    os_inject_failure(1, true);
    EXPECT(grt_heap_alloc(heap, 100000) == 0);
    os_inject_failure(0, false);
    EXPECT(last_cause() == GRT_HEAP_HOST_REFUSED);
    return go_on(0, 1);
}
