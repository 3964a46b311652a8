/*
 * check_spans.c - the part of the check that looks at spans and their records.
 */
#include "heap/check.h"

#include <string.h>

static bool check_span_shape(heap_checker *check, uint32_t page, const heap_page *head)
{
    const heap_span *span = head->u.span;
    return heap_require(check, span->page == page && span->pages == head->length,
                        "the span at page %u says that it is at page %u", page, span->page) &&
           heap_require(check, span->size_class < SIZE_CLASS_COUNT,
                        "the span at page %u has class %u", page, span->size_class) &&
           heap_require(check,
                        span->extent == size_class_extent(span->size_class) &&
                            span->blocks == size_class_blocks(span->size_class) &&
                            span->pages == size_class_pages(span->size_class),
                        "the span at page %u does not have the shape of its class", page) &&
           heap_require(check, span->used, "the span at page %u was given up", page) &&
           heap_require(check, span->carved <= span->blocks,
                        "the span at page %u carved %u of %u blocks", page, span->carved,
                        span->blocks);
}

/* A block of a span is in it, live, or in a cache; never two of these. */
static bool check_span_block(heap_checker *check, const heap_span *span, uint32_t block)
{
    const heap_slots *slots = &check->heap->slots;
    block_place place = heap_place_in_span(check->heap, span, block);
    heap_slot slot = slot_load(&slots->all[place.slot]);
    if (!slot_is_live(slot)) {
        check->cached += !span_has(span, block);
        return true;
    }
    check->live += span->extent;
    check->asked += slot_asked(slot);
    check->blocks++;
    return heap_require(check, slot_asked(slot) >= 1 && slot_asked(slot) <= span->extent,
                        "block %u of the span at page %u was asked for %u bytes", block, span->page,
                        slot_asked(slot)) &&
           heap_require(check, !span_has(span, block),
                        "block %u of the span at page %u is live and in the span", block,
                        span->page);
}

static bool check_span_bits(heap_checker *check, const heap_span *span)
{
    uint32_t in_span = 0;
    for (uint32_t word = 0; word < span_words(span); word++) {
        in_span += (uint32_t)__builtin_popcountll(span_bits(span)[word]);
        if (!heap_require(check, (span->summary >> word & 1) == (span_bits(span)[word] != 0),
                          "the summary of the span at page %u is wrong", span->page)) {
            return false;
        }
    }
    uint32_t last = span_words(span) * 64;
    while (last > 0 && !span_has(span, last - 1)) {
        last--;
    }
    return heap_require(check, last <= span->carved,
                        "the span at page %u has block %u, never carved", span->page, last - 1) &&
           heap_require(check, in_span == span->in_span,
                        "the span at page %u counts %u blocks, not %u", span->page, span->in_span,
                        in_span);
}

static bool is_listed(const heap_span *list, const heap_span *span)
{
    return span->prev != NULL ? span->prev->next == span : list == span;
}

/* Spans that nobody owns are listed iff they have something to give, and as empty iff all of their
 * blocks are there. */
static bool check_span_list(heap_checker *check, const heap_span *span)
{
    const heap_class *list = &check->heap->classes[span->size_class];
    if (span->owner != NULL) {
        return heap_require(check, span->owner->spans[span->size_class] == span && !span->listed,
                            "the span at page %u is not its owner's", span->page);
    }
    bool is_empty = span_out(span) == 0;
    bool listed = is_listed(is_empty ? list->empty : list->partial, span);
    check->empties[span->size_class] += is_empty;
    return heap_require(check, span->listed == listed && listed == (span_available(span) > 0),
                        "the span at page %u is not listed as what it is", span->page);
}

#define SLOTS_A_WORD 4u

/* True iff one of four slots is live. The caches are stopped: nobody changes any. */
static bool any_live(const heap_slot *slots)
{
    uint64_t word;
    memcpy(&word, slots, sizeof word);
    return (word & SLOT_LIVE * UINT64_C(0x0001000100010001)) != 0;
}

/* Slots from block [from] on: whatever was there before, they must not be live. There are many, so
 * they are looked at four at a time. */
static bool check_dead_slots(heap_checker *check, const heap_span *span, uint32_t from)
{
    const heap_slot *slots = &check->heap->slots.all[span->slot];
    uint32_t room = span_room(span); /* a multiple of four */
    for (uint32_t i = from; i < room;) {
        if (i % SLOTS_A_WORD == 0 && !any_live(&slots[i])) {
            i += SLOTS_A_WORD;
        } else if (heap_require(check, !slot_is_live(slot_load(&slots[i])),
                                "slot %u of the span at page %u is live, and no block is there", i,
                                span->page)) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

bool heap_check_span(heap_checker *check, uint32_t page, const heap_page *head)
{
    const heap_span *span = head->u.span;
    check->spans++;
    check->span_bytes += (uint64_t)head->length << PAGE_SHIFT;
    if (!check_span_shape(check, page, head) || !check_span_bits(check, span) ||
        !check_span_list(check, span)) {
        return false;
    }
    check->taken_bytes += (uint64_t)span_out(span) * span->extent;
    check->taken_blocks += span_out(span);
    for (uint32_t block = 0; block < span->carved; block++) {
        if (!check_span_block(check, span, block)) {
            return false;
        }
    }
    return check_dead_slots(check, span, span->carved);
}

/* ---- records -----------------------------------------------------------------------------------
 */

static bool check_waiting(heap_checker *check, const heap_span *span)
{
    uint64_t bits = 0;
    for (uint32_t word = 0; word < span_words(span); word++) {
        bits |= span_bits(span)[word];
    }
    return heap_require(check, !span->used, "the record of the span at page %u waits for another",
                        span->page) &&
           heap_require(check, bits == 0, "the record of the span at page %u has bits left",
                        span->page) &&
           check_dead_slots(check, span, 0);
}

/* The records of a shelf that wait for a span. */
static bool check_shelf(heap_checker *check, const span_shelf *shelf)
{
    uint32_t waiting = 0;
    const heap_span *last = NULL;
    for (const heap_span *span = shelf->first; span != NULL && waiting <= shelf->unused;
         span = span->next) {
        if (!check_waiting(check, span)) {
            return false;
        }
        last = span;
        waiting++;
    }
    return heap_require(check, waiting == shelf->unused, "%u records of a length wait, not %u",
                        waiting, shelf->unused) &&
           heap_require(check, waiting == 0 || last == shelf->last,
                        "the queue of records does not end with its last") &&
           heap_require(check, shelf->made <= shelf->limit, "%u records of a length exceed %u",
                        shelf->made, shelf->limit);
}

bool heap_check_span_records(heap_checker *check)
{
    const span_pool *pool = &check->heap->pool;
    uint32_t made = 0, unused = 0;
    for (uint32_t i = 0; i < SPAN_LENGTHS; i++) {
        if (!check_shelf(check, &pool->shelves[i])) {
            return false;
        }
        made += pool->shelves[i].made;
        unused += pool->shelves[i].unused;
    }
    return heap_require(check, made == unused + check->spans,
                        "%u records of spans were made, %u wait and %u are used", made, unused,
                        check->spans);
}
