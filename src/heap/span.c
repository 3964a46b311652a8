/*
 * span.c - blocks of one span, and the pool of span records.
 */
#include "heap/span.h"

#include "heap/size_class.h"
#include "os/assert.h"

_Static_assert(SPAN_BITS_WORDS <= 64, "one word sums them up");

static heap_span *pool_take(span_pool *pool)
{
    heap_span *span = pool->unused;
    if (span != NULL) {
        pool->unused = span->next;
        return span;
    }
    GRT_ASSERT(pool->made < pool->limit); /* no more fit the pages */
    span = &pool->spans[pool->made];
    span->free_bits = pool->bits + (size_t)pool->made * SPAN_BITS_WORDS;
    pool->made++;
    return span;
}

heap_span *span_create(span_pool *pool, uint32_t size_class, uint32_t page)
{
    heap_span *span = pool_take(pool);
    span->next = span->prev = NULL;
    span->owner = NULL;
    span->summary = 0;
    span->page = page;
    span->pages = size_class_pages(size_class);
    span->size_class = size_class;
    span->extent = size_class_extent(size_class);
    span->blocks = size_class_blocks(size_class);
    span->carved = 0;
    span->in_span = 0;
    span->listed = false;
    GRT_ASSERT(span->pages >= SPAN_MIN_PAGES && span->blocks <= SPAN_BITS_WORDS * 64);
    return span;
}

void span_destroy(span_pool *pool, heap_span *span)
{
    GRT_ASSERT(span_out(span) == 0 && span->owner == NULL && !span->listed);
    for (uint32_t word = 0; word * 64 < span->carved; word++) {
        span->free_bits[word] = 0;
    }
    span->next = pool->unused;
    pool->unused = span;
}

/* Takes blocks of one word of bits, the lowest first, and writes them downwards from [at] until
 * [end]. Returns where it stopped. */
static uint32_t take_from_word(heap_span *span, uint32_t word, uint32_t at, uint32_t end,
                               uint32_t *numbers)
{
    uint64_t bits = span->free_bits[word];
    for (; bits != 0 && at > end; bits &= bits - 1) {
        numbers[--at] = word * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    span->free_bits[word] = bits;
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
