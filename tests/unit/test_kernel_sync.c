/* test_kernel_sync.c - many threads at the same objects: order, cost, races, and what never
 * happens. */
#include "sync_fixture.h"

static uint64_t seed;
static uint32_t shared[64];

/* ---- order ----------------------------------------------------------------------------------- */

#define QUEUE 12u
static atomic_uint arrivals;
static uint32_t order_of[QUEUE];

static void stands_in_line(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    CHECK_EQUAL(wait_one(ctx, base, shared[0]), GRT_NT_SUCCESS);
    order_of[number] = atomic_fetch_add(&arrivals, 1);
    KCALL(NtSetEvent, shared[1], 0);
}

/* Whoever came first is let through first. */
static void in_order(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[QUEUE];
    for (uint32_t kind = 0; kind < 3; kind++) {
        shared[0] = kind == 0   ? new_event(ctx, base, 1, 0)
                    : kind == 1 ? new_semaphore(ctx, base, 0, 1)
                                : new_timer(ctx, base, 1);
        shared[1] = new_event(ctx, base, 1, 0);
        atomic_store(&arrivals, 0);
        for (uint32_t i = 0; i < QUEUE; i++) {
            threads[i] = new_thread(ctx, base, 1, i);
            await_waiting(dispatch_of(ctx), i + 1);
        }
        for (uint32_t i = 0; i < QUEUE; i++) {
            if (kind == 0)
                KCALL(NtSetEvent, shared[0], 0);
            else if (kind == 1)
                KCALL(NtReleaseSemaphore, shared[0], 1, 0);
            else
                KCALL(NtSetTimerEx, shared[0],
                      timeout_at(base, TIMEOUT(scratch(ctx)) + 8, MILLISECONDS(1)), 0, 1, 0, 0, 0,
                      0);
            CHECK_EQUAL(wait_one(ctx, base, shared[1]), GRT_NT_SUCCESS);
            CHECK_EQUAL(order_of[i], i);
        }
        for (uint32_t i = 0; i < QUEUE; i++)
            join_guest(ctx, base, threads[i]);
    }
}

static void test_in_order(void **state)
{
    (void)state;
    RUN_GUEST(in_order, stands_in_line);
}

/* ---- wait for all ---------------------------------------------------------------------------- */

static void wants_all(grt_ppc *ctx, uint8_t *base)
{
    grt_addr handles = HANDLES(scratch(ctx));
    for (uint32_t i = 0; i < 3; i++)
        poke(base, handles + 4 * i, shared[i]);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 0, 1, 0, 0), GRT_NT_SUCCESS);
}

static void wants_first(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_one(ctx, base, shared[0]), GRT_NT_SUCCESS);
}

/* A wait for all takes nothing while one is missing, and its turn comes although others who came
 * later want a part of it. */
static void all_or_nothing(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 3; i++)
        shared[i] = new_semaphore(ctx, base, 0, 10);
    uint32_t all = new_thread(ctx, base, 1, 0);
    await_waiting(dispatch_of(ctx), 1);
    uint32_t first = new_thread(ctx, base, 2, 0);
    await_waiting(dispatch_of(ctx), 2);
    KCALL(NtReleaseSemaphore, shared[1], 1, 0);
    KCALL(NtReleaseSemaphore, shared[0], 1, 0); /* the later one gets it: the other cannot use it */
    join_guest(ctx, base, first);
    CHECK_EQUAL(look(ctx, base, shared[1]), GRT_NT_SUCCESS); /* untouched, and now it is gone */
    KCALL(NtReleaseSemaphore, shared[2], 1, 0);
    first = new_thread(ctx, base, 2, 0);
    await_waiting(dispatch_of(ctx), 2);
    KCALL(NtReleaseSemaphore, shared[1], 1, 0);
    KCALL(NtReleaseSemaphore, shared[0], 1, 0); /* everything is there: the older one's turn */
    join_guest(ctx, base, all);
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 1);
    KCALL(NtReleaseSemaphore, shared[0], 1, 0);
    join_guest(ctx, base, first);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQUAL(look(ctx, base, shared[i]), GRT_NT_TIMEOUT);
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    RUN_GUEST(all_or_nothing, wants_all, wants_first);
}

/* ---- a thousand threads ---------------------------------------------------------------------- */

#define CROWD (UNDER_TSAN ? 200u : 1000u)
static atomic_uint through;

static void in_crowd(grt_ppc *ctx, uint8_t *base)
{
    uint32_t handle = shared[ctx->r[3] % 8];
    CHECK_EQUAL(wait_one(ctx, base, handle), GRT_NT_SUCCESS);
    atomic_fetch_add(&through, 1);
    ctx->r[3] = 0;
}

static void start_crowd(grt_ppc *ctx, uint8_t *base, uint32_t spread)
{
    grt_addr s = scratch(ctx);
    atomic_store(&through, 0);
    for (uint32_t i = 0; i < CROWD; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, 0, 0x4000, s, 0, FN(1), i % spread, 0), GRT_NT_SUCCESS);
    await_waiting(dispatch_of(ctx), CROWD);
}

/* One signal for everybody: a wake-up that is lost would hang it. */
static void one_for_all(grt_ppc *ctx, uint8_t *base)
{
    shared[0] = new_event(ctx, base, 0, 0);
    start_crowd(ctx, base, 1);
    KCALL(NtSetEvent, shared[0], 0);
    while (atomic_load(&through) < CROWD)
        os_thread_yield();
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 0);
}

static void test_one_for_all(void **state)
{
    (void)state;
    RUN_GUEST(one_for_all, in_crowd);
}

/* What a signal costs does not depend on how many wait for something else, nor behind whom. */
static void one_by_one(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    for (uint32_t i = 0; i < 8; i++)
        shared[i] = new_event(ctx, base, 1, 0);
    start_crowd(ctx, base, 8);
    for (uint32_t i = 0; i < CROWD; i++) {
        uint64_t before = dispatch->steps;
        KCALL(NtSetEvent, shared[i % 8], 0);
        CHECK_EQUAL(dispatch->steps - before, 1);
        CHECK_EQUAL(waiting_now(dispatch), CROWD - 1 - i);
    }
    while (atomic_load(&through) < CROWD)
        os_thread_yield();
}

static void test_one_by_one(void **state)
{
    (void)state;
    RUN_GUEST(one_by_one, in_crowd);
}

static void wants_three(grt_ppc *ctx, uint8_t *base)
{
    grt_addr handles = HANDLES(scratch(ctx));
    for (uint32_t i = 0; i < 3; i++)
        poke(base, handles + 4 * i, shared[1 + i]);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 3, handles, 0, 1, 0, 0), GRT_NT_SUCCESS);
}

/* Nor when a wait for all moves to an object that many others wait for, who came later. */
static void movers(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    shared[1] = new_event(ctx, base, 0, 0); /* it waits for this one first, then for the crowd's */
    shared[0] = shared[2] = new_event(ctx, base, 1, 0);
    shared[3] = new_event(ctx, base, 1, 1);
    uint32_t mover = new_thread(ctx, base, 2, 0);
    await_waiting(dispatch, 1);
    for (uint32_t i = 0; i < CROWD; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, 0, 0x4000, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    await_waiting(dispatch, CROWD + 1);
    uint64_t before = dispatch->steps;
    KCALL(NtSetEvent, shared[1], 0);
    CHECK_EQUAL(dispatch->steps - before, 1);
    KCALL(NtSetEvent, shared[2], 0); /* everything is there, and it is the oldest */
    join_guest(ctx, base, mover);
    CHECK_EQUAL(waiting_now(dispatch), CROWD);
}

static void test_movers(void **state)
{
    (void)state;
    RUN_GUEST(movers, in_crowd, wants_three);
}

/* ---- time against signals -------------------------------------------------------------------- */

#define TAKERS 4u
#define TAKES  400u
static atomic_uint got;

static void takes_in_time(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed * 31 + ctx->r[3] * 7919 + 1;
    grt_addr s = scratch(ctx);
    for (uint32_t i = 0; i < TAKES; i++) {
        int64_t time = -(int64_t)random_below(&random, 600) - 1;
        poke(base, HANDLES(s), shared[1]);
        poke(base, HANDLES(s) + 4, shared[0]);
        uint32_t status = random_below(&random, 2)
                              ? wait_until(ctx, base, shared[0], time)
                              : KCALL(NtWaitForMultipleObjectsEx, 2, HANDLES(s), 1, 1, 0,
                                      timeout_at(base, TIMEOUT(s), time));
        CHECK(status == GRT_NT_SUCCESS || status == 1 || status == GRT_NT_TIMEOUT);
        if (status != GRT_NT_TIMEOUT)
            atomic_fetch_add(&got, 1);
    }
}

/* Waits that run out just when a signal comes take it or leave it: nothing is lost. */
static void time_against_signals(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[TAKERS], given = 0, left = 0;
    uint64_t random = seed;
    shared[0] = new_semaphore(ctx, base, 0, 1000000);
    shared[1] = new_event(ctx, base, 1, 0);
    atomic_store(&got, 0);
    for (uint32_t i = 0; i < TAKERS; i++)
        threads[i] = new_thread(ctx, base, 1, i);
    for (uint32_t i = 0; i < TAKERS * TAKES / 2; i++) {
        uint32_t amount = 1 + random_below(&random, 2);
        CHECK_EQUAL(KCALL(NtReleaseSemaphore, shared[0], amount, 0), GRT_NT_SUCCESS);
        given += amount;
        if (random_below(&random, 8) == 0)
            os_sleep_ns(20000);
    }
    for (uint32_t i = 0; i < TAKERS; i++)
        join_guest(ctx, base, threads[i]);
    while (look(ctx, base, shared[0]) == GRT_NT_SUCCESS)
        left++;
    CHECK_EQUAL(atomic_load(&got) + left, given);
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 0);
}

static void test_time_against_signals(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(time_against_signals, takes_in_time);
}

static void takes_late(grt_ppc *ctx, uint8_t *base)
{
    uint32_t status;
    do /* until the other one is in time */
        status = wait_until(ctx, base, shared[0], MILLISECONDS(5));
    while (status == GRT_NT_TIMEOUT);
    CHECK_EQUAL(status, GRT_NT_SUCCESS);
}

/* The signal comes when time is up, but the waiter has not got to say so yet. */
static void signalled_when_late(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_handle_trouble trouble;
    int32_t previous;
    shared[0] = new_semaphore(ctx, base, 0, 5);
    grt_dispatch_lock(dispatch);
    grt_object *semaphore =
        grt_handle_object(dispatch, ctx->thread, shared[0], GRT_OBJECT_SEMAPHORE, &trouble);
    grt_dispatch_unlock(dispatch);
    uint32_t thread = new_thread(ctx, base, 1, 0);
    for (bool in_time = false; !in_time;) { /* found waiting, and kept from ending it */
        grt_dispatch_lock(dispatch);
        in_time = dispatch->waiting == 1;
        if (in_time) {
            os_sleep_ns(20000000);
            CHECK(grt_semaphore_release(dispatch, semaphore, 1, &previous));
            CHECK_EQUAL(semaphore->state, 0); /* the waiter has it */
        }
        grt_dispatch_unlock(dispatch);
    }
    join_guest(ctx, base, thread);
    CHECK_EQUAL(waiting_now(dispatch), 0);
    CHECK_EQUAL(look(ctx, base, shared[0]), GRT_NT_TIMEOUT);
    grt_dispatch_lock(dispatch);
    grt_object_release(dispatch, semaphore);
    grt_dispatch_unlock(dispatch);
}

static void test_signalled_when_late(void **state)
{
    (void)state;
    RUN_GUEST(signalled_when_late, takes_late);
}

/* ---- mutual exclusion ------------------------------------------------------------------------ */

#define OWNERS 4u
#define TURNS  400u
static uint32_t counter; /* only the mutant's owner touches it */
static bool in_memory;

static uint32_t take_shared_mutant(grt_ppc *ctx, uint8_t *base)
{
    return in_memory ? KCALL(KeWaitForSingleObject, DATA_BASE + 0x40, 0, 1, 0, 0)
                     : wait_one(ctx, base, shared[0]);
}

static void release_shared_mutant(grt_ppc *ctx, uint8_t *base)
{
    if (in_memory)
        KCALL(KeReleaseMutant, DATA_BASE + 0x40, 0, 0, 0);
    else
        CHECK_EQUAL(KCALL(NtReleaseMutant, shared[0], 0), GRT_NT_SUCCESS);
}

static void owner(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed * 31 + ctx->r[3] * 7919 + 1;
    for (uint32_t i = 0; i < TURNS; i++) {
        uint32_t depth = 1 + random_below(&random, 3);
        for (uint32_t k = 0; k < depth; k++) {
            uint32_t status = take_shared_mutant(ctx, base);
            CHECK(status == GRT_NT_SUCCESS || (k == 0 && status == GRT_NT_ABANDONED_WAIT_0));
        }
        counter++;
        if (i == TURNS - 1)
            return; /* as its owner: who comes next is told */
        for (uint32_t k = 0; k < depth; k++)
            release_shared_mutant(ctx, base);
    }
}

static void mutual_exclusion(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[OWNERS];
    counter = 0;
    shared[0] = new_mutant(ctx, base, 0);
    KCALL(KeInitializeMutant, DATA_BASE + 0x40, 0);
    for (uint32_t i = 0; i < OWNERS; i++)
        threads[i] = new_thread(ctx, base, 1, i);
    for (uint32_t i = 0; i < OWNERS; i++)
        join_guest(ctx, base, threads[i]);
    CHECK_EQUAL(take_shared_mutant(ctx, base), GRT_NT_ABANDONED_WAIT_0);
    CHECK_EQUAL(counter, OWNERS * TURNS);
}

static void test_mutual_exclusion(void **state)
{
    (void)state;
    seed = test_seed();
    for (int i = 0; i < 2; i++) {
        in_memory = i == 1;
        RUN_GUEST(mutual_exclusion, owner);
    }
}

/* ---- signal and wait ------------------------------------------------------------------------- */

#define ROUNDS 1500

static void pong(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_one(ctx, base, shared[0]), GRT_NT_SUCCESS);
    for (int i = 1; i < ROUNDS; i++)
        CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, shared[1], shared[0], 1, 0, 0),
                    GRT_NT_SUCCESS);
    KCALL(NtSetEvent, shared[1], 0);
}

/* Each lets the other one go and waits, in one step. */
static void ping(grt_ppc *ctx, uint8_t *base)
{
    shared[0] = new_event(ctx, base, 1, 0);
    shared[1] = new_event(ctx, base, 1, 0);
    uint32_t thread = new_thread(ctx, base, 1, 0);
    for (int i = 0; i < ROUNDS; i++)
        CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, shared[0], shared[1], 1, 0, 0),
                    GRT_NT_SUCCESS);
    join_guest(ctx, base, thread);
}

static void test_ping_pong(void **state)
{
    (void)state;
    RUN_GUEST(ping, pong);
}

static void pulses_back(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 200; i++) {
        CHECK_EQUAL(wait_one(ctx, base, shared[0]), GRT_NT_SUCCESS);
        KCALL(NtPulseEvent, shared[1], 0);
    }
}

/* Nobody comes between the signal and the wait: a pulse right after the signal finds the waiter. */
static void pulsed(grt_ppc *ctx, uint8_t *base)
{
    shared[0] = new_event(ctx, base, 1, 0);
    shared[1] = new_event(ctx, base, 0, 0);
    uint32_t thread = new_thread(ctx, base, 1, 0);
    for (int i = 0; i < 200; i++)
        CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, shared[0], shared[1], 1, 0, 0),
                    GRT_NT_SUCCESS);
    join_guest(ctx, base, thread);
}

static void test_signal_and_wait_is_one_step(void **state)
{
    (void)state;
    RUN_GUEST(pulsed, pulses_back);
}

static void signal_and_wait(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, TIMEOUT(scratch(ctx)), 0);
    uint32_t set = new_event(ctx, base, 0, 1), event = new_event(ctx, base, 0, 0);
    uint32_t semaphore = new_semaphore(ctx, base, 0, 1), mutant = new_mutant(ctx, base, 1);
    uint32_t timer = new_timer(ctx, base, 0);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, event, event, 1, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, semaphore, timer, 1, 0, now),
                GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, semaphore, set, 1, 0, now),
                GRT_NT_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, mutant, semaphore, 1, 0, now),
                GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, mutant, set, 1, 0, now),
                GRT_NT_MUTANT_NOT_OWNED);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, timer, set, 1, 0, now),
                GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, 0x1234, set, 1, 0, now),
                GRT_NT_INVALID_HANDLE);
    /* What cannot be waited for is not signalled. */
    KCALL(NtClearEvent, event);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, event, 0x1234, 1, 0, now),
                GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSignalAndWaitForSingleObjectEx, event, set, 1, 0, BAD),
                GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(look(ctx, base, event), GRT_NT_TIMEOUT);
    uint32_t handles[] = {set, event, semaphore, mutant, timer};
    for (int i = 0; i < 5; i++)
        CHECK_EQUAL(KCALL(NtClose, handles[i]), GRT_NT_SUCCESS);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0); /* refused calls keep no reference */
}

static void test_signal_and_wait(void **state)
{
    (void)state;
    RUN_GUEST(signal_and_wait);
    assert_logged("is not signalled: the semaphore's count would pass its limit; called by");
    assert_logged("is not signalled: the calling thread does not own the mutant; called by");
}

/* Whatever is refused is said, in one line each. */
static void refused(grt_ppc *ctx, uint8_t *base)
{
    uint32_t semaphore = new_semaphore(ctx, base, 2, 3), mutant = new_mutant(ctx, base, 0);
    grt_addr body = scratch(ctx) + 0x80, none = scratch(ctx) + 0xC0;
    uint8_t *junk = base + none;
    memset(junk, 0xCC, 0x20);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 2, 0), GRT_NT_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, mutant, 1, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_MUTANT_NOT_OWNED);
    KCALL(KeInitializeSemaphore, body, 1, 1);
    CHECK_EQUAL(KCALL(KeReleaseSemaphore, body, 0, 1, 0), 1);
    CHECK_EQUAL(KCALL(KeReleaseSemaphore, body, 0, -1, 0), 1);
    CHECK_EQUAL(KCALL(KeReleaseSemaphore, none, 0, 1, 0), 0);
    CHECK_EQUAL(times_logged("[EXPORT]"), 7);
}

static void test_refused(void **state)
{
    (void)state;
    RUN_GUEST(refused);
    assert_logged("NtReleaseSemaphore: semaphore F8000004: adding 2 to a count of 2 is refused: "
                  "the semaphore's count would pass its limit");
    assert_logged("NtReleaseSemaphore: semaphore F8000004: adding 0 to a count of 2 is refused: ");
    assert_logged("NtReleaseMutant: mutant F8000008: the calling thread does not own the mutant");
    assert_logged(": adding 1 to a count of 1 is refused: ");
    assert_logged(": adding -1 to a count of 1 is refused: ");
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static void is_alerted(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, shared[0], 1, 1, 0), GRT_NT_ALERTED);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, shared[0], 1, 0, 0), GRT_NT_SUCCESS);
}

static void alerts(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), soon = timeout_at(base, TIMEOUT(s), MILLISECONDS(2));
    grt_addr forever = timeout_at(base, s + 0x48, INT64_MIN);
    grt_addr self = ctx->thread->kthread;
    CHECK_EQUAL(KCALL(KeTestAlertThread, 1), 0);
    CHECK_EQUAL(KCALL(KeAlertThread, self, 1), 0);
    CHECK_EQUAL(KCALL(KeAlertThread, self, 1), 1);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, soon), GRT_NT_SUCCESS); /* not alertable */
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, forever), GRT_NT_ALERTED);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, soon), GRT_NT_SUCCESS); /* only once */
    CHECK_EQUAL(KCALL(KeAlertThread, self, 0), 0);
    CHECK_EQUAL(KCALL(KeTestAlertThread, 1), 0);
    CHECK_EQUAL(KCALL(KeTestAlertThread, 0), 1);
    CHECK_EQUAL(KCALL(KeTestAlertThread, 0), 0);
    CHECK_EQUAL(KCALL(KeAlertThread, BAD, 0), 0);
    CHECK_EQUAL(KCALL(KeAlertThread, self, 2), 0);
    CHECK_EQUAL(KCALL(KeTestAlertThread, 2), 0);
    CHECK_EQUAL(KCALL(KeAlertResumeThread, BAD), 0);
    /* One that sleeps, and one that is suspended. */
    shared[0] = new_event(ctx, base, 1, 0);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0x81), GRT_NT_SUCCESS);
    grt_addr kthread = peek(base, s);
    CHECK_EQUAL(KCALL(KeAlertResumeThread, kthread), 1);
    await_waiting(dispatch_of(ctx), 1);
    KCALL(KeAlertThread, kthread, 1);
    KCALL(NtSetEvent, shared[0], 0);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, kthread, 0, 1, 0, 0), GRT_NT_SUCCESS);
}

static void test_alerts(void **state)
{
    (void)state;
    RUN_GUEST(alerts, is_alerted);
    assert_logged("KeAlertThread: there is no thread at 00000010");
    assert_logged("KeTestAlertThread: there is no mode 2");
}

/* ---- handles that go away -------------------------------------------------------------------- */

static void waits_for_shared(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_one(ctx, base, shared[0]), GRT_NT_SUCCESS);
}

/* The last handle is closed while a thread waits: it goes on waiting for the object, which somebody
 * who is in the middle of a call may still signal. */
static void closed_while_waited_for(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_handle_trouble trouble;
    shared[0] = new_event(ctx, base, 1, 0);
    uint32_t thread = new_thread(ctx, base, 1, 0);
    await_waiting(dispatch, 1);
    grt_dispatch_lock(dispatch);
    grt_object *event =
        grt_handle_object(dispatch, ctx->thread, shared[0], GRT_OBJECT_EVENT, &trouble);
    grt_dispatch_unlock(dispatch);
    CHECK_EQUAL(KCALL(NtClose, shared[0]), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSetEvent, shared[0], 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(waiting_now(dispatch), 1);
    grt_dispatch_lock(dispatch);
    grt_event_set(dispatch, event);
    grt_object_release(dispatch, event);
    grt_dispatch_unlock(dispatch);
    join_guest(ctx, base, thread);
    CHECK_EQUAL(dispatch->objects, 0);
}

static void test_closed_while_waited_for(void **state)
{
    (void)state;
    RUN_GUEST(closed_while_waited_for, waits_for_shared);
}

/* Owned when its last handle is closed; and a semaphore whose handle is stale says who closed it.
 */
static void closed_objects(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 3; i++) {
        uint32_t mutant = new_mutant(ctx, base, 1);
        CHECK_EQUAL(KCALL(NtClose, mutant), GRT_NT_SUCCESS);
        CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_INVALID_HANDLE);
    }
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
    CHECK(!ctx->thread->kernel.mutants);
    uint32_t semaphore = new_semaphore(ctx, base, 0, 1);
    CHECK_EQUAL(KCALL(NtClose, semaphore), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 1, 0), GRT_NT_INVALID_HANDLE);
}

static void test_closed_objects(void **state)
{
    (void)state;
    RUN_GUEST(closed_objects);
    assert_logged(
        "NtReleaseSemaphore: handle F8000010 was closed by thread 1 at fn0+0x4, 0 ms ago");
}

/* ---- the host, the end ----------------------------------------------------------------------- */

static uint32_t any_call(grt_ppc *ctx, uint8_t *base, uint32_t what)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, TIMEOUT(s), 0);
    switch (what) {
    case 0:
        return KCALL(NtCreateTimer, s, 0, 0);
    case 1:
        return KCALL(NtCreateIoCompletion, s, 0, 0, 0);
    case 2:
        return KCALL(NtCreateSemaphore, s, named(ctx, base, "x"), 0, 1);
    case 3:
        return KCALL(NtSetIoCompletion, shared[0], 1, 2, 3, 4);
    case 4:
        return KCALL(KeWaitForSingleObject, DATA_BASE + 0x40, 0, 1, 0, now);
    case 5:
        KCALL(KeSetEvent, DATA_BASE + 0x40, 0, 0);
        return GRT_NT_SUCCESS;
    case 6:
        return KCALL(NtWaitForSingleObjectEx, 0xFFFFFFFEu, 1, 0, now);
    case 7:
        return KCALL(NtSetTimerEx, shared[1], timeout_at(base, s + 0x48, HOUR), FN(0), 1, 0, 0, 0,
                     0);
    case 8:
        KCALL(KeInitializeMutant, DATA_BASE + 0x80, 1);
        return GRT_NT_SUCCESS;
    default:
        return KCALL(CreateEventA, 0, 0, 0, 0) ? GRT_NT_SUCCESS : GRT_NT_NO_MEMORY;
    }
}

/* Every host call fails once, in every export that makes one. */
static void host_failures(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    shared[0] = new_port(ctx, base);
    shared[1] = new_timer(ctx, base, 0);
    KCALL(KeInitializeEvent, DATA_BASE + 0x40, 0, 0);
    for (uint32_t what = 0; what < 10; what++) {
        for (unsigned nth = 1, fired = 1; fired; nth++) {
            uint32_t objects = dispatch->objects, handles = dispatch->handles;
            os_inject_failure(nth, false);
            uint32_t status = any_call(ctx, base, what);
            fired = os_inject_fired();
            os_inject_failure(0, false);
            if ((int32_t)status < 0) {
                CHECK(status == GRT_NT_NO_MEMORY || status == GRT_NT_INSUFFICIENT_RESOURCES);
                CHECK_EQUAL(dispatch->objects, objects);
                CHECK_EQUAL(dispatch->handles, handles);
            }
        }
    }
}

static void test_host_failures(void **state)
{
    (void)state;
    RUN_GUEST(host_failures);
}

#define FIRST_HANDLE (GRT_HANDLE_BASE + 4)

static void waits_for_any_kind(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = HANDLES(s), out = s + 0x20;
    uint32_t kind = (uint32_t)ctx->r[3];
    uint32_t objects[] = {new_event(ctx, base, 0, 0), new_event(ctx, base, 1, 0),
                          new_semaphore(ctx, base, 0, 1), new_timer(ctx, base, 1),
                          new_port(ctx, base)};
    for (uint32_t i = 0; i < 5; i++)
        poke(base, handles + 4 * i, objects[i]);
    if (kind < 5)
        wait_one(ctx, base, objects[kind]);
    else if (kind < 7)
        KCALL(NtWaitForMultipleObjectsEx, 5, handles, kind - 5, 1, 1, 0);
    else if (kind == 7)
        KCALL(NtRemoveIoCompletion, objects[4], out, out + 4, out + 8, 0);
    else if (kind == 8)
        KCALL(NtSignalAndWaitForSingleObjectEx, objects[0], objects[1], 1, 0, 0);
    else if (kind == 9)
        KCALL(Sleep, 0xFFFFFFFFu);
    else if (kind == 10)
        KCALL(WaitForSingleObjectEx, objects[0], 0xFFFFFFFFu, 1);
    else
        wait_one(ctx, base, FIRST_HANDLE); /* a mutant that another one owns */
    CHECK(false);
}

static void owns_and_waits(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(new_mutant(ctx, base, 1), FIRST_HANDLE);
    for (uint32_t kind = 0; kind < 12; kind++) /* fails when the end comes earlier */
        KCALL(ExCreateThread, 0, 0, 0, 0, FN(1), kind, 0);
    wait_one(ctx, base, new_event(ctx, base, 0, 0));
    CHECK(false);
}

/* Two runtimes, threads in every kind of wait in both; each can be taken apart on its own. */
static void test_destroy_while_waiting(void **state)
{
    (void)state;
    static fixture one, two;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {owns_and_waits, waits_for_any_kind};
    for (int round = 0; round < 4; round++) {
        kernel_create(&one, &config, functions, 2);
        grt_thread_release(start(&one, FN(0), 0, 0));
        await_waiting(&one.runtime->kernel->dispatch, 13);
        kernel_create(&two, &config, functions, 2);
        grt_thread_release(start(&two, FN(0), 0, 0));
        if (round % 2)
            await_waiting(&two.runtime->kernel->dispatch, 13);
        fixture_destroy(&one);
        fixture_destroy(&two);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_one_for_all),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_movers),
        cmocka_unit_test(test_time_against_signals),
        cmocka_unit_test(test_signalled_when_late),
        cmocka_unit_test(test_mutual_exclusion),
        cmocka_unit_test(test_ping_pong),
        cmocka_unit_test(test_signal_and_wait_is_one_step),
        cmocka_unit_test(test_signal_and_wait),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_closed_while_waited_for),
        cmocka_unit_test(test_closed_objects),
        cmocka_unit_test(test_host_failures),
        cmocka_unit_test(test_destroy_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
