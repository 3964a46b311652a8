/*
 * heap.c - the public entry points, the long way: each takes the lock, does one thing, and reports
 * outside it. The short ways are in fast.c, which comes here when it cannot serve.
 */
#include "guestrt/heap.h"

#include "heap/bare.h"
#include "heap/call_site.h"
#include "heap/fast.h"
#include "heap/internal.h"
#include "heap/quiet.h"

#include <string.h>

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
    request->slot = NO_SLOT;
    request->base = 0;
    request->cache = NULL;
    request->size_class = SIZE_CLASS_NONE;
    request->need = 0;
    request->extent = 0;
    request->room = 0;
    request->filled = false;
    request->stale.count = 0;
    request->cause = GRT_HEAP_NONE;
    request->rounded = 0;
    request->refusal.error = 0;
    request->refusal.text[0] = '\0';
    request->bounded = false;
    request->bare = false;
    request->quiet = false;
}

/* Reports why the request was refused, and releases the lock before. */
static bool refuse_unlock(grt_heap *heap, const heap_request *request)
{
    heap_refusal refusal;
    heap_refuse_locked(heap, request, &refusal);
    os_mutex_unlock(&heap->lock);
    if (refusal.repeat > 0) {
        grt_refusal_log(heap->memory, &request->refusal);
    }
    heap_report_refusal(heap, &refusal);
    return false;
}

/* Sets a block aside for the request and keeps the lock; or reports why not, without it. */
static bool set_aside_locked(grt_heap *heap, heap_request *request)
{
    if (heap == NULL) {
        refuse_without_heap(request);
        return false;
    }
    os_mutex_lock(&heap->lock);
    request->cache = heap_own_cache_locked(heap);
    return heap_allocate_locked(heap, request->cache, request) || refuse_unlock(heap, request);
}

/* Patterns of a block that is about to be handed out with any contents. */
static void dress(grt_heap *heap, const heap_request *request)
{
    heap_verify_freed(heap, request);
    heap_fill_new(heap, request);
    heap_write_tail(heap, request->block, request->size, request->room);
}

static void publish(grt_heap *heap, const heap_request *request)
{
    os_mutex_lock(&heap->lock);
    heap_publish_locked(heap, request->cache, request);
    os_mutex_unlock(&heap->lock);
}

static grt_addr allocate(grt_heap *heap, heap_request *request)
{
    if (!set_aside_locked(heap, request)) {
        return 0;
    }
    if (heap->watch.touches) {
        os_mutex_unlock(&heap->lock);
        dress(heap, request);
        os_mutex_lock(&heap->lock);
    }
    heap_publish_locked(heap, request->cache, request);
    os_mutex_unlock(&heap->lock);
    return request->block;
}

grt_addr heap_alloc_slowly(grt_heap *heap, uint32_t size, uint32_t alignment)
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

/* Bytes that a block of [size] bytes must have. */
static uint64_t with_redzone(const grt_heap *heap, uint32_t size)
{
    return (uint64_t)size + heap->watch.options.redzone;
}

/* Bounds in pages of the heap; what lies outside of it cannot be had. */
static void set_bounds(const grt_heap *heap, heap_request *request, const grt_heap_bounds *bounds)
{
    uint64_t low = bounds->lowest > heap->first ? bounds->lowest - heap->first : 0;
    uint64_t end = bounds->last >= heap->first ? (uint64_t)bounds->last - heap->first + 1 : 0;
    uint64_t spare =
        heap_round_to_pages(with_redzone(heap, request->size)) - heap_round_to_pages(request->size);
    request->bounded = true;
    request->bounds = (page_bounds){.lowest = (uint32_t)(heap_round_to_pages(low) >> PAGE_SHIFT),
                                    .end = (uint32_t)(end >> PAGE_SHIFT),
                                    .spare = request->bare ? 0 : (uint32_t)(spare >> PAGE_SHIFT),
                                    .top_down = bounds->top_down};
}

static grt_addr allocate_within(grt_heap *heap, uint32_t size, uint32_t alignment,
                                const grt_heap_bounds *bounds, bool bare, bool quiet)
{
    heap_request request;
    init_request(&request, size, alignment);
    request.bare = bare;
    request.quiet = quiet;
    if (heap != NULL && bounds != NULL) {
        set_bounds(heap, &request, bounds);
    }
    return allocate(heap, &request);
}

grt_addr grt_heap_alloc_within(grt_heap *heap, uint32_t size, uint32_t alignment,
                               const grt_heap_bounds *bounds)
{
    return allocate_within(heap, size, alignment, bounds, false, false);
}

grt_addr grt_heap_alloc_bare(grt_heap *heap, uint32_t size, uint32_t alignment,
                             const grt_heap_bounds *bounds, bool quiet)
{
    return allocate_within(heap, size, alignment, bounds, true, quiet);
}

grt_addr grt_heap_try_alloc_within(grt_heap *heap, uint32_t size, uint32_t alignment,
                                   const grt_heap_bounds *bounds)
{
    return allocate_within(heap, size, alignment, bounds, false, true);
}

/* ---- touching blocks ---------------------------------------------------------------------------
 *
 * Blocks are cleared and copied without the lock, and while they are not live: a wrong free by
 * another thread is refused meanwhile, so it cannot give the pages back to the host. Pages that the
 * guest itself took away are the exception. Touching them faults, and the fault is reported as the
 * guest's; the block stays pending then, which is all the damage there is.
 */

/* Up to the end of what was asked for; a red zone may lie in pages of its own behind that. */
static void clear_stale(const grt_heap *heap, const heap_request *request)
{
    uint64_t block_end = (uint64_t)request->block + request->size;
    for (uint32_t i = 0; i < request->stale.count; i++) {
        uint64_t start = heap_page_address(heap, request->stale.ranges[i].page);
        uint64_t end = start + ((uint64_t)request->stale.ranges[i].length << PAGE_SHIFT);
        end = end < block_end ? end : block_end;
        if (start < end) {
            memset(heap->base + start, 0, (size_t)(end - start));
        }
    }
}

grt_addr heap_alloc_zeroed_slowly(grt_heap *heap, uint32_t size)
{
    heap_request request;
    init_request(&request, size, SMALL_ALIGNMENT);
    if (!set_aside_locked(heap, &request)) {
        return 0;
    }
    os_mutex_unlock(&heap->lock);
    heap_verify_freed(heap, &request);
    if (request.size_class != SIZE_CLASS_NONE) {
        memset(grt_memory_host(heap->memory, request.block), 0, request.size);
    } else {
        clear_stale(heap, &request);
    }
    heap_write_tail(heap, request.block, request.size, request.room);
    publish(heap, &request);
    return request.block;
}

/* ---- changing a size ---------------------------------------------------------------------------
 */

static void account_pages(grt_heap *heap, heap_cache *cache, const heap_block *block,
                          uint64_t extent, uint32_t size)
{
    heap_count_returned(heap, 1, block->extent);
    heap_count_taken(heap, 1, extent);
    heap_make_pages_live_locked(heap, block->page, size);
    cache_count_resize(cache, block->asked, size);
}

/* Lengthens a block of whole pages into the free run behind it. */
static bool grow_pages_locked(grt_heap *heap, const heap_block *block, uint32_t want)
{
    uint32_t page = block->page;
    uint32_t have = block->extent >> PAGE_SHIFT;
    grt_refusal refusal; /* the block may still move */
    if ((uint64_t)(want - have) << PAGE_SHIFT > heap_budget_room(heap) ||
        !page_runs_extend(&heap->runs, page, want)) {
        return false;
    }
    if (heap_backing_commit(&heap->backing, page + have, want - have, 0, NULL, &refusal) !=
        GRT_OK) {
        page_runs_cut(&heap->runs, page, have);
        return false;
    }
    return true;
}

/* The same for a block of a chunk. An owner who is another thread is stopped meanwhile. */
static bool resize_in_chunk_locked(grt_heap *heap, heap_cache *cache, heap_chunk *chunk,
                                   const heap_block *block, uint32_t size)
{
    uint32_t have = block->extent >> PAGE_SHIFT;
    uint32_t want = heap_pages_for(with_redzone(heap, size));
    bool stopped = heap_stop_owner_locked(heap, chunk->owner);
    bool done = want <= MEDIUM_PAGES_MAX && heap_recut(heap, chunk, block->page, have, want);
    heap_start_owner_locked(heap, stopped);
    if (done) {
        slot_store(&heap->slots.all[block->slot], SLOT_LIVE | (size - slot_base(want)));
        cache_count_resize(cache, block->asked, size);
    }
    return done;
}

/* Grows or shrinks a block of whole pages that nobody else can free. */
static bool resize_claimed_locked(grt_heap *heap, heap_cache *cache, const heap_block *block,
                                  uint32_t size)
{
    uint32_t page = block->page;
    heap_chunk *chunk = heap_chunk_of_page(heap, page);
    if (chunk_owner(chunk) != NULL) {
        if (heap_is_writable(heap, block->address, block->extent)) {
            return resize_in_chunk_locked(heap, cache, chunk, block, size);
        }
        heap_end_chunk_locked(heap, chunk);
    }
    uint32_t have = block->extent >> PAGE_SHIFT;
    uint32_t want = heap_pages_for(with_redzone(heap, size));
    if (want > have && !grow_pages_locked(heap, block, want)) {
        return false;
    }
    if (want < have) {
        heap_backing_recover(&heap->backing, page + want, have - want);
        heap_trim_run_locked(heap, page_runs_cut(&heap->runs, page, want));
    }
    account_pages(heap, cache, block, (uint64_t)want << PAGE_SHIFT, size);
    return true;
}

/* The same for one that is live. When it was freed meanwhile the caller finds that out later. */
static bool resize_pages_locked(grt_heap *heap, heap_cache *cache, const heap_block *block,
                                uint32_t size)
{
    heap_block claimed = *block;
    if (block->slot == NO_SLOT) {
        return resize_claimed_locked(heap, cache, block, size);
    }
    if (!heap_claim_slot(heap, &claimed)) {
        return false;
    }
    bool done = resize_claimed_locked(heap, cache, &claimed, size);
    if (!done) {
        slot_store(&heap->slots.all[block->slot], heap_live_slot(&claimed));
    }
    return done;
}

static bool resize_small_locked(grt_heap *heap, heap_cache *cache, const heap_block *block,
                                uint32_t size)
{
    if (!slot_resize(&heap->slots.all[block->slot], (heap_slot)(SLOT_LIVE | block->asked), size)) {
        return false; /* freed meanwhile, which the caller finds out when it frees the block */
    }
    cache_count_resize(cache, block->asked, size);
    return true;
}

/* It cannot be lengthened, and only another place can end where a shorter one has to. */
static bool is_guarded(const grt_heap *heap, const heap_block *block)
{
    return block->span == NULL && heap_is_guarded(&heap->table.pages[block->page]);
}

static bool resize_locked(grt_heap *heap, heap_cache *cache, const heap_block *block, uint32_t size)
{
    uint64_t need = with_redzone(heap, size);
    if (heap->shut_down || is_guarded(heap, block) || need > UINT32_MAX) {
        return false;
    }
    if (block->span != NULL) {
        return heap_stays(block->extent, (uint32_t)need) &&
               resize_small_locked(heap, cache, block, size);
    }
    return need > SMALL_MAX && resize_pages_locked(heap, cache, block, size);
}

/* A block that cannot move can still become smaller. */
static bool shrink_locked(grt_heap *heap, heap_cache *cache, const heap_block *block, uint32_t size)
{
    if (size > block->asked) {
        return false;
    }
    if (is_guarded(heap, block)) {
        heap->table.pages[block->page].u.large.asked = size;
        cache_count_resize(cache, block->asked, size);
        return true;
    }
    return block->span == NULL ? resize_pages_locked(heap, cache, block, size)
                               : resize_small_locked(heap, cache, block, size);
}

static bool is_readable(const grt_heap *heap, const heap_block *block, uint32_t bytes)
{
    return grt_memory_accessible(heap->memory, block->address, bytes, GRT_READ_ONLY);
}

void heap_clear(void *block, size_t bytes)
{
    memset(block, 0, bytes);
}

void heap_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

static void copy_block(const grt_heap *heap, const heap_block *from, uint32_t bytes, grt_addr to)
{
    memcpy(grt_memory_host(heap->memory, to), grt_memory_host(heap->memory, from->address), bytes);
}

/* Another thread freed the block before it could be moved: what was set aside goes back. */
static grt_addr withdraw_unlock(grt_heap *heap, const heap_block *from, const heap_request *request)
{
    heap_block aside = {.address = request->block,
                        .page = heap_page_of(heap, request->block),
                        .extent = (uint32_t)request->extent,
                        .slot = request->slot,
                        .base = request->base};
    if (request->size_class != SIZE_CLASS_NONE) {
        aside.span = heap->table.pages[aside.page].u.span;
    }
    heap_free_locked(heap, request->cache, &aside);
    heap->counters.bad_frees++;
    (void)heap_refuse_address_unlock(heap, from->address, GRT_DOUBLE_FREE, "realloc");
    return 0;
}

/* Bytes of a block that a move copies. */
static uint32_t bytes_to_move(const heap_block *from, const heap_request *request)
{
    return from->asked < request->size ? from->asked : request->size;
}

/* Moves a block into one that was set aside. Releases the lock while it copies; the old block is
 * claimed meanwhile, unless copying it will fault: then it must still be the guest's. */
static grt_addr move_unlock(grt_heap *heap, heap_block *from, const heap_request *request)
{
    bool claimed = is_readable(heap, from, bytes_to_move(from, request));
    if (claimed && !heap_claim_locked(heap, request->cache, from)) {
        return withdraw_unlock(heap, from, request);
    }
    os_mutex_unlock(&heap->lock);
    dress(heap, request);
    copy_block(heap, from, bytes_to_move(from, request), request->block);
    bool filled = claimed && heap_undress(heap, from, "realloc");
    os_mutex_lock(&heap->lock);
    heap_publish_locked(heap, request->cache, request);
    if (claimed) {
        heap_retire_locked(heap, request->cache, from, filled);
    }
    os_mutex_unlock(&heap->lock);
    if (!claimed) {
        (void)grt_heap_free(heap, from->address); /* says so if others freed it */
    }
    return request->block;
}

/* Verifies what is behind a block before its size changes. Releases the lock meanwhile; the block
 * is the same afterwards, for nobody can free it. */
static void verify_relock(grt_heap *heap, heap_cache *cache, heap_block *block)
{
    if (!heap->watch.has_tail || !heap_claim_locked(heap, cache, block)) {
        return;
    }
    os_mutex_unlock(&heap->lock);
    heap_verify_tail(heap, block, "realloc");
    os_mutex_lock(&heap->lock);
    heap_unclaim_locked(heap, cache, block);
}

/* Writes the patterns of a block that got its size in place: into what it gained, and behind it. */
static void redress(grt_heap *heap, const heap_block *before, const heap_block *block)
{
    if (heap->watch.options.fill && block->room > before->room) {
        uint32_t page = block->page + (before->room >> PAGE_SHIFT);
        heap_verify_freed_pages(heap, page, (block->room - before->room) >> PAGE_SHIFT, "realloc");
    }
    if (block->asked > before->asked) {
        heap_request gained = {.block = block->address + before->asked,
                               .size = block->asked - before->asked};
        heap_fill_new(heap, &gained);
    }
    heap_write_tail(heap, block->address, block->asked, block->room);
}

/* The block stayed where it is. */
static grt_addr stay_unlock(grt_heap *heap, const heap_block *before, const heap_request *request)
{
    heap_block block;
    if (heap->watch.sites.entries != NULL) {
        site_table_resize(&heap->watch.sites, before->address, request->size);
    }
    if (heap->watch.touches && heap_find_locked(heap, before->address, &block) == GRT_OK &&
        heap_claim_locked(heap, request->cache, &block)) {
        os_mutex_unlock(&heap->lock);
        redress(heap, before, &block);
        os_mutex_lock(&heap->lock);
        heap_unclaim_locked(heap, request->cache, &block);
    }
    os_mutex_unlock(&heap->lock);
    return before->address;
}

/* With the block found and the lock held, which is released. */
static grt_addr realloc_unlock(grt_heap *heap, heap_block *found, heap_request *request)
{
    verify_relock(heap, request->cache, found);
    if (resize_locked(heap, request->cache, found, request->size)) {
        return stay_unlock(heap, found, request);
    }
    if (heap_allocate_locked(heap, request->cache, request)) {
        return move_unlock(heap, found, request);
    }
    if (shrink_locked(heap, request->cache, found, request->size)) {
        return stay_unlock(heap, found, request);
    }
    refuse_unlock(heap, request);
    return 0;
}

grt_addr heap_realloc_slowly(grt_heap *heap, grt_addr block, uint32_t size)
{
    heap_request request;
    init_request(&request, size, SMALL_ALIGNMENT);
    heap_block found;
    os_mutex_lock(&heap->lock);
    request.cache = heap_own_cache_locked(heap);
    grt_status status = heap_find_locked(heap, block, &found);
    if (status == GRT_OK) {
        return realloc_unlock(heap, &found, &request);
    }
    heap->counters.bad_frees++;
    (void)heap_refuse_address_unlock(heap, block, status, "realloc");
    return 0;
}

/* ---- giving back -------------------------------------------------------------------------------
 */

/* Releases the lock while it touches the claimed block. */
static bool undress_relock(grt_heap *heap, const heap_block *block)
{
    os_mutex_unlock(&heap->lock);
    bool filled = heap_undress(heap, block, "free");
    os_mutex_lock(&heap->lock);
    return filled;
}

grt_status heap_free_slowly(grt_heap *heap, grt_addr block)
{
    if (block == 0) {
        return GRT_OK;
    }
    heap_block found;
    os_mutex_lock(&heap->lock);
    heap_cache *cache = heap_own_cache_locked(heap);
    grt_status status;
    do { /* a claim fails when the block was freed meanwhile, or got another size */
        status = heap_find_locked(heap, block, &found);
    } while (status == GRT_OK && !heap_claim_locked(heap, cache, &found));
    if (status != GRT_OK) {
        heap->counters.bad_frees++;
        return heap_refuse_address_unlock(heap, block, status, "free");
    }
    bool filled = heap->watch.touches && undress_relock(heap, &found);
    heap_retire_locked(heap, cache, &found, filled);
    os_mutex_unlock(&heap->lock);
    return GRT_OK;
}

void heap_free_claimed(grt_heap *heap, heap_cache *cache, grt_addr block)
{
    os_mutex_lock(&heap->lock);
    heap_block claimed = heap_block_of_pages(heap, heap_page_of(heap, block));
    heap_free_locked(heap, cache, &claimed);
    os_mutex_unlock(&heap->lock);
}

uint64_t grt_heap_trim(grt_heap *heap)
{
    os_mutex_lock(&heap->lock);
    uint64_t before = heap->backing.given_back;
    (void)heap_reclaim_locked(heap); /* may give back by itself */
    (void)heap_trim_locked(heap);
    uint64_t pages = heap->backing.given_back - before;
    os_mutex_unlock(&heap->lock);
    return pages << PAGE_SHIFT;
}

void grt_heap_shut_down(grt_heap *heap)
{
    os_mutex_lock(&heap->lock);
    heap->shut_down = true;
    heap_update_gates_locked(heap);
    os_mutex_unlock(&heap->lock);
}

void grt_heap_inject_failure(grt_heap *heap, uint32_t nth, bool sticky)
{
    os_mutex_lock(&heap->lock);
    heap->inject_countdown = nth;
    heap->inject_sticky = sticky;
    heap_update_gates_locked(heap);
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
    grt_heap *stopped = (grt_heap *)(uintptr_t)heap;
    os_mutex_lock(&stopped->lock);
    heap_stop_caches_locked(stopped);
    heap_stats_locked(heap, stats);
    heap_start_caches_locked(stopped);
    os_mutex_unlock(&stopped->lock);
}

const char *grt_heap_name(const grt_heap *heap)
{
    return heap->name;
}
