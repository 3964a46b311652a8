/*
 * fuzz_heap.c - sequences of calls to a heap, beside a model of it.
 *
 * The first four bytes choose the arena, its budget and how creation fails; then every six bytes
 * are a call (see heap_world.h). The heap's own check runs after every few calls, the model's
 * expectations after each. A second thread makes some of the calls, so that blocks change caches.
 */
#include <stdint.h>
#include <stdlib.h>

#include "heap_world.h"

#define CALL_BYTES    6u
#define CHECK_EVERY   4u
#define CALLS_AT_MOST 120u

static const uint32_t arenas[] = {16, 20, 64, 300, 2048, 40, 24, 128};

/* A size from two bytes: small ones in detail, large ones coarsely, and some that cannot be. */
static uint32_t size_from(uint32_t pages, uint8_t scale, uint8_t low)
{
    uint32_t kind = scale >> 5;
    uint32_t step = (uint32_t)(scale & 31) << 8 | low;
    if (kind < 4) {
        return step >> kind * 2; /* up to 8,191, 2,047, 511, 127 */
    }
    if (kind < 6) {
        return step * (kind == 4 ? 8u : 64u); /* up to 64 KiB, 512 KiB */
    }
    return kind == 6 ? pages * GRT_PAGE_SIZE - step : UINT32_MAX - step * 4096u;
}

static heap_call call_from(uint32_t pages, const uint8_t *bytes)
{
    heap_call call = {.kind = (call_kind)(bytes[0] % 32), .elsewhere = bytes[0] >= 128};
    if (call.kind >= CALL_KINDS) { /* half of all calls make and free blocks */
        call.kind = call.kind % 2 == 0 ? CALL_ALLOC : CALL_FREE;
    }
    call.slot = bytes[1];
    call.power = bytes[2];
    call.value = size_from(pages, bytes[4], bytes[5]);
    if (call.kind == CALL_FREE_WILD || call.kind == CALL_DESCRIBE || call.kind >= CALL_TRIM) {
        call.value = (uint32_t)bytes[3] << 16 | (uint32_t)bytes[4] << 8 | bytes[5];
    }
    if (call.kind == CALL_SHUT_DOWN && bytes[3] < 200) {
        call.kind = CALL_FREE; /* seldom, since little happens afterwards */
    }
    return call;
}

static void stop_on_complaint(const heap_world *world)
{
    if (world->complaint[0] != '\0') {
        fprintf(stderr, "%s\n", world->complaint);
        abort();
    }
}

static void run_calls(heap_world *world, uint32_t pages, const uint8_t *bytes, size_t size)
{
    for (uint32_t i = 0; size >= CALL_BYTES && i < CALLS_AT_MOST; i++) {
        heap_call call = call_from(pages, bytes);
        world_call(world, &call);
        if (i % CHECK_EVERY == 0) {
            world_check(world);
        }
        stop_on_complaint(world);
        bytes += CALL_BYTES;
        size -= CALL_BYTES;
    }
}

static baton *other_thread(void)
{
    static baton other;
    if (other.thread == NULL && !baton_start(&other)) {
        abort();
    }
    return &other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static heap_world world;
    if (size < 4) {
        return 0;
    }
    uint32_t pages = arenas[data[0] % 8];
    uint64_t budget = data[1] < 128 ? 0 : (uint64_t)(data[1] - 127u) * pages * 32;
    os_inject_failure(data[2] < 200 ? 0 : data[2] - 199u, data[3] % 2 != 0);
    bool made = world_open(&world, pages, budget, other_thread());
    os_inject_failure(0, false);
    if (made) {
        run_calls(&world, pages, data + 4, size - 4);
        world_close(&world);
        stop_on_complaint(&world);
    }
    return 0;
}
