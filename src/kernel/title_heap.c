/* title_heap.c - the heaps of RtlCreateHeap. */
#include "kernel/title_heap.h"

#define INDEX_SHIFT      2
#define GENERATION_SHIFT 10
#define GENERATIONS      0x4000u
#define BATCH            64u /* blocks that are freed between two looks at the records */

/* ---- numbers ------------------------------------------------------------------------------- */

uint32_t grt_title_heap_number(const grt_title_heaps *heaps, uint32_t index)
{
    return GRT_PROCESS_HEAP | heaps->slots[index].generation << GENERATION_SHIFT |
           index << INDEX_SHIFT;
}

static uint32_t no_heap(const grt_title_heap *heap, uint32_t generation, grt_title_trouble *trouble)
{
    bool destroyed = generation != 0 && generation <= heap->generation;
    *trouble = (grt_title_trouble){.reason = destroyed ? GRT_TITLE_DESTROYED : GRT_TITLE_NEVER};
    if (generation == heap->generation) { /* else it was somebody long ago */
        trouble->by = heap->destroyed_by;
        trouble->at = heap->destroyed_at;
    }
    return GRT_TITLE_HEAPS_MAX;
}

uint32_t grt_title_heap_index(const grt_title_heaps *heaps, uint32_t number,
                              grt_title_trouble *trouble)
{
    if (grt_title_heap_is_process(number))
        return 0;
    uint32_t index = number >> INDEX_SHIFT & (GRT_TITLE_HEAPS_MAX - 1);
    uint32_t generation = (number - GRT_PROCESS_HEAP) >> GENERATION_SHIFT;
    const grt_title_heap *heap = &heaps->slots[index];
    bool well_made = index != 0 && number == (number & ~3u);
    if (well_made && heap->live && heap->generation == generation)
        return index;
    return no_heap(heap, well_made ? generation : 0, trouble);
}

bool grt_title_heap_find(grt_title_heaps *heaps, uint32_t number, grt_title_heap *heap,
                         grt_title_trouble *trouble)
{
    os_mutex_lock(&heaps->lock);
    uint32_t index = grt_title_heap_index(heaps, number, trouble);
    bool found = index != GRT_TITLE_HEAPS_MAX;
    if (found)
        *heap = heaps->slots[index];
    os_mutex_unlock(&heaps->lock);
    return found;
}

/* ---- making and ending heaps --------------------------------------------------------------- */

/* The free slot that nobody ever had, or whose heap was destroyed first; 0: none is free. */
static uint32_t free_slot(const grt_title_heaps *heaps)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < GRT_TITLE_HEAPS_MAX; i++) {
        const grt_title_heap *heap = &heaps->slots[i];
        if (!heap->live && !heap->dying && (!found || heap->order < heaps->slots[found].order))
            found = i;
    }
    return found;
}

uint32_t grt_title_heap_create(grt_title_heaps *heaps, uint32_t flags, uint64_t limit)
{
    uint32_t number = 0;
    os_mutex_lock(&heaps->lock);
    uint32_t index = free_slot(heaps);
    if (index) {
        grt_title_heap *heap = &heaps->slots[index];
        uint32_t generation = heap->generation + 1 < GENERATIONS ? heap->generation + 1 : 1;
        *heap = (grt_title_heap){
            .live = true, .generation = generation, .flags = flags, .limit = limit};
        atomic_fetch_add(&heaps->created, 1);
        number = grt_title_heap_number(heaps, index);
    }
    os_mutex_unlock(&heaps->lock);
    return number;
}

/* Nobody enters blocks of a dying heap any more; others may move entries about meanwhile. */
static void free_all(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t index)
{
    grt_addr blocks[BATCH];
    uint32_t cursor = 0, taken, rest;
    do {
        os_mutex_lock(&heaps->lock);
        taken = grt_block_owners_take(&heaps->owners, index, blocks, BATCH, &cursor);
        rest = heaps->slots[index].blocks -= taken;
        cursor = taken < BATCH ? 0 : cursor;
        os_mutex_unlock(&heaps->lock);
        for (uint32_t i = 0; i < taken; i++)
            grt_heap_free(runtime->user_heap, blocks[i]);
    } while (rest);
}

/* The slot of a heap that is dying from now on; 0 with [*trouble] when there is none. */
static uint32_t condemn(grt_title_heaps *heaps, uint32_t number, grt_title_trouble *trouble)
{
    const grt_thread *thread = grt_thread_current();
    *trouble = (grt_title_trouble){.reason = GRT_TITLE_HEAP_OK};
    os_mutex_lock(&heaps->lock);
    uint32_t index = grt_title_heap_index(heaps, number, trouble) % GRT_TITLE_HEAPS_MAX;
    if (index) {
        grt_title_heap *heap = &heaps->slots[index];
        heap->live = false;
        heap->dying = true;
        heap->order = ++heaps->order;
        heap->destroyed_by = thread ? thread->id : 0;
        heap->destroyed_at = thread ? thread->call_site : 0;
        grt_title_lock_end(heaps, &heap->lock);
    }
    os_mutex_unlock(&heaps->lock);
    return index;
}

bool grt_title_heap_destroy(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                            grt_title_trouble *trouble)
{
    uint32_t index = condemn(heaps, number, trouble);
    if (!index)
        return false;
    free_all(runtime, heaps, index);
    os_mutex_lock(&heaps->lock);
    heaps->slots[index].dying = false;
    atomic_fetch_sub(&heaps->created, 1);
    os_mutex_unlock(&heaps->lock);
    return true;
}

void grt_title_heaps_destroy(grt_title_heaps *heaps)
{
    grt_block_owners_destroy(&heaps->owners);
}
