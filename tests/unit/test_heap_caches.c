/*
 * test_heap_caches.c - what threads have cached: given back when they end, taken away before a
 * request is refused, and counted right while they run.
 */
#include "heap_fixture.h"

#include "heap/fork.h"

#include "heap/internal.h"
#include "heap_barrier.h"

#define THREADS  3
#define HELD_MAX 64

static heap_fixture fixture;

static uint32_t count_caches(void)
{
    uint32_t count = 0;
    for (const heap_cache *cache = fixture.heap->caches; cache != NULL; cache = cache->next) {
        count++;
    }
    return count;
}

/* Leaves blocks of every class in the calling thread's cache. */
static void fill_cache(void)
{
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        grt_addr blocks[4];
        for (int k = 0; k < 4; k++) {
            blocks[k] = grt_heap_alloc(fixture.heap, size_class_extent(i));
            assert_int_not_equal(blocks[k], 0);
        }
        for (int k = 0; k < 4; k++) {
            assert_int_equal(grt_heap_free(fixture.heap, blocks[k]), GRT_OK);
        }
    }
}

/* ---- threads that end --------------------------------------------------------------------------
 */

static grt_addr left_behind; /* by the thread that ended last */

static void come_and_go(void *arg)
{
    uint32_t round = *(const uint32_t *)arg;
    grt_addr own = grt_heap_alloc(fixture.heap, 16 + round % 3000);
    (void)grt_heap_free(fixture.heap, left_behind);
    left_behind = grt_heap_alloc(fixture.heap, 16 + round % 700);
    (void)grt_heap_free(fixture.heap, own);
}

static void test_ten_thousand_threads_leave_nothing(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    left_behind = 0;
    for (uint32_t round = 0; round < 10000; round++) {
        run_in_thread(come_and_go, &round);
        grt_heap_stats stats = stats_of(fixture.heap);
        assert_int_equal(stats.cached_by_threads, 0);
        assert_int_equal(stats.blocks, 1);
    }
    assert_int_equal(count_caches(), 2); /* one for them all, and the shared one */
    assert_int_equal(stats_of(fixture.heap).bad_frees, 0);
    assert_int_equal(stats_of(fixture.heap).allocations, 20000);
    assert_int_equal(grt_heap_free(fixture.heap, left_behind), GRT_OK);
    fixture_close(&fixture);
}

static void fill_and_go(void *arg)
{
    (void)arg;
    fill_cache();
}

static void test_a_full_cache_comes_back_with_its_thread(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    run_in_thread(fill_and_go, NULL);
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.cached_by_threads, 0);
    assert_int_equal(stats.live, 0);
    grt_heap_trim(fixture.heap);
    stats = stats_of(fixture.heap);
    assert_int_equal(stats.cached, 0);
    assert_int_equal(stats.largest_free, stats.capacity);
    fixture_close(&fixture);
}

/* ---- threads that wait with a full cache -------------------------------------------------------
 */

static struct {
    spin_barrier barrier;
    uint32_t served; /* blocks that the parked thread got afterwards */
} parked;

static void fill_and_park(void *arg)
{
    (void)arg;
    fill_cache();
    barrier_wait(&parked.barrier);
    barrier_wait(&parked.barrier); /* the others do what they do */
    parked.served = grt_heap_alloc(fixture.heap, 100) != 0;
    fill_cache();
}

static os_thread *park(uint32_t pages, uint64_t budget)
{
    grt_heap_config config = fixture_config(&fixture, pages);
    config.budget = budget;
    config.log_failures_above = UINT32_MAX;
    fixture_open_with(&fixture, &config);
    barrier_init(&parked.barrier, 2);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, fill_and_park, NULL, &thread), 0);
    barrier_wait(&parked.barrier);
    assert_true(stats_of(fixture.heap).cached_by_threads > 250000);
    return thread;
}

static void unpark(os_thread *thread)
{
    barrier_wait(&parked.barrier);
    os_thread_join(thread);
    assert_int_equal(parked.served, 1);
    assert_int_equal(stats_of(fixture.heap).blocks, 1);
    fixture_close(&fixture);
}

static void test_one_block_of_all_that_a_parked_thread_cached(void **state)
{
    (void)state;
    os_thread *thread = park(2048, 0);
    grt_addr all = grt_heap_alloc(fixture.heap, 2048 * GRT_PAGE_SIZE);
    assert_int_equal(all, GRT_FLAT_USER_FIRST);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    assert_int_equal(stats_of(fixture.heap).cached_by_threads, 0);
    assert_int_equal(grt_heap_free(fixture.heap, all), GRT_OK);
    unpark(thread);
}

/* Not a byte that the parked thread cached is left when the first request is refused. */
static void test_small_blocks_of_all_that_a_parked_thread_cached(void **state)
{
    (void)state;
    static grt_addr blocks[10000];
    uint32_t count = 0;
    os_thread *thread = park(2048, 0);
    while ((blocks[count] = grt_heap_alloc(fixture.heap, 1000)) != 0) {
        count++;
    }
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.free, 0);
    assert_int_equal(stats.cached, 0);
    assert_true(count > 2048 * GRT_PAGE_SIZE / 1024 * 98 / 100); /* some got pages of their own */
    while (count > 0) {
        assert_int_equal(grt_heap_free(fixture.heap, blocks[--count]), GRT_OK);
    }
    unpark(thread);
}

static grt_addr taken_elsewhere;

static void take_one(void *arg)
{
    (void)arg;
    taken_elsewhere = grt_heap_alloc(fixture.heap, 7196);
    barrier_wait(&parked.barrier);
    barrier_wait(&parked.barrier);
}

/* A thread's cache may be empty and still have a span to itself: the rest of that span serves
 * others before they are refused. */
static void test_the_span_that_a_parked_thread_owns(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    barrier_init(&parked.barrier, 2);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, take_one, NULL, &thread), 0);
    barrier_wait(&parked.barrier);
    for (int i = 1; i < 8; i++) {
        assert_int_not_equal(grt_heap_alloc(fixture.heap, 7196), 0);
    }
    barrier_wait(&parked.barrier);
    os_thread_join(thread);
    assert_int_equal(grt_heap_free(fixture.heap, taken_elsewhere), GRT_OK);
    fixture_close(&fixture);
}

static void test_the_budget_that_a_parked_thread_cached(void **state)
{
    (void)state;
    os_thread *thread = park(4096, UINT64_C(4) << 20);
    grt_addr all = grt_heap_alloc(fixture.heap, 4 << 20);
    assert_int_not_equal(all, 0);
    assert_int_equal(grt_heap_free(fixture.heap, all), GRT_OK);
    unpark(thread);
}

/* ---- a thread that is in its cache -------------------------------------------------------------
 */

static atomic_bool inside, outside;

/* As a wrong free that has looked up a slot and is slow to claim it. */
static void linger(void *arg)
{
    (void)arg;
    (void)grt_heap_free(fixture.heap, grt_heap_alloc(fixture.heap, 100));
    heap_cache *cache = heap_cache_at_hand(fixture.heap);
    bool open = cache_enter(cache);
    atomic_store(&inside, true);
    os_sleep_ns(50000000);
    atomic_store(&outside, true);
    cache_leave(cache);
    assert_true(open);
}

static uint32_t count_spare_spans(void)
{
    os_mutex_lock(&fixture.heap->lock);
    uint32_t count = fixture.heap->spare_spans;
    os_mutex_unlock(&fixture.heap->lock);
    return count;
}

/* Blocks of eleven spans are freed, and when new pages are wanted, most of the spans are given up:
 * not before the thread that may be looking at their slots has left. */
static void test_a_span_waits_for_those_who_look_at_it(void **state)
{
    (void)state;
    static grt_addr blocks[1400];
    fixture_open(&fixture, 1024);
    atomic_store(&inside, false);
    atomic_store(&outside, false);
    for (int i = 0; i < 1400; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 500);
        assert_int_not_equal(blocks[i], 0);
    }
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, linger, NULL, &thread), 0);
    while (!atomic_load(&inside)) {
        os_thread_yield();
    }
    for (int i = 0; i < 1400; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, blocks[i]), GRT_OK);
    }
    assert_true(count_spare_spans() > SPARE_SPANS_FEW);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 200000), 0);
    assert_true(atomic_load(&outside));
    os_thread_join(thread);
    fixture_close(&fixture);
}

/* Without a wish for new pages they are kept, but not many. */
static void test_few_empty_spans_are_kept(void **state)
{
    (void)state;
    enum { COUNT = 100 * 128 };
    static grt_addr blocks[COUNT];
    fixture_open(&fixture, 0);
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 500);
        assert_int_not_equal(blocks[i], 0);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, blocks[i]), GRT_OK);
        assert_true(fixture.heap->spare_spans <= 64);
    }
    assert_true(fixture.heap->spare_spans > 0);
    assert_heap_sound(fixture.heap);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 200000), 0);
    assert_int_equal(fixture.heap->spare_spans, 0);
    assert_int_equal(fixture.heap->classes[size_class_of(500)].empties, 1);
    grt_heap_trim(fixture.heap);
    assert_int_equal(fixture.heap->spare_spans, 0);
    assert_int_equal(stats_of(fixture.heap).cached, 0);
    fixture_close(&fixture);
}

/* What the owner of a cache changes while it is inside: equal whenever it is outside. */
static uint32_t halves[2];
static atomic_bool done;

static void change_halves(void *arg)
{
    (void)arg;
    (void)grt_heap_free(fixture.heap, grt_heap_alloc(fixture.heap, 100));
    heap_cache *cache = heap_cache_at_hand(fixture.heap);
    atomic_store(&inside, true);
    while (!atomic_load_explicit(&done, memory_order_relaxed)) {
        if (cache_enter(cache)) {
            halves[0]++;
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
            halves[1]++;
        }
        cache_leave(cache);
    }
}

/* The order between the owner's announcement and its look at the gate is imposed from outside. */
static void test_nobody_is_inside_after_a_stop(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    atomic_store(&inside, false);
    atomic_store(&done, false);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, change_halves, NULL, &thread), 0);
    while (!atomic_load(&inside)) {
        os_thread_yield();
    }
    uint32_t torn = 0;
    uint64_t second = os_clock_ns() + 1000000000u; /* without the barrier a few of millions fail */
    while (os_clock_ns() < second) {
        os_mutex_lock(&fixture.heap->lock);
        heap_stop_caches_locked(fixture.heap);
        uint32_t first = halves[0];
        for (volatile int pause = 0; pause < 20; pause++) {
        }
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        torn += halves[1] != first;
        heap_start_caches_locked(fixture.heap);
        os_mutex_unlock(&fixture.heap->lock);
    }
    atomic_store(&done, true);
    os_thread_join(thread);
    assert_int_equal(torn, 0);
    fixture_close(&fixture);
}

/* ---- threads that are stopped while they run ---------------------------------------------------
 */

static atomic_bool stop;

typedef struct runner {
    os_thread *thread;
    uint32_t seed;
    uint32_t held; /* blocks at most */
    uint32_t mistakes;
    uint64_t served, freed;
} runner;

/* Small blocks only, through the short ways as far as they lead. */
static void run(void *arg)
{
    runner *self = arg;
    test_random random = {self->seed};
    grt_addr blocks[HELD_MAX] = {0};
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        uint32_t at = random_below(&random, self->held);
        uint32_t size = 16 + random_below(&random, 600);
        if (blocks[at] == 0) {
            blocks[at] = grt_heap_alloc(fixture.heap, size);
            self->served += blocks[at] != 0;
            continue;
        }
        if (size % 4 == 0) {
            self->mistakes += grt_heap_realloc(fixture.heap, blocks[at] + 8, size) != 0;
        }
        self->mistakes += grt_heap_free(fixture.heap, blocks[at]) != GRT_OK;
        self->freed++;
        blocks[at] = 0;
    }
    for (int i = 0; i < HELD_MAX; i++) {
        self->freed += blocks[i] != 0;
        self->mistakes += grt_heap_free(fixture.heap, blocks[i]) != GRT_OK;
    }
}

static void ignore_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    (void)tag;
    (void)line;
}

static void start_runners(runner *runners, uint32_t held)
{
    grt_heap_config config = fixture_config(&fixture, 2048);
    config.log.write = ignore_line;
    fixture_open_with(&fixture, &config);
    test_random random = random_from_environment("caches");
    atomic_store(&stop, false);
    for (int i = 0; i < THREADS; i++) {
        runners[i] = (runner){.seed = random_next(&random), .held = held};
        assert_int_equal(os_thread_create(0x20000, run, &runners[i], &runners[i].thread), 0);
    }
}

static void stop_runners(runner *runners)
{
    uint64_t served = 0, freed = 0;
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(runners[i].thread);
        assert_int_equal(runners[i].mistakes, 0);
        served += runners[i].served;
        freed += runners[i].freed;
    }
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.live_asked, 0);
    assert_int_equal(stats.allocations, served);
    assert_int_equal(stats.frees, freed);
    fixture_close(&fixture);
}

static bool add_block(void *user, grt_addr block, uint32_t asked, uint32_t extent)
{
    (void)block;
    (void)extent;
    *(uint64_t *)user += asked;
    return true;
}

static void test_records_are_sound_at_any_moment(void **state)
{
    (void)state;
    runner runners[THREADS];
    start_runners(runners, HELD_MAX);
    for (int i = 0; i < 500; i++) {
        assert_heap_sound(fixture.heap);
        uint64_t asked = 0;
        grt_heap_walk(fixture.heap, add_block, &asked);
        grt_heap_stats stats = stats_of(fixture.heap);
        assert_true(asked <= THREADS * HELD_MAX * 616);
        assert_true(stats.blocks <= THREADS * HELD_MAX);
        assert_int_equal(stats.capacity, stats.live + stats.cached + stats.free);
    }
    stop_runners(runners);
}

/* All caches are emptied under the feet of their owners, and spans change their class. */
static void test_caches_are_taken_away_at_any_moment(void **state)
{
    (void)state;
    runner runners[THREADS];
    start_runners(runners, 2); /* few, so that spans empty and are given up */
    for (int i = 0; i < 1500; i++) {
        grt_heap_trim(fixture.heap);
        if (i % 16 == 0) {
            assert_heap_sound(fixture.heap);
        }
    }
    stop_runners(runners);
}

/* Requests of all threads are refused while they run, and served again. */
static void test_gates_open_and_close_at_any_moment(void **state)
{
    (void)state;
    runner runners[THREADS];
    start_runners(runners, HELD_MAX);
    for (int i = 0; i < 500; i++) {
        grt_heap_inject_failure(fixture.heap, 1 + (uint32_t)i % 3, i % 2 == 0);
        grt_heap_inject_failure(fixture.heap, 0, false);
        assert_int_equal(grt_heap_alloc(fixture.heap, 2049 * GRT_PAGE_SIZE), 0);
    }
    stop_runners(runners);
}

static void use_heap(void *arg)
{
    (void)arg;
    for (uint32_t i = 0; i < 1000; i++) {
        grt_addr block = grt_heap_alloc(fixture.heap, 1 + i * 7 % 3000);
        block = grt_heap_realloc(fixture.heap, block, 1 + i * 11 % 3000);
        assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    }
}

/* As on a host without barriers: gates stay closed, and every call takes the long way. */
static void test_gates_that_never_open(void **state)
{
    (void)state;
    fixture_open(&fixture, 1024);
    fixture.heap->gates = GATE_CLOSED;
    heap_update_gates_locked(fixture.heap);
    os_thread *thread;
    assert_int_equal(os_thread_create(0x20000, use_heap, NULL, &thread), 0);
    use_heap(NULL);
    os_thread_join(thread);
    grt_heap_inject_failure(fixture.heap, 1, false);
    assert_int_equal(grt_heap_alloc(fixture.heap, 16), 0);
    assert_int_equal(fixture.heap->gates, GATE_CLOSED);
    assert_int_not_equal(heap_cache_at_hand(fixture.heap)->gate, 0);
    assert_int_equal(stats_of(fixture.heap).allocations, stats_of(fixture.heap).frees);
    fixture_close(&fixture);
}

/* Once a planned failure has happened, calls are as quick as before. */
static void test_an_injection_that_is_over_opens_the_gates(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_heap_inject_failure(fixture.heap, 2, false);
    assert_int_not_equal(fixture.heap->gates, 0);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 100), 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, 100), 0);
    assert_int_equal(fixture.heap->gates, 0);
    fixture_close(&fixture);
}

/* An owner that is gone in a child of fork() may have been on its way back from a closed gate. */
static void test_a_fork_forgets_who_was_inside(void **state)
{
    (void)state;
    os_thread *thread = park(1024, 0);
    heap_cache *theirs = fixture.heap->caches;
    while (theirs == fixture.heap->shared || theirs == heap_cache_at_hand(fixture.heap)) {
        theirs = theirs->next;
    }
    grt_heap_fork_prepare(fixture.heap);
    theirs->busy = 1;
    grt_heap_fork_child(fixture.heap); /* as if the other thread were not there */
    assert_int_equal(theirs->busy, 0);
    assert_false(theirs->in_use);
    assert_int_equal(stats_of(fixture.heap).cached_by_threads, 0);
    unpark(thread); /* it is there after all, and finds itself a cache */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_injection_that_is_over_opens_the_gates),
        cmocka_unit_test(test_gates_that_never_open),
        cmocka_unit_test(test_a_fork_forgets_who_was_inside),
        cmocka_unit_test(test_ten_thousand_threads_leave_nothing),
        cmocka_unit_test(test_a_full_cache_comes_back_with_its_thread),
        cmocka_unit_test(test_one_block_of_all_that_a_parked_thread_cached),
        cmocka_unit_test(test_small_blocks_of_all_that_a_parked_thread_cached),
        cmocka_unit_test(test_the_span_that_a_parked_thread_owns),
        cmocka_unit_test(test_the_budget_that_a_parked_thread_cached),
        cmocka_unit_test(test_a_span_waits_for_those_who_look_at_it),
        cmocka_unit_test(test_few_empty_spans_are_kept),
        cmocka_unit_test(test_nobody_is_inside_after_a_stop),
        cmocka_unit_test(test_records_are_sound_at_any_moment),
        cmocka_unit_test(test_caches_are_taken_away_at_any_moment),
        cmocka_unit_test(test_gates_open_and_close_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
