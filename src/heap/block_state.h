/*
 * block_state.h - one byte for each place where a small block can start.
 *
 * The byte of an address is found by arithmetic on the address alone, whatever spans came and went
 * there, and it is the only authority on "does a live block start here": a free claims the block by
 * changing the byte from live to freed, so that of any number of racing frees exactly one wins, and
 * everything that is no live start fails the same test.
 *
 * There are two maps, because a map with a byte for every 16 bytes would be mostly holes where
 * blocks are large: blocks up to 1,024 bytes have theirs in the fine map, larger ones in the coarse
 * one. A live byte holds the slack (what the block occupies less what was asked for), or says that
 * it is in the three bytes behind, seven bits each; those belong to the inside of the block and so
 * are never looked at as a start.
 */
#ifndef GRT_HEAP_BLOCK_STATE_H
#define GRT_HEAP_BLOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define STATE_NEVER    0x00u /* no block was ever handed out here */
#define STATE_FREED    0x40u
#define STATE_HELD     0x41u /* freed, and kept in quarantine */
#define STATE_RESIZING 0x42u /* claimed by the thread that changes its size */
#define STATE_LIVE     0x80u
#define STATE_FAR      0xFFu /* live, and the slack is in the bytes behind */

#define STATE_FINE_SHIFT   4u
#define STATE_COARSE_SHIFT 7u
#define STATE_FINE_CLASSES 32u /* classes below this one, up to 1,024 bytes, use the fine map */

typedef struct block_states {
    uint8_t *fine;   /* a byte for every 16 bytes of the heap */
    uint8_t *coarse; /* a byte for every 128 */
} block_states;

/* The byte of the block of [size_class] that starts [offset] bytes into the heap. O(1). */
static inline uint8_t *state_of(const block_states *states, uint32_t size_class, uint32_t offset)
{
    return size_class < STATE_FINE_CLASSES ? states->fine + (offset >> STATE_FINE_SHIFT)
                                           : states->coarse + (offset >> STATE_COARSE_SHIFT);
}

/* True iff a block of [size_class] can start at [offset] as far as its byte is concerned. */
static inline bool state_is_on_grid(uint32_t size_class, uint32_t offset)
{
    uint32_t shift = size_class < STATE_FINE_CLASSES ? STATE_FINE_SHIFT : STATE_COARSE_SHIFT;
    return (offset & ((1u << shift) - 1)) == 0;
}

static inline uint8_t state_load(const uint8_t *state)
{
    return __atomic_load_n(state, __ATOMIC_ACQUIRE);
}

static inline void state_store(uint8_t *state, uint32_t value)
{
    __atomic_store_n(state, (uint8_t)value, __ATOMIC_RELEASE);
}

static inline bool state_is_live(uint8_t value)
{
    return (value & STATE_LIVE) != 0;
}

/* Changes a live byte that was seen as [live] to [next]; false iff somebody was faster. */
static inline bool state_claim(uint8_t *state, uint8_t live, uint32_t next)
{
    return __atomic_compare_exchange_n(state, &live, (uint8_t)next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static inline void state_set_far(uint8_t *state, uint32_t slack)
{
    for (int i = 1; i <= 3; i++, slack >>= 7) {
        __atomic_store_n(state + i, (uint8_t)(slack & 0x7F), __ATOMIC_RELAXED);
    }
    state_store(state, STATE_FAR);
}

/* Makes the block live. */
static inline void state_set_live(uint8_t *state, uint32_t slack)
{
    if (__builtin_expect(slack < (STATE_FAR & 0x7F), 1)) {
        state_store(state, STATE_LIVE | slack);
    } else {
        state_set_far(state, slack);
    }
}

static inline uint32_t state_far_slack(const uint8_t *state)
{
    uint32_t slack = 0;
    for (int i = 3; i >= 1; i--) {
        slack = slack << 7 | (__atomic_load_n(state + i, __ATOMIC_RELAXED) & 0x7Fu);
    }
    return slack;
}

/* The slack of a block whose byte was [live]. */
static inline uint32_t state_slack(const uint8_t *state, uint8_t live)
{
    return __builtin_expect(live != STATE_FAR, 1) ? live & 0x7Fu : state_far_slack(state);
}

/* Forgets what blocks of [size_class] were at [offset, offset + bytes), multiples of a page.
 * O(bytes / 128). */
void state_forget(const block_states *states, uint32_t size_class, uint32_t offset, uint32_t bytes);

#endif
