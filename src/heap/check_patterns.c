/*
 * check_patterns.c - the part of the check that looks at guest memory: is every pattern whole?
 *
 * It holds the lock, so that blocks do not change hands meanwhile, and hence must not fault when
 * the guest takes a page away at this moment: bytes are read by a call to the host that says so
 * instead. What cannot be read is not judged.
 */
#include "heap/internal.h"

#include <stdio.h>

typedef struct pattern_check {
    const grt_heap *heap;
    char *text;
    size_t text_size;
} pattern_check;

/* True iff a byte of the range is another one; then [*at] is the first. */
static bool find_change(const grt_heap *heap, grt_addr start, uint32_t size, uint8_t pattern,
                        uint32_t *at, uint8_t *found)
{
    uint8_t bytes[GRT_PAGE_SIZE];
    pattern_damage damage;
    for (uint32_t done = 0, part; done < size; done += part) {
        part = size - done < sizeof bytes ? size - done : (uint32_t)sizeof bytes;
        if (os_read_memory(bytes, grt_memory_host(heap->memory, start + done), part) == 0 &&
            !pattern_intact(bytes, part, pattern, &damage)) {
            *at = done + damage.first;
            *found = damage.found[0];
            return true;
        }
    }
    return false;
}

static bool check_tail(pattern_check *check, grt_addr block, uint32_t asked, uint32_t room)
{
    uint32_t at;
    uint8_t found;
    if (!check->heap->watch.has_tail ||
        !find_change(check->heap, block + asked, room - asked, PATTERN_TAIL, &at, &found)) {
        return true;
    }
    snprintf(check->text, check->text_size,
             "the block 0x%08X of %u bytes was overrun: byte %u is %02X", (unsigned)block, asked,
             asked + at, found);
    return false;
}

static bool check_freed(pattern_check *check, grt_addr start, uint32_t size)
{
    uint32_t at;
    uint8_t found;
    if (!find_change(check->heap, start, size, PATTERN_FREED, &at, &found)) {
        return true;
    }
    grt_block_info info;
    heap_describe_locked(check->heap, start + at, &info);
    snprintf(check->text, check->text_size,
             "the freed block 0x%08X of %u bytes was written to: byte %u is %02X",
             (unsigned)info.start, info.extent, info.offset, found);
    return false;
}

static bool check_span(pattern_check *check, const heap_span *span)
{
    const heap_slots *slots = &check->heap->slots;
    for (uint32_t i = 0; i < span->carved; i++) {
        block_place place = heap_place_in_span(check->heap, span, i);
        heap_slot slot = slot_load(&slots->all[place.slot]);
        bool right = true;
        if (slot_is_live(slot)) {
            right = check_tail(check, place.address, slot_asked(slot), span->extent);
        } else if ((slot & SLOT_FILLED) != 0) {
            right = check_freed(check, place.address, span->extent);
        }
        if (!right) {
            return false;
        }
    }
    return true;
}

/* Freed pages, whether they are in quarantine or free. */
static bool check_filled(pattern_check *check, uint32_t page, uint32_t length)
{
    const uint64_t *filled = check->heap->backing.filled;
    uint32_t end = page + length;
    while (filled != NULL && (page = bitmap_find(filled, page, end, true)) < end) {
        if (!check_freed(check, heap_page_address(check->heap, page), GRT_PAGE_SIZE)) {
            return false;
        }
        page++;
    }
    return true;
}

/* A block of whole pages, live or not. */
static bool check_pages(pattern_check *check, const heap_part *part)
{
    heap_block block = heap_block_of_pages(check->heap, part->page);
    if (block.asked != 0) {
        return check_tail(check, block.address, block.asked, block.room);
    }
    uint32_t asked = check->heap->table.pages[part->page].u.large.asked;
    bool pending = block.slot == NO_SLOT && (asked == LARGE_PENDING || asked == LARGE_CLAIMED);
    return pending || check_filled(check, part->page, part->length);
}

static bool check_part(pattern_check *check, const heap_part *part)
{
    switch (part->kind) {
    case PART_SPAN:
        return check_span(check, check->heap->table.pages[part->page].u.span);
    case PART_PAGES:
        return check_pages(check, part);
    default:
        return check_filled(check, part->page, part->length);
    }
}

bool heap_check_patterns_locked(const grt_heap *heap, char *text, size_t text_size)
{
    pattern_check check = {heap, text, text_size};
    for (uint32_t page = 0; heap->watch.touches && page < heap->table.count;) {
        heap_part part = heap_part_at(heap, page);
        if (!check_part(&check, &part)) {
            return false;
        }
        page += part.length;
    }
    return true;
}
