/*
 * fault.h - what the programs of this directory share: one heap, its log on stdout, and the proof
 * that the heap goes on after the fault.
 *
 * Each program makes one mistake that real titles make, and says in its head comment, below
 * "expect:", exactly what is printed about it. Addresses are part of that: placement depends on the
 * order of calls alone. A line that starts with four more spaces continues the one before it.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestrt/heap.h"
#include "heap/call_site.h"
#include "os/os.h"

static grt_memory *memory;
static grt_heap *heap; /* what the fault is done to */

/* ---- expectations ------------------------------------------------------------------------------
 */

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static inline void expect(bool holds, const char *condition, int line)
{
    if (!holds) {
        printf("line %d: not so: %s\n", line, condition);
        exit(1);
    }
}

static inline void print_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    printf("[%s] %s\n", tag, line);
}

/* The cause that the calling thread's last refused request was given. */
static inline grt_heap_cause last_cause(void)
{
    grt_heap_failure failure;
    return grt_heap_last_failure(&failure) ? failure.cause : GRT_HEAP_NONE;
}

/* ---- set-up ------------------------------------------------------------------------------------
 */

static inline grt_heap_config heap_config(uint64_t bytes)
{
    grt_heap_config config = grt_heap_config_default();
    config.end = config.first + bytes;
    config.log = (grt_log){print_line, NULL, GRT_LOG_WARN};
    return config;
}

/* [memory_budget] 0: none. */
static inline void open_with(const grt_heap_config *config, uint64_t memory_budget)
{
    grt_memory_config memory_config = grt_memory_config_default();
    memory_config.log = config->log;
    memory_config.budget = memory_budget;
    setvbuf(stdout, NULL, _IONBF, 0); /* in order with what goes to stderr */
    EXPECT(grt_memory_create(&memory_config, &memory) == GRT_OK);
    EXPECT(grt_heap_create(memory, config, &heap) == GRT_OK);
}

/* A heap of [pages] pages from 0x00020000 on. */
static inline void open_heap(uint32_t pages)
{
    grt_heap_config config = heap_config((uint64_t)pages * GRT_PAGE_SIZE);
    open_with(&config, 0);
}

/* The same with options, as text. */
static inline void open_heap_options(uint32_t pages, const char *options)
{
    grt_heap_config config = heap_config((uint64_t)pages * GRT_PAGE_SIZE);
    EXPECT(grt_heap_options_parse(options, &config.options, NULL, 0) == GRT_OK);
    open_with(&config, 0);
}

static inline unsigned char *bytes_of(grt_addr block)
{
    return grt_memory_host(memory, block);
}

/* ---- after the fault ---------------------------------------------------------------------------
 */

static inline void expect_sound(void)
{
    char text[256];
    bool sound = grt_heap_check(heap, text, sizeof text);
    if (!sound) {
        printf("grt_heap_check: %s\n", text);
    }
    EXPECT(sound);
}

static inline bool keep_first(void *user, grt_addr block, uint32_t asked, uint32_t extent)
{
    (void)asked;
    (void)extent;
    *(grt_addr *)user = block;
    return false;
}

static inline grt_addr first_live(void)
{
    grt_addr block = 0;
    grt_heap_walk(heap, keep_first, &block);
    return block;
}

static inline void serve(uint32_t size)
{
    grt_addr block = grt_heap_alloc(heap, size);
    EXPECT(block != 0 && grt_heap_size(heap, block) == size);
    memset(grt_memory_host(memory, block), 0x5A, size);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
}

/* Everything that was live can still be freed. */
static inline void empty_heap(void)
{
    for (grt_addr block = first_live(); block != 0; block = first_live()) {
        EXPECT(grt_heap_free(heap, block) == GRT_OK);
    }
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    EXPECT(stats.live == 0 && stats.blocks == 0 && stats.live_asked == 0);
}

/* Ends the program: sound records, everything freed, exact counts. */
static inline int end(uint64_t bad_frees, uint64_t failures)
{
    expect_sound();
    empty_heap();
    expect_sound();
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    EXPECT(stats.bad_frees == bad_frees);
    EXPECT(stats.failures == failures);
    grt_heap_destroy(heap);
    grt_memory_destroy(memory);
    printf("sound, %u bad frees, %u failures\n", (unsigned)bad_frees, (unsigned)failures);
    return 0;
}

/* As end(), after more blocks were served. */
static inline int go_on(uint64_t bad_frees, uint64_t failures)
{
    expect_sound();
    empty_heap();
    serve(48);
    serve(40000);
    return end(bad_frees, failures);
}

#endif
