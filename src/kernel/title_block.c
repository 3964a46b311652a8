/*
 * title_block.c - blocks of created heaps.
 *
 * A block that is about to be freed or moved leaves the records first, and only then is the user
 * heap asked: its address may be another heap's before that returns.
 */
#include "kernel/title_heap.h"

/* A heap as it was found: the slot may be another heap's after the lock was given up. */
typedef struct found_heap {
    uint32_t index, generation;
} found_heap;

static bool fail(grt_title_trouble *trouble, int reason)
{
    *trouble = (grt_title_trouble){.reason = reason};
    return false;
}

/* True for the process heap as long as no block can be another one's. */
static bool needs_no_lock(const grt_title_heaps *heaps, uint32_t number, found_heap *found)
{
    *found = (found_heap){0, 0};
    return grt_title_heap_is_process(number) && atomic_load(&heaps->created) == 0;
}

/* With the lock held. */
static bool find(const grt_title_heaps *heaps, uint32_t number, found_heap *found,
                 grt_title_trouble *trouble)
{
    fail(trouble, GRT_TITLE_HEAP_OK);
    found->index = grt_title_heap_index(heaps, number, trouble);
    if (found->index == GRT_TITLE_HEAPS_MAX)
        return false;
    found->generation = heaps->slots[found->index].generation;
    return true;
}

static bool still_there(const grt_title_heaps *heaps, const found_heap *found)
{
    const grt_title_heap *heap = &heaps->slots[found->index];
    return heap->live && heap->generation == found->generation;
}

/* Counts [size] more bytes instead of [old]; false when that is beyond the limit. */
static bool charge(grt_title_heap *heap, uint32_t old, uint32_t size, grt_title_trouble *trouble)
{
    uint64_t others = heap->bytes - old;
    if (size > old && heap->limit && others + size > heap->limit) {
        *trouble = (grt_title_trouble){
            .reason = GRT_TITLE_FULL, .limit = heap->limit, .bytes = others, .size = size};
        return false;
    }
    heap->bytes = others + size;
    return true;
}

/* ---- allocate ------------------------------------------------------------------------------ */

/* Room in the heap and in its records for a block; [*found] says whose. */
static bool prepare(grt_title_heaps *heaps, uint32_t number, uint32_t size, found_heap *found,
                    grt_title_trouble *trouble)
{
    *found = (found_heap){0, 0};
    if (grt_title_heap_is_process(number))
        return true;
    os_mutex_lock(&heaps->lock);
    bool right = find(heaps, number, found, trouble);
    if (right) {
        right = grt_block_owners_promise(&heaps->owners) || fail(trouble, GRT_TITLE_NO_HOST);
        if (right && !charge(&heaps->slots[found->index], 0, size, trouble)) {
            grt_block_owners_withdraw(&heaps->owners);
            right = false;
        }
    }
    os_mutex_unlock(&heaps->lock);
    return right;
}

/* Enters a block of [size] bytes; 0: there is none. False: the heap was destroyed meanwhile. */
static bool enter(grt_title_heaps *heaps, const found_heap *found, grt_addr block, uint32_t size,
                  uint32_t charged)
{
    os_mutex_lock(&heaps->lock);
    grt_title_heap *heap = &heaps->slots[found->index];
    bool there = still_there(heaps, found);
    if (there)
        heap->bytes = heap->bytes - charged + (block ? size : 0);
    if (there && block) {
        heap->blocks++;
        grt_block_owner owner = {block, found->index, size};
        grt_block_owners_put(&heaps->owners, &owner);
    } else {
        grt_block_owners_withdraw(&heaps->owners);
    }
    os_mutex_unlock(&heaps->lock);
    return there;
}

static grt_addr from_user_heap(grt_runtime *runtime, uint32_t size, bool zeroed,
                               grt_title_trouble *trouble)
{
    grt_addr block = zeroed ? grt_heap_alloc_zeroed(runtime->user_heap, size)
                            : grt_heap_alloc(runtime->user_heap, size);
    if (!block)
        fail(trouble, GRT_TITLE_HEAP_NO_MEMORY);
    return block;
}

grt_addr grt_title_heap_allocate(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                                 uint32_t size, bool zeroed, grt_title_trouble *trouble)
{
    found_heap found;
    if (!prepare(heaps, number, size, &found, trouble))
        return 0;
    grt_addr block = from_user_heap(runtime, size, zeroed, trouble);
    if (found.index && !enter(heaps, &found, block, size, size)) {
        grt_heap_free(runtime->user_heap, block);
        fail(trouble, GRT_TITLE_DESTROYED);
        return 0;
    }
    return block;
}

/* ---- whose block --------------------------------------------------------------------------- */

/* With the lock held. A block without an entry is the process heap's, if it is one at all. */
static bool owns(const grt_title_heaps *heaps, const found_heap *found, grt_block_owner *entry,
                 grt_title_trouble *trouble)
{
    const grt_block_owner *owner = grt_block_owners_find(&heaps->owners, entry->block);
    *entry = owner ? *owner : (grt_block_owner){entry->block, 0, 0};
    if (entry->heap == found->index)
        return true;
    *trouble = (grt_title_trouble){.reason = GRT_TITLE_WRONG_HEAP,
                                   .owner = grt_title_heap_number(heaps, entry->heap)};
    return false;
}

/* With the lock held: finds the heap, and [entry->block] among its blocks. */
static bool find_own(const grt_title_heaps *heaps, uint32_t number, found_heap *found,
                     grt_block_owner *entry, grt_title_trouble *trouble)
{
    return find(heaps, number, found, trouble) && owns(heaps, found, entry, trouble);
}

/* A wrong heap is only worth a word when there is a block at all; else the user heap reports. */
static bool judge(grt_runtime *runtime, grt_addr block, grt_title_trouble *trouble)
{
    grt_block_info info;
    if (trouble->reason != GRT_TITLE_WRONG_HEAP)
        return false;
    grt_heap_describe(runtime->user_heap, block, &info);
    if (info.state == GRT_BLOCK_LIVE && info.start == block)
        return false;
    grt_heap_free(runtime->user_heap, block);
    return fail(trouble, GRT_TITLE_NO_BLOCK);
}

bool grt_title_heap_is_owner(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                             grt_addr block, grt_title_trouble *trouble)
{
    found_heap found;
    grt_block_owner entry = {.block = block};
    if (needs_no_lock(heaps, number, &found))
        return true;
    os_mutex_lock(&heaps->lock);
    bool right = find_own(heaps, number, &found, &entry, trouble);
    os_mutex_unlock(&heaps->lock);
    return right || judge(runtime, block, trouble);
}

static void take_out(grt_title_heaps *heaps, uint32_t index, grt_addr block)
{
    grt_block_owners_remove(&heaps->owners, block);
    heaps->slots[index].blocks--;
}

/* ---- free and resize ----------------------------------------------------------------------- */

/* Takes a block that is about to be freed out of the records of its heap. */
static bool claim(grt_title_heaps *heaps, uint32_t number, grt_addr block,
                  grt_title_trouble *trouble)
{
    found_heap found;
    grt_block_owner entry = {.block = block};
    if (needs_no_lock(heaps, number, &found))
        return true;
    os_mutex_lock(&heaps->lock);
    bool right = find_own(heaps, number, &found, &entry, trouble);
    if (right && found.index) {
        take_out(heaps, found.index, block);
        heaps->slots[found.index].bytes -= entry.size;
    }
    os_mutex_unlock(&heaps->lock);
    return right;
}

bool grt_title_heap_free(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                         grt_addr block, grt_title_trouble *trouble)
{
    if (!claim(heaps, number, block, trouble))
        return judge(runtime, block, trouble);
    return grt_heap_free(runtime->user_heap, block) == GRT_OK || fail(trouble, GRT_TITLE_NO_BLOCK);
}

/* With the lock held: the block leaves the records with a promise that it, or the one it moves to,
 * can come back. */
static bool lend(grt_title_heaps *heaps, const found_heap *found, const grt_block_owner *entry,
                 uint32_t size, grt_title_trouble *trouble)
{
    if (!grt_block_owners_promise(&heaps->owners))
        return fail(trouble, GRT_TITLE_NO_HOST);
    if (!charge(&heaps->slots[found->index], entry->size, size, trouble)) {
        grt_block_owners_withdraw(&heaps->owners);
        return false;
    }
    take_out(heaps, found->index, entry->block);
    return true;
}

static bool prepare_resize(grt_title_heaps *heaps, uint32_t number, uint32_t size,
                           found_heap *found, grt_block_owner *entry, grt_title_trouble *trouble)
{
    if (needs_no_lock(heaps, number, found))
        return true;
    os_mutex_lock(&heaps->lock);
    bool right = find_own(heaps, number, found, entry, trouble);
    if (right && found->index)
        right = lend(heaps, found, entry, size, trouble);
    os_mutex_unlock(&heaps->lock);
    return right;
}

grt_addr grt_title_heap_resize(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                               grt_addr block, uint32_t size, grt_title_trouble *trouble)
{
    found_heap found;
    grt_block_owner entry = {.block = block};
    if (!prepare_resize(heaps, number, size, &found, &entry, trouble)) {
        judge(runtime, block, trouble);
        return 0;
    }
    grt_addr moved = grt_heap_realloc(runtime->user_heap, block, size);
    if (!moved)
        fail(trouble, GRT_TITLE_HEAP_NO_MEMORY);
    grt_addr now = moved ? moved : block;
    if (found.index && !enter(heaps, &found, now, moved ? size : entry.size, size)) {
        grt_heap_free(runtime->user_heap, now);
        fail(trouble, GRT_TITLE_DESTROYED);
        return 0;
    }
    return moved;
}
