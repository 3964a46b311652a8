/* kernel.h - what the bench kernels share: a checksum and a small generator, the same everywhere.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t random_state = 0x2545F491u;

static inline uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static inline uint32_t mix(uint32_t sum, uint32_t value)
{
    return (sum ^ value) * 0x01000193u;
}

/* The number of rounds: the first argument, else [normal]. */
static inline uint32_t rounds_from(int argc, char **argv, uint32_t normal)
{
    return argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : normal;
}

#endif
