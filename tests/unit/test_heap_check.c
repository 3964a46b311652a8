/*
 * test_heap_check.c - grt_heap_check() finds every kind of damage that is planted.
 */
#include "heap_fixture.h"

#include "heap/internal.h"

static heap_fixture fixture;
static grt_heap *heap;
static grt_addr small, medium, large;

/* Page 0 starts a span of 64-byte blocks, then a medium block, a free run, another medium block, a
 * large one. */
static int set_up(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    heap = fixture.heap;
    small = grt_heap_alloc(heap, 60);
    grt_addr freed = grt_heap_alloc(heap, 60);
    (void)grt_heap_alloc(heap, 60);
    medium = grt_heap_alloc(heap, 50000);
    grt_addr hole = grt_heap_alloc(heap, 200000);
    (void)grt_heap_alloc(heap, 50000);
    large = grt_heap_alloc(heap, 300000);
    grt_heap_free(heap, freed);
    grt_heap_free(heap, hole);
    assert_heap_sound(heap);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture); /* checks that the damage was repaired */
    return 0;
}

static heap_page *page_at(grt_addr address)
{
    return &heap->table.pages[(address - heap->first) >> PAGE_SHIFT];
}

static void expect(const char *sentence)
{
    char text[256];
    if (grt_heap_check(heap, text, sizeof text)) {
        fail_msg("expected \"%s\", got nothing", sentence);
    }
    if (strstr(text, sentence) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", sentence, text);
    }
}

/* Plants a value, expects a sentence, and takes the value back. */
#define PLANT(place, value, sentence)                                                              \
    do {                                                                                           \
        __typeof__((place) + 0) before_ = (place);                                                 \
        (place) = (value);                                                                         \
        expect(sentence);                                                                          \
        (place) = before_;                                                                         \
        assert_heap_sound(heap);                                                                   \
    } while (0)

static void test_runs(void **state)
{
    (void)state;
    heap_page *block = page_at(medium);
    PLANT(block[1].kind, PAGE_FREE, "inside the run at page 16 is of another kind");
    PLANT(block->length, 0, "has 0 pages");
    PLANT(block->length, 1000, "has 1000 pages");
    PLANT(block->kind, PAGE_INSIDE, "belongs to no run");
    PLANT(page_at(large)->u.large.asked, LARGE_PENDING, "live bytes");
    PLANT(page_at(large)->u.large.asked, 310000, "was asked for 310000 bytes and has 74 pages");
    PLANT(page_at(large)->u.large.asked, 300001, "asked bytes");
    PLANT(heap->table.heads.words[0][0], heap->table.heads.words[0][0] ^ 1u << 16,
          "is a head but not marked");
    PLANT(heap->table.heads.words[0][0], heap->table.heads.words[0][0] ^ 1u << 17,
          "is marked as a head");
    PLANT(heap->table.heads.words[1][0], 0, "a summary of the heads is wrong");
    PLANT(heap->backing.committed[0], 0, "not all committed");
}

/* Two runs side by side, each correct in itself. */
static void test_unmerged_free_runs(void **state)
{
    (void)state;
    uint32_t hole = (medium - heap->first) / GRT_PAGE_SIZE + page_at(medium)->length;
    uint32_t length = heap->table.pages[hole].length;
    heap->table.pages[hole].length = 4;
    page_table_set_run(&heap->table, hole + 4, length - 4, PAGE_FREE);
    expect("two free runs meet");
    page_table_clear_head(&heap->table, hole + 4);
    heap->table.pages[hole].length = length & 0x1FFFFFFFu;
}

static void test_bins(void **state)
{
    (void)state;
    uint32_t hole = (medium - heap->first) / GRT_PAGE_SIZE + page_at(medium)->length;
    uint32_t bin = page_runs_bin(heap->table.pages[hole].length);
    assert_int_equal(heap->runs.bins[bin], hole);
    PLANT(heap->runs.bins[bin], NO_PAGE, "is marked wrongly");
    PLANT(heap->runs.bins[bin], 0, "which is not free");
    PLANT(heap->runs.column_bits[0], heap->runs.column_bits[0] ^ 1u, "bin 0 is marked wrongly");
    PLANT(heap->runs.row_bits, heap->runs.row_bits ^ 1u << 9, "row 9 is marked wrongly");
    PLANT(heap->table.pages[hole].u.free.prev, 5, "has a wrong link back");
    PLANT(heap->table.pages[hole].u.free.next, hole, "");
    uint32_t row = bin / BIN_COLUMNS;
    uint32_t column_bits = heap->runs.column_bits[row];
    uint32_t row_bits = heap->runs.row_bits;
    heap->runs.bins[bin] = NO_PAGE;
    heap->runs.column_bits[row] &= ~(1u << bin % BIN_COLUMNS);
    heap->runs.row_bits &= ~(heap->runs.column_bits[row] == 0 ? 1u << row : 0u);
    expect("free runs are in bins");
    heap->runs.bins[bin] = hole;
    heap->runs.column_bits[row] = column_bits;
    heap->runs.row_bits = row_bits;
}

static void test_spans(void **state)
{
    (void)state;
    heap_span *span = page_at(small)->u.span;
    PLANT(span->page, 3, "says that it is at page 3");
    PLANT(span->size_class, 99, "has class 99");
    PLANT(span->extent, 80, "does not have the shape of its class");
    PLANT(span->carved, 5000, "carved 5000 of 1024 blocks");
    PLANT(span->carved, 0, "slot 0 of the span at page 0 is live, and no block is there");
    PLANT(span->carved, 3, "is no cached block");
    PLANT(span->in_span, 7, "counts 7 blocks, not 0");
    PLANT(span_bits(span)[3], 1, "the summary of the span at page 0 is wrong");
    PLANT(span->owner, heap->shared, "is not its owner's");
    PLANT(span->owner, NULL, "is not listed as what it is");
    PLANT(span->listed, true, "is not its owner's");
    PLANT(span->slot, span->slot + 1, "page 0 of the run at page 0 has information");
    PLANT(span->used, false, "the span at page 0 was given up");
    PLANT(heap->slots.all[span->slot + span->carved], SLOT_LIVE | 60,
          "is live, and no block is there");
    PLANT(*heap_page_info(heap, 3), 9, "page 3 of the run at page 0 has information 9");
    PLANT(*heap_page_info(heap, 16), 1, "page 16 of the run at page 16 has information 1");
}

/* Two spans were given up, and their records wait. */
static void test_span_records(void **state)
{
    (void)state;
    grt_addr blocks[3000];
    for (int i = 0; i < 3000; i++) {
        blocks[i] = grt_heap_alloc(heap, 64);
    }
    for (int i = 0; i < 3000; i++) {
        grt_heap_free(heap, blocks[i]);
    }
    uint32_t page = heap_page_of(heap, blocks[1500]);
    page = page_at(heap_page_address(heap, page))->u.span->page;
    grt_heap_trim(heap);
    heap_span *span =
        (heap_span *)(uintptr_t)span_recall(&heap->pool, page_at(small)->u.span->size_class, page);
    assert_non_null(span);
    span_shelf *shelf = heap->pool.shelves;
    while (shelf->unused == 0) {
        shelf++;
    }
    PLANT(span->used, true, "waits for another");
    PLANT(span_bits(span)[3], 8, "has bits left");
    PLANT(heap->slots.all[span->slot + 1023], SLOT_LIVE | 60, "is live, and no block is there");
    PLANT(shelf->unused, shelf->unused + 1, "2 records of a length wait, not 3");
    PLANT(shelf->last, shelf->first, "does not end with its last");
    PLANT(shelf->last->next, shelf->first, "3 records of a length wait, not 2");
    PLANT(shelf->made, shelf->made + 1, "wait and");
    PLANT(shelf->limit, 1, "exceed 1");
}

/* A block that is in its span, and elsewhere too. */
static void test_blocks_in_two_places(void **state)
{
    (void)state;
    heap_span *span = page_at(small)->u.span;
    span_put(span, 0);
    span->in_span++;
    expect("block 0 of the span at page 0 is live and in the span");
    span_bits(span)[0] = 0;
    span_bits(span)[15] = UINT64_C(1) << 63;
    span->summary = 1 << 15;
    expect("has block 1023, never carved");
    span_bits(span)[15] = 0;
    span->summary = 0;
    span->in_span = 0;
}

/* A span that no cache owns any more. */
static void test_lists(void **state)
{
    (void)state;
    grt_heap_trim(heap);
    heap_span *span = page_at(small)->u.span;
    heap_class *list = &heap->classes[span->size_class];
    PLANT(list->partial, NULL, "is not listed as what it is");
    PLANT(list->empties, 1, "empty spans of a class");
    PLANT(heap->spare_spans, 1, "spare spans");
    PLANT(span->listed, false, "is not listed as what it is");
}

static heap_slot *first_slot(void)
{
    heap_span *span = page_at(small)->u.span;
    return &heap->slots.all[span->slot];
}

static void test_caches(void **state)
{
    (void)state;
    heap_cache *cache = heap_cache_at_hand(heap);
    cache_bin *bin = &cache->bins[page_at(small)->u.span->size_class];
    assert_true(bin->count > 2);
    PLANT(bin->count, 1000, "holds 1000 of 256 blocks");
    PLANT(bin->count, bin->count - 1, "are out and not live, and");
    PLANT(bin->blocks[1].address, 0xFFFFFFF0u, "which is in no span");
    PLANT(bin->blocks[1].address, large, "which is in no span");
    PLANT(bin->blocks[1].address, small, "which is no cached block");
    PLANT(bin->blocks[1].address, bin->blocks[1].address + 16, "which is no cached block");
    PLANT(bin->blocks[1].slot, bin->blocks[0].slot, "which is no cached block");
    PLANT(*first_slot(), 60, "are out and not live, and");
    PLANT(*first_slot(), SLOT_LIVE | 65, "was asked for 65 bytes");
    PLANT(*first_slot(), SLOT_LIVE, "was asked for 0 bytes");
    block_place second = bin->blocks[1];
    bin->blocks[1] = bin->blocks[0];
    expect("is in two places");
    bin->blocks[1] = second;
}

static void test_medium_blocks(void **state)
{
    (void)state;
    heap_slot *slot = &heap->slots.all[medium_slot((medium - heap->first) / GRT_PAGE_SIZE)];
    uint32_t base = slot_base(13);
    page_info *info = heap_page_info(heap, (medium - heap->first) / GRT_PAGE_SIZE);
    assert_int_equal(*slot, SLOT_LIVE | (50000 - base));
    PLANT(*slot, 50000 - base, "are out and not live, and");
    PLANT(*slot, SLOT_LIVE | (53249 - base), "was asked for 53249 bytes and has 13 pages");
    PLANT(*slot, SLOT_LIVE | (50001 - base), "asked bytes");
    PLANT(*info, 0, "has information 0");
    PLANT(*info, *info + CLASS_UNIT, "has information");
    PLANT(info[1], *info, "has information");
    PLANT(page_at(medium)->u.large.asked, LARGE_PENDING, "has information");
}

/* ---- chunks ------------------------------------------------------------------------------------
 */

static heap_chunk *chunk, *whole;
static heap_cache *cache;
static grt_addr cut, returned;

static void free_elsewhere(void *block)
{
    grt_heap_free(heap, *(grt_addr *)block);
}

static grt_addr get(uint32_t pages)
{
    grt_addr block = grt_heap_alloc(heap, pages * GRT_PAGE_SIZE);
    assert_int_not_equal(block, 0);
    return block;
}

/* A chunk with a block of 3 pages at its start, 3 free ones that were a block, 3 that another
 * thread freed, and a block at its end; a second one, whole; and a third, which is cut next. */
static int set_up_chunks(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    heap = fixture.heap;
    cut = get(3);
    grt_addr freed = get(3);
    returned = get(3);
    get(32);
    get(23);
    grt_addr second[2] = {get(32), get(32)};
    grt_addr third = get(32);
    grt_heap_free(heap, freed);
    grt_heap_free(heap, second[0]);
    grt_heap_free(heap, second[1]);
    run_in_thread(free_elsewhere, &returned);
    chunk = heap_chunk_at(heap, cut);
    whole = heap_chunk_at(heap, second[0]);
    cache = heap_cache_at_hand(heap);
    assert_ptr_equal(heap_chunk_at(heap, third), cache->chunks.current);
    assert_heap_sound(heap);
    return 0;
}

static void test_chunks(void **state)
{
    (void)state;
    page_info *info = heap_page_info(heap, chunk->page);
    heap_slot *slots = &heap->slots.all[medium_slot(chunk->page)];
    PLANT(chunk->owner, NULL, "has no record");
    PLANT(chunk->page, chunk->page + 64, "has no record");
    PLANT(page_at(cut)->kind, PAGE_LARGE, "");
    PLANT(chunk->returned, chunk->returned | 8, "has pages that were returned and are free");
    PLANT(chunk->returned, chunk->returned & ~UINT64_C(0x80), "was returned in part, or is live");
    PLANT(chunk->free, chunk->free | 2, "has pages that are free");
    PLANT(chunk->free, chunk->free & ~UINT64_C(0x10), "is in no block and not free");
    PLANT(chunk->heads, chunk->heads & ~UINT64_C(1), "is in no block and not free");
    PLANT(chunk->heads, chunk->heads | 8, "has pages that are free");
    PLANT(info[0], 0, "has information 0");
    PLANT(info[0], info[0] + GRT_PAGE_SIZE, "has pages that are free");
    PLANT(info[4], 5, "has information 5");
    PLANT(slots[0], SLOT_LIVE | 12289, "was asked for 12289 bytes and has 3 pages");
    PLANT(slots[0], slots[0] & ~SLOT_LIVE, "are out and not live, and");
    PLANT(slots[3], SLOT_LIVE | 12000, "is live, and no block starts there");
    PLANT(slots[6], SLOT_LIVE | 12000, "was returned in part, or is live");
    PLANT(slots[1], SLOT_LIVE | 12000, "is live, and no block starts there");
    PLANT(slots[63], SLOT_LIVE | 12000, "is live, and no block starts there");
    PLANT(info[2], 5, "has information 5");
}

static void test_lists_of_chunks(void **state)
{
    (void)state;
    chunk_set *set = &cache->chunks;
    assert_ptr_equal(set->lists[3], chunk);
    assert_ptr_equal(set->lists[CHUNK_LIST_WHOLE], whole);
    PLANT(chunk->list, 2, "is listed for runs of 3 pages and has 3");
    PLANT(set->lists[3], NULL, "the chunks with runs of 3 pages are not marked");
    PLANT(set->listed, set->listed ^ 8, "the chunks with runs of 3 pages are not marked");
    PLANT(set->listed, set->listed ^ 2, "the chunks with runs of 1 pages are not marked");
    PLANT(chunk->prev, whole, "has a wrong link back");
    PLANT(chunk->owner, heap->shared, "is listed for runs of 3 pages");
    PLANT(set->current, NULL,
          "a cache says that it has 3 chunks, 1 of them whole, and has 2 and 1");
    PLANT(set->current->owner, heap->shared, "the chunk that a cache cuts from is another one's");
    PLANT(set->count, 4, "a cache says that it has 4 chunks, 1 of them whole, and has 3 and 1");
    PLANT(set->whole, 0, "a cache says that it has 3 chunks, 0 of them whole, and has 3 and 1");
    PLANT(set->returned, NULL, "nobody will take over what was returned");
    PLANT(set->returned, whole, "no pages were returned to the chunk");
    PLANT(chunk->next_returned, chunk, "no pages were returned to the chunk");
    heap_chunk *current = set->current;
    set->current = NULL;
    set->count--;
    expect("a chunk is none of its owner's");
    set->current = current;
    set->count++;
    PLANT(cache->chunk_free, 1, "free pages of chunks");
    PLANT(cache->chunk_blocks, 1, "blocks: the counter says");
    heap_chunk *first = whole;
    set->lists[CHUNK_LIST_WHOLE] = NULL; /* listed for less than it has */
    set->listed ^= UINT64_C(1) << CHUNK_LIST_WHOLE | 1u << 2;
    set->lists[2] = first;
    first->list = 2;
    expect("is listed for runs of 2 pages and has 33");
    set->lists[2] = NULL;
    set->listed ^= UINT64_C(1) << CHUNK_LIST_WHOLE | 1u << 2;
    set->lists[CHUNK_LIST_WHOLE] = first;
    first->list = CHUNK_LIST_WHOLE;
}

static void test_totals(void **state)
{
    (void)state;
    heap_counters *counters = &heap->counters;
    cache_tally *tally = &heap_cache_at_hand(heap)->tally;
    PLANT(tally->asked, 0, "asked bytes");
    PLANT(counters->span_bytes, 0, "bytes in spans");
    PLANT(counters->taken_bytes, 0, "taken bytes");
    PLANT(counters->taken_blocks, 0, "taken blocks");
    PLANT(heap_cache_at_hand(heap)->pending_bytes, 16, "live bytes");
    PLANT(heap_cache_at_hand(heap)->pending_large, 1, "blocks");
    PLANT(counters->failures, 1, "failures");
    PLANT(heap->budget, 10, "live bytes exceed the budget");
    PLANT(heap->runs.free_pages, 3, "free pages");
    PLANT(heap->backing.committed_pages, 3, "committed pages");
}

static void test_agreement_with_the_memory(void **state)
{
    (void)state;
    grt_addr hole = medium + page_at(medium)->length * GRT_PAGE_SIZE;
    assert_int_equal(grt_memory_decommit(fixture.memory, hole, GRT_PAGE_SIZE), GRT_OK);
    expect("is not committed for the memory");
    assert_int_equal(grt_memory_commit(fixture.memory, hole, GRT_PAGE_SIZE), GRT_OK);
    grt_memory_protect(fixture.memory, hole, GRT_PAGE_SIZE, GRT_READ_ONLY);
    expect("is committed or protected for the memory");
    grt_memory_protect(fixture.memory, hole, GRT_PAGE_SIZE, GRT_READ_WRITE);
}

/* ---- what options add ---------------------------------------------------------------------------
 */

static grt_addr guarded, held_small, held_medium, held_large;

static int set_up_options(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=1M,guard=100");
    heap = fixture.heap;
    guarded = grt_heap_alloc(heap, 100);
    small = grt_heap_alloc(heap, 60);
    held_small = grt_heap_alloc(heap, 60);
    held_large = grt_heap_alloc(heap, 300000);
    held_medium = grt_heap_alloc(heap, 50000);
    grt_heap_free(heap, held_small);
    grt_heap_free(heap, held_large);
    grt_heap_free(heap, held_medium);
    grt_heap_free(heap, grt_heap_alloc(heap, 100)); /* guarded and in quarantine */
    assert_heap_sound(heap);
    return 0;
}

static void test_quarantine(void **state)
{
    (void)state;
    heap_quarantine *queue = &heap->watch.quarantine;
    assert_int_equal(queue->count, 4);
    PLANT(queue->bytes, 64, "the quarantine says that it holds 64 bytes");
    PLANT(queue->ring[0].address, small, "which is no cached block");
    PLANT(queue->ring[0].address, 0xFFFFFFF0u, "which is no freed block");
    PLANT(queue->ring[1].address, guarded, "is queued but not in quarantine");
    PLANT(queue->ring[2].address, held_large, "which is no freed block");
    PLANT(queue->ring[2].slot, NO_SLOT, "are out and not live, and");
    PLANT(page_at(held_medium)->u.large.asked, LARGE_CLAIMED, "has information");
    PLANT(queue->count, 3, "a large block in quarantine is not queued");
    PLANT(queue->first, 1, "are out and not live, and"); /* it ends where nothing was queued */
    PLANT(page_at(held_large)->u.large.asked, LARGE_CLAIMED, "is queued but not in quarantine");
    block_place second = queue->ring[1];
    queue->ring[1] = queue->ring[0];
    expect("is in two places");
    queue->ring[1] = second;
}

static void test_guards(void **state)
{
    (void)state;
    uint64_t *committed = &heap->backing.committed[0];
    PLANT(heap->watch.guarded, 0, "guarded blocks");
    PLANT(heap->watch.bare_pages, 1, "pages that guard");
    PLANT(page_at(guarded)->past, 0, "not all committed");
    PLANT(*committed, *committed | 2, "the guarded run at page 0 has 2 of 2 pages");
    PLANT(*committed, *committed & ~UINT64_C(1), "the guarded run at page 0 has 0 of 2 pages");
    PLANT(page_at(guarded)->u.large.asked, 113, "was asked for 113 bytes and has 2 pages");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unmerged_free_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_span_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blocks_in_two_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_caches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_medium_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chunks, set_up_chunks, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_of_chunks, set_up_chunks, tear_down),
        cmocka_unit_test_setup_teardown(test_totals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_agreement_with_the_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quarantine, set_up_options, tear_down),
        cmocka_unit_test_setup_teardown(test_guards, set_up_options, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
