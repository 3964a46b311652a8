/*
 * test_schedule.c - Goal: with a seeded scheduler a run follows from its seed alone. Method:
 * programs of several threads run twice with each of many seeds; what they did, call by call, is
 * compared. The rest: races are found and found again, deadlocks are said, time is virtual.
 */
#include "schedule_fixture.h"

#define SEEDS   200u
#define WORKERS 4u

/* ---- what happened ------------------------------------------------------------------------- */

/* Every kernel call with its thread, arguments and result, in the order in which they ended. */
static captured_log events;

static void record_event(void *user, grt_log_level level, const char *tag, const char *line)
{
    const grt_thread *thread = grt_thread_current();
    char who[16];
    if (level < GRT_LOG_DEBUG) /* also where the other helpers look */
        capture(&captured, level, tag, line);
    if (strcmp(tag, "EXPORT") != 0)
        return;
    snprintf(who, sizeof who, "%u", thread != NULL ? (unsigned)thread->id : 0u);
    capture(user, level, who, line);
}

static uint64_t hash_events(void)
{
    uint64_t hash = 1469598103934665603ull;
    for (size_t i = 0; i < events.size; i++)
        hash = (hash ^ (uint8_t)events.text[i]) * 1099511628211ull;
    return hash;
}

/* ---- the same seed, the same run ----------------------------------------------------------- */

/* Guest data, written by all: the baton alone keeps them apart. */
static uint32_t gate, basket, lock, turns;

static void step(grt_ppc *ctx, uint8_t *base, uint64_t *random)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, at = s + 0x40;
    timeout_at(base, at, -(int64_t)random_below(random, 500));
    switch (random_below(random, 8)) {
    case 0:
        KCALL(NtSetEvent, gate, s);
        break;
    case 1:
        KCALL(NtWaitForSingleObjectEx, gate, 1, 0, at);
        break;
    case 2:
        KCALL(NtReleaseSemaphore, basket, 1, s);
        break;
    case 3:
        poke(base, handles, gate);
        poke(base, handles + 4, basket);
        KCALL(NtWaitForMultipleObjectsEx, 2, handles, random_below(random, 2), 1, 0, at);
        break;
    case 4:
        KCALL(KeDelayExecutionThread, 1, 0, at);
        break;
    case 5:
        if (KCALL(NtWaitForSingleObjectEx, lock, 1, 0, 0) == GRT_NT_SUCCESS) {
            turns++;
            BREATHE();
            CHECK_EQUAL(KCALL(NtReleaseMutant, lock, s), GRT_NT_SUCCESS);
        }
        break;
    case 6: {
        grt_addr block = KCALL(RtlAllocateHeap, 0, 0, 16 + random_below(random, 5000));
        BREATHE();
        KCALL(RtlFreeHeap, 0, 0, block);
        break;
    }
    default:
        KCALL(KeQuerySystemTime, at);
        break;
    }
}

/* Leaves blocks in its host thread's cache of the heap. */
static void short_lived(grt_ppc *ctx, uint8_t *base)
{
    grt_addr blocks[8];
    for (uint32_t i = 0; i < 8; i++)
        blocks[i] = KCALL(RtlAllocateHeap, 0, 0, 24 + 40 * i);
    for (uint32_t i = 0; i < 8; i++)
        KCALL(RtlFreeHeap, 0, 0, blocks[i]);
    KCALL(NtSetEvent, gate, 0);
}

static void worker(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = ctx->r[3] * 7919 + 1;
    for (int i = 0; i < 12; i++)
        step(ctx, base, &random);
    await_thread(ctx, base, spawn(ctx, base, 2, 0, 0));
    for (uint32_t i = 0; i < 8; i++)
        KCALL(RtlAllocateHeap, 0, 0, 24 + 40 * i);
}

static void busy_program(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[WORKERS];
    grt_addr s = scratch(ctx);
    gate = new_event(ctx, base, 1);
    KCALL(NtCreateSemaphore, s, 0, 1, 1000);
    basket = peek(base, s);
    KCALL(NtCreateMutant, s, 0, 0);
    lock = peek(base, s);
    turns = 0;
    for (uint32_t i = 0; i < WORKERS; i++)
        threads[i] = spawn(ctx, base, 1, i, 0);
    for (uint32_t i = 0; i < WORKERS; i++)
        await_thread(ctx, base, threads[i]);
    ctx->r[3] = turns;
}

static char first_run[sizeof events.text];

static uint64_t busy_run(uint64_t seed)
{
    grt_runtime_config config = quiet_seeded_config(seed);
    uint32_t code = 99;
    config.log = (grt_log){record_event, &events, GRT_LOG_DEBUG};
    events.size = 0;
    assert_int_equal(RUN_PROGRAM(&config, &code, busy_program, worker, short_lived), GRT_OK);
    assert_true(events.size > 1000 && events.size < sizeof events.text - 1000);
    return hash_events();
}

static uint32_t count_distinct(const uint64_t *hashes, uint32_t count)
{
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i && !seen; j++)
            seen = hashes[i] == hashes[j];
        distinct += !seen;
    }
    return distinct;
}

/* Where two texts part, for the message. */
static void print_difference(const char *left, const char *right)
{
    size_t at = 0;
    while (left[at] != '\0' && left[at] == right[at])
        at++;
    while (at > 0 && left[at - 1] != '\n')
        at--;
    fprintf(stderr, "first run: %.120s\nsecond run: %.120s\n", left + at, right + at);
}

static void test_same_seed_same_run(void **state)
{
    (void)state;
    static uint64_t hashes[SEEDS];
    uint64_t first_seed = test_seed();
    for (uint32_t i = 0; i < SEEDS; i++) {
        hashes[i] = busy_run(first_seed + 2 * i);
        memcpy(first_run, events.text, events.size + 1);
        if (busy_run(first_seed + 2 * i) != hashes[i]) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)first_seed + 2 * i);
            print_difference(first_run, events.text);
            fail();
        }
    }
    /* The order is the seed's: programs this long do not happen to be the same twice. */
    assert_int_equal(count_distinct(hashes, SEEDS), SEEDS);
}

/* ---- a planted race ------------------------------------------------------------------------ */

#define ROUNDS 3u

/* Reads, breathes, writes: an update is lost when another thread comes in between. */
static void adds(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t value = peek(base, DATA_BASE);
        BREATHE();
        poke(base, DATA_BASE, value + 1);
    }
}

static void racing_program(grt_ppc *ctx, uint8_t *base)
{
    uint32_t one = spawn(ctx, base, 1, 0, 0), two = spawn(ctx, base, 1, 0, 0);
    await_thread(ctx, base, one);
    await_thread(ctx, base, two);
    ctx->r[3] = peek(base, DATA_BASE);
}

static uint32_t race(uint64_t seed)
{
    grt_runtime_config config = quiet_seeded_config(seed);
    uint32_t code = 99;
    assert_int_equal(RUN_PROGRAM(&config, &code, racing_program, adds), GRT_OK);
    return code;
}

static void test_race_is_found_again(void **state)
{
    (void)state;
    uint32_t lost = 0, kept = 0;
    for (uint64_t seed = 1; seed <= 64; seed++) {
        uint32_t sum = race(seed);
        assert_in_range(sum, 2, 2 * ROUNDS);
        lost += sum < 2 * ROUNDS;
        kept += sum == 2 * ROUNDS;
        for (int again = 0; again < 3; again++)
            assert_int_equal(race(seed), sum);
    }
    assert_true(lost > 0 && kept > 0);
}

/* Others may come in before a call does its work, and before its result is used. */
static uint32_t edge_event;

static void marks_and_sets(grt_ppc *ctx, uint8_t *base)
{
    poke(base, DATA_BASE, 1);
    KCALL(NtSetEvent, edge_event, 0);
    poke(base, DATA_BASE, 2);
}

static void looks_at_edges(grt_ppc *ctx, uint8_t *base)
{
    edge_event = new_event(ctx, base, 0);
    grt_addr at = timeout_at(base, scratch(ctx) + 0x40, 0);
    uint32_t thread = spawn(ctx, base, 1, 0, 0);
    for (uint32_t mark = 0; mark < 2;) {
        mark = peek(base, DATA_BASE);
        bool set = KCALL(NtWaitForSingleObjectEx, edge_event, 1, 0, at) == GRT_NT_SUCCESS;
        if (mark == 1 && !set)
            ctx->r[14] |= 1;
        if (peek(base, DATA_BASE) == 1 && set)
            ctx->r[14] |= 2;
    }
    await_thread(ctx, base, thread);
    ctx->r[3] = ctx->r[14];
}

static void test_both_edges_of_a_call(void **state)
{
    (void)state;
    uint32_t seen = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        uint32_t code = 0;
        assert_int_equal(RUN_PROGRAM(&config, &code, looks_at_edges, marks_and_sets), GRT_OK);
        seen |= code;
    }
    assert_int_equal(seen, 3);
}

/* ---- deadlocks ----------------------------------------------------------------------------- */

static uint32_t left_lock, right_lock;

static void take_both(grt_ppc *ctx, uint8_t *base, uint32_t first, uint32_t second)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, first, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, second, 1, 0, 0), GRT_NT_SUCCESS);
    KCALL(NtReleaseMutant, second, 0);
    KCALL(NtReleaseMutant, first, 0);
}

static void other_way_round(grt_ppc *ctx, uint8_t *base)
{
    take_both(ctx, base, right_lock, left_lock);
}

static void crossing_program(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateMutant, s, 0, 0);
    left_lock = peek(base, s);
    KCALL(NtCreateMutant, s, 0, 0);
    right_lock = peek(base, s);
    uint32_t other = spawn(ctx, base, 1, 0, 0);
    take_both(ctx, base, left_lock, right_lock);
    await_thread(ctx, base, other);
    ctx->r[3] = 5;
}

static void test_deadlock_is_said(void **state)
{
    (void)state;
    uint32_t stuck = 0, through = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        uint32_t code = 99;
        grt_status status = RUN_PROGRAM(&config, &code, crossing_program, other_way_round);
        if (status == GRT_OK) {
            through++;
            assert_int_equal(code, 5);
            assert_false(log_has("deadlock"));
            continue;
        }
        char wanted[96];
        stuck++;
        snprintf(wanted, sizeof wanted, "for another one (seed %u)", (unsigned)seed);
        assert_int_equal(status, GRT_STOPPED);
        assert_logged("[SCHEDULE] deadlock: every guest thread waits");
        assert_logged(wanted);
        assert_logged("thread id 00000001 \"main\": in a kernel call from fn0+0x4");
        assert_logged("thread id 00000002 \"\": in a kernel call from fn0+0x4");
    }
    assert_true(stuck > 0 && through > 0);
}

static void suspends_itself(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtSuspendThread, GRT_HANDLE_THREAD, 0), GRT_NT_SUCCESS);
}

static void suspended_program(grt_ppc *ctx, uint8_t *base)
{
    await_thread(ctx, base, spawn(ctx, base, 1, 0, 0));
}

static void test_deadlock_names_the_suspended(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_seeded_config(3);
    uint32_t code = 99;
    assert_int_equal(RUN_PROGRAM(&config, &code, suspended_program, suspends_itself), GRT_STOPPED);
    assert_logged("thread id 00000002 \"\": in a kernel call from fn0+0x4, suspended 1 times");
}

/* ---- time ---------------------------------------------------------------------------------- */

static uint64_t system_time(grt_ppc *ctx, uint8_t *base)
{
    grt_addr at = scratch(ctx) + 0x50;
    KCALL(KeQuerySystemTime, at);
    return grt_load64(base + at);
}

static void hours(grt_ppc *ctx, uint8_t *base)
{
    uint64_t begin = system_time(ctx, base), ticks = grt_ppc_time_base(ctx);
    for (int i = 0; i < 100; i++)
        sleep_for(ctx, base, HOUR);
    uint64_t passed = system_time(ctx, base) - begin;
    uint64_t ticked = grt_ppc_time_base(ctx) - ticks;
    CHECK(passed >= 100 * HOUR_NS / 100 && passed < 100 * HOUR_NS / 100 + 10000000);
    CHECK(ticked >= 100 * HOUR_NS / 20 && ticked < 100 * HOUR_NS / 20 + 50000000);
    uint32_t event = new_event(ctx, base, 1);
    grt_addr at = timeout_at(base, scratch(ctx) + 0x40, HOUR);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 0, at), GRT_NT_TIMEOUT);
    /* An absolute time. */
    timeout_at(base, at, (int64_t)(system_time(ctx, base) + 5 * HOUR_NS / 100));
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, at), GRT_NT_SUCCESS);
    passed = system_time(ctx, base) - begin;
    CHECK(passed >= 106 * HOUR_NS / 100 && passed < 106 * HOUR_NS / 100 + 10000000);
}

static void test_hours_pass_at_once(void **state)
{
    (void)state;
    RUN_SEEDS(11, 11, hours);
}

#define SLEEPERS 6u
static uint32_t order[SLEEPERS], woken;
static uint32_t alarm_event;

static void sleeper(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    sleep_for(ctx, base, MILLISECONDS(10 * (int64_t)(number + 1)));
    order[woken++] = number;
}

/* Sleepers wake in the order of their deadlines, and a wait that is signalled in time is no
 * time-out, whatever the seed. */
static void sleepers(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[SLEEPERS];
    woken = 0;
    for (uint32_t i = 0; i < SLEEPERS; i++)
        threads[i] = spawn(ctx, base, 1, (i * 5) % SLEEPERS, 0);
    for (uint32_t i = 0; i < SLEEPERS; i++)
        await_thread(ctx, base, threads[i]);
    CHECK_EQUAL(woken, SLEEPERS);
    for (uint32_t i = 0; i < SLEEPERS; i++)
        CHECK_EQUAL(order[i], i);
}

static void rings(grt_ppc *ctx, uint8_t *base)
{
    sleep_for(ctx, base, HOUR);
    KCALL(NtSetEvent, alarm_event, 0);
}

static void in_time(grt_ppc *ctx, uint8_t *base)
{
    grt_addr at = scratch(ctx) + 0x40;
    alarm_event = new_event(ctx, base, 1);
    uint32_t thread = spawn(ctx, base, 1, 0, 0);
    timeout_at(base, at, HOUR + 1000000); /* a tenth of a second early */
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, alarm_event, 1, 0, at), GRT_NT_TIMEOUT);
    timeout_at(base, at, MILLISECONDS(200));
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, alarm_event, 1, 0, at), GRT_NT_SUCCESS);
    await_thread(ctx, base, thread);
}

static void test_sleepers_wake_in_order(void **state)
{
    (void)state;
    RUN_SEEDS(1, 40, sleepers, sleeper);
    RUN_SEEDS(1, 40, in_time, rings);
}

static void sets_word(grt_ppc *ctx, uint8_t *base)
{
    sleep_for(ctx, base, MILLISECONDS(5));
    poke(base, DATA_BASE, 1);
}

/* Loops that poll: for another thread, and for the time. */
static void polls(grt_ppc *ctx, uint8_t *base)
{
    uint32_t thread = spawn(ctx, base, 1, 0, 0);
    uint32_t rounds = 0;
    for (; peek(base, DATA_BASE) == 0 && rounds < SPINS_OK; rounds++)
        KCALL0(NtYieldExecution);
    CHECK(rounds < SPINS_OK);
    await_thread(ctx, base, thread);
    uint64_t end = grt_ppc_time_base(ctx) + 50000; /* a millisecond */
    for (rounds = 0; grt_ppc_time_base(ctx) < end && rounds < SPINS_OK; rounds++) {
    }
    CHECK(rounds < SPINS_OK);
    end = system_time(ctx, base) + 10000;
    for (rounds = 0; system_time(ctx, base) < end && rounds < SPINS_OK; rounds++) {
    }
    CHECK(rounds < SPINS_OK);
}

static void test_polling_ends(void **state)
{
    (void)state;
    RUN_SEEDS(5, 5, polls, sets_word);
}

/* ---- the kernel's timers ------------------------------------------------------------------- */

/* A timer service in small: it wakes one thread at each of its times, which are a second apart. */
#define TIMES 4u
static uint64_t due[TIMES];
static uint32_t next_due, fired;
static grt_thread *timer_client;

static uint64_t fake_next_deadline(grt_runtime *runtime)
{
    (void)runtime;
    return next_due < TIMES ? due[next_due] : UINT64_MAX;
}

static void fake_run_due(grt_runtime *runtime, uint64_t now)
{
    CHECK(now == grt_thread_clock_ns(runtime));
    for (; next_due < TIMES && due[next_due] <= now; next_due++) {
        fired++;
        grt_thread_unpark(timer_client);
    }
}

static void awaits_timers(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *self = ctx->thread;
    grt_runtime *runtime = self->runtime;
    uint64_t begin = grt_thread_clock_ns(runtime);
    timer_client = self;
    fired = 0;
    for (uint32_t i = 0; i < TIMES; i++)
        due[i] = begin + (i + 1) * 1000000000ull;
    next_due = 0;
    bool in_host = grt_host_begin();
    for (uint32_t i = 0; i < TIMES - 1; i++) {
        uint32_t token = grt_thread_park_begin(self);
        CHECK(grt_thread_park(self, token, UINT64_MAX));
        CHECK_EQUAL(fired, i + 1);
        CHECK_EQUAL(grt_thread_clock_ns(runtime), due[i]); /* not before, and not after */
    }
    grt_host_end(in_host);
    /* A busy thread's timers fire as well. */
    uint32_t rounds = 0;
    while (fired < TIMES && rounds++ < 20 * SPINS_OK)
        BREATHE();
    CHECK_EQUAL(fired, TIMES);
}

static void test_timers_of_the_kernel(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_seeded_config(2);
    grt_ppc_function *const functions[] = {awaits_timers};
    kernel_create(&fix, &config, functions, 1);
    next_due = TIMES;
    fix.runtime->hooks.next_deadline = fake_next_deadline;
    fix.runtime->hooks.run_due = fake_run_due;
    uint32_t code;
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_run),
        cmocka_unit_test(test_race_is_found_again),
        cmocka_unit_test(test_both_edges_of_a_call),
        cmocka_unit_test(test_deadlock_is_said),
        cmocka_unit_test(test_deadlock_names_the_suspended),
        cmocka_unit_test(test_hours_pass_at_once),
        cmocka_unit_test(test_sleepers_wake_in_order),
        cmocka_unit_test(test_polling_ends),
        cmocka_unit_test(test_timers_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
