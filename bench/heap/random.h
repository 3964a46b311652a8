/* random.h - splitmix64: the same operations for every allocator. */
#ifndef GUESTRT_BENCH_RANDOM_H
#define GUESTRT_BENCH_RANDOM_H

#include <stdint.h>

static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

/* Uniform in [first, last]. */
static inline uint32_t bench_between(uint64_t *state, uint32_t first, uint32_t last)
{
    return first + (uint32_t)(bench_random(state) % (last - first + 1u));
}

#endif
