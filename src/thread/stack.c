/*
 * stack.c - guest stacks: their size and guards; their bytes, zeroed for the next thread, and
 * measured.
 *
 * Whoever uses a stack touches its top, and most go no deeper than a few pages. So some pages at
 * the top are cleared by hand and stay resident, and the rest is given back to the host in one
 * call, which costs next to nothing where nothing was touched. How many pages are worth keeping is
 * looked up now and then: asking the host which pages are resident is slower than giving clean ones
 * back.
 */
#include "thread/internal.h"

#define KEPT_PAGES_MAX 8u
/* The pages are looked up at the first cleaning and at every so many after that. */
#define LOOK_EVERY 32u
/* Pages that are asked about at once. */
#define PIECE 256u

uint32_t grt_stack_round(uint32_t size)
{
    return size < GRT_MIN_STACK_SIZE ? GRT_MIN_STACK_SIZE
                                     : (size + GRT_PAGE_SIZE - 1) & ~(GRT_PAGE_SIZE - 1);
}

grt_status grt_stack_guard(grt_runtime *runtime, grt_addr below, grt_addr above, grt_access access)
{
    grt_status first = grt_memory_protect(runtime->memory, below, GRT_GUARD_SIZE, access);
    grt_status second = grt_memory_protect(runtime->memory, above, GRT_GUARD_SIZE, access);
    return first != GRT_OK ? first : second;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

/* Resident pages at the very top of the stack, at most KEPT_PAGES_MAX; 0 when the host does not
 * say. */
static uint32_t resident_top(const grt_runtime *runtime, const grt_context_block *context)
{
    uint8_t resident[KEPT_PAGES_MAX];
    grt_addr first = context->stack_base - sizeof resident * GRT_PAGE_SIZE;
    _Static_assert(sizeof resident * GRT_PAGE_SIZE >= GRT_MIN_STACK_SIZE, "more than the least");
    if (first < context->stack_limit)
        first = context->stack_limit;
    uint32_t pages = (context->stack_base - first) / GRT_PAGE_SIZE, count = 0;
    if (os_resident(runtime->base + first, context->stack_base - first, resident) != 0)
        return 0;
    while (count < pages && resident[pages - 1 - count] != 0)
        count++;
    return count;
}

static const uint8_t zeros[GRT_PAGE_SIZE];

static bool zero_pages(grt_runtime *runtime, grt_addr from, grt_addr end)
{
    bool written = true;
    for (; from < end && written; from += GRT_PAGE_SIZE)
        written = grt_guest_write(runtime, from, zeros, GRT_PAGE_SIZE);
    return written;
}

bool grt_stack_clean(grt_runtime *runtime, grt_context_block *context)
{
    if (context->cleaned++ % LOOK_EVERY == 0)
        context->kept = resident_top(runtime, context) * GRT_PAGE_SIZE;
    uint32_t rest = context->stack_size - context->kept;
    return grt_guest_write(runtime, context->pcr, zeros, GRT_PARTS_SIZE) &&
           zero_pages(runtime, context->stack_base - context->kept, context->stack_base) &&
           (rest == 0 || os_discard(runtime->base + context->stack_limit, rest) == 0);
}

/* ---- measuring ----------------------------------------------------------------------------- */

/* The lowest byte of the page that is not zero, or the page's end. */
static grt_addr lowest_used(grt_runtime *runtime, grt_addr page)
{
    uint8_t bytes[256];
    for (uint32_t at = 0; at < GRT_PAGE_SIZE; at += sizeof bytes) {
        if (!grt_guest_read(runtime, bytes, page + at, sizeof bytes))
            return page;
        for (uint32_t i = 0; i < sizeof bytes; i++) {
            if (bytes[i] != 0)
                return page + at + i;
        }
    }
    return page + GRT_PAGE_SIZE;
}

/* The lowest used byte in [from, end), at most PIECE pages; [end] when there is none. */
static grt_addr lowest_in_piece(grt_runtime *runtime, grt_addr from, grt_addr end)
{
    uint8_t resident[PIECE];
    if (os_resident(runtime->base + from, end - from, resident) != 0)
        memset(resident, 1, sizeof resident);
    for (grt_addr page = from; page < end; page += GRT_PAGE_SIZE) {
        if (resident[(page - from) / GRT_PAGE_SIZE] == 0)
            continue;
        grt_addr lowest = lowest_used(runtime, page);
        if (lowest < page + GRT_PAGE_SIZE)
            return lowest;
    }
    return end;
}

uint32_t grt_stack_used(grt_runtime *runtime, const grt_context_block *context)
{
    grt_addr at = context->stack_limit, base = context->stack_base;
    while (at < base) {
        grt_addr end = base - at > PIECE * GRT_PAGE_SIZE ? at + PIECE * GRT_PAGE_SIZE : base;
        grt_addr lowest = lowest_in_piece(runtime, at, end);
        if (lowest < end)
            return base - lowest;
        at = end;
    }
    return 0;
}
