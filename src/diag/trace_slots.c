/*
 * trace_slots.c - which live block has which address: a hash table with linear probing.
 */
#include "diag/trace_read.h"

#include <string.h>

#include "os/os.h"

enum { FIRST_SIZE = 1024 };

void trace_slots_clear(trace_slots *slots)
{
    os_free(slots->table);
    os_free(slots->unused);
    memset(slots, 0, sizeof *slots);
}

/* The multiplier is the golden ratio's, which scatters neighbours. */
static uint32_t home_of(const trace_slots *slots, grt_addr block)
{
    return (uint32_t)(((uint64_t)(block >> 4) * 0x9E3779B97F4A7C15ull) >> 32) &
           (slots->table_size - 1);
}

/* Where the address is, or the empty place where it would go. */
static uint32_t place_of(const trace_slots *slots, grt_addr block)
{
    uint32_t place = home_of(slots, block);
    while (slots->table[place].block != 0 && slots->table[place].block != block) {
        place = (place + 1) & (slots->table_size - 1);
    }
    return place;
}

uint32_t trace_slots_find(const trace_slots *slots, grt_addr block)
{
    if (slots->table == NULL) {
        return GRT_TRACE_NO_SLOT;
    }
    const trace_binding *binding = &slots->table[place_of(slots, block)];
    return binding->block != 0 ? binding->slot : GRT_TRACE_NO_SLOT;
}

static bool grow_table(trace_slots *slots)
{
    trace_slots larger = *slots;
    larger.table_size = slots->table_size != 0 ? slots->table_size * 2 : FIRST_SIZE;
    larger.table = os_alloc(larger.table_size * sizeof larger.table[0]);
    if (larger.table == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < slots->table_size; i++) {
        if (slots->table[i].block != 0) {
            larger.table[place_of(&larger, slots->table[i].block)] = slots->table[i];
        }
    }
    os_free(slots->table);
    *slots = larger;
    return true;
}

bool trace_slots_bind(trace_slots *slots, grt_addr block, uint32_t slot)
{
    if (slots->bound >= slots->table_size / 2 && !grow_table(slots)) {
        return false;
    }
    slots->table[place_of(slots, block)] = (trace_binding){block, slot};
    slots->bound++;
    return true;
}

/* Moves later entries of the run forward, so that no search meets a hole. */
void trace_slots_unbind(trace_slots *slots, grt_addr block)
{
    uint32_t mask = slots->table_size - 1;
    uint32_t hole = place_of(slots, block);
    for (uint32_t i = (hole + 1) & mask; slots->table[i].block != 0; i = (i + 1) & mask) {
        uint32_t home = home_of(slots, slots->table[i].block);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            slots->table[hole] = slots->table[i];
            hole = i;
        }
    }
    slots->table[hole].block = 0;
    slots->bound--;
}

static bool make_unused_room(trace_slots *slots)
{
    if (slots->next < slots->unused_room) {
        return true;
    }
    uint32_t room = slots->unused_room != 0 ? slots->unused_room * 2 : FIRST_SIZE;
    uint32_t *larger = os_alloc(room * sizeof larger[0]);
    if (larger == NULL) {
        return false;
    }
    if (slots->unused_count > 0) {
        memcpy(larger, slots->unused, slots->unused_count * sizeof larger[0]);
    }
    os_free(slots->unused);
    slots->unused = larger;
    slots->unused_room = room;
    return true;
}

uint32_t trace_slots_take(trace_slots *slots)
{
    if (slots->unused_count > 0) {
        return slots->unused[--slots->unused_count];
    }
    return make_unused_room(slots) ? slots->next++ : GRT_TRACE_NO_SLOT;
}

void trace_slots_give(trace_slots *slots, uint32_t slot)
{
    slots->unused[slots->unused_count++] = slot;
}
