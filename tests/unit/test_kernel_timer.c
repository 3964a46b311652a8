/* test_kernel_timer.c - timers: when they fire, what they signal, who owns them, what may become of
 * their memory. */
#include "sync_fixture.h"

/* ---- by handle ------------------------------------------------------------------------------- */

static uint32_t set_timer(grt_ppc *ctx, uint8_t *base, uint32_t timer, int64_t due, uint32_t period)
{
    grt_addr at = timeout_at(base, TIMEOUT(scratch(ctx)) + 8, due);
    return KCALL(NtSetTimerEx, timer, at, 0, 1, 0, 0, period, 0);
}

static void one_shot(grt_ppc *ctx, uint8_t *base)
{
    uint32_t manual = new_timer(ctx, base, 0), automatic = new_timer(ctx, base, 1);
    uint64_t begin = os_clock_ns();
    CHECK_EQUAL(look(ctx, base, manual), GRT_NT_TIMEOUT);
    CHECK_EQUAL(set_timer(ctx, base, manual, MILLISECONDS(5), 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(set_timer(ctx, base, automatic, MILLISECONDS(5), 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(wait_one(ctx, base, manual), GRT_NT_SUCCESS);
    CHECK_EQUAL(wait_one(ctx, base, automatic), GRT_NT_SUCCESS);
    CHECK(os_clock_ns() - begin >= 5000000u);
    CHECK_EQUAL(look(ctx, base, manual), GRT_NT_SUCCESS); /* stays */
    CHECK_EQUAL(look(ctx, base, automatic), GRT_NT_TIMEOUT);
    /* Arming clears it. */
    CHECK_EQUAL(set_timer(ctx, base, manual, HOUR, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(look(ctx, base, manual), GRT_NT_TIMEOUT);
    /* Now, and in the past, is at once. */
    CHECK_EQUAL(set_timer(ctx, base, manual, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(look(ctx, base, manual), GRT_NT_SUCCESS);
    CHECK_EQUAL(set_timer(ctx, base, automatic, 1, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(look(ctx, base, automatic), GRT_NT_SUCCESS);
    CHECK_EQUAL(look(ctx, base, automatic), GRT_NT_TIMEOUT);
    /* An absolute time that lies ahead. */
    begin = os_clock_ns();
    CHECK_EQUAL(
        set_timer(ctx, base, automatic, (int64_t)grt_kernel_time(ctx->thread->runtime) + 50000, 0),
        GRT_NT_SUCCESS);
    CHECK_EQUAL(wait_one(ctx, base, automatic), GRT_NT_SUCCESS);
    CHECK(os_clock_ns() - begin >= 4000000u);
}

static void test_one_shot(void **state)
{
    (void)state;
    RUN_GUEST(one_shot);
}

/* What a port reported as periodic work that runs flat out: arming must not signal. */
static void arming_does_not_signal(grt_ppc *ctx, uint8_t *base)
{
    uint32_t timer = new_timer(ctx, base, 1);
    for (int i = 0; i < 100; i++) {
        CHECK_EQUAL(set_timer(ctx, base, timer, HOUR, 1), GRT_NT_SUCCESS);
        CHECK_EQUAL(look(ctx, base, timer), GRT_NT_TIMEOUT);
    }
}

static void test_arming_does_not_signal(void **state)
{
    (void)state;
    RUN_GUEST(arming_does_not_signal);
}

static void periodic(grt_ppc *ctx, uint8_t *base)
{
    uint32_t timer = new_timer(ctx, base, 1);
    uint64_t begin = os_clock_ns();
    CHECK_EQUAL(set_timer(ctx, base, timer, MILLISECONDS(1), 1), GRT_NT_SUCCESS);
    for (int i = 0; i < 20; i++)
        CHECK_EQUAL(wait_one(ctx, base, timer), GRT_NT_SUCCESS);
    CHECK(os_clock_ns() - begin >= 20000000u - 1000000u); /* one may have been kept */
    CHECK_EQUAL(KCALL(NtCancelTimer, timer, OUT(scratch(ctx))), GRT_NT_SUCCESS);
    (void)look(ctx, base, timer);
    CHECK_EQUAL(wait_until(ctx, base, timer, MILLISECONDS(5)), GRT_NT_TIMEOUT);
}

static void test_periodic(void **state)
{
    (void)state;
    RUN_GUEST(periodic);
}

static void answers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), due = timeout_at(base, s + 0x48, HOUR);
    uint32_t timer = new_timer(ctx, base, 0), event = new_event(ctx, base, 0, 0);
    CHECK_EQUAL(KCALL(NtCreateTimer, s, 0, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtCreateTimer, BAD, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, 0, 0, 1, 0, 0, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, BAD, 0, 1, 0, 0, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 0, 0, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 2, 0, 0, 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 0, 0x80000000u, 0),
                GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtSetTimerEx, event, due, 0, 1, 0, 0, 0, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtSetTimerEx, 0x1234, due, 0, 1, 0, 0, 0, 0), GRT_NT_INVALID_HANDLE);
    CHECK(grt_timer_next(dispatch_of(ctx)) == UINT64_MAX); /* none of these armed it */
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 1, 0, s), GRT_NT_TIMER_RESUME_IGNORED);
    CHECK(grt_timer_next(dispatch_of(ctx)) != UINT64_MAX);
    CHECK_EQUAL(peek(base, s), 0);
    timeout_at(base, due, 0);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 0, 0, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 0);
    timeout_at(base, due, HOUR);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 0, 0, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 1); /* it had fired */
    CHECK_EQUAL(KCALL(NtQueryTimer, timer, s), GRT_NT_SUCCESS);
    int64_t left = (int64_t)grt_load64(base + s);
    CHECK(left > 0 && left <= -HOUR);
    CHECK_EQUAL(base[s + 8], 0);
    CHECK_EQUAL(KCALL(NtCancelTimer, timer, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK(grt_timer_next(dispatch_of(ctx)) != UINT64_MAX);
    CHECK_EQUAL(KCALL(NtCancelTimer, timer, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 0);
    CHECK(grt_timer_next(dispatch_of(ctx)) == UINT64_MAX);
    CHECK_EQUAL(KCALL(NtCancelTimer, event, s), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtCancelTimer, 0x1234, s), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtQueryTimer, timer, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtQueryTimer, event, s), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtQueryTimer, 0x1234, s), GRT_NT_INVALID_HANDLE);
    timeout_at(base, due, 1);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, due, 0, 1, 0, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtQueryTimer, timer, s), GRT_NT_SUCCESS);
    CHECK((int64_t)grt_load64(base + s) <= 0 && base[s + 8] == 1);
}

static void test_answers(void **state)
{
    (void)state;
    RUN_GUEST(answers);
    assert_logged("NtSetTimerEx: due is null");
    assert_logged("NtCreateTimer: there is no timer type 2");
}

static void timer_names(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), name = named(ctx, base, "Tick");
    CHECK_EQUAL(KCALL(NtCreateTimer, s, name, 1), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtCreateTimer, s + 4, name, 1), GRT_NT_OBJECT_NAME_EXISTS);
    CHECK_EQUAL(KCALL(NtCreateEvent, s + 8, name, 1, 0), GRT_NT_OBJECT_NAME_COLLISION);
    set_timer(ctx, base, peek(base, s), 0, 0);
    CHECK_EQUAL(look(ctx, base, peek(base, s + 4)), GRT_NT_SUCCESS);
}

static void test_timer_names(void **state)
{
    (void)state;
    RUN_GUEST(timer_names);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void waits_for_timer(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_one(ctx, base, (uint32_t)ctx->r[3]), GRT_NT_SUCCESS);
}

static void closed_while_armed(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    uint32_t timer = new_timer(ctx, base, 1);
    set_timer(ctx, base, timer, MILLISECONDS(1), 1);
    CHECK_EQUAL(KCALL(NtClose, timer), GRT_NT_SUCCESS);
    CHECK(grt_timer_next(dispatch) == UINT64_MAX);
    /* Who waits for it is still served. */
    timer = new_timer(ctx, base, 1);
    uint32_t waiter = new_thread(ctx, base, 1, timer);
    await_waiting(dispatch, 1);
    set_timer(ctx, base, timer, MILLISECONDS(3), 1);
    CHECK_EQUAL(KCALL(NtClose, timer), GRT_NT_SUCCESS);
    join_guest(ctx, base, waiter);
    CHECK(grt_timer_next(dispatch) == UINT64_MAX);
}

static void test_closed_while_armed(void **state)
{
    (void)state;
    RUN_GUEST(closed_while_armed, waits_for_timer);
}

static atomic_uint apcs_run;

static void timer_apc(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    uint64_t when = ctx->r[5] << 32 | (uint32_t)ctx->r[4],
             now = grt_kernel_time(ctx->thread->runtime);
    CHECK_EQUAL(ctx->r[3], 0x5EED);
    CHECK(when <= now && now - when < 600000000u);
    atomic_fetch_add(&apcs_run, 1);
}

static void sets_and_ends(grt_ppc *ctx, uint8_t *base)
{
    grt_addr due = timeout_at(base, scratch(ctx) + 0x48, MILLISECONDS(1));
    CHECK_EQUAL(KCALL(NtSetTimerEx, (uint32_t)ctx->r[3], due, FN(2), 1, 0x5EED, 0, 1, 0),
                GRT_NT_SUCCESS);
}

static void timer_apcs(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), at = s + 0x48, forever = timeout_at(base, s + 0x50, INT64_MIN);
    uint32_t timer = new_timer(ctx, base, 0);
    atomic_store(&apcs_run, 0);
    timeout_at(base, at, MILLISECONDS(2));
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, at, FN(2), 1, 0x5EED, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, forever), GRT_NT_USER_APC);
    CHECK_EQUAL(atomic_load(&apcs_run), 1);
    /* Not outside of alertable waits, and a cancel takes one back that is queued. */
    timeout_at(base, at, 0);
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, at, FN(2), 1, 0x5EED, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(wait_one(ctx, base, timer), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtCancelTimer, timer, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 1);
    timeout_at(base, at, MILLISECONDS(1));
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, at), GRT_NT_SUCCESS);
    CHECK_EQUAL(atomic_load(&apcs_run), 1);
    /* A periodic one comes again and again, one at a time. */
    CHECK_EQUAL(KCALL(NtSetTimerEx, timer, at, FN(2), 1, 0x5EED, 0, 1, 0), GRT_NT_SUCCESS);
    for (uint32_t i = 2; i < 5; i++) {
        CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, forever), GRT_NT_USER_APC);
        CHECK_EQUAL(atomic_load(&apcs_run), i);
    }
    /* Closing it while one is queued takes that along. */
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, s + 0x58, MILLISECONDS(3)));
    CHECK_EQUAL(KCALL(NtClose, timer), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 1, at), GRT_NT_SUCCESS);
    /* The timer of a thread that has ended does not fire any more. */
    timer = new_timer(ctx, base, 0);
    join_guest(ctx, base, new_thread(ctx, base, 1, timer));
    CHECK(grt_timer_next(dispatch_of(ctx)) == UINT64_MAX);
    CHECK_EQUAL(atomic_load(&apcs_run), 4);
}

static void test_timer_apcs(void **state)
{
    (void)state;
    RUN_GUEST(timer_apcs, sets_and_ends, timer_apc);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

static atomic_uint dpcs_run;

static void timer_dpc(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    CHECK_EQUAL(ctx->r[3], DATA_BASE + 0x100);
    CHECK_EQUAL(ctx->r[4], 0xC0FFEE);
    atomic_fetch_add(&dpcs_run, 1);
}

static void write_dpc(uint8_t *base, grt_addr dpc, grt_addr routine, uint32_t context)
{
    memset(base + dpc, 0, 0x1C);
    poke(base, dpc, 0x00130000);
    poke(base, dpc + 0xC, routine);
    poke(base, dpc + 0x10, context);
}

static void in_memory(grt_ppc *ctx, uint8_t *base)
{
    grt_addr timer = DATA_BASE + 0x40, dpc = DATA_BASE + 0x100;
    uint64_t soon = (uint64_t)MILLISECONDS(2), late = (uint64_t)HOUR;
    KCALL(KeInitializeTimerEx, timer, 1, 2);
    CHECK_EQUAL(peek(base, timer), 0x09000200);
    CHECK_EQUAL(peek(base, timer + 4), 0);
    CHECK_EQUAL(peek(base, timer + 8), timer + 8);
    CHECK_EQUAL(look_at(ctx, base, timer), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, late, 0), 0);
    CHECK_EQUAL(base[timer + 3], 1);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, soon, 0), 1); /* set again: the new time counts */
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, timer, 0, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, timer + 4), 0);
    CHECK_EQUAL(base[timer + 3], 0);
    CHECK_EQUAL(KCALL(KeCancelTimer, timer), 0);
    CHECK_EQUAL(KCALL(KeSetTimerEx, timer, 0, 1, 0), 0);
    for (int i = 0; i < 5; i++)
        CHECK_EQUAL(KCALL(KeWaitForSingleObject, timer, 0, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, timer + 0x24), 1);
    CHECK_EQUAL(KCALL(KeCancelTimer, timer), 1);
    CHECK_EQUAL(KCALL(KeCancelTimer, timer), 0);
    /* With a DPC. */
    atomic_store(&dpcs_run, 0);
    write_dpc(base, dpc, FN(1), 0xC0FFEE);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, soon, dpc), 0);
    while (atomic_load(&dpcs_run) == 0)
        os_thread_yield();
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, timer, 0, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(atomic_load(&dpcs_run), 1);
    /* What is no timer is none. */
    CHECK_EQUAL(KCALL(KeSetTimer, BAD, soon, 0), 0);
    KCALL(KeInitializeEvent, timer, 1, 0);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, soon, 0), 0);
    CHECK_EQUAL(KCALL(KeCancelTimer, timer), 0);
    CHECK(grt_timer_next(dispatch_of(ctx)) == UINT64_MAX);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0); /* no record is kept */
}

static void test_in_memory(void **state)
{
    (void)state;
    RUN_GUEST(in_memory, timer_dpc);
    assert_false(log_has("ended at IRQL")); /* the level ends with the DPC */
    assert_logged("KeSetTimer: object 00000010 is in memory that cannot be read");
    assert_logged("KeSetTimer: object 82010040 is of an event");
}

static bool nothing_armed(grt_dispatch *dispatch)
{
    grt_dispatch_lock(dispatch);
    bool nothing = dispatch->timers == NULL && dispatch->objects == 0;
    grt_dispatch_unlock(dispatch);
    return nothing;
}

static void memory_goes_away(grt_ppc *ctx, uint8_t *base)
{
    grt_addr pages = new_pages(ctx, base, 0x10000), other = DATA_BASE + 0x40;
    /* Freed while armed. */
    KCALL(KeInitializeTimerEx, pages, 0, 0);
    KCALL(KeSetTimerEx, pages, (uint64_t)MILLISECONDS(5), 1, 0);
    decommit_pages(ctx, base, pages, 0x10000);
    while (!nothing_armed(dispatch_of(ctx)))
        os_thread_yield();
    /* Used for something else, without a word to the kernel: it is not written to. */
    KCALL(KeInitializeTimerEx, other, 0, 0);
    KCALL(KeSetTimerEx, other, (uint64_t)MILLISECONDS(5), 1, 0);
    memset(base + other, 0x5A, 0x28);
    while (!nothing_armed(dispatch_of(ctx)))
        os_thread_yield();
    for (uint32_t i = 0; i < 0x28; i += 4)
        CHECK_EQUAL(peek(base, other + i), 0x5A5A5A5A);
    /* Used as an event that the kernel gets to see first. */
    KCALL(KeInitializeTimerEx, other, 0, 0);
    KCALL(KeSetTimer, other, (uint64_t)HOUR, 0);
    poke(base, other, 0x01000000);
    CHECK_EQUAL(KCALL(KeSetEvent, other, 0, 0), 0);
    CHECK_EQUAL(look_at(ctx, base, other), GRT_NT_SUCCESS);
    CHECK_EQUAL(look_at(ctx, base, other), GRT_NT_TIMEOUT);
    CHECK(nothing_armed(dispatch_of(ctx)));
    /* Initialised again while armed. */
    KCALL(KeInitializeTimerEx, other, 0, 0);
    KCALL(KeSetTimer, other, (uint64_t)HOUR, 0);
    KCALL(KeInitializeTimerEx, other, 1, 0);
    CHECK(nothing_armed(dispatch_of(ctx)));
    CHECK_EQUAL(KCALL(KeSetTimer, other, 0, 0), 0);
    CHECK_EQUAL(look_at(ctx, base, other), GRT_NT_SUCCESS);
}

static void test_memory_goes_away(void **state)
{
    (void)state;
    RUN_GUEST(memory_goes_away);
    assert_logged("the timer at 0x82010040 was armed, but there is no timer any more");
}

/* ---- order, against a model ------------------------------------------------------------------ */

#define TIMERS 64u

typedef struct model_timer {
    grt_object *object;
    bool armed;
    uint64_t due, period, fired;
} model_timer;

static void model_run(model_timer *timers, uint64_t now)
{
    for (uint32_t i = 0; i < TIMERS; i++) {
        if (!timers[i].armed || timers[i].due > now)
            continue;
        timers[i].fired++;
        timers[i].armed = timers[i].period != 0;
        while (timers[i].armed && timers[i].due <= now)
            timers[i].due += timers[i].period;
    }
}

static void compare(grt_dispatch *dispatch, const model_timer *timers)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < TIMERS; i++) {
        assert_int_equal(timers[i].object->timer.armed, timers[i].armed);
        assert_int_equal(timers[i].object->state, timers[i].fired > 0);
        if (timers[i].armed)
            assert_int_equal(timers[i].object->timer.due, timers[i].due);
        if (timers[i].armed && timers[i].due < next)
            next = timers[i].due;
    }
    assert_int_equal(grt_timer_next(dispatch), next);
}

static void random_step(grt_dispatch *dispatch, model_timer *timers, uint64_t *now,
                        uint64_t *random)
{
    model_timer *timer = &timers[random_below(random, TIMERS)];
    uint32_t what = random_below(random, 8);
    if (what == 0) {
        *now += random_below(random, 3000);
        grt_timer_run(dispatch, *now);
        model_run(timers, *now);
    } else if (what == 1) {
        assert_int_equal(grt_timer_cancel(dispatch, timer->object), timer->armed);
        timer->armed = false;
    } else {
        bool was_armed = timer->armed;
        timer->due = *now + 1 + random_below(random, 2000);
        timer->period = random_below(random, 2) ? 1 + random_below(random, 700) : 0;
        timer->armed = true;
        timer->fired = 0;
        assert_int_equal(grt_timer_set(dispatch, timer->object, timer->due, timer->period),
                         was_armed);
    }
}

/* The clock of the test runs an hour ahead; the runtime's own never gets there. */
static void test_random_timers(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    uint64_t random = test_seed(), now = os_clock_ns() + 3600000000000ull;
    model_timer timers[TIMERS] = {0};
    kernel_create(&fix, &config, (grt_ppc_function *const[]){one_shot}, 1);
    grt_dispatch *dispatch = &fix.runtime->kernel->dispatch;
    grt_dispatch_lock(dispatch);
    for (uint32_t i = 0; i < TIMERS; i++)
        timers[i].object = grt_object_create(dispatch, GRT_OBJECT_TIMER, NULL);
    for (int i = 0; i < 100000; i++) {
        random_step(dispatch, timers, &now, &random);
        if (i % 16 == 0)
            compare(dispatch, timers);
    }
    for (uint32_t i = 0; i < TIMERS; i++)
        grt_object_release(dispatch, timers[i].object);
    assert_null(dispatch->timers);
    grt_dispatch_unlock(dispatch);
    fixture_destroy(&fix);
}

/* A periodic timer that was late fires once, and goes on at the times it would have had. */
static void test_catches_up(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    kernel_create(&fix, &config, (grt_ppc_function *const[]){one_shot}, 1);
    grt_dispatch *dispatch = &fix.runtime->kernel->dispatch;
    uint64_t due = os_clock_ns() + 3600000000000ull;
    grt_dispatch_lock(dispatch);
    grt_object *timer = grt_object_create(dispatch, GRT_OBJECT_TIMER, NULL);
    grt_timer_set(dispatch, timer, due, 10);
    grt_timer_run(dispatch, due + 55);
    assert_int_equal(timer->state, 1);
    assert_int_equal(grt_timer_next(dispatch), due + 60);
    grt_timer_run(dispatch, due + 60);
    assert_int_equal(grt_timer_next(dispatch), due + 70);
    /* One that is armed for the past counts its periods from now. */
    uint64_t now = os_clock_ns();
    grt_timer_set(dispatch, timer, 0, 3600000000000ull);
    assert_true(grt_timer_next(dispatch) >= now + 3600000000000ull);
    grt_object_release(dispatch, timer);
    grt_dispatch_unlock(dispatch);
    fixture_destroy(&fix);
}

/* However many periods it was late, it lets one waiter through. */
static void late(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_handle_trouble trouble;
    uint32_t threads[2], handle = new_timer(ctx, base, 1);
    uint64_t due = os_clock_ns() + 3600000000000ull;
    for (uint32_t i = 0; i < 2; i++)
        threads[i] = new_thread(ctx, base, 1, handle);
    await_waiting(dispatch, 2);
    grt_dispatch_lock(dispatch);
    grt_object *timer =
        grt_handle_object(dispatch, ctx->thread, handle, GRT_OBJECT_TIMER, &trouble);
    grt_timer_set(dispatch, timer, due, 10);
    grt_timer_run(dispatch, due + 55);
    CHECK_EQUAL(dispatch->waiting, 1);
    grt_timer_run(dispatch, due + 60);
    CHECK_EQUAL(dispatch->waiting, 0);
    grt_object_release(dispatch, timer);
    grt_dispatch_unlock(dispatch);
    for (uint32_t i = 0; i < 2; i++)
        join_guest(ctx, base, threads[i]);
}

static void test_late(void **state)
{
    (void)state;
    RUN_GUEST(late, waits_for_timer);
}

/* ---- the host, the end ----------------------------------------------------------------------- */

static void no_clock(grt_ppc *ctx, uint8_t *base)
{
    grt_addr timer = DATA_BASE + 0x40;
    uint32_t handle = new_timer(ctx, base, 0);
    KCALL(KeInitializeTimerEx, timer, 0, 0);
    os_inject_failure(1, true);
    CHECK_EQUAL(set_timer(ctx, base, handle, 0, 0), GRT_NT_INSUFFICIENT_RESOURCES);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, 0, 0), 0);
    os_inject_failure(0, false);
    CHECK_EQUAL(look(ctx, base, handle), GRT_NT_TIMEOUT);
    CHECK_EQUAL(peek(base, timer + 4), 0);
    CHECK_EQUAL(set_timer(ctx, base, handle, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(look(ctx, base, handle), GRT_NT_SUCCESS);
    /* The record of a body. */
    os_inject_failure(1, false);
    CHECK_EQUAL(KCALL(KeSetTimer, timer, 0, 0), 0);
    os_inject_failure(0, false);
    CHECK_EQUAL(peek(base, timer + 4), 0);
}

static void test_no_clock(void **state)
{
    (void)state;
    RUN_GUEST(no_clock);
    assert_logged("NtSetTimerEx: the clock thread cannot be started: the host says");
}

static void waits_and_is_stopped(grt_ppc *ctx, uint8_t *base)
{
    uint32_t timer = new_timer(ctx, base, (uint32_t)ctx->r[3] & 1);
    grt_addr body = DATA_BASE + 0x100 + (uint32_t)ctx->r[3] * 0x40;
    set_timer(ctx, base, timer, HOUR, 1);
    KCALL(KeInitializeTimerEx, body, 0, 0);
    KCALL(KeSetTimerEx, body, (uint64_t)HOUR, 1, 0);
    if (ctx->r[3] & 2)
        wait_one(ctx, base, timer);
    else
        KCALL(KeWaitForSingleObject, body, 0, 1, 0, 0);
    CHECK(false);
}

/* Armed timers, periodic ones that fire meanwhile, and waits for them, in two runtimes at once. */
static void test_destroy_while_armed(void **state)
{
    (void)state;
    static fixture one, two;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {waits_and_is_stopped};
    for (int round = 0; round < 5; round++) {
        kernel_create(&one, &config, functions, 1);
        kernel_create(&two, &config, functions, 1);
        for (uint32_t i = 0; i < 4; i++) {
            grt_thread_release(start(&one, FN(0), i, 0));
            grt_thread_release(start(&two, FN(0), i, 0));
        }
        if (round % 2) {
            await_waiting(&one.runtime->kernel->dispatch, 4);
            await_waiting(&two.runtime->kernel->dispatch, 4);
        }
        fixture_destroy(&one);
        fixture_destroy(&two);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

static void dpc_that_waits(grt_ppc *ctx, uint8_t *base)
{
    atomic_fetch_add(&dpcs_run, 1);
    KCALL(KeWaitForSingleObject, DATA_BASE + 0x80, 0, 1, 0, 0);
    CHECK(false);
}

static void arms_it(grt_ppc *ctx, uint8_t *base)
{
    atomic_store(&dpcs_run, 0);
    KCALL(KeInitializeEvent, DATA_BASE + 0x80, 0, 0);
    KCALL(KeInitializeTimerEx, DATA_BASE + 0x40, 0, 0);
    write_dpc(base, DATA_BASE + 0x100, FN(1), 0);
    KCALL(KeSetTimer, DATA_BASE + 0x40, 0, DATA_BASE + 0x100);
    while (atomic_load(&dpcs_run) == 0)
        KCALL0(NtYieldExecution);
}

/* A DPC that never comes back: the runtime still can be taken apart. */
static void test_destroy_in_dpc(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {arms_it, dpc_that_waits};
    for (int round = 0; round < 3; round++) {
        kernel_create(&fix, &config, functions, 2);
        grt_thread_release(start(&fix, FN(0), 0, 0));
        while (atomic_load(&dpcs_run) == 0)
            os_thread_yield();
        fixture_destroy(&fix);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* ---- many at once ---------------------------------------------------------------------------- */

#define SETTERS 4u
#define SETS    400u
static uint32_t shared_timers[4];
static uint64_t seed;

static void setter(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint64_t random = seed * 31 + ctx->r[3] * 7919 + 1;
    for (uint32_t i = 0; i < SETS; i++) {
        uint32_t timer = shared_timers[random_below(&random, 4)];
        grt_addr body = DATA_BASE + 0x40 + 0x40 * random_below(&random, 2);
        switch (random_below(&random, 7)) {
        case 0:
            KCALL(NtCancelTimer, timer, s);
            break;
        case 1:
            wait_until(ctx, base, timer, -(int64_t)random_below(&random, 3000));
            break;
        case 2:
            KCALL(KeSetTimerEx, body, -(uint64_t)random_below(&random, 4000),
                  random_below(&random, 2), 0);
            break;
        case 3:
            KCALL(KeCancelTimer, body);
            break;
        case 4:
            timeout_at(base, s + 0x48, -(int64_t)random_below(&random, 3000));
            KCALL(NtSetTimerEx, timer, s + 0x48, FN(2), 1, 0, 0, random_below(&random, 2), 0);
            break;
        case 5:
            KCALL(KeDelayExecutionThread, 1, 1, timeout_at(base, s + 0x48, -1000));
            break;
        default:
            set_timer(ctx, base, timer, -(int64_t)random_below(&random, 3000),
                      random_below(&random, 2));
            break;
        }
    }
}

static void nothing(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

static void many_setters(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[SETTERS];
    for (uint32_t i = 0; i < 4; i++)
        shared_timers[i] = new_timer(ctx, base, i % 2);
    KCALL(KeInitializeTimerEx, DATA_BASE + 0x40, 0, 0);
    KCALL(KeInitializeTimerEx, DATA_BASE + 0x80, 1, 0);
    for (uint32_t i = 0; i < SETTERS; i++)
        threads[i] = new_thread(ctx, base, 1, i);
    for (uint32_t i = 0; i < SETTERS; i++)
        join_guest(ctx, base, threads[i]);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL(KCALL(NtClose, shared_timers[i]), GRT_NT_SUCCESS);
    KCALL(KeCancelTimer, DATA_BASE + 0x40);
    KCALL(KeCancelTimer, DATA_BASE + 0x80);
    CHECK(nothing_armed(dispatch_of(ctx)));
}

static void test_many_setters(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(many_setters, setter, nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_shot),         cmocka_unit_test(test_arming_does_not_signal),
        cmocka_unit_test(test_periodic),         cmocka_unit_test(test_answers),
        cmocka_unit_test(test_timer_names),      cmocka_unit_test(test_closed_while_armed),
        cmocka_unit_test(test_timer_apcs),       cmocka_unit_test(test_in_memory),
        cmocka_unit_test(test_memory_goes_away), cmocka_unit_test(test_random_timers),
        cmocka_unit_test(test_catches_up),       cmocka_unit_test(test_late),
        cmocka_unit_test(test_no_clock),         cmocka_unit_test(test_destroy_while_armed),
        cmocka_unit_test(test_destroy_in_dpc),   cmocka_unit_test(test_many_setters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
