/*
 * sites.h - who asked for a block and who freed it, for a sample of the requests.
 *
 * A table of fixed size, by the block's address. A block's entry lies within a few places of where
 * its hash says; when these are all taken by live blocks the new one is lost, and counted. Entries
 * of freed blocks stay until their place or their address is needed.
 */
#ifndef GRT_HEAP_SITES_H
#define GRT_HEAP_SITES_H

#include <stdbool.h>
#include <stdint.h>

#define SITE_ENTRIES 0x80000u /* a power of two; 16 MiB, backed where it is touched */
#define SITE_WINDOW  16u      /* places that an entry can have */

typedef enum site_state { SITE_NONE, SITE_LIVE, SITE_FREED } site_state;

typedef struct site_entry {
    uint32_t state;
    uint32_t block; /* its address */
    uint32_t asked;
    uint32_t site, thread;
    uint32_t freed_site, freed_thread;
    uint32_t age; /* the table's clock when it was freed */
} site_entry;

typedef struct site_table {
    site_entry *entries; /* null: there is none */
    uint32_t count;      /* a power of two of at least SITE_WINDOW */
    uint32_t every;      /* one request in so many is kept */
    uint64_t requests;
    uint64_t lost;
    uint32_t clock;
} site_table;

/* Counts a request; keeps it if it is its turn. What was known of the address is forgotten. */
void site_table_add(site_table *table, uint32_t block, uint32_t asked, uint32_t site,
                    uint32_t thread);

/* The block was freed, or got another size, if it is known. */
void site_table_free(site_table *table, uint32_t block, uint32_t site, uint32_t thread);
void site_table_resize(site_table *table, uint32_t block, uint32_t asked);

/* The entry of a block in [state]; null if there is none. All of these O(SITE_WINDOW). */
const site_entry *site_table_find(const site_table *table, uint32_t block, site_state state);

/* ---- who holds most ------------------------------------------------------------------------- */

#define SITE_TOP 5u

typedef struct site_holder {
    uint32_t key; /* a call site or a thread */
    uint32_t blocks;
    uint64_t bytes;
} site_holder;

/* Sums over the sample; to be multiplied by [every]. */
typedef struct site_summary {
    uint32_t every; /* 0: nothing is sampled */
    uint32_t sites, threads;
    uint64_t lost;
    site_holder site[SITE_TOP];
    site_holder thread[SITE_TOP];
} site_summary;

/* Those who hold the most bytes, largest first. O(entries). */
void site_table_sum_up(const site_table *table, site_summary *summary);

#endif
