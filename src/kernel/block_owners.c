/* block_owners.c - a hash table with linear probing; a removal moves what it would cut off. */
#include "kernel/block_owners.h"

#include "os/assert.h"
#include "os/os.h"

#include <string.h>

#define FIRST_CAPACITY 64u

static uint32_t home_of(const grt_block_owners *owners, grt_addr block)
{
    return (block >> 4) * 2654435761u & (owners->capacity - 1);
}

/* Where the block is, or would be. There always is an empty place. */
static uint32_t place_of(const grt_block_owners *owners, grt_addr block)
{
    uint32_t i = home_of(owners, block);
    while (owners->entries[i].block && owners->entries[i].block != block)
        i = (i + 1) & (owners->capacity - 1);
    return i;
}

static bool grow(grt_block_owners *owners)
{
    grt_block_owners larger = *owners;
    larger.capacity = owners->capacity ? owners->capacity * 2 : FIRST_CAPACITY;
    larger.entries = os_alloc((size_t)larger.capacity * sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (uint32_t i = 0; i < owners->capacity; i++) {
        if (owners->entries[i].block)
            larger.entries[place_of(&larger, owners->entries[i].block)] = owners->entries[i];
    }
    os_free(owners->entries);
    *owners = larger;
    return true;
}

bool grt_block_owners_promise(grt_block_owners *owners)
{
    uint64_t wanted = (uint64_t)owners->used + owners->promised + 1;
    if (wanted * 4 > (uint64_t)owners->capacity * 3 && !grow(owners))
        return false;
    owners->promised++;
    return true;
}

void grt_block_owners_withdraw(grt_block_owners *owners)
{
    GRT_ASSERT(owners->promised > 0);
    owners->promised--;
}

void grt_block_owners_put(grt_block_owners *owners, const grt_block_owner *owner)
{
    grt_block_owners_withdraw(owners);
    grt_block_owner *entry = &owners->entries[place_of(owners, owner->block)];
    owners->used += entry->block == 0;
    *entry = *owner;
}

const grt_block_owner *grt_block_owners_find(const grt_block_owners *owners, grt_addr block)
{
    if (!owners->capacity || !block)
        return NULL;
    const grt_block_owner *entry = &owners->entries[place_of(owners, block)];
    return entry->block ? entry : NULL;
}

/* An entry behind the hole may fill it iff its home is not between the hole and itself. */
static void remove_at(grt_block_owners *owners, uint32_t hole)
{
    uint32_t mask = owners->capacity - 1;
    owners->used--;
    for (uint32_t i = (hole + 1) & mask; owners->entries[i].block; i = (i + 1) & mask) {
        uint32_t home = home_of(owners, owners->entries[i].block);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            owners->entries[hole] = owners->entries[i];
            hole = i;
        }
    }
    memset(&owners->entries[hole], 0, sizeof owners->entries[hole]);
}

void grt_block_owners_remove(grt_block_owners *owners, grt_addr block)
{
    uint32_t place = place_of(owners, block);
    GRT_ASSERT(owners->entries[place].block == block);
    remove_at(owners, place);
}

uint32_t grt_block_owners_take(grt_block_owners *owners, uint32_t heap, grt_addr *blocks,
                               uint32_t max, uint32_t *cursor)
{
    uint32_t taken = 0;
    while (*cursor < owners->capacity && taken < max) {
        const grt_block_owner *entry = &owners->entries[*cursor];
        if (entry->block && entry->heap == heap) {
            blocks[taken++] = entry->block;
            remove_at(owners, *cursor); /* another entry may be here now */
        } else {
            ++*cursor;
        }
    }
    return taken;
}

void grt_block_owners_destroy(grt_block_owners *owners)
{
    os_free(owners->entries);
    memset(owners, 0, sizeof *owners);
}
