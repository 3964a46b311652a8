/*
 * span.c - blocks of one span, and the pool of span records.
 */
#include "heap/span.h"

#include "heap/size_class.h"

/* ---- shelves -----------------------------------------------------------------------------------
 */

/* Slots that records have room for: those of blocks of 16, 32, 48, 64, 96 and 128 bytes, and half
 * as many again and again. */
static const uint16_t lengths[SPAN_LENGTHS] = {
    16, 32, 64, 128, 256, 512, 704, 1024, 1376, 2048, SPAN_BLOCKS_MAX};

_Static_assert(SPAN_BLOCKS_MAX / 64 <= 64, "one word sums the bits up");
_Static_assert(SPAN_BLOCKS_MAX <= UINT16_MAX && SIZE_CLASS_COUNT <= UINT8_MAX, "fields hold them");

/* A record that was given up is not used again before there are so many, as long as there can be
 * more, so that it tells what was there for some time. */
#define UNUSED_LEAST 4u

/* The shelf of a class's spans. Every address in a span leads to a slot, also one behind the last
 * block: that must not be another record's, but one that is never live. */
static uint32_t shelf_of(uint32_t size_class)
{
    uint32_t bytes = size_class_pages(size_class) * GRT_PAGE_SIZE;
    uint32_t slots = (bytes - 1) / size_class_extent(size_class) + 1;
    uint32_t shelf = 0;
    GRT_ASSERT(slots <= SPAN_BLOCKS_MAX);
    while (lengths[shelf] < slots) {
        shelf++;
    }
    return shelf;
}

uint32_t span_room(const heap_span *span)
{
    return lengths[shelf_of(span->size_class)];
}

static size_t to_lines(size_t bytes)
{
    return (bytes + SPAN_RECORD_ALIGNMENT - 1) & ~(size_t)(SPAN_RECORD_ALIGNMENT - 1);
}

static size_t slots_offset(uint32_t shelf)
{
    return to_lines(sizeof(heap_span) + (lengths[shelf] + 63u) / 64 * sizeof(uint64_t));
}

static size_t record_size(uint32_t shelf)
{
    return to_lines(slots_offset(shelf) + lengths[shelf] * sizeof(heap_slot));
}

/* The spans of a shelf that fit so many pages. */
static uint32_t shelf_limit(uint32_t shelf, uint32_t pages)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        uint32_t span = size_class_pages(i);
        if (shelf_of(i) == shelf && span < least) {
            least = span;
        }
    }
    return pages / least;
}

/* ---- the pool ----------------------------------------------------------------------------------
 */

size_t span_pool_size(uint32_t pages)
{
    size_t size = 0;
    for (uint32_t i = 0; i < SPAN_LENGTHS; i++) {
        size += shelf_limit(i, pages) * record_size(i);
    }
    return size;
}

void span_pool_init(span_pool *pool, uint32_t pages, heap_slot *slots, void *records,
                    uint32_t *latest)
{
    unsigned char *at = records;
    *pool = (span_pool){.slots = slots, .latest = latest};
    for (uint32_t i = 0; i < SPAN_LENGTHS; i++) {
        pool->shelves[i] = (span_shelf){.records = at, .limit = shelf_limit(i, pages)};
        at += pool->shelves[i].limit * record_size(i);
    }
}

static heap_span *make_record(span_pool *pool, span_shelf *shelf)
{
    uint32_t number = (uint32_t)(shelf - pool->shelves);
    unsigned char *record = shelf->records + shelf->made++ * record_size(number);
    heap_span *span = (heap_span *)(void *)record;
    span->slot = (uint32_t)((heap_slot *)(void *)(record + slots_offset(number)) - pool->slots);
    return span;
}

static heap_span *take_record(span_pool *pool, span_shelf *shelf)
{
    if (shelf->made < shelf->limit && shelf->unused < UNUSED_LEAST) {
        return make_record(pool, shelf);
    }
    heap_span *span = shelf->first;
    GRT_ASSERT(shelf->unused > 0); /* no more fit the pages */
    shelf->first = span->next;
    shelf->unused--;
    return span;
}

static void give_record(span_shelf *shelf, heap_span *span)
{
    span->next = NULL;
    if (shelf->unused++ > 0) {
        shelf->last->next = span;
    } else {
        shelf->first = span;
    }
    shelf->last = span;
}

/* In lines behind the slots of nobody, so never 0. */
static uint32_t record_number(const span_pool *pool, const heap_span *span)
{
    size_t offset = (size_t)((const unsigned char *)span - (const unsigned char *)pool->slots);
    return (uint32_t)(offset / SPAN_RECORD_ALIGNMENT);
}

const heap_span *span_recall(const span_pool *pool, uint32_t size_class, uint32_t page)
{
    size_t offset = (size_t)pool->latest[page] * SPAN_RECORD_ALIGNMENT;
    const void *record = (const unsigned char *)pool->slots + offset;
    const heap_span *span = record;
    GRT_ASSERT(offset != 0); /* a span started there */
    return !span->used && span->page == page && span->size_class == size_class ? span : NULL;
}

heap_span *span_create(span_pool *pool, uint32_t size_class, uint32_t page)
{
    heap_span *span = take_record(pool, &pool->shelves[shelf_of(size_class)]);
    span->next = span->prev = NULL;
    span->owner = NULL;
    span->summary = 0;
    span->page = page;
    span->carved = 0;
    span->in_span = 0;
    span->blocks = (uint16_t)size_class_blocks(size_class);
    span->extent = (uint16_t)size_class_extent(size_class);
    span->pages = (uint8_t)size_class_pages(size_class);
    span->size_class = (uint8_t)size_class;
    span->listed = false;
    span->used = true;
    pool->latest[page] = record_number(pool, span);
    return span;
}

/* The bits are zero between uses. */
void span_destroy(span_pool *pool, heap_span *span)
{
    GRT_ASSERT(span_out(span) == 0 && span->owner == NULL && !span->listed && span->used);
    for (uint32_t word = 0; word * 64 < span->carved; word++) {
        span_bits(span)[word] = 0;
    }
    span->used = false;
    give_record(&pool->shelves[shelf_of(span->size_class)], span);
}

/* ---- one span ----------------------------------------------------------------------------------
 */

/* Takes blocks of one word of bits, the lowest first, and writes them downwards from [at] until
 * [end]. Returns where it stopped. */
static uint32_t take_from_word(heap_span *span, uint32_t word, uint32_t at, uint32_t end,
                               uint32_t *numbers)
{
    uint64_t bits = span_bits(span)[word];
    for (; bits != 0 && at > end; bits &= bits - 1) {
        numbers[--at] = word * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    span_bits(span)[word] = bits;
    if (bits == 0) {
        span->summary &= ~(UINT64_C(1) << word);
    }
    return at;
}

void span_take(heap_span *span, uint32_t count, uint32_t *numbers)
{
    GRT_ASSERT(count <= span_available(span));
    uint32_t at = count;
    uint32_t used_end = count > span->in_span ? count - span->in_span : 0;
    while (at > used_end) {
        at = take_from_word(span, (uint32_t)__builtin_ctzll(span->summary), at, used_end, numbers);
    }
    span->in_span -= count - used_end;
    while (at > 0) {
        numbers[--at] = span->carved++;
    }
}
