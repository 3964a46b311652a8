/*
 * block_owners.h - which created heap a block belongs to: a hash table in host memory.
 *
 * Blocks of the process heap are not entered. The caller holds a lock.
 */
#ifndef GRT_KERNEL_BLOCK_OWNERS_H
#define GRT_KERNEL_BLOCK_OWNERS_H

#include "guestrt/types.h"

#include <stdbool.h>

typedef struct grt_block_owner {
    grt_addr block; /* 0: empty */
    uint32_t heap;
    uint32_t size;
} grt_block_owner;

typedef struct grt_block_owners {
    grt_block_owner *entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t used;
    uint32_t promised; /* entries that may come without asking for host memory */
} grt_block_owners;

/* Promises room for one entry; false without host memory. O(1) amortised. */
bool grt_block_owners_promise(grt_block_owners *owners);
void grt_block_owners_withdraw(grt_block_owners *owners);

/* Enters a block, which uses a promise up. An older entry of the same block is replaced. O(1). */
void grt_block_owners_put(grt_block_owners *owners, const grt_block_owner *owner);

/* The block's entry, or null. O(1). */
const grt_block_owner *grt_block_owners_find(const grt_block_owners *owners, grt_addr block);

/* Removes an entry that is there. O(1). */
void grt_block_owners_remove(grt_block_owners *owners, grt_addr block);

/* Removes up to [max] entries of [heap] and stores their blocks; *cursor, 0 at first, is where the
 * search goes on. Returns how many; less than [max]: the end was reached. */
uint32_t grt_block_owners_take(grt_block_owners *owners, uint32_t heap, grt_addr *blocks,
                               uint32_t max, uint32_t *cursor);

void grt_block_owners_destroy(grt_block_owners *owners);

#endif
