/*
 * heap_sequence.h - sequences of calls: run on a heap of their own, shortened when they fail, and
 * printed as what can be put into a test.
 */
#ifndef HEAP_SEQUENCE_H
#define HEAP_SEQUENCE_H

#include "heap_world.h"

#define SEQUENCE_MAX 20000u

/* Where calls are made, and what is promised beyond the model; [promise] may be null. */
typedef struct sequence_setting {
    uint32_t pages;
    uint64_t budget;
    baton *other;
    uint32_t check_every;
    void (*promise)(heap_world *world, const heap_call *call);
} sequence_setting;

typedef struct sequence {
    uint32_t count;
    heap_call calls[SEQUENCE_MAX];
} sequence;

/* The complaint, empty if there is none, and how many calls were made. */
typedef struct sequence_result {
    char complaint[320];
    uint32_t made;
} sequence_result;

static inline void sequence_run(const sequence_setting *setting, const sequence *calls,
                                sequence_result *result)
{
    static heap_world world;
    *result = (sequence_result){.made = 0};
    if (!world_open(&world, setting->pages, setting->budget, setting->other)) {
        snprintf(result->complaint, sizeof result->complaint, "there is no heap");
        return;
    }
    while (result->made < calls->count && world.complaint[0] == '\0') {
        const heap_call *call = &calls->calls[result->made++];
        world_call(&world, call);
        if (setting->promise != NULL) {
            setting->promise(&world, call);
        }
        if (result->made % setting->check_every == 0) {
            world_check(&world);
        }
    }
    world_close(&world);
    memcpy(result->complaint, world.complaint, sizeof result->complaint);
}

/* ---- shortening --------------------------------------------------------------------------------
 */

/* [calls] without [count] of them from [first] on. */
static inline void sequence_without(const sequence *calls, uint32_t first, uint32_t count,
                                    sequence *rest)
{
    rest->count = calls->count - count;
    memcpy(rest->calls, calls->calls, first * sizeof(heap_call));
    memcpy(rest->calls + first, calls->calls + first + count,
           (calls->count - first - count) * sizeof(heap_call));
}

/* Tries to leave out every stretch of [length] calls; true iff one was not needed. */
static inline bool shorten_by(const sequence_setting *setting, sequence *calls, uint32_t length,
                              sequence_result *result)
{
    static sequence rest;
    bool any = false;
    for (uint32_t first = 0; first + length <= calls->count;) {
        sequence_result shorter;
        sequence_without(calls, first, length, &rest);
        sequence_run(setting, &rest, &shorter);
        if (shorter.complaint[0] == '\0') {
            first += length;
            continue;
        }
        *result = shorter;
        rest.count = shorter.made; /* what comes after the failure is not needed */
        *calls = rest;
        any = true;
    }
    return any;
}

/* Makes a failing sequence as short as leaving out calls can make it. */
static inline void sequence_shorten(const sequence_setting *setting, sequence *calls,
                                    sequence_result *result)
{
    calls->count = result->made;
    for (uint32_t length = calls->count / 2; length >= 1; length /= 2) {
        while (shorten_by(setting, calls, length, result) && length == 1) {
        }
    }
}

/* ---- printing ----------------------------------------------------------------------------------
 */

static inline void sequence_print(const sequence *calls, const sequence_result *result)
{
    fprintf(stderr, "%u calls, then: %s\n", calls->count, result->complaint);
    for (uint32_t i = 0; i < calls->count && i < 200; i++) {
        const heap_call *call = &calls->calls[i];
        fprintf(stderr, "    %-11s slot %-2u value %u (0x%X) power %u%s\n", call_names[call->kind],
                call->slot, call->value, (unsigned)call->value, call->power,
                call->elsewhere ? " elsewhere" : "");
    }
}

#endif
