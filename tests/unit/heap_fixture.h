/*
 * heap_fixture.h - a memory with one heap in it, and a log that tests can read.
 */
#ifndef HEAP_FIXTURE_H
#define HEAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guestrt/heap.h"
#include "os/os.h"
#include "os/sanitizer.h"

#define LOG_LINES 64

typedef struct heap_fixture {
    grt_memory *memory;
    grt_heap *heap;
    uint32_t lines; /* written so far; the first LOG_LINES are kept */
    char line[LOG_LINES][1200];
} heap_fixture;

static inline void fixture_log(void *user, grt_log_level level, const char *tag, const char *line)
{
    heap_fixture *fixture = user;
    (void)level;
    if (fixture->lines < LOG_LINES) {
        snprintf(fixture->line[fixture->lines], sizeof fixture->line[0], "[%s] %s", tag, line);
    }
    fixture->lines++;
}

static inline grt_heap_config fixture_config(heap_fixture *fixture, uint32_t pages)
{
    grt_heap_config config = grt_heap_config_default();
    config.end = config.first + (uint64_t)pages * GRT_PAGE_SIZE;
    config.log = (grt_log){fixture_log, fixture, GRT_LOG_WARN};
    return config;
}

/* Sets the options that a text stands for. */
static inline void fixture_options(grt_heap_config *config, const char *text)
{
    char error[256] = "";
    if (grt_heap_options_parse(text, &config->options, error, sizeof error) != GRT_OK) {
        fail_msg("options %s: %s", text, error);
    }
}

static inline void fixture_open_with(heap_fixture *fixture, const grt_heap_config *config)
{
    grt_memory_config memory_config = grt_memory_config_default();
    memory_config.log = (grt_log){fixture_log, fixture, GRT_LOG_ERROR};
    fixture->lines = 0;
    assert_int_equal(grt_memory_create(&memory_config, &fixture->memory), GRT_OK);
    assert_int_equal(grt_heap_create(fixture->memory, config, &fixture->heap), GRT_OK);
}

/* A heap of [pages] pages at the default address; 0 = the default capacity. */
static inline void fixture_open(heap_fixture *fixture, uint32_t pages)
{
    grt_heap_config config = fixture_config(fixture, pages);
    if (pages == 0) {
        config.end = grt_heap_config_default().end;
    }
    fixture_open_with(fixture, &config);
}

/* A heap of [pages] pages with options. */
static inline void fixture_open_options(heap_fixture *fixture, uint32_t pages, const char *options)
{
    grt_heap_config config = fixture_config(fixture, pages);
    fixture_options(&config, options);
    fixture_open_with(fixture, &config);
}

static inline void assert_heap_sound(grt_heap *heap)
{
    char text[256];
    if (!grt_heap_check(heap, text, sizeof text)) {
        fail_msg("grt_heap_check: %s", text);
    }
}

static inline void fixture_close(heap_fixture *fixture)
{
    assert_heap_sound(fixture->heap);
    grt_heap_destroy(fixture->heap);
    grt_memory_destroy(fixture->memory);
}

/* Runs a function in a thread of its own, to its end. */
static inline void run_in_thread(void (*run)(void *), void *arg)
{
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, run, arg, &thread), 0);
    os_thread_join(thread);
}

static inline grt_heap_stats stats_of(const grt_heap *heap)
{
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    return stats;
}

/* ---- random numbers with a seed that is printed and can be given back -------------------------
 */

typedef struct test_random {
    uint64_t state;
} test_random;

static inline test_random random_from_environment(const char *test)
{
    const char *given = getenv("GUESTRT_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : UINT64_C(0x5EED2026);
    fprintf(stderr, "%s: GUESTRT_SEED=0x%llx\n", test, (unsigned long long)seed);
    return (test_random){seed};
}

static inline uint32_t random_next(test_random *random)
{
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static inline uint32_t random_below(test_random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)random_next(random) * limit >> 32);
}

/* Rounds of a test: a part of them under the thread sanitizer, where each takes ten times as long.
 */
static inline uint32_t rounds_of(uint32_t count, uint32_t part)
{
    return GRT_UNDER_TSAN ? count / part : count;
}

/* Small sizes often, large ones sometimes. */
static inline uint32_t random_size(test_random *random, uint32_t max)
{
    uint32_t bits = 1 + random_below(random, 31u - (uint32_t)__builtin_clz(max) + 1);
    uint32_t size = random_next(random) & ((1u << bits) - 1);
    return size <= max ? size : max;
}

#endif
