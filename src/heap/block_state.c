/*
 * block_state.c - wiping the maps.
 */
#include "heap/block_state.h"

void state_forget(const block_states *states, uint32_t size_class, uint32_t offset, uint32_t bytes)
{
    uint8_t *first = state_of(states, size_class, offset);
    uint8_t *end = state_of(states, size_class, offset + bytes);
    /* Whole words, and atomically: a wrong free may be looking at the bytes. */
    for (; first < end; first += sizeof(uint64_t)) {
        __atomic_store_n((uint64_t *)(void *)first, 0, __ATOMIC_RELAXED);
    }
}
