/* x_heap_manage.c - exports that make, end, lock and check the title's heaps. */
#include "kernel/x_heap.h"

uint32_t grt_export_GetProcessHeap(grt_call *call)
{
    (void)call;
    return GRT_PROCESS_HEAP;
}

uint32_t grt_export_RtlCreateHeap(grt_call *call, uint32_t flags, grt_addr base, uint32_t reserve,
                                  uint32_t commit, grt_addr lock, grt_addr parameters)
{
    (void)lock, (void)parameters;
    uint64_t limit = reserve > commit ? reserve : commit;
    if (base)
        grt_call_complain(call,
                          "blocks will not come from 0x%08X, but from the process heap's "
                          "memory",
                          (unsigned)base);
    if (flags & GRT_TITLE_HEAP_GROWS)
        limit = 0;
    uint32_t heap = grt_title_heap_create(&call->kernel->heaps, flags, limit);
    if (!heap)
        grt_call_complain(call, "there are %u heaps, and cannot be more", GRT_TITLE_HEAPS_MAX);
    return heap;
}

uint32_t grt_export_RtlDestroyHeap(grt_call *call, uint32_t heap)
{
    grt_title_trouble trouble;
    if (grt_title_heap_is_process(heap)) {
        grt_call_complain(call, "%08X is the process heap, which stays", (unsigned)heap);
        return heap;
    }
    grt_title_heap_wait(call, heap);
    bool destroyed = grt_title_heap_destroy(call->runtime, &call->kernel->heaps, heap, &trouble);
    if (!destroyed)
        grt_title_complain(call, heap, 0, &trouble);
    return destroyed ? 0 : heap;
}

/* ---- locks --------------------------------------------------------------------------------- */

static bool find(grt_call *call, uint32_t number, grt_title_heap *heap)
{
    grt_title_trouble trouble;
    if (grt_title_heap_find(&call->kernel->heaps, number, heap, &trouble))
        return true;
    grt_title_complain(call, number, 0, &trouble);
    return false;
}

uint32_t grt_export_RtlLockHeap(grt_call *call, uint32_t heap)
{
    grt_title_trouble trouble;
    grt_title_heap record;
    if (!find(call, heap, &record))
        return 0;
    if ((record.flags & GRT_TITLE_HEAP_NO_LOCK) || grt_title_heap_lock(call, heap, &trouble))
        return 1;
    grt_title_complain(call, heap, 0, &trouble); /* it was destroyed meanwhile */
    return 0;
}

uint32_t grt_export_RtlUnlockHeap(grt_call *call, uint32_t heap)
{
    grt_title_heap record;
    if (!find(call, heap, &record))
        return 0;
    if ((record.flags & GRT_TITLE_HEAP_NO_LOCK) ||
        grt_title_heap_unlock(&call->kernel->heaps, call->thread, heap))
        return 1;
    grt_call_complain(call, "the calling thread has not locked heap %08X", (unsigned)heap);
    return 0;
}

/* ---- questions ----------------------------------------------------------------------------- */

static bool block_is_valid(grt_call *call, uint32_t heap, grt_addr block)
{
    grt_title_trouble trouble;
    grt_block_info info;
    grt_heap_describe(call->runtime->user_heap, block, &info);
    if (info.state != GRT_BLOCK_LIVE || info.start != block) {
        grt_call_complain(call, "0x%08X: %s", (unsigned)block, info.text);
        return false;
    }
    if (grt_title_heap_is_owner(call->runtime, &call->kernel->heaps, heap, block, &trouble))
        return !grt_is_the_kernels(call, block);
    grt_title_complain(call, heap, block, &trouble);
    return false;
}

uint32_t grt_export_RtlValidateHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    (void)flags;
    grt_title_heap record;
    char text[192];
    if (!find(call, heap, &record))
        return 0;
    if (block)
        return block_is_valid(call, heap, block);
    if (grt_heap_check(call->runtime->user_heap, text, sizeof text))
        return 1;
    grt_call_complain(call, "%s", text);
    return 0;
}

uint32_t grt_export_RtlCompactHeap(grt_call *call, uint32_t heap, uint32_t flags)
{
    (void)flags;
    grt_title_heap record;
    grt_heap_stats stats;
    if (!find(call, heap, &record))
        return 0;
    grt_heap_get_stats(call->runtime->user_heap, &stats);
    uint64_t largest = stats.largest_free;
    if (record.limit && record.limit - record.bytes < largest)
        largest = record.limit - record.bytes;
    return (uint32_t)largest;
}

uint32_t grt_export_RtlDebugCompactHeap(grt_call *call, uint32_t heap, uint32_t flags)
{
    return grt_export_RtlCompactHeap(call, heap, flags);
}
