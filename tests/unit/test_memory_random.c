/*
 * Random calls against a model that keeps one small record for each page, both profiles; and
 * threads that change disjoint regions while others ask. GUESTRT_SEED repeats a run.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestrt/memory.h"
#include "log_capture.h"
#include "memory/memory_impl.h"
#include "os/os.h"

#define PAGES  64u
#define STEPS  4000
#define BUDGET 40u /* pages; less than the model's, so that the budget is met often */

typedef struct model_page {
    uint32_t region; /* 0: not reserved; else 1 + the region's first page */
    bool committed;
    grt_access access;
    uint8_t note;
    uint8_t value;
} model_page;

typedef struct world {
    grt_memory *memory;
    grt_addr views[2]; /* two addresses of page 0 of the model; equal in the flat profile */
    model_page pages[PAGES];
    log_capture capture;
} world;

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) % n);
}

static void seed_random(void)
{
    const char *text = getenv("GUESTRT_SEED");
    random_state = text != NULL ? strtoull(text, NULL, 0) : os_clock_ns();
    random_state |= 1;
    print_message("GUESTRT_SEED=%llu\n", (unsigned long long)random_state);
}

static unsigned committed_pages(const world *w)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        count += w->pages[i].committed;
    }
    return count;
}

static bool in_one_region(const world *w, uint32_t first, uint32_t count)
{
    uint32_t region = w->pages[first].region;
    for (uint32_t i = first; i < first + count; i++) {
        if (region == 0 || w->pages[i].region != region) {
            return false;
        }
    }
    return true;
}

static grt_status model_reserve(world *w, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        if (w->pages[i].region != 0) {
            return GRT_REGION_OVERLAP;
        }
    }
    for (uint32_t i = first; i < first + count; i++) {
        w->pages[i].region = 1 + first;
    }
    return GRT_OK;
}

static grt_status model_release(world *w, uint32_t first)
{
    if (w->pages[first].region != 1 + first) {
        return GRT_NOT_RESERVED;
    }
    for (uint32_t i = first; i < PAGES && w->pages[i].region == 1 + first; i++) {
        memset(&w->pages[i], 0, sizeof w->pages[i]);
    }
    return GRT_OK;
}

static grt_status model_commit(world *w, uint32_t first, uint32_t count)
{
    if (!in_one_region(w, first, count)) {
        return GRT_NOT_RESERVED;
    }
    unsigned wanted = 0;
    for (uint32_t i = first; i < first + count; i++) {
        wanted += !w->pages[i].committed;
    }
    if (committed_pages(w) + wanted > BUDGET) {
        return GRT_OVER_BUDGET;
    }
    for (uint32_t i = first; i < first + count; i++) {
        if (!w->pages[i].committed) {
            w->pages[i].committed = true;
            w->pages[i].access = GRT_READ_WRITE;
            w->pages[i].note = 0;
            w->pages[i].value = 0;
        }
    }
    return GRT_OK;
}

static grt_status model_decommit(world *w, uint32_t first, uint32_t count)
{
    if (!in_one_region(w, first, count)) {
        return GRT_NOT_RESERVED;
    }
    for (uint32_t i = first; i < first + count; i++) {
        w->pages[i].committed = false;
    }
    return GRT_OK;
}

static grt_status model_protect(world *w, uint32_t first, uint32_t count, grt_access access,
                                uint8_t note)
{
    bool all = in_one_region(w, first, count);
    for (uint32_t i = first; all && i < first + count; i++) {
        all = w->pages[i].committed;
    }
    if (!all) {
        return GRT_NOT_RESERVED;
    }
    for (uint32_t i = first; i < first + count; i++) {
        w->pages[i].access = access;
        w->pages[i].note = note;
    }
    return GRT_OK;
}

static void step(world *w)
{
    uint32_t first = random_below(PAGES);
    uint32_t count = 1 + random_below(PAGES - first < 12 ? PAGES - first : 12);
    grt_addr at = w->views[random_below(2)] + first * GRT_PAGE_SIZE;
    uint64_t size = (uint64_t)count * GRT_PAGE_SIZE;
    grt_access access = (grt_access)random_below(3);
    uint8_t note = (uint8_t)random_below(GRT_PAGE_NOTE_MAX + 1);
    switch (random_below(8)) {
    case 0:
    case 1:
        assert_int_equal(grt_memory_reserve(w->memory, at, size, "r"),
                         model_reserve(w, first, count));
        break;
    case 2:
        assert_int_equal(grt_memory_release(w->memory, at), model_release(w, first));
        break;
    case 3:
        assert_int_equal(grt_memory_decommit(w->memory, at, size), model_decommit(w, first, count));
        break;
    case 4:
        assert_int_equal(grt_memory_protect_noted(w->memory, at, size, access, note),
                         model_protect(w, first, count, access, note));
        break;
    default:
        assert_int_equal(grt_memory_commit(w->memory, at, size), model_commit(w, first, count));
        break;
    }
}

static void compare_page(world *w, uint32_t i)
{
    model_page *page = &w->pages[i];
    grt_addr at = w->views[random_below(2)] + i * GRT_PAGE_SIZE;
    grt_page_info info;
    grt_memory_query(w->memory, at, &info);
    assert_int_equal(info.region_size != 0, page->region != 0);
    assert_int_equal(info.committed, page->committed);
    assert_true(info.run_size >= GRT_PAGE_SIZE);
    assert_int_equal(grt_memory_accessible(w->memory, at, GRT_PAGE_SIZE, GRT_NO_ACCESS),
                     page->committed);
    if (!page->committed) {
        return;
    }
    assert_int_equal(info.access, page->access);
    assert_int_equal(info.note, page->note);
    assert_int_equal(grt_memory_accessible(w->memory, at, GRT_PAGE_SIZE, GRT_READ_WRITE),
                     page->access == GRT_READ_WRITE);
    volatile uint8_t *byte = grt_memory_host(w->memory, at);
    if (page->access >= GRT_READ_ONLY) {
        assert_int_equal(*byte, page->value);
    }
    if (page->access == GRT_READ_WRITE) {
        page->value = (uint8_t)random_below(256);
        *byte = page->value;
    }
}

static void run_world(grt_profile profile, grt_addr view, grt_addr other_view)
{
    world w = {.views = {view, other_view}};
    grt_memory_config config = grt_memory_config_default();
    config.profile = profile;
    config.budget = BUDGET * GRT_PAGE_SIZE;
    config.log = log_capture_log(&w.capture);
    assert_int_equal(grt_memory_create(&config, &w.memory), GRT_OK);
    for (int i = 0; i < STEPS; i++) {
        step(&w);
        compare_page(&w, random_below(PAGES));
        compare_page(&w, random_below(PAGES));
        if (i % 200 == 0) {
            assert_null(grt_memory_check(w.memory));
            for (uint32_t page = 0; page < PAGES; page++) {
                compare_page(&w, page);
            }
        }
    }
    grt_memory_stats stats;
    grt_memory_get_stats(w.memory, &stats);
    assert_int_equal(stats.committed, committed_pages(&w) * GRT_PAGE_SIZE);
    grt_memory_destroy(w.memory);
}

static void test_model_flat(void **state)
{
    (void)state;
    seed_random();
    run_world(GRT_PROFILE_FLAT, 0x00100000u, 0x00100000u);
}

static void test_model_mirrors(void **state)
{
    (void)state;
    seed_random();
    run_world(GRT_PROFILE_CONSOLE, 0xA0100000u, 0xC0100000u);
    run_world(GRT_PROFILE_CONSOLE, 0xA0100000u, 0xE00FF000u);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct worker {
    grt_memory *memory;
    grt_addr at;
    bool good;
} worker;

static void work(void *arg)
{
    worker *w = arg;
    w->good = true;
    for (int i = 0; i < 300 && w->good; i++) {
        volatile uint32_t *word = grt_memory_host(w->memory, w->at + 0x3000);
        bool good = grt_memory_reserve(w->memory, w->at, 0x8000, "mine") == GRT_OK &&
                    grt_memory_commit(w->memory, w->at + 0x2000, 0x4000) == GRT_OK && *word == 0;
        *word = w->at;
        good = good && grt_memory_accessible(w->memory, w->at + 0x2000, 0x4000, GRT_READ_WRITE);
        good = good && *word == w->at && grt_memory_release(w->memory, w->at) == GRT_OK;
        good = good && !grt_memory_accessible(w->memory, w->at + 0x2000, 1, GRT_NO_ACCESS);
        w->good = good;
    }
}

static void ask(void *arg)
{
    worker *w = arg;
    for (int i = 0; i < 2000; i++) {
        grt_page_info info;
        grt_addr at = (grt_addr)(0x00100000u + (unsigned)(i % 64) * 0x1000u);
        grt_memory_query(w->memory, at, &info);
        (void)grt_memory_accessible(w->memory, 0x00100000u, 0x40000, GRT_READ_ONLY);
    }
    w->good = true;
}

static void test_threads(void **state)
{
    (void)state;
    grt_memory_config config = grt_memory_config_default();
    grt_memory *memory;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_OK);
    worker workers[4];
    os_thread *threads[4];
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (worker){.memory = memory, .at = 0x00100000u + i * 0x8000u};
        assert_int_equal(os_thread_create(0, i < 3 ? work : ask, &workers[i], &threads[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        os_thread_join(threads[i]);
        assert_true(workers[i].good);
    }
    assert_null(grt_memory_check(memory));
    grt_memory_stats stats;
    grt_memory_get_stats(memory, &stats);
    assert_int_equal(stats.committed, 0);
    assert_int_equal(stats.regions, 0);
    grt_memory_destroy(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_flat),
        cmocka_unit_test(test_model_mirrors),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
