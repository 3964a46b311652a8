/*
 * test_heap_race_free.c - several threads free the same block at the same moment: exactly one of
 * them is right, every time, and the statistics say so.
 */
#include "heap_fixture.h"

#include "heap/size_class.h"
#include "heap_barrier.h"

#define THREADS_MAX 4

static heap_fixture fixture;

static struct {
    spin_barrier barrier;
    unsigned rounds;
    grt_addr block; /* what everybody frees in this round */
    atomic_uint accepted;
    atomic_uint refused;
    atomic_uint strange; /* any other answer */
    atomic_uint lines;
} race;

static void count_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    (void)user;
    (void)level;
    (void)tag;
    (void)line;
    atomic_fetch_add(&race.lines, 1);
}

static void open_race(unsigned threads, unsigned rounds, uint32_t pages)
{
    grt_heap_config config = fixture_config(&fixture, pages);
    config.log = (grt_log){count_line, NULL, GRT_LOG_ERROR};
    fixture_open_with(&fixture, &config);
    barrier_init(&race.barrier, threads);
    race.rounds = rounds;
    atomic_store(&race.accepted, 0);
    atomic_store(&race.refused, 0);
    atomic_store(&race.strange, 0);
    atomic_store(&race.lines, 0);
}

static void count_answer(grt_status status)
{
    atomic_fetch_add(status == GRT_OK            ? &race.accepted
                     : status == GRT_DOUBLE_FREE ? &race.refused
                                                 : &race.strange,
                     1);
}

/* ---- frees against frees -----------------------------------------------------------------------
 */

static void free_in_every_round(void *arg)
{
    (void)arg;
    for (unsigned round = 0; round < race.rounds; round++) {
        barrier_wait(&race.barrier);
        count_answer(grt_heap_free(fixture.heap, race.block));
        barrier_wait(&race.barrier);
    }
}

/* The calling thread is one of the [threads], and makes the blocks. */
static void race_frees(unsigned threads, unsigned rounds, uint32_t size, uint32_t pages)
{
    open_race(threads, rounds, pages);
    os_thread *others[THREADS_MAX];
    for (unsigned i = 1; i < threads; i++) {
        assert_int_equal(os_thread_create(0x20000, free_in_every_round, NULL, &others[i]), 0);
    }
    for (unsigned round = 1; round <= rounds; round++) {
        race.block = grt_heap_alloc(fixture.heap, size);
        assert_int_not_equal(race.block, 0);
        barrier_wait(&race.barrier);
        count_answer(grt_heap_free(fixture.heap, race.block));
        barrier_wait(&race.barrier);
        if (atomic_load(&race.accepted) != round) {
            fail_msg("%u of %u frees accepted in round %u", atomic_load(&race.accepted), threads,
                     round);
        }
    }
    for (unsigned i = 1; i < threads; i++) {
        os_thread_join(others[i]);
    }
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(atomic_load(&race.strange), 0);
    assert_int_equal(stats.allocations, rounds);
    assert_int_equal(stats.frees, rounds);
    assert_int_equal(stats.bad_frees, (uint64_t)rounds * (threads - 1));
    assert_int_equal(stats.live, 0);
    assert_true(atomic_load(&race.lines) > 0);
    fixture_close(&fixture);
}

static void test_two_free_a_small_block(void **state)
{
    (void)state;
    race_frees(2, 100000, 100, 256);
}

static void test_four_free_a_small_block(void **state)
{
    (void)state;
    race_frees(4, 20000, 100, 256);
}

static void test_two_free_a_large_block(void **state)
{
    (void)state;
    race_frees(2, 20000, 50000, 256);
}

static void test_four_free_a_large_block(void **state)
{
    (void)state;
    race_frees(4, 5000, 50000, 256);
}

/* ---- frees against changes of size -------------------------------------------------------------
 */

static struct {
    uint32_t size; /* of the block, and what it is made by one thread */
    uint32_t wish; /* while the other one frees it */
    grt_status freed;
    unsigned in_place, moved, failed; /* what became of the changes of size */
} change;

static void free_what_changes(void *arg)
{
    (void)arg;
    for (unsigned round = 0; round < race.rounds; round++) {
        barrier_wait(&race.barrier);
        change.freed = grt_heap_free(fixture.heap, race.block);
        barrier_wait(&race.barrier);
    }
}

/* What may have happened: the free came first, and there is nothing to change; or the block was
 * claimed by the change, and the free is refused; or the block stayed where it is, and was freed
 * with its new size. */
static void judge_round(grt_addr changed)
{
    bool accepted = change.freed == GRT_OK;
    atomic_fetch_add(&race.strange, !accepted && change.freed != GRT_DOUBLE_FREE);
    if (changed == 0) {
        change.failed++;
        assert_true(accepted);
        atomic_fetch_add(&race.refused, 1);
        return;
    }
    change.in_place += changed == race.block;
    change.moved += changed != race.block;
    if (accepted) {
        assert_int_equal(changed, race.block);
        return;
    }
    atomic_fetch_add(&race.refused, 1);
    assert_int_equal(grt_heap_size(fixture.heap, changed), change.wish);
    assert_int_equal(grt_heap_free(fixture.heap, changed), GRT_OK);
}

static void race_change(uint32_t size, uint32_t wish, unsigned rounds)
{
    memset(&change, 0, sizeof change);
    change.size = size;
    change.wish = wish;
    open_race(2, rounds, 1024);
    os_thread *other;
    assert_int_equal(os_thread_create(0x20000, free_what_changes, NULL, &other), 0);
    for (unsigned round = 0; round < rounds; round++) {
        if (size > SMALL_MAX && wish > size) {
            grt_heap_trim(fixture.heap); /* nobody has at hand what is behind the block */
        }
        race.block = grt_heap_alloc(fixture.heap, size);
        barrier_wait(&race.barrier);
        grt_addr changed = grt_heap_realloc(fixture.heap, race.block, wish);
        barrier_wait(&race.barrier);
        judge_round(changed);
    }
    os_thread_join(other);
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(atomic_load(&race.strange), 0);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.live_asked, 0);
    assert_int_equal(stats.bad_frees, atomic_load(&race.refused));
    assert_int_equal(stats.allocations, stats.frees);
    assert_int_equal(stats.failures, 0);
    fixture_close(&fixture);
    assert_int_equal(change.in_place + change.moved + change.failed, rounds);
}

static void test_free_against_a_change_in_place(void **state)
{
    (void)state;
    race_change(100, 104, 50000);
    assert_int_equal(change.moved, 0);
}

static void test_free_against_a_small_move(void **state)
{
    (void)state;
    race_change(100, 200, 50000);
    assert_int_equal(change.in_place, 0);
}

static void test_free_against_a_move_to_pages(void **state)
{
    (void)state;
    race_change(100, 50000, 10000);
    assert_int_equal(change.in_place, 0);
}

static void test_free_against_a_move_from_pages(void **state)
{
    (void)state;
    race_change(50000, 100, 10000);
    assert_int_equal(change.in_place, 0);
}

static void test_free_against_growth_of_pages(void **state)
{
    (void)state;
    race_change(300000, 500000, 5000);
    assert_int_equal(change.moved, 0);
    race_change(50000, 90000, 10000);
    assert_int_equal(change.moved, 0);
    race_change(200000, 300000, 5000);
    assert_int_equal(change.moved, 0);
}

static void test_free_against_a_cut_of_pages(void **state)
{
    (void)state;
    race_change(90000, 50000, 10000);
    assert_int_equal(change.moved, 0);
    race_change(300000, 200000, 5000);
    assert_int_equal(change.moved, 0);
}

/* ---- frees of blocks that are being made -------------------------------------------------------
 */

/* A wild free hits a block at the moment when it is handed out: it is live or it is not. */
static void test_free_against_a_request(void **state)
{
    (void)state;
    unsigned rounds = 50000, early = 0;
    open_race(2, rounds, 256);
    race.block = grt_heap_alloc(fixture.heap, 100); /* is handed out again and again */
    assert_int_equal(grt_heap_free(fixture.heap, race.block), GRT_OK);
    os_thread *other;
    assert_int_equal(os_thread_create(0x20000, free_what_changes, NULL, &other), 0);
    for (unsigned round = 0; round < rounds; round++) {
        barrier_wait(&race.barrier);
        grt_addr block = round % 2 == 0 ? grt_heap_alloc(fixture.heap, 100)
                                        : grt_heap_alloc_zeroed(fixture.heap, 100);
        barrier_wait(&race.barrier);
        assert_int_equal(block, race.block);
        if (change.freed == GRT_OK) { /* into the other thread's cache: get it back */
            grt_heap_trim(fixture.heap);
        } else {
            assert_int_equal(change.freed, GRT_DOUBLE_FREE);
            assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
            early++;
        }
    }
    os_thread_join(other);
    assert_int_equal(stats_of(fixture.heap).live, 0);
    assert_int_equal(stats_of(fixture.heap).bad_frees, early);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_free_a_small_block),
        cmocka_unit_test(test_four_free_a_small_block),
        cmocka_unit_test(test_two_free_a_large_block),
        cmocka_unit_test(test_four_free_a_large_block),
        cmocka_unit_test(test_free_against_a_change_in_place),
        cmocka_unit_test(test_free_against_a_small_move),
        cmocka_unit_test(test_free_against_a_move_to_pages),
        cmocka_unit_test(test_free_against_a_move_from_pages),
        cmocka_unit_test(test_free_against_growth_of_pages),
        cmocka_unit_test(test_free_against_a_cut_of_pages),
        cmocka_unit_test(test_free_against_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
