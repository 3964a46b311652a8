/*
 * heap_world.h - a heap beside a model of it, and calls to both.
 *
 * The model knows only what callers may rely on: a served block overlaps no other live block, is
 * aligned, keeps its bytes and its size, can be freed once, and the counts follow. A call is data,
 * so that a sequence of them can be enumerated, drawn, shortened and printed. The first thing that
 * is not as promised is kept as a complaint.
 */
#ifndef HEAP_WORLD_H
#define HEAP_WORLD_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "baton.h"
#include "guestrt/heap.h"
#include "os/os_inject.h"

#define WORLD_SLOTS 64u
#define WORLD_STALE 32u

typedef enum call_kind {
    CALL_ALLOC,
    CALL_ZEROED,
    CALL_ALIGNED,
    CALL_REALLOC,
    CALL_FREE,
    CALL_FREE_TWICE,
    CALL_FREE_INSIDE,
    CALL_FREE_STALE,
    CALL_FREE_WILD,
    CALL_DESCRIBE,
    CALL_TRIM,
    CALL_SPRAY,
    CALL_TAKE_PAGES, /* the guest decommits or protects pages of its block */
    CALL_INJECT,     /* the nth request is refused */
    CALL_HOST,       /* the nth call to the host is refused */
    CALL_SHUT_DOWN,
    CALL_KINDS,
} call_kind;

static const char *const call_names[CALL_KINDS] = {
    "alloc",       "zeroed",     "aligned",   "realloc",  "free", "free_twice",
    "free_inside", "free_stale", "free_wild", "describe", "trim", "spray",
    "take_pages",  "inject",     "host",      "shut_down"};

typedef struct heap_call {
    call_kind kind;
    uint32_t slot;  /* of the block */
    uint32_t value; /* a size, an offset, an address, a count */
    uint32_t power; /* log2 of an alignment */
    bool elsewhere; /* on the other thread */
} heap_call;

typedef struct world_block {
    grt_addr start; /* 0: none */
    uint32_t size;
    unsigned char fill;
    bool lost; /* pages were taken away: its bytes are not looked at any more */
} world_block;

typedef struct heap_world {
    grt_memory *memory;
    grt_heap *heap;
    baton *other; /* null: there is one thread */
    world_block blocks[WORLD_SLOTS];
    grt_addr stale[WORLD_STALE]; /* starts of freed blocks */
    uint32_t freed;
    unsigned char next_fill;
    bool shut, injecting, host_refuses;
    uint64_t allocations, frees, bad_frees, failures;
    char complaint[320];
} heap_world;

static inline void complain(heap_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void complain(heap_world *world, const char *format, ...)
{
    if (world->complaint[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(world->complaint, sizeof world->complaint, format, arguments);
        va_end(arguments);
    }
}

#define REQUIRE(world, condition)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            complain(world, "not so: %s", #condition);                                             \
        }                                                                                          \
    } while (0)

/* ---- blocks ------------------------------------------------------------------------------------
 */

static inline unsigned char *world_host(const heap_world *world, grt_addr address)
{
    return grt_memory_host(world->memory, address);
}

static inline void fill_block(heap_world *world, world_block *block)
{
    block->fill = ++world->next_fill;
    block->lost = false;
    memset(world_host(world, block->start), block->fill, block->size);
}

static inline bool all_are(const unsigned char *bytes, uint32_t size, unsigned char value)
{
    return bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static inline void require_filled(heap_world *world, const world_block *block, uint32_t size)
{
    if (!block->lost && !all_are(world_host(world, block->start), size, block->fill)) {
        complain(world, "the bytes of block 0x%08X changed", (unsigned)block->start);
    }
}

static inline uint64_t block_end(const world_block *block)
{
    return (uint64_t)block->start + block->size;
}

/* The live block that [address] lies in or starts, null if there is none. */
static inline const world_block *block_around(const heap_world *world, grt_addr address)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const world_block *block = &world->blocks[i];
        if (block->start != 0 && address >= block->start && address < block_end(block)) {
            return block;
        }
    }
    return NULL;
}

static inline void require_apart(heap_world *world, const world_block *block)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const world_block *other = &world->blocks[i];
        if (other != block && other->start != 0 && block->start < block_end(other) &&
            other->start < block_end(block)) {
            complain(world, "block 0x%08X of %u bytes lies in block 0x%08X of %u bytes",
                     (unsigned)block->start, block->size, (unsigned)other->start, other->size);
        }
    }
}

/* ---- requests ----------------------------------------------------------------------------------
 */

static inline bool cause_is_possible(const heap_world *world, const grt_heap_failure *failure,
                                     uint32_t size)
{
    switch (failure->cause) {
    case GRT_HEAP_SHUT_DOWN:
        return world->shut;
    case GRT_HEAP_INJECTED:
        return world->injecting;
    case GRT_HEAP_HOST_REFUSED:
        return world->host_refuses;
    case GRT_HEAP_BAD_ALIGNMENT:
        return (failure->alignment & (failure->alignment - 1)) != 0 ||
               failure->alignment > 0x1000000u;
    case GRT_HEAP_NONE:
    case GRT_HEAP_NOT_INITIALISED:
    case GRT_HEAP_ZERO_SIZE:
        return false;
    default:
        return failure->would_fit < size;
    }
}

/* What is said to fit does. */
static inline void require_fit(heap_world *world, const grt_heap_failure *failure)
{
    bool promised = failure->cause >= GRT_HEAP_LARGER_THAN_ARENA &&
                    failure->cause <= GRT_HEAP_FRAGMENTED && failure->would_fit > 0;
    if (!promised || world->injecting || world->host_refuses) {
        return;
    }
    grt_addr block =
        grt_heap_alloc_aligned(world->heap, (uint32_t)failure->would_fit, failure->alignment);
    if (block == 0) {
        complain(world, "%s: %u bytes aligned to %u would fit, and do not",
                 grt_heap_cause_name(failure->cause), (unsigned)failure->would_fit,
                 failure->alignment);
        return;
    }
    world->allocations++;
    world->frees++;
    REQUIRE(world, grt_heap_free(world->heap, block) == GRT_OK);
}

static inline void judge_refusal(heap_world *world, uint32_t asked)
{
    grt_heap_failure failure;
    world->failures++;
    REQUIRE(world, grt_heap_last_failure(&failure));
    REQUIRE(world, failure.asked == asked);
    if (!cause_is_possible(world, &failure, asked > 0 ? asked : 1)) {
        complain(world, "refused with %s, while %u would fit", grt_heap_cause_name(failure.cause),
                 (unsigned)failure.would_fit);
    }
    require_fit(world, &failure);
}

static inline void judge_served(heap_world *world, world_block *block, grt_addr start,
                                uint32_t size, uint32_t alignment)
{
    *block = (world_block){.start = start, .size = size > 0 ? size : 1};
    world->allocations++;
    REQUIRE(world, start % alignment == 0);
    REQUIRE(world, grt_heap_owns(world->heap, start));
    REQUIRE(world, block_end(block) <= GRT_WINDOW_SIZE);
    REQUIRE(world, grt_heap_owns(world->heap, (grt_addr)(block_end(block) - 1)));
    require_apart(world, block);
}

static inline void call_request(heap_world *world, const heap_call *call, world_block *block)
{
    grt_addr start = 0;
    uint32_t alignment = 16;
    if (call->kind == CALL_ALIGNED) {
        alignment = (uint32_t)(UINT64_C(1) << call->power % 26);
        start = grt_heap_alloc_aligned(world->heap, call->value, alignment);
    } else if (call->kind == CALL_ZEROED) {
        start = grt_heap_alloc_zeroed(world->heap, call->value);
    } else {
        start = grt_heap_alloc(world->heap, call->value);
    }
    if (start == 0) {
        judge_refusal(world, call->value);
        return;
    }
    judge_served(world, block, start, call->value, alignment > 16 ? alignment : 16);
    if (call->kind == CALL_ZEROED) {
        REQUIRE(world, all_are(world_host(world, start), block->size, 0));
    }
    if (world->complaint[0] == '\0') {
        fill_block(world, block);
    }
}

static inline void keep_stale(heap_world *world, grt_addr start)
{
    world->stale[world->freed++ % WORLD_STALE] = start;
}

static inline void call_realloc(heap_world *world, const heap_call *call, world_block *block)
{
    world_block before = *block;
    grt_addr start = grt_heap_realloc(world->heap, before.start, call->value);
    if (start == 0) {
        judge_refusal(world, call->value);
        REQUIRE(world, call->value > before.size);
        require_filled(world, &before, before.size);
        return;
    }
    bool moved = start != before.start;
    if (moved) {
        keep_stale(world, before.start);
    }
    judge_served(world, block, start, call->value, 16);
    world->allocations -= !moved;
    world->frees += moved;
    block->fill = before.fill;
    require_filled(world, block, before.size < block->size ? before.size : block->size);
    if (world->complaint[0] == '\0') {
        fill_block(world, block);
    }
}

/* ---- frees -------------------------------------------------------------------------------------
 */

static inline void call_free(heap_world *world, const heap_call *call, world_block *block)
{
    REQUIRE(world, grt_heap_size(world->heap, block->start) == block->size);
    require_filled(world, block, block->size);
    REQUIRE(world, grt_heap_free(world->heap, block->start) == GRT_OK);
    world->frees++;
    keep_stale(world, block->start);
    if (call->kind == CALL_FREE_TWICE) {
        REQUIRE(world, grt_heap_free(world->heap, block->start) == GRT_DOUBLE_FREE);
        world->bad_frees++;
    }
    block->start = 0;
}

static inline void call_bad_free(heap_world *world, grt_addr address)
{
    const world_block *block = block_around(world, address);
    if (address == 0 || (block != NULL && block->start == address)) {
        return;
    }
    grt_status status = grt_heap_free(world->heap, address);
    world->bad_frees++;
    bool outside = !grt_heap_owns(world->heap, address);
    bool right = outside         ? status == GRT_OUT_OF_RANGE
                 : block != NULL ? status == GRT_INTERIOR_POINTER
                                 : status == GRT_DOUBLE_FREE || status == GRT_NOT_A_BLOCK ||
                                       status == GRT_INTERIOR_POINTER;
    if (!right) {
        complain(world, "a free of 0x%08X answers %s", (unsigned)address, grt_status_name(status));
    }
    REQUIRE(world, (grt_heap_realloc(world->heap, address, 100) == 0));
    REQUIRE(world, grt_heap_size(world->heap, address) == UINT32_MAX);
    world->bad_frees++;
}

/* ---- questions and the rest --------------------------------------------------------------------
 */

static inline void call_describe(heap_world *world, grt_addr address)
{
    const world_block *block = block_around(world, address);
    grt_block_info info;
    grt_heap_describe(world->heap, address, &info);
    bool outside = !grt_heap_owns(world->heap, address);
    REQUIRE(world, (info.state == GRT_BLOCK_OUTSIDE) == outside);
    REQUIRE(world, info.text[0] != '\0');
    if (block != NULL) {
        REQUIRE(world, info.state == GRT_BLOCK_LIVE);
        REQUIRE(world, info.start == block->start && info.asked == block->size);
        REQUIRE(world, info.offset == address - block->start);
    } else if (info.state == GRT_BLOCK_LIVE) { /* behind what was asked for, in the rounding */
        block = block_around(world, info.start);
        REQUIRE(world, block != NULL && block->start == info.start);
        REQUIRE(world, info.offset >= info.asked && info.offset < info.extent);
    }
}

/* Overwrites all that the guest can reach; the blocks' owners write theirs again. */
static inline void call_spray(heap_world *world, const heap_call *call)
{
    grt_heap_stats stats;
    grt_heap_get_stats(world->heap, &stats);
    for (uint64_t at = 0; at < stats.capacity; at += GRT_PAGE_SIZE) {
        grt_addr page = GRT_FLAT_USER_FIRST + (grt_addr)at;
        if (grt_memory_accessible(world->memory, page, GRT_PAGE_SIZE, GRT_READ_WRITE)) {
            memset(world_host(world, page), (int)(call->value & 255), GRT_PAGE_SIZE);
        }
    }
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const world_block *block = &world->blocks[i];
        if (block->start != 0 && !block->lost) {
            memset(world_host(world, block->start), block->fill, block->size);
        }
    }
}

static inline void call_take_pages(heap_world *world, const heap_call *call, world_block *block)
{
    if (world->host_refuses || block->size <= 0x8000u) {
        return; /* blocks that share no page with others */
    }
    grt_addr page = block->start + call->value % (block->size / GRT_PAGE_SIZE) * GRT_PAGE_SIZE;
    if (call->value % 2 == 0) {
        REQUIRE(world, grt_memory_decommit(world->memory, page, GRT_PAGE_SIZE) == GRT_OK);
    } else if (!block->lost) {
        REQUIRE(world,
                grt_memory_protect(world->memory, page, GRT_PAGE_SIZE, GRT_NO_ACCESS) == GRT_OK);
    }
    block->lost = true;
}

static inline void call_other(heap_world *world, const heap_call *call)
{
    switch (call->kind) {
    case CALL_TRIM:
        (void)grt_heap_trim(world->heap);
        break;
    case CALL_SPRAY:
        call_spray(world, call);
        break;
    case CALL_INJECT:
        grt_heap_inject_failure(world->heap, call->value % 8, call->value % 16 >= 8);
        world->injecting = call->value % 8 != 0;
        break;
    case CALL_HOST:
        os_inject_failure(call->value % 8, call->value % 16 >= 8);
        world->host_refuses = call->value % 8 != 0;
        break;
    case CALL_SHUT_DOWN:
        grt_heap_shut_down(world->heap);
        world->shut = true;
        break;
    default:
        break;
    }
}

/* ---- one call ----------------------------------------------------------------------------------
 */

/* Calls about a block do nothing without one, and requests do nothing when there is one already, so
 * that every sequence of calls means something. */
static inline void make_call(heap_world *world, const heap_call *call)
{
    world_block *block = &world->blocks[call->slot % WORLD_SLOTS];
    bool live = block->start != 0;
    if (call->kind <= CALL_ALIGNED) {
        if (!live) {
            call_request(world, call, block);
        }
    } else if (call->kind == CALL_FREE_STALE) {
        call_bad_free(world, world->stale[call->value % WORLD_STALE]);
    } else if (call->kind == CALL_FREE_WILD) {
        call_bad_free(world, call->value);
    } else if (call->kind == CALL_DESCRIBE) {
        call_describe(world, live ? block->start + call->value % block->size : call->value);
    } else if (call->kind >= CALL_TRIM && call->kind != CALL_TAKE_PAGES) {
        call_other(world, call);
    } else if (!live) {
        return;
    } else if (call->kind == CALL_REALLOC) {
        if (!block->lost) { /* moving would fault, and be reported as the guest's fault */
            call_realloc(world, call, block);
        }
    } else if (call->kind == CALL_FREE_INSIDE) {
        call_bad_free(world, block->start + call->value % block->size);
    } else if (call->kind == CALL_TAKE_PAGES) {
        call_take_pages(world, call, block);
    } else {
        call_free(world, call, block);
    }
}

typedef struct world_turn {
    heap_world *world;
    const heap_call *call;
} world_turn;

static inline void take_turn(void *arg)
{
    const world_turn *turn = arg;
    make_call(turn->world, turn->call);
}

static inline void world_call(heap_world *world, const heap_call *call)
{
    if (call->elsewhere && world->other != NULL) {
        world_turn turn = {world, call};
        baton_run(world->other, take_turn, &turn);
    } else {
        make_call(world, call);
    }
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

/* The independent check of the heap, and the counts of the model. */
static inline void world_check(heap_world *world)
{
    char text[256];
    uint64_t asked = 0, count = 0;
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const world_block *block = &world->blocks[i];
        asked += block->start != 0 ? block->size : 0;
        count += block->start != 0;
    }
    grt_heap_stats stats;
    grt_heap_get_stats(world->heap, &stats);
    REQUIRE(world, stats.blocks == count);
    REQUIRE(world, stats.live_asked == asked);
    REQUIRE(world, stats.allocations == world->allocations);
    REQUIRE(world, stats.frees == world->frees);
    REQUIRE(world, stats.bad_frees == world->bad_frees);
    REQUIRE(world, stats.failures == world->failures);
    REQUIRE(world, stats.capacity == stats.live + stats.cached + stats.free);
    REQUIRE(world, stats.live_peak >= stats.live);
    if (!grt_heap_check(world->heap, text, sizeof text)) {
        complain(world, "grt_heap_check: %s", text);
    }
}

static inline void world_ignore(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    (void)tag;
    (void)line;
}

/* False iff memory or heap cannot be made. [budget] 0: none. */
static inline bool world_open(heap_world *world, uint32_t pages, uint64_t budget, baton *other)
{
    grt_memory_config memory_config = grt_memory_config_default();
    grt_heap_config config = grt_heap_config_default();
    memset(world, 0, sizeof *world);
    world->other = other;
    config.end = config.first + (uint64_t)pages * GRT_PAGE_SIZE;
    config.budget = budget;
    config.log = memory_config.log = (grt_log){world_ignore, NULL, GRT_LOG_ERROR};
    if (grt_memory_create(&memory_config, &world->memory) != GRT_OK) {
        return false;
    }
    if (grt_heap_create(world->memory, &config, &world->heap) != GRT_OK) {
        grt_memory_destroy(world->memory);
        return false;
    }
    return true;
}

static inline void free_all(heap_world *world)
{
    for (uint32_t i = 0; i < WORLD_SLOTS && world->complaint[0] == '\0'; i++) {
        heap_call call = {.kind = CALL_FREE, .slot = i, .elsewhere = i % 2 != 0};
        if (world->blocks[i].start != 0) {
            world_call(world, &call);
        }
    }
}

/* Frees everything, requires that nothing is left, and takes the heap down. */
static inline void world_close(heap_world *world)
{
    os_inject_failure(0, false);
    grt_heap_inject_failure(world->heap, 0, false);
    free_all(world);
    grt_heap_trim(world->heap);
    grt_heap_stats stats;
    grt_heap_get_stats(world->heap, &stats);
    if (world->complaint[0] == '\0') {
        world_check(world);
        REQUIRE(world, stats.live == 0 && stats.cached == 0);
        REQUIRE(world, stats.largest_free == stats.capacity);
        REQUIRE(world, stats.committed == 0);
    }
    grt_heap_destroy(world->heap);
    grt_memory_stats left;
    grt_memory_get_stats(world->memory, &left);
    REQUIRE(world, left.regions == 0 && left.committed == 0);
    grt_memory_destroy(world->memory);
}

#endif
