/*
 * sites.c - the table of sampled blocks.
 */
#include "heap/sites.h"

#include <stddef.h>
#include <string.h>

/* ---- places ------------------------------------------------------------------------------------
 */

static site_entry *place(const site_table *table, uint32_t block, uint32_t step)
{
    uint32_t hash = (block >> 4) * 0x9E3779B1u;
    hash ^= hash >> 15;
    return &table->entries[(hash + step) & (table->count - 1)];
}

static site_entry *find(const site_table *table, uint32_t block)
{
    for (uint32_t step = 0; step < SITE_WINDOW; step++) {
        site_entry *entry = place(table, block, step);
        if (entry->state != SITE_NONE && entry->block == block) {
            return entry;
        }
    }
    return NULL;
}

/* The better of two places for a new entry: an empty one, else the one freed first. */
static bool is_better(const site_table *table, const site_entry *entry, const site_entry *best)
{
    if (entry->state == SITE_LIVE || (best != NULL && best->state == SITE_NONE)) {
        return false;
    }
    return best == NULL || entry->state == SITE_NONE ||
           table->clock - entry->age > table->clock - best->age;
}

static site_entry *find_room(const site_table *table, uint32_t block)
{
    site_entry *best = NULL;
    for (uint32_t step = 0; step < SITE_WINDOW; step++) {
        site_entry *entry = place(table, block, step);
        if (is_better(table, entry, best)) {
            best = entry;
        }
    }
    return best;
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

void site_table_add(site_table *table, uint32_t block, uint32_t asked, uint32_t site,
                    uint32_t thread)
{
    site_entry *entry = find(table, block);
    if (entry != NULL) {
        entry->state = SITE_NONE;
    }
    if (table->requests++ % table->every != 0) {
        return;
    }
    entry = find_room(table, block);
    if (entry == NULL) {
        table->lost++;
        return;
    }
    *entry = (site_entry){
        .state = SITE_LIVE, .block = block, .asked = asked, .site = site, .thread = thread};
}

void site_table_free(site_table *table, uint32_t block, uint32_t site, uint32_t thread)
{
    site_entry *entry = find(table, block);
    if (entry == NULL) {
        return;
    }
    entry->state = SITE_FREED;
    entry->freed_site = site;
    entry->freed_thread = thread;
    entry->age = ++table->clock;
}

void site_table_resize(site_table *table, uint32_t block, uint32_t asked)
{
    site_entry *entry = find(table, block);
    if (entry != NULL) {
        entry->asked = asked;
    }
}

const site_entry *site_table_find(const site_table *table, uint32_t block, site_state state)
{
    const site_entry *entry = table->entries != NULL ? find(table, block) : NULL;
    return entry != NULL && entry->state == (uint32_t)state ? entry : NULL;
}

/* ---- sums --------------------------------------------------------------------------------------
 */

#define GROUPS 256u /* keys that are met later than this many others are left out */

typedef struct group_table {
    site_holder rows[GROUPS];
    uint32_t count;
} group_table;

static void add_to_group(group_table *groups, uint32_t key, uint32_t bytes)
{
    uint32_t at = 0;
    while (at < groups->count && groups->rows[at].key != key) {
        at++;
    }
    if (at == GROUPS) {
        return;
    }
    if (at == groups->count) {
        groups->rows[groups->count++] = (site_holder){.key = key};
    }
    groups->rows[at].blocks++;
    groups->rows[at].bytes += bytes;
}

/* Moves the largest rows to [top], largest first; of equal ones the one met first. */
static uint32_t take_top(group_table *groups, site_holder *top)
{
    uint32_t count = 0;
    for (; count < SITE_TOP && groups->count > 0; count++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < groups->count; i++) {
            best = groups->rows[i].bytes > groups->rows[best].bytes ? i : best;
        }
        top[count] = groups->rows[best];
        groups->count--;
        memmove(&groups->rows[best], &groups->rows[best + 1],
                (groups->count - best) * sizeof groups->rows[0]);
    }
    return count;
}

static uint32_t sum_up(const site_table *table, bool by_thread, site_holder *top)
{
    group_table groups;
    groups.count = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        const site_entry *entry = &table->entries[i];
        if (entry->state == SITE_LIVE) {
            add_to_group(&groups, by_thread ? entry->thread : entry->site, entry->asked);
        }
    }
    return take_top(&groups, top);
}

void site_table_sum_up(const site_table *table, site_summary *summary)
{
    summary->every = table->entries != NULL ? table->every : 0;
    if (summary->every == 0) {
        return;
    }
    summary->lost = table->lost;
    summary->sites = sum_up(table, false, summary->site);
    summary->threads = sum_up(table, true, summary->thread);
}
