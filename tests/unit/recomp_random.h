/*
 * recomp_random.h - random instruction words for the tests of decoding and emission.
 *
 * The seed is printed, so that a failure can be repeated: GUESTRT_SEED sets it.
 */
#ifndef RECOMP_RANDOM_H
#define RECOMP_RANDOM_H

#include "forms.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

static inline void random_start(void)
{
    const char *wish = getenv("GUESTRT_SEED");
    uint64_t seed = wish != NULL ? strtoull(wish, NULL, 0) : (uint64_t)time(NULL);
    printf("GUESTRT_SEED=%llu\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u | 1;
}

static inline uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545F4914F6CDD1Du;
}

/* A random word of row [op] that keeps to the rules of its form. */
static inline grc_insn random_insn(grc_op op)
{
    const grc_op_row *row = &grc_op_rows[op];
    grc_insn insn = {0};
    for (unsigned tries = 0; tries < 100000 && insn.op == GRC_OP_INVALID; tries++)
        insn = grc_decode(0x82001000u, row->match | ((uint32_t)(random_next() >> 32) & ~row->mask));
    return insn;
}

#endif
