/*
 * test_heap_medium_race.c - who frees what while a page changes hands, at every instruction of a
 * free, a realloc or a search.
 */
#define _GNU_SOURCE /* REG_EFL */
#include "heap_medium.h"

#include "heap_barrier.h"
#include "single_step.h"

/* ---- stale frees against reuse -----------------------------------------------------------------
 */

#define ROUNDS 20000

static struct {
    grt_addr stale; /* where blocks of changing lengths start */
    bool trims;
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
        if (status == GRT_OK && reuse.trims) {
            grt_heap_trim(fixture.heap); /* or it would keep small blocks */
        }
    }
}

/* One thread frees an address over and over, at which another one's blocks of changing lengths
 * start: whichever of them it hits goes to the right place. */
static void stale_frees_against_reuse(uint32_t heap_pages)
{
    static const uint32_t lengths[] = {3, 5, 9, 4, 16, 1, 70};
    grt_heap_config config = fixture_config(&fixture, heap_pages);
    config.log = (grt_log){drop_line, NULL, GRT_LOG_ERROR};
    fixture_open_with(&fixture, &config);
    memset(&reuse, 0, sizeof reuse);
    reuse.trims = heap_pages < 1024;
    reuse.stale = get(PAGES(3));
    put(reuse.stale);
    grt_heap_trim(fixture.heap);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, free_stale, NULL, &thread), 0);
    uint32_t hit = 0, made = 1;
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

static void test_stale_frees_against_reuse(void **state)
{
    (void)state;
    stale_frees_against_reuse(256);
}

static void test_stale_frees_against_chunks(void **state)
{
    (void)state;
    stale_frees_against_reuse(1024);
}

/* ---- a page that changes hands during a free ---------------------------------------------------
 *
 * A stale pointer is freed one machine instruction after the other. Before the [step]th, another
 * thread frees the block that was there, and gets one of another length at the same place: in a
 * small heap out of the free runs, in a larger one out of its chunk. */

#if single_step_available
#    define STEPS_MOST 200000
#    ifdef __SANITIZE_ADDRESS__
#        define UNDER_SANITIZER 1
#    else
#        define UNDER_SANITIZER 0
#    endif

static struct {
    spin_barrier barrier;
    atomic_bool wanted, changed;
    bool over, moved;
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
        grt_heap_trim(fixture.heap); /* so that the block starts where a chunk does, if any */
        owner.block = get(PAGES(30));
        barrier_wait(&owner.barrier);
        while (!atomic_load(&owner.wanted)) {
            os_thread_yield();
        }
        bool freed = grt_heap_free(fixture.heap, owner.block) == GRT_OK;
        grt_addr second = freed ? grt_heap_alloc(fixture.heap, PAGES(26)) : 0;
        owner.moved |= freed && second != owner.block;
        owner.block = second;
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
    atomic_store(&owner.wanted, false);
    atomic_store(&owner.changed, false);
    barrier_wait(&owner.barrier);
    barrier_wait(&owner.barrier); /* the owner has a block */
    grt_addr stale = owner.block;
    single_step_on(step);
    grt_status status = grt_heap_free(fixture.heap, stale);
    bool stopped = single_step_off();
    atomic_store(&owner.wanted, true);
    barrier_wait(&owner.barrier);
    assert_heap_sound(fixture.heap);
    /* It hit the first block, and then the owner's free was refused; or the second, or none. */
    bool live = owner.block != 0 && grt_heap_size(fixture.heap, owner.block) == PAGES(26);
    assert_int_equal(status == GRT_OK, !live);
    assert_int_equal(stats_of(fixture.heap).live_asked, live ? PAGES(26) : 0);
    if (live) {
        put(owner.block);
    }
    return stopped;
}

/* The same for a realloc, which finds the block, may look for another one, and then claims it. */
static uint32_t resize_to;

static bool realloc_with_a_change_at(int step)
{
    atomic_store(&owner.wanted, false);
    atomic_store(&owner.changed, false);
    barrier_wait(&owner.barrier);
    barrier_wait(&owner.barrier);
    grt_addr stale = owner.block;
    single_step_on(step);
    grt_addr resized = grt_heap_realloc(fixture.heap, stale, resize_to);
    bool stopped = single_step_off();
    atomic_store(&owner.wanted, true);
    barrier_wait(&owner.barrier);
    assert_heap_sound(fixture.heap);
    if (resized != 0 && grt_heap_size(fixture.heap, resized) == resize_to) {
        put(resized);
    }
    if (owner.block != 0 && grt_heap_size(fixture.heap, owner.block) == PAGES(26)) {
        put(owner.block);
    }
    assert_heap_sound(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).live_asked, 0);
    return stopped;
}

static void step_through_changes(uint32_t heap_pages, int stride, bool (*change_at)(int step))
{
    grt_heap_config config = fixture_config(&fixture, heap_pages);
    config.log = (grt_log){drop_line, NULL, GRT_LOG_ERROR};
    fixture_open_with(&fixture, &config);
    memset(&owner, 0, sizeof owner);
    barrier_init(&owner.barrier, 2);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, own_the_page, NULL, &thread), 0);
    single_step_install(let_owner_change);
    int step = 1;
    stride *= UNDER_SANITIZER ? 29 : 1; /* there are many more instructions */
    while (step < STEPS_MOST && change_at(step)) {
        step += stride;
    }
    single_step_remove();
    assert_in_range(step, 50, STEPS_MOST - 1); /* it was stepped through, to the end */
    assert_false(owner.moved);
    owner.over = true;
    barrier_wait(&owner.barrier);
    os_thread_join(thread);
    fixture_close(&fixture);
}

static void test_a_page_that_changes_hands(void **state)
{
    (void)state;
    step_through_changes(64, 1, free_with_a_change_at);
}

static void test_a_page_of_a_chunk_that_changes_hands(void **state)
{
    (void)state;
    step_through_changes(1024, 1, free_with_a_change_at);
}

/* Shortened where it is; and moved, which takes thousands of instructions. */
static void test_a_page_that_changes_hands_during_a_realloc(void **state)
{
    (void)state;
    resize_to = PAGES(20);
    step_through_changes(1024, 5, realloc_with_a_change_at);
    resize_to = 100;
    step_through_changes(1024, 199, realloc_with_a_change_at);
}

/* ---- a block that comes back during a search ---------------------------------------------------
 *
 * The owner of a chunk looks for room one machine instruction after the other, and takes over what
 * was returned. Before the [step]th, another thread returns one more block of the same chunk. */

static struct {
    atomic_uint wanted; /* a block that is to be freed; 0: none is */
    atomic_bool over;
    grt_addr block;
} returner;

static void return_what_is_wanted(void *arg)
{
    (void)arg;
    while (!atomic_load(&returner.over)) {
        grt_addr block = atomic_load(&returner.wanted);
        if (block != 0) {
            put(block);
            atomic_store(&returner.wanted, 0);
        }
        os_thread_yield();
    }
}

static void let_return(grt_addr block)
{
    atomic_store(&returner.wanted, block);
    while (atomic_load(&returner.wanted) != 0) {
        os_thread_yield();
    }
}

static void let_return_one_more(void)
{
    let_return(returner.block);
}

/* False when the search has fewer steps. */
static bool search_with_a_return_at(int step)
{
    grt_addr blocks[2] = {get(PAGES(32)), get(PAGES(32))};
    grt_addr first = blocks[blocks[0] > blocks[1]];
    returner.block = blocks[blocks[0] < blocks[1]];
    let_return(first);
    single_step_on(step);
    grt_addr found = grt_heap_alloc(fixture.heap, PAGES(30));
    bool stopped = single_step_off();
    if (!stopped) {
        let_return_one_more();
    }
    assert_int_equal(found, first);
    assert_int_equal(get(PAGES(32)), returner.block);
    assert_int_equal(own_chunks()->count, 1);
    assert_heap_sound(fixture.heap);
    put(returner.block);
    put(found);
    return stopped;
}

static void test_a_return_at_any_moment_of_a_search(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    memset(&returner, 0, sizeof returner);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, return_what_is_wanted, NULL, &thread), 0);
    single_step_install(let_return_one_more);
    int step = 1;
    while (step < STEPS_MOST && search_with_a_return_at(step)) {
        step++;
    }
    single_step_remove();
    assert_in_range(step, 50, STEPS_MOST - 1);
    atomic_store(&returner.over, true);
    os_thread_join(thread);
    fixture_close(&fixture);
}
#else
static void not_here(void **state)
{
    (void)state;
    skip();
}
#    define test_a_page_that_changes_hands                  not_here
#    define test_a_page_of_a_chunk_that_changes_hands       not_here
#    define test_a_page_that_changes_hands_during_a_realloc not_here
#    define test_a_return_at_any_moment_of_a_search         not_here
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stale_frees_against_reuse),
        cmocka_unit_test(test_stale_frees_against_chunks),
        cmocka_unit_test(test_a_page_that_changes_hands),
        cmocka_unit_test(test_a_page_of_a_chunk_that_changes_hands),
        cmocka_unit_test(test_a_page_that_changes_hands_during_a_realloc),
        cmocka_unit_test(test_a_return_at_any_moment_of_a_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
