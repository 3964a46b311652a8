/*
 * heap.c - the public entry points: each takes the lock, does one thing, and reports outside it.
 */
#include "guestrt/heap.h"

#include "heap/call_site.h"
#include "heap/internal.h"
#include "heap/quiet.h"

#include <string.h>

#include "os/assert.h"

/* ---- requests ----------------------------------------------------------------------------------
 */

/* There is no heap to ask. The line is always written: nothing exists that could count it. */
static void refuse_without_heap(const heap_request *request)
{
    heap_refusal refusal = {.repeat = request->quiet ? 0 : 1};
    refusal.failure.cause = GRT_HEAP_NOT_INITIALISED;
    refusal.failure.asked = request->asked;
    refusal.failure.rounded = request->size;
    refusal.failure.alignment = request->alignment;
    refusal.failure.call_site = request->site;
    heap_report_refusal(NULL, &refusal);
}

static void init_request(heap_request *request, uint32_t size, uint32_t alignment)
{
    request->asked = size;
    request->size = size > 0 ? size : 1;
    request->alignment = alignment > SMALL_ALIGNMENT ? alignment : SMALL_ALIGNMENT;
    if (alignment != 0 && (alignment & (alignment - 1)) != 0) {
        request->alignment = alignment; /* kept as it is: it is about to be refused */
    }
    request->site = grt_call_site();
    request->block = 0;
    request->is_small = false;
    request->stale.count = 0;
    request->cause = GRT_HEAP_NONE;
    request->rounded = 0;
    request->host_errno = 0;
    request->quiet = false;
}

/* Serves the request and keeps the lock; on a refusal releases it and reports. */
static bool allocate_lock(grt_heap *heap, heap_request *request)
{
    if (heap == NULL) {
        refuse_without_heap(request);
        return false;
    }
    os_mutex_lock(&heap->lock);
    if (heap_allocate_locked(heap, request)) {
        return true;
    }
    heap_refusal refusal;
    heap_refuse_locked(heap, request, &refusal);
    os_mutex_unlock(&heap->lock);
    heap_report_refusal(heap, &refusal);
    return false;
}

static grt_addr allocate(grt_heap *heap, heap_request *request)
{
    if (!allocate_lock(heap, request)) {
        return 0;
    }
    os_mutex_unlock(&heap->lock);
    return request->block;
}

grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size)
{
    return grt_heap_alloc_aligned(heap, size, SMALL_ALIGNMENT);
}

grt_addr grt_heap_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment)
{
    heap_request request;
    init_request(&request, size, alignment);
    return allocate(heap, &request);
}

grt_addr grt_heap_try_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment)
{
    heap_request request;
    init_request(&request, size, alignment);
    request.quiet = true;
    return allocate(heap, &request);
}

/* ---- touching blocks ---------------------------------------------------------------------------
 *
 * Blocks are cleared and copied under the lock: a wrong free by another guest thread could give
 * their pages back to the host meanwhile. Pages that the guest itself took away are the exception.
 * Touching them faults, and a fault must not find the lock held, for its report asks the heap.
 */

static void clear_range(grt_heap *heap, grt_addr start, uint64_t bytes)
{
    bool safe = grt_memory_accessible(heap->memory, start, bytes, GRT_READ_WRITE);
    if (!safe) {
        os_mutex_unlock(&heap->lock);
    }
    memset(grt_memory_host(heap->memory, start), 0, (size_t)bytes);
    if (!safe) {
        os_mutex_lock(&heap->lock);
    }
}

static void clear_block_locked(grt_heap *heap, const heap_request *request)
{
    if (request->is_small) {
        clear_range(heap, request->block, request->size);
        return;
    }
    for (uint32_t i = 0; i < request->stale.count; i++) {
        grt_addr start = heap_page_address(heap, request->stale.ranges[i].page);
        clear_range(heap, start, (uint64_t)request->stale.ranges[i].length << PAGE_SHIFT);
    }
}

grt_addr grt_heap_alloc_zeroed(grt_heap *heap, uint32_t size)
{
    heap_request request;
    init_request(&request, size, SMALL_ALIGNMENT);
    if (!allocate_lock(heap, &request)) {
        return 0;
    }
    clear_block_locked(heap, &request);
    os_mutex_unlock(&heap->lock);
    return request.block;
}

/* ---- changing a size ---------------------------------------------------------------------------
 */

/* Grows or shrinks a large block where it is. */
static bool resize_large_locked(grt_heap *heap, const heap_block *block, uint32_t size)
{
    uint32_t have = block->extent >> PAGE_SHIFT;
    uint64_t extent = heap_round_to_pages(size);
    uint32_t want = (uint32_t)(extent >> PAGE_SHIFT);
    if (want < have) {
        heap_backing_recover(&heap->backing, block->index + want, have - want);
        heap_trim_run_locked(heap, page_runs_cut(&heap->runs, block->index, want));
    } else if (want > have) {
        int host_errno;
        if (extent - block->extent > heap->budget - heap->counters.live ||
            !page_runs_extend(&heap->runs, block->index, want)) {
            return false;
        }
        if (heap_backing_commit(&heap->backing, block->index + have, want - have, 0, NULL,
                                &host_errno) != GRT_OK) {
            page_runs_cut(&heap->runs, block->index, have);
            return false;
        }
    }
    heap->table.pages[block->index].u.large.asked = size;
    heap_account_resize(heap, block, extent, size);
    return true;
}

/* A small block stays where it is unless that would waste more than half of it. */
static bool resize_small_locked(grt_heap *heap, const heap_block *block, uint32_t size)
{
    if (size > block->extent || (size <= block->extent / 2 && block->extent > SMALL_ALIGNMENT)) {
        return false;
    }
    span_set_asked(block->span, block->index, size);
    heap_account_resize(heap, block, block->extent, size);
    return true;
}

static bool resize_locked(grt_heap *heap, const heap_block *block, uint32_t size)
{
    if (heap->shut_down) {
        return false;
    }
    if (block->span != NULL) {
        return resize_small_locked(heap, block, size);
    }
    return size > SMALL_MAX && resize_large_locked(heap, block, size);
}

/* A block that cannot move can still become smaller. */
static bool shrink_locked(grt_heap *heap, const heap_block *block, uint32_t size)
{
    if (size > block->asked) {
        return false;
    }
    if (block->span == NULL) {
        return resize_large_locked(heap, block, size);
    }
    span_set_asked(block->span, block->index, size);
    heap_account_resize(heap, block, block->extent, size);
    return true;
}

/* Copies the first [bytes] of a block into a new one, frees it and releases the lock. */
static grt_addr move_block_unlock(grt_heap *heap, grt_addr old, const heap_block *found,
                                  uint32_t bytes, grt_addr to)
{
    const void *source = grt_memory_host(heap->memory, old);
    void *target = grt_memory_host(heap->memory, to);
    if (grt_memory_accessible(heap->memory, old, bytes, GRT_READ_ONLY) &&
        grt_memory_accessible(heap->memory, to, bytes, GRT_READ_WRITE)) {
        memcpy(target, source, bytes);
        heap_free_locked(heap, found);
        os_mutex_unlock(&heap->lock);
        return to;
    }
    os_mutex_unlock(&heap->lock);
    memcpy(target, source, bytes);
    (void)grt_heap_free(heap, old); /* looked up again: others had the lock meanwhile */
    return to;
}

grt_addr grt_heap_realloc(grt_heap *heap, grt_addr block, uint32_t size)
{
    if (block == 0 || heap == NULL) {
        return grt_heap_alloc(heap, size);
    }
    heap_request request;
    init_request(&request, size, SMALL_ALIGNMENT);
    heap_block found;
    os_mutex_lock(&heap->lock);
    grt_status status = heap_find_locked(heap, block, &found);
    if (status != GRT_OK) {
        heap->counters.bad_frees++;
        (void)heap_refuse_address_unlock(heap, block, status, "realloc");
        return 0;
    }
    if (resize_locked(heap, &found, request.size)) {
        os_mutex_unlock(&heap->lock);
        return block;
    }
    if (heap_allocate_locked(heap, &request)) {
        uint32_t bytes = found.asked < request.size ? found.asked : request.size;
        return move_block_unlock(heap, block, &found, bytes, request.block);
    }
    if (shrink_locked(heap, &found, request.size)) {
        os_mutex_unlock(&heap->lock);
        return block;
    }
    heap_refusal refusal;
    heap_refuse_locked(heap, &request, &refusal);
    os_mutex_unlock(&heap->lock);
    heap_report_refusal(heap, &refusal);
    return 0;
}

/* ---- giving back -------------------------------------------------------------------------------
 */

grt_status grt_heap_free(grt_heap *heap, grt_addr block)
{
    if (block == 0) {
        return GRT_OK;
    }
    heap_block found;
    os_mutex_lock(&heap->lock);
    grt_status status = heap_find_locked(heap, block, &found);
    if (status != GRT_OK) {
        heap->counters.bad_frees++;
        return heap_refuse_address_unlock(heap, block, status, "free");
    }
    heap_free_locked(heap, &found);
    os_mutex_unlock(&heap->lock);
    return GRT_OK;
}

uint64_t grt_heap_trim(grt_heap *heap)
{
    os_mutex_lock(&heap->lock);
    (void)heap_release_empty_spans_locked(heap);
    uint64_t bytes = (uint64_t)heap_trim_locked(heap) << PAGE_SHIFT;
    os_mutex_unlock(&heap->lock);
    return bytes;
}

void grt_heap_shut_down(grt_heap *heap)
{
    os_mutex_lock(&heap->lock);
    heap->shut_down = true;
    os_mutex_unlock(&heap->lock);
}

void grt_heap_inject_failure(grt_heap *heap, uint32_t nth, bool sticky)
{
    os_mutex_lock(&heap->lock);
    heap->inject_countdown = nth;
    heap->inject_sticky = sticky;
    os_mutex_unlock(&heap->lock);
}

/* ---- asking ------------------------------------------------------------------------------------
 */

uint32_t grt_heap_size(grt_heap *heap, grt_addr block)
{
    heap_block found;
    os_mutex_lock(&heap->lock);
    grt_status status = heap_find_locked(heap, block, &found);
    if (status != GRT_OK) {
        (void)heap_refuse_address_unlock(heap, block, status, "size");
        return UINT32_MAX;
    }
    os_mutex_unlock(&heap->lock);
    return found.asked;
}

bool grt_heap_owns(const grt_heap *heap, grt_addr address)
{
    return address >= heap->first && address - heap->first < heap->capacity;
}

void grt_heap_describe(grt_heap *heap, grt_addr address, grt_block_info *info)
{
    os_mutex_lock(&heap->lock);
    heap_describe_locked(heap, address, info);
    os_mutex_unlock(&heap->lock);
}

void grt_heap_get_stats(const grt_heap *heap, grt_heap_stats *stats)
{
    /* Reading needs the lock, which is no part of what const promises. */
    os_mutex *lock = (os_mutex *)(uintptr_t)&heap->lock;
    os_mutex_lock(lock);
    heap_stats_locked(heap, stats);
    os_mutex_unlock(lock);
}

const char *grt_heap_name(const grt_heap *heap)
{
    return heap->name;
}
