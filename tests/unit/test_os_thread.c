/* Host threads, waits, the mutex, the clock. */
#define _GNU_SOURCE
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "os/assert.h"
#include "os/os.h"

#define MS 1000000ull

typedef struct thread_facts {
    uint64_t id;
    uintptr_t low;
    size_t size;
    bool local_inside;
    char name[16];
} thread_facts;

static void note_facts(void *arg)
{
    thread_facts *facts = arg;
    facts->id = os_thread_id();
    os_thread_stack(&facts->low, &facts->size);
    uintptr_t local = (uintptr_t)__builtin_frame_address(0);
    facts->local_inside = local >= facts->low && local - facts->low < facts->size;
    os_thread_set_name("a name that is much too long");
    pthread_getname_np(pthread_self(), facts->name, sizeof facts->name);
}

static void test_thread_runs_and_joins(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 64 << 10, (8 << 20) + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        thread_facts facts = {0};
        os_thread *thread;
        assert_int_equal(os_thread_create(sizes[i], note_facts, &facts, &thread), 0);
        os_thread_join(thread);
        assert_int_not_equal(facts.id, os_thread_id());
        assert_true(facts.size >= sizes[i]);
        assert_true(facts.local_inside);
        assert_string_equal(facts.name, "a name that is ");
    }
}

static void test_own_stack(void **state)
{
    (void)state;
    thread_facts facts = {0};
    os_thread_stack(&facts.low, &facts.size);
    uintptr_t local = (uintptr_t)__builtin_frame_address(0);
    assert_true(local >= facts.low && local - facts.low < facts.size);
    assert_int_equal(os_thread_id(), os_thread_id());
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void test_wait_returns_on_other_value(void **state)
{
    (void)state;
    uint32_t word = 1;
    assert_true(os_wait(&word, 0, UINT64_MAX));
}

static void test_wait_times_out(void **state)
{
    (void)state;
    uint32_t word = 0;
    uint64_t start = os_clock_ns();
    while (os_wait(&word, 0, start + 20 * MS)) {
        /* a spurious wake is allowed */
    }
    assert_true(os_clock_ns() - start >= 20 * MS);
    assert_false(os_wait(&word, 0, 0)); /* a deadline in the past does not sleep */
}

typedef struct ping_pong {
    uint32_t turn;
    uint64_t count; /* plain: the turn alone orders it */
} ping_pong;

#define ROUNDS 2000u

static void play(ping_pong *game, uint32_t mine)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t turn;
        while ((turn = __atomic_load_n(&game->turn, __ATOMIC_ACQUIRE)) != mine) {
            os_wait(&game->turn, turn, UINT64_MAX);
        }
        game->count++;
        __atomic_store_n(&game->turn, 1 - mine, __ATOMIC_RELEASE);
        os_wake_one(&game->turn);
    }
}

static void play_one(void *arg)
{
    play(arg, 1);
}

static void test_wait_and_wake(void **state)
{
    (void)state;
    ping_pong game = {0, 0};
    os_thread *thread;
    assert_int_equal(os_thread_create(0, play_one, &game, &thread), 0);
    play(&game, 0);
    os_thread_join(thread);
    assert_int_equal(game.count, 2 * ROUNDS);
}

typedef struct gate {
    uint32_t open;
    uint32_t waiting;
    uint32_t passed;
} gate;

static void pass_gate(void *arg)
{
    gate *g = arg;
    __atomic_add_fetch(&g->waiting, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&g->open, __ATOMIC_ACQUIRE) == 0) {
        os_wait(&g->open, 0, UINT64_MAX);
    }
    __atomic_add_fetch(&g->passed, 1, __ATOMIC_RELAXED);
}

static void test_wake_all(void **state)
{
    (void)state;
    gate g = {0, 0, 0};
    os_thread *threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(os_thread_create(0, pass_gate, &g, &threads[i]), 0);
    }
    while (__atomic_load_n(&g.waiting, __ATOMIC_RELAXED) != 4) {
        os_thread_yield();
    }
    os_sleep_ns(5 * MS); /* most likely all of them sleep by now */
    __atomic_store_n(&g.open, 1, __ATOMIC_RELEASE);
    os_wake_all(&g.open);
    for (int i = 0; i < 4; i++) {
        os_thread_join(threads[i]);
    }
    assert_int_equal(g.passed, 4);
}

/* ---- mutex ----------------------------------------------------------------------------------- */

#define LOCKERS 4
#define LOCKS   5000

typedef struct counter {
    os_mutex lock;
    uint64_t value;
} counter;

static void count_up(void *arg)
{
    counter *c = arg;
    for (int i = 0; i < LOCKS; i++) {
        os_mutex_lock(&c->lock);
        uint64_t value = c->value;
        if (i % 64 == 0) {
            os_thread_yield(); /* so that others find the lock held and sleep */
        }
        c->value = value + 1;
        os_mutex_unlock(&c->lock);
    }
}

static void test_mutex_excludes(void **state)
{
    (void)state;
    counter c = {{0}, 0};
    os_thread *threads[LOCKERS];
    for (int i = 0; i < LOCKERS; i++) {
        assert_int_equal(os_thread_create(0, count_up, &c, &threads[i]), 0);
    }
    for (int i = 0; i < LOCKERS; i++) {
        os_thread_join(threads[i]);
    }
    assert_int_equal(c.value, LOCKERS * LOCKS);
    assert_int_equal(c.lock.word, 0);
}

static void test_try_lock(void **state)
{
    (void)state;
    os_mutex mutex = {0};
    assert_true(os_mutex_try_lock(&mutex));
    assert_false(os_mutex_try_lock(&mutex));
    os_mutex_unlock(&mutex);
    assert_true(os_mutex_try_lock(&mutex));
    os_mutex_unlock(&mutex);
}

static jmp_buf after_assertion;

static void leave_assertion(const char *text)
{
    (void)text;
    longjmp(after_assertion, 1);
}

static void test_unlock_of_a_free_mutex_is_our_bug(void **state)
{
    (void)state;
    os_mutex mutex = {0};
    os_assert_set_hook(leave_assertion);
    if (setjmp(after_assertion) == 0) {
        os_mutex_unlock(&mutex);
        fail_msg("unlock accepted a free mutex");
    }
    os_assert_set_hook(NULL);
}

/* ---- clock ----------------------------------------------------------------------------------- */

static void test_clock(void **state)
{
    (void)state;
    uint64_t start = os_clock_ns();
    os_sleep_ns(10 * MS);
    uint64_t slept = os_clock_ns() - start;
    assert_true(slept >= 10 * MS);
    assert_true(slept < 10000 * MS);
    /* Between 2020 and 2100, so that unit and epoch are right. */
    uint64_t wall = os_wall_clock_ns() / (1000 * MS);
    assert_in_range(wall, 1577836800u, 4102444800u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_runs_and_joins),
        cmocka_unit_test(test_own_stack),
        cmocka_unit_test(test_wait_returns_on_other_value),
        cmocka_unit_test(test_wait_times_out),
        cmocka_unit_test(test_wait_and_wake),
        cmocka_unit_test(test_wake_all),
        cmocka_unit_test(test_mutex_excludes),
        cmocka_unit_test(test_try_lock),
        cmocka_unit_test(test_unlock_of_a_free_mutex_is_our_bug),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
