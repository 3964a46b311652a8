/*
 * damage.c - says that guest memory which was nobody's has been written to.
 */
#include "heap/call_site.h"
#include "heap/internal.h"

#include <stdio.h>

#include "diag/log.h"

/* Tells damage from other events among the keys of the rate limit. */
#define DAMAGE_KEY 0x200u

/* Who asked for the block, or who freed it; empty when that is not known. */
static void describe_origin(const grt_heap *heap, const heap_damage *damage, char *text,
                            size_t size)
{
    const site_entry *live = site_table_find(&heap->watch.sites, damage->block, SITE_LIVE);
    const site_entry *freed = site_table_find(&heap->watch.sites, damage->block, SITE_FREED);
    text[0] = '\0';
    if (damage->after_free && freed != NULL) {
        snprintf(text, size, "; freed by call site 0x%08X on thread %u", freed->freed_site,
                 freed->freed_thread);
    } else if (!damage->after_free && live != NULL) {
        snprintf(text, size, "; asked for by call site 0x%08X on thread %u", live->site,
                 live->thread);
    }
}

static void write_found(const pattern_damage *bytes, char *text, size_t size)
{
    text[0] = '\0';
    for (uint32_t i = 0; i < bytes->found_count && 2 * i + 2 < size; i++) {
        snprintf(text + 2 * (size_t)i, size - 2 * (size_t)i, "%02X", bytes->found[i]);
    }
}

static void write_line(const grt_heap *heap, const heap_damage *damage, uint32_t repeat,
                       const char *origin)
{
    char found[2 * sizeof damage->bytes.found + 1];
    write_found(&damage->bytes, found, sizeof found);
    grt_log_line(&heap->log, GRT_LOG_ERROR, "HEAP-DAMAGE",
                 "%s block=0x%08X %s=%u damage=%u-%u found=%s noticed_by=%s heap=%s "
                 "call_site=0x%08X repeat=%u: %s%s",
                 damage->after_free ? "write-after-free" : "overrun", (unsigned)damage->block,
                 damage->after_free ? "occupied" : "asked", damage->size, damage->bytes.first,
                 damage->bytes.last, found, damage->noticed_by, heap->name, grt_call_site(), repeat,
                 damage->after_free ? "a freed block was written to"
                                    : "bytes behind the block were written to",
                 origin);
}

void heap_report_damage(grt_heap *heap, const heap_damage *damage)
{
    char origin[80];
    rate_key key = {DAMAGE_KEY | damage->after_free, damage->block, grt_call_site()};
    os_mutex_lock(&heap->lock);
    heap->watch.overruns += !damage->after_free;
    heap->watch.writes_after_free += damage->after_free;
    uint32_t repeat = rate_limit_count(&heap->repeats, key);
    describe_origin(heap, damage, origin, sizeof origin);
    os_mutex_unlock(&heap->lock);
    if (repeat > 0) {
        write_line(heap, damage, repeat, origin);
    }
}
