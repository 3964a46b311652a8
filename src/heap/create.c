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
           config->first < config->end && config->end <= GRT_WINDOW_SIZE;
}

/* One reservation: page records first, then the words of both bitmaps. The host backs only what is
 * touched, so the records of a heap that is never filled cost next to nothing. */
static grt_status create_metadata(grt_heap *heap)
{
    uint32_t pages = (uint32_t)(heap->capacity >> PAGE_SHIFT);
    size_t record_bytes = (size_t)pages * sizeof(heap_page);
    size_t words = layered_words(pages) + bitmap_words(pages);
    size_t host_page = os_page_size();
    size_t size = (record_bytes + words * sizeof(uint64_t) + host_page - 1) & ~(host_page - 1);
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
    heap->table.pages = base;
    heap->table.count = pages;
    uint64_t *bits = (uint64_t *)(void *)((unsigned char *)base + record_bytes);
    layered_init(&heap->table.heads, pages, bits);
    heap->backing.committed = bits + layered_words(pages);
    return GRT_OK;
}

static void init_fields(grt_heap *heap, grt_memory *memory, const grt_heap_config *config)
{
    snprintf(heap->name, sizeof heap->name, "%s", config->name);
    heap->memory = memory;
    heap->first = config->first;
    heap->capacity = config->end - config->first;
    /* A budget that capacity enforces anyway is none: what fails then is exhaustion. */
    bool limited = config->budget != 0 && config->budget < heap->capacity;
    heap->budget = limited ? config->budget : UINT64_MAX;
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
    grt_status status = create_metadata(made);
    if (status != GRT_OK) {
        os_free(made);
        return status;
    }
    status = grt_memory_reserve(memory, made->first, made->capacity, made->name);
    if (status != GRT_OK) {
        (void)os_release(made->metadata, made->metadata_size);
        os_free(made);
        return status;
    }
    init_pages(made);
    *heap = made;
    return GRT_OK;
}

static void destroy_spans(grt_heap *heap)
{
    for (uint32_t page = 0; page < heap->table.count; page += heap->table.pages[page].length) {
        if (heap->table.pages[page].kind == PAGE_SMALL) {
            span_destroy(heap->table.pages[page].u.span);
        }
    }
}

void grt_heap_destroy(grt_heap *heap)
{
    if (heap == NULL) {
        return;
    }
    destroy_spans(heap);
    (void)grt_memory_release(heap->memory, heap->first);
    (void)os_release(heap->metadata, heap->metadata_size);
    os_free(heap);
}
