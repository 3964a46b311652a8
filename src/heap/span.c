/*
 * span.c - blocks of one span.
 */
#include "heap/span.h"

#include "heap/size_class.h"
#include "os/assert.h"
#include "os/os.h"

heap_span *span_create(uint32_t size_class, uint32_t page)
{
    uint32_t blocks = size_class_blocks(size_class);
    heap_span *span = os_alloc(sizeof *span + blocks * sizeof span->slots[0]);
    if (span == NULL) {
        return NULL;
    }
    span->page = page;
    span->pages = size_class_pages(size_class);
    span->size_class = size_class;
    span->extent = size_class_extent(size_class);
    span->blocks = blocks;
    span->free_head = SLOT_LAST_FREE;
    return span;
}

void span_destroy(heap_span *span)
{
    os_free(span);
}

uint32_t span_take(heap_span *span, uint32_t asked)
{
    GRT_ASSERT(!span_is_full(span));
    uint32_t block = span->free_head;
    if (block != SLOT_LAST_FREE) {
        span->free_head = span->slots[block] & ~SLOT_FREE;
    } else {
        block = span->handed++;
        GRT_ASSERT(block < span->blocks);
    }
    span->live++;
    span_set_asked(span, block, asked);
    return block;
}

void span_give(heap_span *span, uint32_t block)
{
    GRT_ASSERT(span_block_is_live(span, block));
    span->slots[block] = (uint16_t)(SLOT_FREE | span->free_head);
    span->free_head = block;
    span->live--;
}
