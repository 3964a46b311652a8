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
        block_place place = place_of_block(slots, span->size_class, span->page, i);
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

static bool check_run(pattern_check *check, uint32_t page, const heap_page *head)
{
    if (head->kind == PAGE_SMALL) {
        return check_span(check, head->u.span);
    }
    uint32_t asked = heap_pages_asked(check->heap, page);
    if (asked != 0) {
        return check_tail(check, heap_page_address(check->heap, page) + heap_large_gap(head), asked,
                          heap_large_room(head));
    }
    bool pending = head->kind == PAGE_LARGE &&
                   (head->u.large.asked == LARGE_PENDING || head->u.large.asked == LARGE_CLAIMED);
    return pending || check_filled(check, page, head->length);
}

bool heap_check_patterns_locked(const grt_heap *heap, char *text, size_t text_size)
{
    pattern_check check = {heap, text, text_size};
    const page_table *table = &heap->table;
    for (uint32_t page = 0; heap->watch.touches && page < table->count;
         page += table->pages[page].length) {
        if (!check_run(&check, page, &table->pages[page])) {
            return false;
        }
    }
    return true;
}
