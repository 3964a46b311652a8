/*
 * test_heap_medium.c - blocks of 1 to 64 whole pages, of which threads have some at hand: what is
 * handed out again, how much is kept, and who frees what while a page changes hands.
 */
#define _GNU_SOURCE /* REG_EFL */
#include "heap_fixture.h"

#include "heap/call_site.h"
#include "heap/internal.h"
#include "heap_barrier.h"
#include "single_step.h"

#define PAGES(count) ((count)*GRT_PAGE_SIZE)

static heap_fixture fixture;

static const heap_cache *own_cache(void)
{
    return heap_cache_at_hand(fixture.heap);
}

static grt_addr get(uint32_t size)
{
    grt_addr block = grt_heap_alloc(fixture.heap, size);
    assert_int_not_equal(block, 0);
    return block;
}

static void put(grt_addr block)
{
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
}

/* ---- what is at hand ---------------------------------------------------------------------------
 */

static void test_the_last_freed_is_handed_out_first(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr first = get(PAGES(5)), second = get(PAGES(5)), longer = get(PAGES(6));
    put(first);
    put(longer);
    put(second);
    assert_int_equal(own_cache()->medium_pages, 16);
    assert_int_equal(get(PAGES(5) - 100), second);
    assert_int_equal(get(PAGES(4) + 1), first);
    assert_int_equal(grt_heap_size(fixture.heap, first), PAGES(4) + 1);
    assert_int_equal(grt_heap_size(fixture.heap, second), PAGES(5) - 100);
    assert_int_not_equal(get(PAGES(5)), longer); /* whose length is another one */
    assert_int_equal(own_cache()->medium_pages, 6);
    assert_int_equal(stats_of(fixture.heap).blocks, 3);
    assert_int_equal(stats_of(fixture.heap).live_asked, PAGES(14) - 99);
    fixture_close(&fixture);
}

/* Every length keeps every size that can be asked for in it. */
static void test_sizes(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t pages = 3; pages <= MEDIUM_PAGES_MAX + 1; pages++) {
        for (uint32_t less = 0; less < GRT_PAGE_SIZE; less += 819) {
            grt_addr block = get(PAGES(pages) - less);
            assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(pages) - less);
            put(block);
        }
    }
    assert_int_equal(stats_of(fixture.heap).live_asked, 0);
    fixture_close(&fixture);
}

static void test_what_is_kept_is_bounded(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    static grt_addr blocks[2000];
    for (uint32_t i = 0; i < 2000; i++) {
        blocks[i] = get(PAGES(3 + i % 62));
    }
    for (uint32_t i = 0; i < 2000; i++) {
        put(blocks[i]);
    }
    assert_true(own_cache()->medium_pages > 0);
    assert_true(own_cache()->medium_pages <= MEDIUM_LIMIT_MAX);
    assert_true(stats_of(fixture.heap).cached_by_threads <= PAGES(MEDIUM_LIMIT_MAX));
    grt_heap_trim(fixture.heap);
    assert_int_equal(own_cache()->medium_pages, 0);
    assert_int_equal(stats_of(fixture.heap).cached, 0);
    assert_int_equal(stats_of(fixture.heap).largest_free, stats_of(fixture.heap).capacity);
    fixture_close(&fixture);
}

/* Of one length there are a few, however much is in use. */
static void test_few_of_a_length_are_kept(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_addr blocks[20], live = get(0x10000000);
    for (uint32_t i = 0; i < 20; i++) {
        blocks[i] = get(PAGES(3));
    }
    for (uint32_t i = 0; i < 20; i++) {
        put(blocks[i]);
    }
    const cache_bin *bin = &own_cache()->bins[medium_class(3)];
    assert_int_equal(bin->count, bin->room);
    assert_int_equal(own_cache()->medium_pages, 3 * bin->room);
    put(live);
    fixture_close(&fixture);
}

/* The limit follows what is in use: a few pages beside little. */
static void test_little_is_kept_beside_little(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr blocks[20];
    for (uint32_t i = 0; i < 20; i++) {
        blocks[i] = get(PAGES(3 + i));
    }
    for (uint32_t i = 0; i < 20; i++) {
        put(blocks[i]);
    }
    assert_in_range(own_cache()->medium_pages, 1,
                    MEDIUM_LIMIT_MIN + 250 / MEDIUM_LIMIT_PART); /* 250 pages were in use */
    fixture_close(&fixture);
}

static void test_what_is_kept_serves_others_before_they_are_refused(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_addr block = get(PAGES(20));
    put(block);
    assert_int_equal(own_cache()->medium_pages, 20);
    assert_int_equal(get(PAGES(64)), fixture.heap->first);
    assert_int_equal(own_cache()->medium_pages, 0);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    fixture_close(&fixture);
}

static void test_zeroed(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(10));
    memset(grt_memory_host(fixture.memory, block), 0xAB, PAGES(10));
    put(block);
    assert_int_equal(grt_heap_alloc_zeroed(fixture.heap, PAGES(10) - 1), block);
    const uint8_t *bytes = grt_memory_host(fixture.memory, block);
    for (uint32_t i = 0; i < PAGES(10) - 1; i++) {
        assert_int_equal(bytes[i], 0);
    }
    assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(10) - 1);
    fixture_close(&fixture);
}

/* ---- wrong frees -------------------------------------------------------------------------------
 */

static void expect_refused(grt_addr address, grt_status status)
{
    assert_int_equal(grt_heap_free(fixture.heap, address), status);
    assert_int_equal(grt_heap_realloc(fixture.heap, address, 20000), 0);
}

static void test_wrong_frees(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(10)), other = get(PAGES(10));
    grt_block_info info;
    for (uint32_t offset = 8; offset < PAGES(10); offset *= 2) {
        expect_refused(block + offset, GRT_INTERIOR_POINTER);
    }
    expect_refused(block + PAGES(1), GRT_INTERIOR_POINTER);
    put(block);
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_refused(block + 16, GRT_NOT_A_BLOCK);
    grt_heap_describe(fixture.heap, block + 16, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_int_equal(info.start, block);
    assert_int_equal(info.extent, PAGES(10));
    put(other);
    grt_heap_trim(fixture.heap); /* the pages are merged with what is free around them */
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_refused(other, GRT_DOUBLE_FREE);
    expect_refused(block + PAGES(3), GRT_NOT_A_BLOCK);
    fixture_close(&fixture);
}

/* The pages of a block that the guest took away or protected are not handed out as they are. */
static void test_pages_that_the_guest_changed(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (int change = 0; change < 3; change++) {
        grt_addr block = get(PAGES(8));
        grt_addr page = block + PAGES(3);
        if (change == 0) {
            grt_memory_protect(fixture.memory, page, GRT_PAGE_SIZE, GRT_READ_ONLY);
        } else if (change == 1) {
            grt_memory_protect(fixture.memory, page, GRT_PAGE_SIZE, GRT_NO_ACCESS);
        } else {
            grt_memory_decommit(fixture.memory, page, GRT_PAGE_SIZE);
        }
        put(block);
        assert_int_equal(own_cache()->bins[medium_class(8)].count, 0);
        for (int i = 0; i < 3; i++) {
            grt_addr again = get(PAGES(8));
            assert_true(grt_memory_accessible(fixture.memory, again, PAGES(8), GRT_READ_WRITE));
        }
        grt_heap_trim(fixture.heap);
    }
    fixture_close(&fixture);
}

/* ---- who asked ---------------------------------------------------------------------------------
 */

/* A refusal names who asked for the blocks that hold the memory, also for those of a cache. */
static void test_sites_of_blocks_from_a_cache(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    uint32_t before = grt_set_call_site(0x82001111);
    put(get(PAGES(12)));
    put(get(PAGES(14)));
    assert_int_equal(own_cache()->medium_pages, 26);
    grt_set_call_site(0x82002222);
    (void)get(PAGES(12));
    (void)grt_heap_alloc_zeroed(fixture.heap, PAGES(14));
    assert_int_equal(own_cache()->medium_pages, 0);
    grt_set_call_site(0x82003333);
    assert_int_equal(grt_heap_alloc(fixture.heap, PAGES(250)), 0);
    grt_set_call_site(before);
    bool named = false;
    for (uint32_t i = 0; i < fixture.lines; i++) {
        assert_null(strstr(fixture.line[i], "82001111"));
        named |= strstr(fixture.line[i], "82002222") != NULL;
    }
    assert_true(named);
    fixture_close(&fixture);
}

/* ---- stale frees against reuse -----------------------------------------------------------------
 */

#define ROUNDS 60000

static struct {
    grt_addr stale; /* where blocks of changing lengths start */
    atomic_bool done;
    uint32_t accepted, refused;
} reuse;

static void drop_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    (void)tag;
    (void)line;
}

static void free_stale(void *arg)
{
    (void)arg;
    while (!atomic_load(&reuse.done)) {
        grt_status status = grt_heap_free(fixture.heap, reuse.stale);
        reuse.accepted += status == GRT_OK;
        reuse.refused += status != GRT_OK;
        if (status == GRT_OK) {
            grt_heap_trim(fixture.heap); /* or it would keep the pages */
        }
    }
}

/* One thread frees an address over and over, at which another one's blocks of changing lengths
 * start: whichever of them it hits goes to the right place. */
static void test_stale_frees_against_reuse(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {3, 5, 9, 4, 16, 1, 70};
    grt_heap_config config = fixture_config(&fixture, 256);
    config.log = (grt_log){drop_line, NULL, GRT_LOG_ERROR};
    fixture_open_with(&fixture, &config);
    memset(&reuse, 0, sizeof reuse);
    reuse.stale = fixture.heap->first;
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, free_stale, NULL, &thread), 0);
    uint32_t hit = 0, made = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t pages = lengths[i % 7];
        grt_addr block = pages == 1 ? grt_heap_alloc(fixture.heap, 500)
                                    : grt_heap_alloc(fixture.heap, PAGES(pages));
        assert_int_not_equal(block, 0);
        made++;
        hit += grt_heap_free(fixture.heap, block) != GRT_OK;
        if (i % 4 == 0) {
            grt_heap_trim(fixture.heap);
        }
        if (i % 64 == 0) {
            assert_heap_sound(fixture.heap);
        }
    }
    atomic_store(&reuse.done, true);
    os_thread_join(thread);
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.allocations, made);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.live_asked, 0);
    assert_int_equal(hit, reuse.accepted);
    assert_int_equal(stats.bad_frees, reuse.refused + hit);
    fixture_close(&fixture);
}

/* ---- a page that changes hands during a free ---------------------------------------------------
 *
 * A stale pointer is freed one machine instruction after the other. Before the [step]th, another
 * thread frees the block that was there, and gets one of another length at the same place. */

#if single_step_available
#    define STEPS_MOST 20000
#    ifdef __SANITIZE_ADDRESS__
#        define UNDER_SANITIZER 1
#    else
#        define UNDER_SANITIZER 0
#    endif

static struct {
    spin_barrier barrier;
    atomic_bool wanted, changed;
    bool over;
    grt_addr block;
} owner;

static void own_the_page(void *arg)
{
    (void)arg;
    for (;;) {
        barrier_wait(&owner.barrier);
        if (owner.over) {
            return;
        }
        while (!atomic_load(&owner.wanted)) {
            os_thread_yield();
        }
        bool freed = grt_heap_free(fixture.heap, owner.block) == GRT_OK;
        owner.block = freed ? grt_heap_alloc(fixture.heap, PAGES(45)) : 0;
        atomic_store(&owner.changed, true);
        barrier_wait(&owner.barrier);
    }
}

/* The free that is stopped may hold the lock that the other thread needs. */
static void let_owner_change(void)
{
    atomic_store(&owner.wanted, true);
    for (int i = 0; i < 8 && !atomic_load(&owner.changed); i++) {
        os_sleep_ns(5000);
    }
}

/* False when the free has fewer steps. */
static bool free_with_a_change_at(int step)
{
    grt_addr stale = owner.block = get(PAGES(49)); /* too long to be kept */
    assert_int_equal(stale, fixture.heap->first);
    atomic_store(&owner.wanted, false);
    atomic_store(&owner.changed, false);
    barrier_wait(&owner.barrier);
    single_step_on(step);
    grt_status status = grt_heap_free(fixture.heap, stale);
    bool stopped = single_step_off();
    atomic_store(&owner.wanted, true);
    barrier_wait(&owner.barrier);
    assert_heap_sound(fixture.heap);
    /* It hit the first block, and then the owner's free was refused; or the second, or none. */
    bool live = owner.block != 0 && grt_heap_size(fixture.heap, owner.block) == PAGES(45);
    assert_int_equal(status == GRT_OK, !live);
    assert_int_equal(stats_of(fixture.heap).live_asked, live ? PAGES(45) : 0);
    if (live) {
        put(owner.block);
    }
    return stopped;
}

static void test_a_page_that_changes_hands(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 64);
    config.log = (grt_log){drop_line, NULL, GRT_LOG_ERROR};
    fixture_open_with(&fixture, &config);
    memset(&owner, 0, sizeof owner);
    barrier_init(&owner.barrier, 2);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, own_the_page, NULL, &thread), 0);
    single_step_install(let_owner_change);
    int step = 1, stride = UNDER_SANITIZER ? 7 : 1; /* there are many more instructions */
    while (step < STEPS_MOST && free_with_a_change_at(step)) {
        step += stride;
    }
    single_step_remove();
    assert_in_range(step, 50, STEPS_MOST - 1); /* it was stepped through, to the end */
    owner.over = true;
    barrier_wait(&owner.barrier);
    os_thread_join(thread);
    fixture_close(&fixture);
}
#else
static void test_a_page_that_changes_hands(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_freed_is_handed_out_first),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_what_is_kept_is_bounded),
        cmocka_unit_test(test_few_of_a_length_are_kept),
        cmocka_unit_test(test_little_is_kept_beside_little),
        cmocka_unit_test(test_what_is_kept_serves_others_before_they_are_refused),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_wrong_frees),
        cmocka_unit_test(test_pages_that_the_guest_changed),
        cmocka_unit_test(test_sites_of_blocks_from_a_cache),
        cmocka_unit_test(test_stale_frees_against_reuse),
        cmocka_unit_test(test_a_page_that_changes_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
