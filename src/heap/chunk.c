/*
 * chunk.c - a cache's chunks by what they have room for.
 */
#include "heap/chunk.h"

/* ---- words -------------------------------------------------------------------------------------
 */

uint32_t chunk_longest(uint64_t free)
{
    if (free == 0) {
        return 0;
    }
    uint64_t starts[6] = {free}; /* of runs of 2^i free pages */
    uint32_t level = 0;
    while (level < 5 && (starts[level] & starts[level] >> (1u << level)) != 0) {
        starts[level + 1] = starts[level] & starts[level] >> (1u << level);
        level++;
    }
    uint64_t found = starts[level];
    uint32_t longest = 1u << level;
    while (level-- > 0 && longest < MEDIUM_PAGES_MAX) {
        uint64_t longer = found & starts[level] >> longest;
        if (longer != 0) {
            found = longer;
            longest += 1u << level;
        }
    }
    return longest;
}

/* ---- lists -------------------------------------------------------------------------------------
 */

static void list_add(chunk_set *set, heap_chunk *chunk, uint32_t list)
{
    chunk->list = list;
    chunk->prev = NULL;
    chunk->next = set->lists[list];
    if (chunk->next != NULL) {
        chunk->next->prev = chunk;
    }
    set->lists[list] = chunk;
    set->listed |= UINT64_C(1) << list;
    set->whole += list == CHUNK_LIST_WHOLE;
}

static void list_remove(chunk_set *set, heap_chunk *chunk)
{
    uint32_t list = chunk->list;
    if (chunk->next != NULL) {
        chunk->next->prev = chunk->prev;
    }
    if (chunk->prev != NULL) {
        chunk->prev->next = chunk->next;
    } else {
        set->lists[list] = chunk->next;
        set->listed &= ~((uint64_t)(chunk->next == NULL) << list);
    }
    set->whole -= list == CHUNK_LIST_WHOLE;
    chunk->next = chunk->prev = NULL;
    chunk->list = 0;
}

static uint32_t list_of(uint64_t free)
{
    return free == CHUNK_WHOLE ? CHUNK_LIST_WHOLE : chunk_longest(free);
}

/* Of a chunk whose free pages have changed. */
static void update_list(chunk_set *set, heap_chunk *chunk, uint32_t list)
{
    if (chunk != set->current && chunk->list != list) {
        list_remove(set, chunk);
        list_add(set, chunk, list);
    }
}

static void retire_current(chunk_set *set)
{
    if (set->current != NULL) {
        list_add(set, set->current, list_of(set->current->free));
        set->current = NULL;
    }
}

void chunk_set_add(chunk_set *set, heap_chunk *chunk)
{
    retire_current(set);
    set->current = chunk;
    set->count++;
}

void chunk_set_remove(chunk_set *set, heap_chunk *chunk)
{
    if (chunk == set->current) {
        set->current = NULL;
    } else {
        list_remove(set, chunk);
    }
    set->count--;
}

/* Rather than look at more listed chunks, a search ends without one. */
#define TRIES_MOST 16u

/* A listed chunk that has room; null if none was found. Those that promise too much are put where
 * they belong: each of them was cut since it was listed, so there are few. */
static heap_chunk *find_listed(chunk_set *set, uint32_t pages)
{
    for (uint32_t tries = 0; tries < TRIES_MOST; tries++) {
        uint64_t enough = set->listed >> pages << pages;
        if (enough == 0) {
            return NULL;
        }
        heap_chunk *chunk = set->lists[__builtin_ctzll(enough)];
        if (chunk_fits(chunk->free, pages) != 0) {
            return chunk;
        }
        update_list(set, chunk, list_of(chunk->free));
    }
    return NULL;
}

void chunk_set_break(chunk_set *set, heap_chunk *chunk)
{
    update_list(set, chunk, MEDIUM_PAGES_MAX);
}

bool chunk_set_seek(chunk_set *set, uint32_t pages)
{
    if (__atomic_load_n(&set->returned, __ATOMIC_RELAXED) != NULL) {
        chunk_set_collect(set, CHUNK_COLLECT_MOST);
        if (set->current != NULL && chunk_fits(set->current->free, pages) != 0) {
            return true;
        }
    }
    heap_chunk *chunk = find_listed(set, pages);
    if (chunk != NULL) {
        list_remove(set, chunk);
        retire_current(set);
        set->current = chunk;
    }
    return chunk != NULL;
}

/* ---- giving back -------------------------------------------------------------------------------
 */

void chunk_set_put_tail(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    chunk_set_free(chunk, chunk->free | chunk_mask(first, pages));
    if (chunk == set->current) {
        return;
    }
    uint32_t run = chunk_run_around(chunk->free, first);
    if (chunk->free == CHUNK_WHOLE) {
        update_list(set, chunk, CHUNK_LIST_WHOLE);
    } else if (run > chunk->list) {
        update_list(set, chunk, run < MEDIUM_PAGES_MAX ? run : MEDIUM_PAGES_MAX);
    }
}

/* Of a block's chunk: [pages] are free or returned now. True iff so many chunks are whole in this
 * way that it is time to give some up. */
static bool ripens(chunk_set *owners, uint64_t pages)
{
    return pages == CHUNK_WHOLE &&
           __atomic_add_fetch(&owners->ripe, 1, __ATOMIC_RELAXED) % CHUNK_RIPE_MAX == 0;
}

bool chunk_set_put(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    chunk_set_heads(chunk, chunk->heads & ~(UINT64_C(1) << first));
    chunk_set_put_tail(set, chunk, first, pages);
    uint64_t returned = __atomic_load_n(&chunk->returned, __ATOMIC_RELAXED);
    return (returned != 0 && ripens(set, chunk->free | returned)) || chunk_set_is_rich(set);
}

bool chunk_set_extend(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    if (first + pages > CHUNK_PAGES || (~chunk->free & chunk_mask(first, pages)) != 0) {
        return false;
    }
    chunk_set_free(chunk, chunk->free & ~chunk_mask(first, pages));
    update_list(set, chunk, list_of(chunk->free));
    return true;
}

/* ---- other threads -----------------------------------------------------------------------------
 *
 * Who sets the first page of [returned] pushes the chunk on its owner's stack, and the owner clears
 * the word only after it took the chunk from there: so a chunk is on the stack once, and not given
 * up while somebody is about to push it.
 */

bool chunk_return(chunk_set *owners, heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    uint64_t mask = chunk_mask(first, pages);
    uint64_t before = __atomic_fetch_or(&chunk->returned, mask, __ATOMIC_ACQ_REL);
    bool ripe = ripens(owners, before | mask | __atomic_load_n(&chunk->free, __ATOMIC_RELAXED));
    if (before == 0) {
        chunk->next_returned = __atomic_load_n(&owners->returned, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(&owners->returned, &chunk->next_returned, chunk, true,
                                            __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
        }
    }
    return ripe;
}

/* The top of the stack; null if it is empty. Only owners take, so the second is what it seems. */
static heap_chunk *pop_returned(chunk_set *set)
{
    heap_chunk *chunk = __atomic_load_n(&set->returned, __ATOMIC_ACQUIRE);
    while (chunk != NULL &&
           !__atomic_compare_exchange_n(&set->returned, &chunk, chunk->next_returned, true,
                                        __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    }
    return chunk;
}

void chunk_set_collect(chunk_set *set, uint32_t most)
{
    heap_chunk *chunk;
    __atomic_store_n(&set->ripe, 0, __ATOMIC_RELAXED);
    while (most-- > 0 && (chunk = pop_returned(set)) != NULL) {
        uint64_t returned = __atomic_exchange_n(&chunk->returned, 0, __ATOMIC_ACQ_REL);
        chunk_set_heads(chunk, chunk->heads & ~returned);
        chunk_set_free(chunk, chunk->free | returned);
        update_list(set, chunk, list_of(chunk->free));
    }
}
