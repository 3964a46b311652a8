/* test_kernel_wait.c - waits: any, all, timeouts, threads as objects, order, stop, and a model. */
#include "kernel_fixture.h"

#define BAD 0x00000010u

static uint32_t new_event(grt_ppc *ctx, uint8_t *base, uint32_t type, uint32_t set)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, type, set), GRT_NT_SUCCESS);
    return peek(base, s);
}

/* ---- any, all, timeouts ---------------------------------------------------------------------- */

static void any_and_all(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, now = timeout_at(base, s + 0x40, 0);
    uint32_t events[3];
    for (uint32_t i = 0; i < 3; i++) {
        events[i] = new_event(ctx, base, 1, 0);
        poke(base, handles + 4 * i, events[i]);
    }
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 1, 1, 0, now), GRT_NT_TIMEOUT);
    KCALL(NtSetEvent, events[2], 0);
    KCALL(NtSetEvent, events[1], 0);
    /* All: nothing is taken unless everything is there. */
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 0, 1, 0, now), GRT_NT_TIMEOUT);
    /* Any: the first that is set, and only that one is taken. */
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 1, 1, 0, now), 1);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 1, 1, 0, now), 2);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 1, 1, 0, now), GRT_NT_TIMEOUT);
    for (uint32_t i = 0; i < 3; i++)
        KCALL(NtSetEvent, events[i], 0);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 0, 1, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 1, 1, 0, now), GRT_NT_TIMEOUT);
    /* The same object twice makes no sense for all. */
    poke(base, handles + 4, events[0]);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, handles, 0, 1, 0, now),
                GRT_NT_INVALID_PARAMETER_MIX);
    KCALL(NtSetEvent, events[0], 0);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, handles, 1, 1, 0, now), 0);
}

static void test_any_and_all(void **state)
{
    (void)state;
    RUN_GUEST(any_and_all);
    assert_logged("NtWaitForMultipleObjectsEx: a wait for all of 2 objects, two of which are the "
                  "same");
}

static void bad_waits(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, now = timeout_at(base, s + 0x40, 0);
    uint32_t event = new_event(ctx, base, 0, 1);
    for (uint32_t i = 0; i < 65; i++)
        poke(base, handles + 4 * i, event);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 0, handles, 1, 1, 0, 0),
                GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 65, handles, 1, 1, 0, 0),
                GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 64, handles, 1, 1, 0, 0), 0);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, handles, 2, 1, 0, 0),
                GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, BAD, 1, 1, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, handles, 1, 1, 0, BAD),
                GRT_NT_ACCESS_VIOLATION);
    poke(base, handles + 4, 0x1234);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, handles, 1, 1, 0, now), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, 0x1234, 1, 0, 0), GRT_NT_INVALID_HANDLE);
    /* Refused waits keep no reference: the last handle still ends the object. */
    CHECK_EQUAL(KCALL(NtClose, event), GRT_NT_SUCCESS);
    CHECK_EQUAL(ctx->thread->runtime->kernel->dispatch.objects, 0);
}

static void test_bad_waits(void **state)
{
    (void)state;
    RUN_GUEST(bad_waits);
}

static void timeouts(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), at = s + 0x40;
    uint32_t event = new_event(ctx, base, 1, 0);
    uint64_t begin = os_clock_ns();
    timeout_at(base, at, MILLISECONDS(30));
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 1, at), GRT_NT_TIMEOUT);
    CHECK(os_clock_ns() - begin >= 30000000u);
    begin = os_clock_ns();
    KCALL(KeQuerySystemTime, at);
    grt_store64(base + at, grt_load64(base + at) + 300000); /* absolute, 30 ms from now */
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 0, at), GRT_NT_TIMEOUT);
    CHECK(os_clock_ns() - begin >= 29000000u);
    begin = os_clock_ns();
    timeout_at(base, at, 1); /* absolute, long ago */
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 0, at), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, at), GRT_NT_SUCCESS);
    timeout_at(base, at, 0);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, at), GRT_NT_SUCCESS);
    CHECK(os_clock_ns() - begin < 5000000000u);
    begin = os_clock_ns();
    timeout_at(base, at, MILLISECONDS(20));
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, at), GRT_NT_SUCCESS);
    CHECK(os_clock_ns() - begin >= 20000000u);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL0(NtYieldExecution), GRT_NT_SUCCESS);
    /* The most negative time is for ever, not an overflow: somebody has to end it. */
    KCALL(NtSetEvent, event, 0);
    timeout_at(base, at, INT64_MIN);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 0, at), GRT_NT_SUCCESS);
}

static void test_timeouts(void **state)
{
    (void)state;
    RUN_GUEST(timeouts);
}

/* ---- threads ------------------------------------------------------------------------------- */

static void returns_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    (void)ctx;
}

static void waits_for_thread(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), at = s + 0x40;
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, s + 4, 0, FN(1), 55, 1), GRT_NT_SUCCESS);
    uint32_t thread = peek(base, s);
    timeout_at(base, at, MILLISECONDS(10));
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, at), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, s + 8), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 8), 1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, 0), GRT_NT_SUCCESS); /* stays so */
    CHECK_EQUAL(KCALL(NtClose, thread), GRT_NT_SUCCESS);
    /* A thread that had ended before anybody asked for its object. */
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, s + 4, 0, FN(1), 55, 0x80), GRT_NT_SUCCESS);
    grt_thread *ended = grt_thread_find_kthread(ctx->thread->runtime, peek(base, s));
    CHECK(ended != NULL);
    while (__atomic_load_n(&ended->ended_word, __ATOMIC_ACQUIRE) == 0)
        os_thread_yield();
    CHECK_EQUAL(peek(base, ended->kthread + 4), 1); /* the header's signal state */
    grt_dispatch *dispatch = &ctx->thread->runtime->kernel->dispatch;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_object_of_thread(dispatch, ended);
    CHECK(object && object->state == 1);
    grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    grt_thread_release(ended);
}

static void test_waits_for_thread(void **state)
{
    (void)state;
    RUN_GUEST(waits_for_thread, returns_argument);
}

/* ---- waking -------------------------------------------------------------------------------- */

#define CROWD 8
static atomic_uint through;

static void crowd_member(grt_ppc *ctx, uint8_t *base)
{
    uint32_t event = (uint32_t)ctx->r[3];
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 1, 0, 0), GRT_NT_SUCCESS);
    atomic_fetch_add(&through, 1);
}

static void crowd(grt_ppc *ctx, uint8_t *base, uint32_t type, uint32_t pulses, uint32_t rest)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, at = s + 0x40;
    uint32_t event = new_event(ctx, base, type, 0);
    atomic_store(&through, 0);
    for (uint32_t i = 0; i < CROWD; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, handles + 4 * i, 0, 0, 0, FN(1), event, 0),
                    GRT_NT_SUCCESS);
    await_waiting(dispatch_of(ctx), CROWD);
    for (uint32_t i = 0; i < pulses; i++)
        KCALL(NtPulseEvent, event, 0);
    if (rest > 0) { /* exactly that many are still there, however long one waits */
        while (atomic_load(&through) < CROWD - rest)
            os_thread_yield();
        timeout_at(base, at, MILLISECONDS(30));
        CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, CROWD, handles, 0, 1, 0, at), GRT_NT_TIMEOUT);
        CHECK_EQUAL(atomic_load(&through), CROWD - rest);
        for (uint32_t i = 0; i < rest; i++)
            KCALL(NtSetEvent, event, 0);
        if (type == 1) /* two sets may fall together; then the last must be repeated */
            while (atomic_load(&through) < CROWD)
                KCALL(NtSetEvent, event, 0);
    }
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, CROWD, handles, 0, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(atomic_load(&through), CROWD);
}

static void pulses(grt_ppc *ctx, uint8_t *base)
{
    crowd(ctx, base, 0, 1, 0);         /* manual: everybody */
    crowd(ctx, base, 1, 3, CROWD - 3); /* auto: one each */
}

static void test_pulses(void **state)
{
    (void)state;
    RUN_GUEST(pulses, crowd_member);
}

/* Ping-pong: a lost wake-up would hang it. */
#define ROUNDS 3000
static uint32_t ping_event, pong_event;

static void pong(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < ROUNDS; i++) {
        KCALL(NtWaitForSingleObjectEx, ping_event, 1, 0, 0);
        KCALL(NtSetEvent, pong_event, 0);
    }
}

static void ping(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    ping_event = new_event(ctx, base, 1, 0);
    pong_event = new_event(ctx, base, 1, 0);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    for (int i = 0; i < ROUNDS; i++) {
        KCALL(NtSetEvent, ping_event, 0);
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, pong_event, 1, 0, 0), GRT_NT_SUCCESS);
    }
    KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, 0);
}

static void test_ping_pong(void **state)
{
    (void)state;
    RUN_GUEST(ping, pong);
}

/* ---- destroy while threads wait ----------------------------------------------------------- */

static void waits_for_ever(grt_ppc *ctx, uint8_t *base)
{
    uint32_t event = new_event(ctx, base, 0, 0);
    KCALL(NtWaitForSingleObjectEx, event, 1, 0, 0);
    CHECK(false);
}

static void sleeps_for_ever(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, scratch(ctx), INT64_MIN));
    CHECK(false);
}

static void test_destroy_while_waiting(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {waits_for_ever, sleeps_for_ever};
    for (int round = 0; round < 20; round++) {
        kernel_create(&fix, &config, functions, 2);
        grt_thread *first = start(&fix, FN(0), 0, 0), *second = start(&fix, FN(1), 0, 0);
        if (round % 2)
            os_sleep_ns(2000000);
        grt_thread_release(first);
        grt_thread_release(second);
        fixture_destroy(&fix);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* ---- a host thread that is inside meanwhile ------------------------------------------------- */

static atomic_bool destroyed;

/* A host thread must not be ending while a heap that it used is destroyed. */
static void call_and_wait(void *argument)
{
    if (grt_runtime_call(argument, FN(0), NULL, 0, NULL) != GRT_STOPPED)
        atomic_fetch_add(&check_failures, 1);
    while (!atomic_load(&destroyed))
        os_thread_yield();
}

/* The runtime is taken apart only after the call has come back. */
static void test_destroy_during_a_host_call(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        static fixture fix;
        grt_runtime_config config = quiet_config();
        grt_ppc_function *const functions[] = {waits_for_ever};
        os_thread *caller;
        grt_kernel_stats stats;
        kernel_create(&fix, &config, functions, 1);
        atomic_store(&destroyed, false);
        assert_int_equal(os_thread_create(1 << 20, call_and_wait, fix.runtime, &caller), 0);
        do {
            os_thread_yield();
            grt_runtime_get_kernel_stats(fix.runtime, &stats);
        } while (stats.waiting == 0);
        fixture_destroy(&fix);
        atomic_store(&destroyed, true);
        os_thread_join(caller);
        assert_int_equal(atomic_load(&check_failures), 0);
    }
}

/* ---- random waits against a model --------------------------------------------------------- */

/*
 * One thread does random operations on a few events and semaphores, with zero timeouts, and knows
 * from a model of a few lines what each must answer.
 */
#define OBJECTS 6
static uint64_t seed;

typedef struct model_object {
    uint32_t handle;
    bool semaphore, auto_reset;
    int32_t state;
} model_object;

static void model_consume(model_object *object)
{
    if (object->semaphore)
        object->state--;
    else if (object->auto_reset)
        object->state = 0;
}

static uint32_t model_wait(model_object *const *chosen, uint32_t count, bool all)
{
    uint32_t ready = 0, first = count;
    for (uint32_t i = 0; i < count; i++) {
        if (chosen[i]->state > 0) {
            first = first == count ? i : first;
            ready++;
        }
    }
    if (all && ready == count) {
        for (uint32_t i = 0; i < count; i++)
            model_consume(chosen[i]);
        return GRT_NT_SUCCESS;
    }
    if (all || ready == 0)
        return GRT_NT_TIMEOUT;
    model_consume(chosen[first]);
    return first;
}

static void random_wait(grt_ppc *ctx, uint8_t *base, model_object *objects, uint64_t *random)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, now = timeout_at(base, s + 0x40, 0);
    model_object *chosen[OBJECTS];
    uint32_t count = 0, start = random_below(random, OBJECTS);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        if (random_below(random, 2)) {
            chosen[count] = &objects[(start + i) % OBJECTS];
            poke(base, handles + 4 * count, chosen[count]->handle);
            count++;
        }
    }
    if (count == 0)
        return;
    bool all = random_below(random, 2);
    uint32_t wanted = model_wait(chosen, count, all);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, count, handles, all ? 0 : 1, 1, 0, now), wanted);
}

static void random_signal(grt_ppc *ctx, uint8_t *base, model_object *object, uint64_t *random)
{
    grt_addr s = scratch(ctx);
    if (object->semaphore) {
        uint32_t amount = 1 + random_below(random, 4);
        bool fits = object->state + (int32_t)amount <= 5;
        CHECK_EQUAL(KCALL(NtReleaseSemaphore, object->handle, amount, s),
                    fits ? GRT_NT_SUCCESS : GRT_NT_SEMAPHORE_LIMIT_EXCEEDED);
        if (fits)
            CHECK_EQUAL(peek(base, s), (uint32_t)object->state);
        object->state += fits ? (int32_t)amount : 0;
        return;
    }
    switch (random_below(random, 3)) {
    case 0:
        CHECK_EQUAL(KCALL(NtSetEvent, object->handle, s), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s), (uint32_t)object->state);
        object->state = 1;
        break;
    case 1:
        CHECK_EQUAL(KCALL(NtClearEvent, object->handle), GRT_NT_SUCCESS);
        object->state = 0;
        break;
    default:
        CHECK_EQUAL(KCALL(NtPulseEvent, object->handle, 0), GRT_NT_SUCCESS);
        object->state = 0;
        break;
    }
}

static void random_operations(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint64_t random = seed;
    model_object objects[OBJECTS];
    for (uint32_t i = 0; i < OBJECTS; i++) {
        objects[i] = (model_object){.semaphore = i >= 4, .auto_reset = i % 2};
        if (objects[i].semaphore)
            CHECK_EQUAL(KCALL(NtCreateSemaphore, s, 0, 0, 5), GRT_NT_SUCCESS);
        else
            CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, i % 2, 0), GRT_NT_SUCCESS);
        objects[i].handle = peek(base, s);
    }
    for (int i = 0; i < 20000 && atomic_load(&check_failures) == 0; i++) {
        if (random_below(&random, 3) == 0)
            random_wait(ctx, base, objects, &random);
        else
            random_signal(ctx, base, &objects[random_below(&random, OBJECTS)], &random);
    }
}

static void test_random_operations(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(random_operations);
}

/*
 * Several threads move tokens: each takes one from a random set of semaphores (any), or one from
 * each of two (all), and puts as many back elsewhere. Tokens are never lost or made, and everybody
 * finishes.
 */
#define BASKETS 4
#define TOKENS  3
#define MOVERS  6
#define MOVES   600
static uint32_t baskets[BASKETS];

static void mover(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, at = s + 0x40;
    uint64_t random = seed * 31 + ctx->r[3] * 7919 + 1;
    for (int i = 0; i < MOVES; i++) {
        uint32_t first = random_below(&random, BASKETS);
        uint32_t second = (first + 1 + random_below(&random, BASKETS - 1)) % BASKETS;
        bool all = random_below(&random, 2);
        poke(base, handles, baskets[first]);
        poke(base, handles + 4, baskets[second]);
        timeout_at(base, at, -(int64_t)random_below(&random, 3000) - 1);
        grt_addr timeout = random_below(&random, 2) ? at : 0;
        if (all) /* with everybody waiting for all, nobody may be able to go on: look, then leave */
            timeout = at;
        uint32_t got = KCALL(NtWaitForMultipleObjectsEx, 2, handles, all ? 0 : 1, 1, 0, timeout);
        if (got == GRT_NT_TIMEOUT)
            continue;
        CHECK(got < 2);
        for (int tokens = all ? 2 : 1; tokens > 0; tokens--)
            CHECK_EQUAL(KCALL(NtReleaseSemaphore, baskets[random_below(&random, BASKETS)], 1, 0),
                        GRT_NT_SUCCESS);
    }
}

static void moving(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80, now = timeout_at(base, s + 0x40, 0);
    for (uint32_t i = 0; i < BASKETS; i++) {
        KCALL(NtCreateSemaphore, s, 0, TOKENS, 100);
        baskets[i] = peek(base, s);
    }
    start_threads(ctx, base, handles, 1, MOVERS);
    /* The last ones may wait for ever on two baskets that nobody fills any more: tokens are added
     * until everybody is through. */
    uint32_t left = 0, added = 0;
    while (KCALL(NtWaitForMultipleObjectsEx, MOVERS, handles, 0, 1, 0,
                 timeout_at(base, s + 0x48, -200000)) == GRT_NT_TIMEOUT) {
        for (uint32_t i = 0; i < BASKETS; i++)
            added += KCALL(NtReleaseSemaphore, baskets[i], 1, 0) == GRT_NT_SUCCESS;
    }
    for (uint32_t i = 0; i < BASKETS; i++) {
        while (KCALL(NtWaitForSingleObjectEx, baskets[i], 1, 0, now) == GRT_NT_SUCCESS)
            left++;
    }
    CHECK_EQUAL(left, BASKETS * TOKENS + added);
    CHECK_EQUAL(ctx->thread->runtime->kernel->dispatch.waiting, 0);
}

static void test_moving(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(moving, mover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_and_all),
        cmocka_unit_test(test_bad_waits),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_waits_for_thread),
        cmocka_unit_test(test_pulses),
        cmocka_unit_test(test_ping_pong),
        cmocka_unit_test(test_destroy_while_waiting),
        cmocka_unit_test(test_destroy_during_a_host_call),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
