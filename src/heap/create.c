/*
 * create.c - makes and unmakes heaps.
 */
#include "heap/internal.h"

#include <stdio.h>
#include <string.h>

grt_heap_config grt_heap_config_default(void)
{
    return (grt_heap_config){
        .size = sizeof(grt_heap_config),
        .name = "user",
        .first = GRT_FLAT_USER_FIRST,
        .end = GRT_FLAT_USER_END,
        .budget = 0,
        .log_failures_above = 1024,
        .log = grt_log_default(),
    };
}

/* 0 cannot be a block, because it is the guest's null; hence the range must not start there. */
static bool config_is_valid(const grt_heap_config *config)
{
    return config->size == sizeof *config && config->name != NULL && config->first != 0 &&
           config->first % GRT_PAGE_SIZE == 0 && config->end % GRT_PAGE_SIZE == 0 &&
           config->first < config->end && config->end <= GRT_WINDOW_SIZE &&
           heap_options_valid(&config->options);
}

/* ---- metadata ----------------------------------------------------------------------------------
 */

/* Where each part lies in the one reservation: bytes from its start. */
typedef struct layout {
    size_t records;
    size_t heads;
    size_t committed;
    size_t page_info;
    size_t slots;
    size_t spans; /* behind the slots, see heap_slots */
    size_t latest_spans;
    size_t chunks;
    size_t end;
} layout;

/* Parts start on lines of their own. */
static size_t add_part(layout *parts, size_t size)
{
    size_t start = parts->end;
    parts->end = (start + size + 63) & ~(size_t)63;
    return start;
}

/* The chunks that a heap's addresses may lie in. */
static size_t chunk_records(uint32_t pages)
{
    return pages / CHUNK_PAGES + 2;
}

static layout lay_out(uint32_t pages)
{
    layout parts = {.end = 0};
    parts.records = add_part(&parts, (size_t)pages * sizeof(heap_page));
    parts.heads = add_part(&parts, layered_words(pages) * sizeof(uint64_t));
    parts.committed = add_part(&parts, bitmap_words(pages) * sizeof(uint64_t));
    parts.page_info = add_part(&parts, (GRT_WINDOW_SIZE >> PAGE_SHIFT) * sizeof(page_info));
    parts.slots = add_part(&parts, slots_before_spans(pages) * sizeof(heap_slot));
    parts.spans = add_part(&parts, span_pool_size(pages));
    parts.latest_spans = add_part(&parts, (size_t)pages * sizeof(uint32_t));
    parts.chunks = add_part(&parts, chunk_records(pages) * sizeof(heap_chunk));
    return parts;
}

static void place_metadata(grt_heap *heap, unsigned char *base, const layout *parts, uint32_t pages)
{
    heap->table.pages = (heap_page *)(void *)(base + parts->records);
    heap->table.count = pages;
    layered_init(&heap->table.heads, pages, (uint64_t *)(void *)(base + parts->heads));
    heap->backing.committed = (uint64_t *)(void *)(base + parts->committed);
    heap->slots.all = (heap_slot *)(void *)(base + parts->slots);
    heap->slots.pages = (page_info *)(void *)(base + parts->page_info);
    span_pool_init(&heap->pool, pages, heap->slots.all, base + parts->spans,
                   (uint32_t *)(void *)(base + parts->latest_spans));
    heap->chunks = (heap_chunk *)(void *)(base + parts->chunks);
    heap->first_group = heap->first >> (PAGE_SHIFT + CHUNK_SHIFT);
    heap->odd_pages = (heap->first >> PAGE_SHIFT) % CHUNK_PAGES;
}

/* The host backs only what is touched, so the records of a heap that is never filled cost next to
 * nothing. */
static grt_status create_metadata(grt_heap *heap)
{
    uint32_t pages = (uint32_t)(heap->capacity >> PAGE_SHIFT);
    layout parts = lay_out(pages);
    size_t host_page = os_page_size();
    size_t size = (parts.end + host_page - 1) & ~(host_page - 1);
    void *base;
    if (os_reserve(0, size, &base) != 0) {
        return GRT_NO_HOST_MEMORY;
    }
    if (os_commit(base, size) != 0) {
        (void)os_release(base, size);
        return GRT_NO_HOST_MEMORY;
    }
    heap->metadata = base;
    heap->metadata_size = size;
    place_metadata(heap, base, &parts, pages);
    return GRT_OK;
}

/* ---- heaps -------------------------------------------------------------------------------------
 */

/* The tighter one of two budgets, of which 0 is none. A budget that capacity enforces anyway is
 * none as well: what fails then is exhaustion. */
static uint64_t choose_budget(const grt_heap *heap, const grt_heap_config *config)
{
    uint64_t budget = config->budget;
    uint64_t option = config->options.budget;
    if (option != 0 && (budget == 0 || option < budget)) {
        budget = option;
    }
    return budget != 0 && budget < heap->capacity ? budget : UINT64_MAX;
}

static void init_fields(grt_heap *heap, grt_memory *memory, const grt_heap_config *config)
{
    snprintf(heap->name, sizeof heap->name, "%s", config->name);
    heap->memory = memory;
    heap->base = grt_memory_base(memory);
    heap->page_records = grt_memory_page_records(memory);
    heap->first = config->first;
    heap->capacity = config->end - config->first;
    heap->last_offset = (uint32_t)(heap->capacity - 1);
    heap->gates = CACHE_STRICT || os_barrier_available() ? 0 : GATE_CLOSED;
    heap->budget = choose_budget(heap, config);
    heap_watch_init(heap, &config->options);
    heap->gates |= heap->watch.on ? GATE_SPECIAL : 0;
    heap->log_failures_above = config->log_failures_above;
    heap->log = config->log;
}

static void init_pages(grt_heap *heap)
{
    heap->backing.memory = heap->memory;
    heap->backing.first = heap->first;
    heap->backing.pages = heap->table.count;
    /* The console's physical memory is visible at several addresses: a page that is new here may
     * have been written through another one. */
    heap->backing.commit_zeroes = grt_memory_profile(heap->memory) == GRT_PROFILE_FLAT ||
                                  heap->first < GRT_FLAT_PHYSICAL_FIRST;
    page_runs_init(&heap->runs, &heap->table, heap->first >> PAGE_SHIFT);
}

/* The cache for threads that cannot have one. */
static grt_status create_shared_cache(grt_heap *heap)
{
    heap->shared = cache_create(heap);
    if (heap->shared == NULL) {
        return GRT_NO_HOST_MEMORY;
    }
    heap->shared->gate = GATE_SPECIAL;
    heap->shared->in_use = true;
    heap->caches = heap->shared;
    for (uint32_t i = 0; i <= OS_THREADS; i++) {
        heap->by_thread[i] = heap->shared;
    }
    return GRT_OK;
}

/* Makes all that a heap needs of the host, in the order in which destroy_parts() undoes it. */
static grt_status create_parts(grt_heap *heap)
{
    grt_status status = create_metadata(heap);
    if (status == GRT_OK) {
        status = heap_watch_create(heap);
    }
    if (status == GRT_OK) {
        status = create_shared_cache(heap);
    }
    if (status == GRT_OK) {
        heap->has_slot = os_thread_slot_create(heap_leave_thread, &heap->slot) == 0;
        status = heap->has_slot ? GRT_OK : GRT_NO_HOST_MEMORY;
    }
    if (status == GRT_OK) {
        status = grt_memory_reserve(heap->memory, heap->first, heap->capacity, heap->name);
    }
    return status;
}

static void destroy_parts(grt_heap *heap)
{
    if (heap->has_slot) {
        os_thread_slot_destroy(heap->slot);
    }
    while (heap->caches != NULL) {
        heap_cache *cache = heap->caches;
        heap->caches = cache->next;
        cache_destroy(cache);
    }
    heap_watch_destroy(heap);
    if (heap->metadata != NULL) {
        (void)os_release(heap->metadata, heap->metadata_size);
    }
    os_free(heap);
}

grt_status grt_heap_create(grt_memory *memory, const grt_heap_config *config, grt_heap **heap)
{
    *heap = NULL;
    if (memory == NULL || !config_is_valid(config)) {
        return GRT_INVALID_ARGUMENT;
    }
    grt_heap *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return GRT_NO_HOST_MEMORY;
    }
    init_fields(made, memory, config);
    grt_status status = create_parts(made);
    if (status != GRT_OK) {
        destroy_parts(made);
        return status;
    }
    init_pages(made);
    *heap = made;
    return GRT_OK;
}

void grt_heap_destroy(grt_heap *heap)
{
    if (heap == NULL) {
        return;
    }
    (void)grt_memory_release(heap->memory, heap->first);
    destroy_parts(heap);
}
