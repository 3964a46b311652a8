/*
 * replay_run.c - makes the calls of a trace again, in their recorded order, on one thread.
 *
 * Calls are decoded a batch at a time and then made in one go, so that the time is that of the
 * heap.
 */
#include "cli.h"
#include "os/os.h"
#include "replay.h"
#include "replay_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, CHECKS_EVER_RARER = 32 };

typedef struct replayer {
    const replay_options *options;
    replay_result *result;
    grt_memory *memory;
    grt_heap *heap;
    replay_block *blocks; /* by slot */
    uint32_t room;
    grt_trace_event batch[BATCH];
    uint32_t batched;
    uint64_t next_check; /* the number of a call */
} replayer;

/* ---- setting up
 * ----------------------------------------------------------------------------------
 */

static void drop_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    (void)tag;
    (void)line;
}

static bool take_heap_options(const char *text, grt_heap_config *config)
{
    char error[160];
    if (!text || grt_heap_options_parse(text, &config->options, error, sizeof error) == GRT_OK)
        return true;
    cli_error("--heap='%s': %s", text, error);
    return false;
}

static int environment_error(const char *what, grt_status status)
{
    cli_error("%s: %s; %s", what, grt_status_sentence(status), grt_status_remedy(status));
    return EXIT_ENVIRONMENT;
}

static int make_heap(replayer *replay)
{
    grt_memory_config memory = grt_memory_config_default();
    grt_heap_config heap = grt_heap_config_default();
    heap.name = "replay";
    if (!replay->options->verbose)
        heap.log.write = drop_line;
    if (!take_heap_options(replay->options->heap_options, &heap))
        return EXIT_USAGE;
    grt_status status = grt_memory_create(&memory, &replay->memory);
    if (status != GRT_OK)
        return environment_error("no memory for the heap", status);
    status = grt_heap_create(replay->memory, &heap, &replay->heap);
    return status == GRT_OK ? EXIT_FINE : environment_error("no heap", status);
}

static void drop_heap(replayer *replay)
{
    grt_heap_destroy(replay->heap);
    grt_memory_destroy(replay->memory);
    free(replay->blocks);
}

/* Slots are dense, so twice as many are always enough for the next one. */
static bool make_room(replayer *replay, uint32_t slot)
{
    if (slot < replay->room)
        return true;
    uint32_t room = slot < 512 ? 1024 : slot * 2;
    replay_block *blocks = realloc(replay->blocks, room * sizeof *blocks);
    if (!blocks)
        return false;
    memset(blocks + replay->room, 0, (room - replay->room) * sizeof *blocks);
    replay->blocks = blocks;
    replay->room = room;
    return true;
}

/* ---- making calls
 * --------------------------------------------------------------------------------
 */

static grt_addr allocate(grt_heap *heap, const grt_trace_event *event)
{
    switch (event->op) {
    case GRT_TRACE_ZEROED:
        return grt_heap_alloc_zeroed(heap, event->size);
    case GRT_TRACE_ALIGNED:
        return grt_heap_alloc_aligned(heap, event->size, event->alignment);
    default:
        return grt_heap_alloc(heap, event->size);
    }
}

/* A block that the program was refused is nobody's. */
static void make_failed_call(replayer *replay, const grt_trace_event *event)
{
    if (event->op == GRT_TRACE_REALLOC) {
        replay_block *block = &replay->blocks[event->slot];
        grt_addr moved = grt_heap_realloc(replay->heap, block->address, event->size);
        if (moved) /* there was room here: back to the size that the program goes on with */
            block->address = grt_heap_realloc(replay->heap, moved, block->size);
        return;
    }
    grt_heap_free(replay->heap, allocate(replay->heap, event));
}

static void make_realloc(replayer *replay, const grt_trace_event *event)
{
    replay_block *block = &replay->blocks[event->slot];
    grt_addr moved = grt_heap_realloc(replay->heap, block->address, event->size);
    if (moved) {
        block->address = moved;
    } else {
        replay->result->refused++;
        grt_heap_free(replay->heap, block->address);
        block->address = 0;
    }
    block->size = event->size;
}

static void make_call(replayer *replay, const grt_trace_event *event)
{
    if (event->bad_block)
        return;
    if (event->failed) {
        make_failed_call(replay, event);
        return;
    }
    replay_block *block = &replay->blocks[event->slot];
    if (event->op == GRT_TRACE_FREE) {
        grt_heap_free(replay->heap, block->address);
        block->address = 0;
    } else if (event->op == GRT_TRACE_REALLOC) {
        make_realloc(replay, event);
    } else {
        block->address = allocate(replay->heap, event);
        block->size = event->size;
        replay->result->refused += block->address == 0;
    }
}

/* ---- checking
 * ------------------------------------------------------------------------------------
 */

/* A check walks the whole heap. By default the intervals grow with the trace: every call of a short
 * one is checked, and some hundreds of a long one. */
static bool is_check_due(replayer *replay, uint64_t operation)
{
    if (operation < replay->next_check)
        return false;
    uint32_t every = replay->options->check_every;
    replay->next_check = operation + (every ? every : 1 + operation / CHECKS_EVER_RARER);
    return true;
}

/* Placement is a function of the configuration and the order of calls. */
static void count_address(replayer *replay, const grt_trace_event *event)
{
    bool returns = event->op != GRT_TRACE_FREE && !event->failed;
    if (returns && replay->blocks[event->slot].address != event->block)
        replay->result->elsewhere++;
}

static bool checked_call(replayer *replay, const grt_trace_event *event, uint64_t operation)
{
    replay_check check = {replay->memory,
                          replay->heap,
                          event,
                          event->slot != GRT_TRACE_NO_SLOT ? &replay->blocks[event->slot] : NULL,
                          0,
                          ""};
    bool good = replay_check_before(&check);
    if (good) {
        make_call(replay, event);
        good = replay_check_after(&check);
        count_address(replay, event);
    }
    if (good && is_check_due(replay, operation)) {
        replay->result->checks++;
        good = grt_heap_check(replay->heap, check.text, sizeof check.text);
    }
    if (!good)
        cli_error("'%s': call %llu: %s", replay->options->path, (unsigned long long)operation,
                  check.text);
    return good;
}

/* ---- counting
 * ------------------------------------------------------------------------------------
 */

static uint64_t larger(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

/* What is live by the trace, before the call is made: the block's size is still the old one. */
static void count_live(replayer *replay, const grt_trace_event *event, uint32_t old_size)
{
    replay_result *result = replay->result;
    bool frees = event->op == GRT_TRACE_FREE, moves = event->op == GRT_TRACE_REALLOC;
    if (event->failed || event->bad_block)
        return;
    if (frees || moves)
        result->live_asked -= old_size;
    if (!frees)
        result->live_asked += event->size;
    result->live_blocks += frees ? (uint64_t)-1 : !moves;
    result->live_asked_peak = larger(result->live_asked_peak, result->live_asked);
    result->live_blocks_peak = larger(result->live_blocks_peak, result->live_blocks);
}

static bool count(replayer *replay, const grt_trace_event *event)
{
    replay_result *result = replay->result;
    result->operations++;
    result->calls[event->op]++;
    result->failed += event->failed;
    result->bad_blocks += event->bad_block;
    if (event->slot == GRT_TRACE_NO_SLOT)
        return true;
    if (!make_room(replay, event->slot))
        return false;
    replay_block *block = &replay->blocks[event->slot];
    count_live(replay, event, block->traced_size);
    if (!event->failed)
        block->traced_size = event->size;
    return true;
}

/* ---- all of it
 * -----------------------------------------------------------------------------------
 */

static int say_bad_trace(const replayer *replay, grt_trace_reader *reader)
{
    cli_error("'%s': %s", replay->options->path, grt_trace_reader_error(reader));
    return EXIT_BAD_INPUT;
}

/* Decodes up to a batch; [*end] once there is no more. */
static int fill_batch(replayer *replay, grt_trace_reader *reader, bool *end)
{
    for (replay->batched = 0; replay->batched < BATCH; replay->batched++) {
        grt_trace_event *event = &replay->batch[replay->batched];
        grt_trace_step step = grt_trace_next(reader, event);
        if (step == GRT_TRACE_BAD)
            return say_bad_trace(replay, reader);
        *end = step == GRT_TRACE_END;
        if (*end)
            break;
        if (!count(replay, event)) {
            cli_error("no memory to keep the addresses of live blocks");
            return EXIT_ENVIRONMENT;
        }
    }
    return EXIT_FINE;
}

static bool make_calls(replayer *replay, uint64_t first)
{
    if (replay->options->check) {
        for (uint32_t i = 0; i < replay->batched; i++)
            if (!checked_call(replay, &replay->batch[i], first + i))
                return false;
        return true;
    }
    uint64_t start = os_clock_ns();
    for (uint32_t i = 0; i < replay->batched; i++)
        make_call(replay, &replay->batch[i]);
    replay->result->ns += os_clock_ns() - start;
    return true;
}

static int make_all_calls(replayer *replay, grt_trace_reader *reader)
{
    for (bool end = false; !end;) {
        uint64_t first = replay->result->operations + 1;
        int exit_code = fill_batch(replay, reader, &end);
        if (exit_code != EXIT_FINE)
            return exit_code;
        if (!make_calls(replay, first))
            return EXIT_INTERNAL;
    }
    return EXIT_FINE;
}

static int check_at_end(replayer *replay)
{
    char text[256];
    for (uint32_t slot = 0; slot < replay->room; slot++) {
        if (!replay_check_contents(replay->memory, &replay->blocks[slot], text, sizeof text)) {
            cli_error("'%s': at the end: %s", replay->options->path, text);
            return EXIT_INTERNAL;
        }
    }
    replay->result->checks++;
    if (grt_heap_check(replay->heap, text, sizeof text))
        return EXIT_FINE;
    cli_error("'%s': at the end: %s", replay->options->path, text);
    return EXIT_INTERNAL;
}

static void finish(replayer *replay, grt_trace_reader *reader)
{
    grt_memory_stats memory;
    grt_memory_get_stats(replay->memory, &memory);
    replay->result->committed_peak = memory.committed_peak;
    replay->result->left_out = grt_trace_left_out(reader);
    grt_heap_get_stats(replay->heap, &replay->result->heap);
}

int replay_run(const replay_options *options, grt_trace_reader *reader, replay_result *result)
{
    static replayer replay; /* large, and one runs at a time */
    memset(&replay, 0, sizeof replay);
    memset(result, 0, sizeof *result);
    replay.options = options;
    replay.next_check = options->check_every; /* 0: the first call */
    replay.result = result;
    grt_trace_rewind(reader);
    int exit_code = make_heap(&replay);
    if (exit_code == EXIT_FINE)
        exit_code = make_all_calls(&replay, reader);
    if (exit_code == EXIT_FINE && options->check)
        exit_code = check_at_end(&replay);
    if (exit_code == EXIT_FINE)
        finish(&replay, reader);
    drop_heap(&replay);
    return exit_code;
}
