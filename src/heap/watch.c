/*
 * watch.c - sets up what the options of a heap need.
 */
#include "heap/internal.h"

static void *make_table(heap_watch *watch, size_t size)
{
    size_t page = os_page_size();
    watch_table table = {.size = (size + page - 1) / page * page};
    if (os_reserve(0, table.size, &table.base) != 0) {
        return NULL;
    }
    if (os_commit(table.base, table.size) != 0) {
        (void)os_release(table.base, table.size);
        return NULL;
    }
    watch->tables[watch->table_count++] = table;
    return table.base;
}

/* One bit a page: all of it is the fill of freed blocks. */
static grt_status create_filled(grt_heap *heap)
{
    size_t words = bitmap_words((uint32_t)(heap->capacity >> PAGE_SHIFT));
    heap->backing.filled = make_table(&heap->watch, words * sizeof(uint64_t));
    return heap->backing.filled != NULL ? GRT_OK : GRT_NO_HOST_MEMORY;
}

static grt_status create_quarantine(grt_heap *heap)
{
    heap_quarantine *queue = &heap->watch.quarantine;
    queue->limit = heap->watch.options.quarantine;
    uint64_t blocks = queue->limit / SMALL_ALIGNMENT + 1;
    queue->capacity =
        blocks < QUARANTINE_BLOCKS_MAX ? (uint32_t)blocks : (uint32_t)QUARANTINE_BLOCKS_MAX;
    queue->ring = make_table(&heap->watch, queue->capacity * sizeof queue->ring[0]);
    return queue->ring != NULL ? GRT_OK : GRT_NO_HOST_MEMORY;
}

static grt_status create_sites(grt_heap *heap)
{
    site_table *sites = &heap->watch.sites;
    sites->count = SITE_ENTRIES;
    sites->every = heap->watch.options.sites;
    sites->entries = make_table(&heap->watch, SITE_ENTRIES * sizeof sites->entries[0]);
    return sites->entries != NULL ? GRT_OK : GRT_NO_HOST_MEMORY;
}

void heap_watch_init(grt_heap *heap, const grt_heap_options *options)
{
    heap_watch *watch = &heap->watch;
    watch->options = *options;
    watch->has_tail = options->slack || options->redzone != 0;
    watch->touches = grt_heap_options_mark(options);
    watch->guards = heap_sizes_any(options->guard) || options->guard_site.site[0] != 0 ||
                    options->guard_sample != 0;
    bool fails =
        options->fail_nth != 0 || options->fail_every != 0 || heap_sizes_any(options->fail_size);
    watch->on =
        watch->touches || watch->guards || fails || options->quarantine != 0 || options->sites != 0;
}

grt_status heap_watch_create(grt_heap *heap)
{
    const grt_heap_options *options = &heap->watch.options;
    grt_status status = options->fill ? create_filled(heap) : GRT_OK;
    if (status == GRT_OK && options->quarantine != 0) {
        status = create_quarantine(heap);
    }
    if (status == GRT_OK && options->sites != 0) {
        status = create_sites(heap);
    }
    return status;
}

void heap_watch_destroy(grt_heap *heap)
{
    heap_watch *watch = &heap->watch;
    while (watch->table_count > 0) {
        const watch_table *table = &watch->tables[--watch->table_count];
        (void)os_release(table->base, table->size);
    }
}

bool heap_watch_refuses_locked(grt_heap *heap, const heap_request *request)
{
    heap_watch *watch = &heap->watch;
    const grt_heap_options *options = &watch->options;
    bool by_size = heap_sizes_any(options->fail_size);
    if (by_size && !heap_sizes_hold(options->fail_size, request->asked)) {
        return false;
    }
    if (options->fail_nth == 0 && options->fail_every == 0) {
        return by_size;
    }
    uint64_t number = watch->counted + 1;
    bool refused = number == options->fail_nth ||
                   (options->fail_every != 0 && number % options->fail_every == 0);
    if (!(refused && request->quiet)) { /* who asks quietly asks again, aloud, for the reason */
        watch->counted = number;
    }
    return refused;
}
