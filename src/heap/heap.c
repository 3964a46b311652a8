/*
 * heap.c - the public entry points: each takes the lock, does one thing, and reports outside it.
 */
#include "guestrt/heap.h"

#include "heap/call_site.h"
#include "heap/internal.h"

#include <string.h>

#include "os/assert.h"

/* ---- requests ----------------------------------------------------------------------------------
 */

/* There is no heap to ask. The line is always written: nothing exists that could count it. */
static void refuse_without_heap(const heap_request *request)
{
    heap_refusal refusal = {.repeat = 1};
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
}

static bool allocate(grt_heap *heap, heap_request *request)
{
    if (heap == NULL) {
        refuse_without_heap(request);
        return false;
    }
    os_mutex_lock(&heap->lock);
    if (heap_allocate_locked(heap, request)) {
        os_mutex_unlock(&heap->lock);
        return true;
    }
    heap_refusal refusal;
    heap_refuse_locked(heap, request, &refusal);
    os_mutex_unlock(&heap->lock);
    heap_report_refusal(heap, &refusal);
    return false;
}

grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size)
{
    return grt_heap_alloc_aligned(heap, size, SMALL_ALIGNMENT);
}

grt_addr grt_heap_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment)
{
    heap_request request;
    init_request(&request, size, alignment);
    return allocate(heap, &request) ? request.block : 0;
}

static void clear_block(grt_heap *heap, const heap_request *request)
{
    if (request->is_small) {
        memset(grt_memory_host(heap->memory, request->block), 0, request->size);
        return;
    }
    for (uint32_t i = 0; i < request->stale.count; i++) {
        grt_addr start = heap_page_address(heap, request->stale.ranges[i].page);
        size_t bytes = (size_t)request->stale.ranges[i].length << PAGE_SHIFT;
        memset(grt_memory_host(heap->memory, start), 0, bytes);
    }
}

grt_addr grt_heap_alloc_zeroed(grt_heap *heap, uint32_t size)
{
    heap_request request;
    init_request(&request, size, SMALL_ALIGNMENT);
    if (!allocate(heap, &request)) {
        return 0;
    }
    clear_block(heap, &request);
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

/* The rest of a move: the old block is looked up again, because the lock was not held while the
 * guest's bytes were copied and another guest thread may have freed it wrongly meanwhile. */
static void free_moved(grt_heap *heap, grt_addr old)
{
    (void)grt_heap_free(heap, old);
}

static grt_addr move_block(grt_heap *heap, grt_addr old, uint32_t asked, uint32_t size,
                           const heap_request *request)
{
    memcpy(grt_memory_host(heap->memory, request->block), grt_memory_host(heap->memory, old),
           asked < size ? asked : size);
    free_moved(heap, old);
    return request->block;
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
        os_mutex_unlock(&heap->lock);
        return move_block(heap, block, found.asked, request.size, &request);
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
