/* test_kernel_body.c - objects in guest memory: mutants, memory that changes its use, and guests
 * that overwrite what others wait for. */
#include "sync_fixture.h"

#define BODY (DATA_BASE + 0x40)

static uint32_t wait_at(grt_ppc *ctx, uint8_t *base, grt_addr body)
{
    return KCALL(KeWaitForSingleObject, body, 0, 1, 0, 0);
}

/* ---- mutants --------------------------------------------------------------------------------- */

static void tries_it(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 0, 0), (uint32_t)-1);
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_TIMEOUT);
}

static void takes_and_ends(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_SUCCESS);
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, BODY + 4), (uint32_t)-1);
}

static void abandons_for_other(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 1, 0), (uint32_t)-1);
}

static void mutants(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeInitializeMutant, BODY, 1);
    CHECK_EQUAL(base[BODY], 2);
    CHECK_EQUAL(peek(base, BODY + 4), 0);
    CHECK_EQUAL(peek(base, BODY + 0x18), ctx->thread->kthread);
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_SUCCESS); /* once more */
    join_guest(ctx, base, new_thread(ctx, base, 1, 0));
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 0, 0), (uint32_t)-1);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 0, 0), 0);
    CHECK_EQUAL(peek(base, BODY + 4), 1);
    CHECK_EQUAL(peek(base, BODY + 0x18), 0);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 0, 0), 1); /* reported, nothing happens */
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
    /* The end of its owner, and the flag for it. */
    join_guest(ctx, base, new_thread(ctx, base, 2, 0));
    CHECK_EQUAL(base[BODY + 0x1C], 1);
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_ABANDONED_WAIT_0);
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_SUCCESS);
    join_guest(ctx, base, new_thread(ctx, base, 3, 0)); /* by somebody else, on purpose */
    CHECK_EQUAL(peek(base, BODY + 4), 1);
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_ABANDONED_WAIT_0);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 1, 0), 0);
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_ABANDONED_WAIT_0);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 0, 0), 0);
    KCALL(KeInitializeMutant, BODY, 0);
    CHECK_EQUAL(peek(base, BODY + 4), 1);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BODY, 0, 1, 0), 1); /* nobody's: abandoned all the same */
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_ABANDONED_WAIT_0);
    KCALL(KeInitializeMutant, BAD, 1);
    CHECK_EQUAL(KCALL(KeReleaseMutant, BAD, 0, 0, 0), 0);
}

static void test_mutants(void **state)
{
    (void)state;
    RUN_GUEST(mutants, tries_it, takes_and_ends, abandons_for_other);
    assert_logged("KeReleaseMutant: mutant 82010040: the calling thread does not own the mutant");
    assert_logged("KeInitializeMutant: mutant leads to 0x00000010, which cannot be written");
}

static atomic_bool on_its_way, may_go;

static void comes_late(grt_ppc *ctx, uint8_t *base)
{
    atomic_store(&on_its_way, true);
    while (!atomic_load(&may_go))
        os_thread_yield();
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_SUCCESS);
}

/* The owner releases a mutant for good while another thread's call is on its way to it: who owned
 * it before does not get it back. */
static void released_meanwhile(grt_ppc *ctx, uint8_t *base)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    KCALL(KeInitializeMutant, BODY, 1);
    atomic_store(&on_its_way, false);
    atomic_store(&may_go, false);
    uint32_t thread = new_thread(ctx, base, 1, 0);
    while (!atomic_load(&on_its_way))
        os_thread_yield();
    grt_dispatch_lock(dispatch);
    atomic_store(&may_go, true);
    os_sleep_ns(20000000); /* it comes as far as it can */
    CHECK_EQUAL(grt_mutant_release(dispatch, grt_object_find_body(dispatch, BODY)), 0);
    grt_dispatch_unlock(dispatch);
    join_guest(ctx, base, thread);
    CHECK(!ctx->thread->kernel.mutants);
}

static void test_released_meanwhile(void **state)
{
    (void)state;
    RUN_GUEST(released_meanwhile, comes_late);
}

/* An index comes with the news that a mutant was abandoned. */
static void abandoned_index(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, TIMEOUT(s), 0);
    KCALL(KeInitializeMutant, BODY, 0);
    KCALL(KeInitializeEvent, BODY + 0x40, 0, 0);
    poke(base, HANDLES(s), BODY + 0x40);
    poke(base, HANDLES(s) + 4, BODY);
    join_guest(ctx, base, new_thread(ctx, base, 1, 0));
    CHECK_EQUAL(KCALL(KeWaitForMultipleObjects, 2, HANDLES(s), 1, 0, 1, 0, now, 0),
                GRT_NT_ABANDONED_WAIT_0 + 1);
    CHECK_EQUAL(KCALL(KeWaitForMultipleObjects, 2, HANDLES(s), 1, 0, 1, 0, now, 0), 1);
    KCALL(KeReleaseMutant, BODY, 0, 0, 0);
    KCALL(KeReleaseMutant, BODY, 0, 0, 0);
    join_guest(ctx, base, new_thread(ctx, base, 1, 0));
    CHECK_EQUAL(KCALL(KeWaitForMultipleObjects, 2, HANDLES(s), 0, 0, 1, 0, now, 0), GRT_NT_TIMEOUT);
    KCALL(KeSetEvent, BODY + 0x40, 0, 0);
    CHECK_EQUAL(KCALL(KeWaitForMultipleObjects, 2, HANDLES(s), 0, 0, 1, 0, now, 0),
                GRT_NT_ABANDONED_WAIT_0);
}

static void test_abandoned_index(void **state)
{
    (void)state;
    RUN_GUEST(abandoned_index, takes_and_ends);
}

static void boost(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(KeInitializeEvent, BODY, 1, 0);
    KCALL(KeSetEventBoostPriority, BODY, s);
    CHECK_EQUAL(peek(base, s), 0);
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_SUCCESS);
    uint32_t waiter = new_thread(ctx, base, 1, 0);
    await_waiting(dispatch_of(ctx), 1);
    KCALL(KeSetEventBoostPriority, BODY, BAD); /* nothing happens */
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 1);
    KCALL(KeSetEventBoostPriority, BODY, s);
    grt_thread *thread = grt_thread_find_kthread(ctx->thread->runtime, peek(base, s));
    CHECK(thread && thread != ctx->thread);
    if (thread)
        grt_thread_release(thread);
    join_guest(ctx, base, waiter);
    CHECK_EQUAL(look_at(ctx, base, BODY), GRT_NT_TIMEOUT);
}

static void waits_at_body(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_at(ctx, base, BODY), GRT_NT_SUCCESS);
}

static void test_boost(void **state)
{
    (void)state;
    RUN_GUEST(boost, waits_at_body);
}

/* ---- memory that is used again --------------------------------------------------------------- */

static void initialise(grt_ppc *ctx, uint8_t *base, uint32_t kind, grt_addr body)
{
    switch (kind) {
    case 0:
        KCALL(KeInitializeEvent, body, 0, 0);
        break;
    case 1:
        KCALL(KeInitializeEvent, body, 1, 0);
        break;
    case 2:
        KCALL(KeInitializeSemaphore, body, 0, 3);
        break;
    case 3:
        KCALL(KeInitializeTimerEx, body, 1, 0);
        break;
    default:
        KCALL(KeInitializeMutant, body, 1);
        break;
    }
}

/* As programs do that have it inlined. */
static void initialise_inline(uint8_t *base, uint32_t kind, grt_addr body, grt_addr kthread)
{
    static const uint8_t types[] = {0, 1, 5, 9, 2};
    memset(base + body, 0, 0x28);
    base[body] = types[kind];
    poke(base, body + 8, body + 8);
    poke(base, body + 0xC, body + 8);
    if (kind == 2)
        poke(base, body + 0x10, 3);
    if (kind == 4)
        poke(base, body + 0x18, kthread);
}

/* Signals the object; the caller owns it if it is a mutant. */
static void signal_body(grt_ppc *ctx, uint8_t *base, uint32_t kind, grt_addr body)
{
    switch (kind) {
    case 0:
    case 1:
        CHECK_EQUAL(KCALL(KeSetEvent, body, 0, 0), 0);
        break;
    case 2:
        CHECK_EQUAL(KCALL(KeReleaseSemaphore, body, 0, 1, 0), 0);
        break;
    case 3:
        CHECK_EQUAL(KCALL(KeSetTimer, body, 0, 0), 0);
        break;
    default:
        CHECK_EQUAL(KCALL(KeReleaseMutant, body, 0, 0, 0), 0);
        break;
    }
}

static void waits_for_ever(grt_ppc *ctx, uint8_t *base)
{
    wait_at(ctx, base, (grt_addr)ctx->r[3]);
}

/* Whatever was there, the new object works like any other. */
static void new_use(grt_ppc *ctx, uint8_t *base, uint32_t was, uint32_t is, bool inlined)
{
    static grt_addr next;
    next = next && next < DATA_BASE + 0xF00 ? next + 0x40 : DATA_BASE + 0x40;
    grt_addr body = next;
    initialise(ctx, base, was, body);
    CHECK_EQUAL(look_at(ctx, base, body), was == 4 ? GRT_NT_SUCCESS : GRT_NT_TIMEOUT);
    if (was == 3)
        KCALL(KeSetTimerEx, body, (uint64_t)HOUR, 1, 0);
    if (inlined)
        initialise_inline(base, is, body, ctx->thread->kthread);
    else
        initialise(ctx, base, is, body);
    signal_body(ctx, base, is, body);
}

static void new_uses(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t was = 0; was < 5; was++) {
        for (uint32_t is = 0; is < 5; is++) {
            for (int inlined = 0; inlined < 2; inlined++) {
                if (!inlined || was != is || was < 3) /* the same as before says nothing */
                    new_use(ctx, base, was, is, inlined);
                CHECK(grt_timer_next(dispatch_of(ctx)) == UINT64_MAX);
            }
        }
    }
}

static void test_new_uses(void **state)
{
    (void)state;
    RUN_GUEST(new_uses, waits_for_ever);
}

/* The same while a thread waits: it goes on, or gets what is there now; the end is no trouble. */
static void new_uses_waited(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t was = 0; was < 5; was++) {
        for (uint32_t is = 0; is < 4; is++) {
            grt_addr body = DATA_BASE + 0x40 * (1 + was * 4 + is);
            uint32_t waiting = waiting_now(dispatch_of(ctx));
            initialise(ctx, base, was, body);
            KCALL(NtClose, new_thread(ctx, base, 1, body));
            await_waiting(dispatch_of(ctx), waiting + 1);
            initialise(ctx, base, is, body);
            /* Whoever waits is let through by the first signal, or by none. */
            for (int i = 0; i < 3; i++) {
                if (is < 2)
                    KCALL(KeSetEvent, body, 0, 0);
                else if (is == 2)
                    KCALL(KeReleaseSemaphore, body, 0, 1, 0);
                else
                    KCALL(KeSetTimer, body, 0, 0);
            }
            CHECK_EQUAL(look_at(ctx, base, body), GRT_NT_SUCCESS);
        }
    }
    ctx->r[3] = 0;
}

static void test_new_uses_waited(void **state)
{
    (void)state;
    RUN_GUEST(new_uses_waited, waits_for_ever);
    assert_logged("is initialised while 1 thread waits for what was there before");
}

/* The news is news once. */
static void said_once(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeInitializeEvent, BODY, 0, 0);
    uint32_t waiter = new_thread(ctx, base, 1, BODY);
    await_waiting(dispatch_of(ctx), 1);
    initialise_inline(base, 0, BODY, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(KCALL(KeResetEvent, BODY), 0);
    CHECK_EQUAL(KCALL(KeSetEvent, BODY, 0, 0), 0);
    join_guest(ctx, base, waiter);
}

static void test_said_once(void **state)
{
    (void)state;
    RUN_GUEST(said_once, waits_for_ever);
    assert_int_equal(times_logged("KeResetEvent: object 82010040 is initialised while 1 thread "
                                  "waits for what was there before"),
                     1);
    assert_int_equal(times_logged("is initialised while"), 1);
}

/* ---- hostile guests -------------------------------------------------------------------------- */

static void garbage(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t kind = 0; kind < 5; kind++) {
        grt_addr body = DATA_BASE + 0x40 * (1 + kind);
        initialise(ctx, base, kind, body);
        KCALL(NtClose, new_thread(ctx, base, 1, body));
        await_waiting(dispatch_of(ctx), kind + 1);
        memset(base + body, 0xA5, 0x28);
        CHECK_EQUAL(look_at(ctx, base, body), GRT_NT_INVALID_PARAMETER);
        KCALL(KeSetEvent, body, 0, 0);
        KCALL(KeReleaseSemaphore, body, 0, 1, 0);
        KCALL(KeReleaseMutant, body, 0, 0, 0);
        KCALL(KeSetTimer, body, 0, 0);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    RUN_GUEST(garbage, waits_for_ever);
    assert_logged("there is no dispatcher object at 82010040: its type byte is 165");
}

static void gone_memory(grt_ppc *ctx, uint8_t *base)
{
    grt_addr pages = new_pages(ctx, base, 0x10000);
    for (uint32_t kind = 0; kind < 5; kind++) {
        initialise(ctx, base, kind, pages + 0x40 * kind);
        KCALL(NtClose, new_thread(ctx, base, 1, pages + 0x40 * kind));
        await_waiting(dispatch_of(ctx), kind + 1);
    }
    KCALL(KeSetTimer, pages + 0xC0, (uint64_t)MILLISECONDS(1), 0);
    decommit_pages(ctx, base, pages, 0x10000);
    for (uint32_t kind = 0; kind < 5; kind++) {
        grt_addr body = pages + 0x40 * kind;
        CHECK_EQUAL(look_at(ctx, base, body), GRT_NT_ACCESS_VIOLATION);
        CHECK_EQUAL(KCALL(KeSetEvent, body, 0, 0), 0);
        CHECK_EQUAL(KCALL(KeReleaseMutant, body, 0, 0, 0), 0);
        KCALL(KeInitializeEvent, body, 0, 1);
    }
}

static void test_gone_memory(void **state)
{
    (void)state;
    RUN_GUEST(gone_memory, waits_for_ever);
    assert_logged("in memory that cannot be read");
}

/* What cannot be written stays what it is: nobody is let through. */
static void read_only(grt_ppc *ctx, uint8_t *base)
{
    grt_memory *memory = ctx->thread->runtime->memory;
    grt_addr pages = new_pages(ctx, base, 0x10000);
    uint32_t threads[3];
    for (uint32_t kind = 0; kind < 3; kind++) {
        initialise(ctx, base, kind, pages + 0x40 * kind);
        threads[kind] = new_thread(ctx, base, 1, pages + 0x40 * kind);
        await_waiting(dispatch_of(ctx), kind + 1);
    }
    CHECK_EQUAL(grt_memory_protect(memory, pages, 0x10000, GRT_READ_ONLY), GRT_OK);
    for (uint32_t kind = 0; kind < 3; kind++)
        signal_body(ctx, base, kind, pages + 0x40 * kind);
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 3);
    CHECK_EQUAL(grt_memory_protect(memory, pages, 0x10000, GRT_READ_WRITE), GRT_OK);
    for (uint32_t kind = 0; kind < 3; kind++) {
        signal_body(ctx, base, kind, pages + 0x40 * kind);
        join_guest(ctx, base, threads[kind]);
    }
}

static void test_read_only(void **state)
{
    (void)state;
    RUN_GUEST(read_only, waits_for_ever);
    assert_logged("is in memory that cannot be written: nothing changed");
}

#define SCRIBBLERS 2u
#define USERS      4u
#define CALLS      1500u
#define PLACES     6u
static uint64_t seed;

/* Sometimes a type byte that makes sense, sometimes anything. Whole words, as guest code stores. */
static void scribbler(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed * 31 + ctx->r[3] * 7919 + 1;
    for (uint32_t i = 0; i < CALLS * 4; i++) {
        grt_addr body = DATA_BASE + 0x40 * (1 + random_below(&random, PLACES));
        uint32_t word = random_below(&random, 0x28 / 4) * 4;
        uint32_t value = random_below(&random, 4) ? random_below(&random, 10) << (word ? 0 : 24)
                                                  : random_below(&random, UINT32_MAX);
        __atomic_store_n((uint32_t *)(void *)(base + body + word), __builtin_bswap32(value),
                         __ATOMIC_RELAXED);
        if (random_below(&random, 64) == 0)
            os_thread_yield();
    }
    (void)ctx;
}

static void user(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint64_t random = seed * 17 + ctx->r[3] * 104729 + 1;
    for (uint32_t i = 0; i < CALLS; i++) {
        grt_addr body = DATA_BASE + 0x40 * (1 + random_below(&random, PLACES));
        grt_addr soon = timeout_at(base, TIMEOUT(s), -(int64_t)random_below(&random, 500) - 1);
        for (uint32_t k = 0; k < 4; k++)
            poke(base, HANDLES(s) + 4 * k, DATA_BASE + 0x40 * (1 + (i + k) % PLACES));
        switch (random_below(&random, 10)) {
        case 0:
        case 1:
            KCALL(KeWaitForSingleObject, body, 0, 1, 0, soon);
            break;
        case 2:
        case 3:
            KCALL(KeWaitForMultipleObjects, 4, HANDLES(s), random_below(&random, 2), 0, 1, 0, soon,
                  0);
            break;
        case 4:
            KCALL(KeSetEvent, body, 0, 0);
            break;
        case 5:
            KCALL(KeReleaseSemaphore, body, 0, 1 + random_below(&random, 3), 0);
            break;
        case 6:
            KCALL(KeReleaseMutant, body, 0, random_below(&random, 2), 0);
            break;
        case 7:
            KCALL(KeSetTimerEx, body, -(uint64_t)random_below(&random, 3000),
                  random_below(&random, 2), 0);
            break;
        case 8:
            initialise(ctx, base, random_below(&random, 5), body);
            break;
        default:
            KCALL(KePulseEvent, body, 0, 0);
            break;
        }
    }
}

static void hostile(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[SCRIBBLERS + USERS];
    for (uint32_t i = 0; i < PLACES; i++)
        initialise(ctx, base, i % 5, DATA_BASE + 0x40 * (1 + i));
    for (uint32_t i = 0; i < SCRIBBLERS + USERS; i++)
        threads[i] = new_thread(ctx, base, i < SCRIBBLERS ? 1 : 2, i);
    for (uint32_t i = 0; i < SCRIBBLERS + USERS; i++)
        join_guest(ctx, base, threads[i]);
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 0);
}

/* Headers full of nonsense while others use them: every call comes back, and so does the end. */
static void test_hostile(void **state)
{
    (void)state;
    if (UNDER_TSAN) /* the guest races with itself, on purpose */
        skip();
    seed = test_seed();
    RUN_GUEST(hostile, scribbler, user);
}

static atomic_bool flipping;

static void flipper(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    for (uint32_t i = 0; atomic_load(&flipping); i++)
        __atomic_store_n((uint32_t *)(void *)(base + BODY + 4), i & 1 ? __builtin_bswap32(1) : 0,
                         __ATOMIC_RELAXED);
}

static void setter(grt_ppc *ctx, uint8_t *base)
{
    while (atomic_load(&flipping)) {
        KCALL(KeSetEvent, BODY, 0, 0);
        os_thread_yield();
    }
}

/* Inlined code sets and clears an event all the time: what is missing may come between two looks,
 * and still whoever sets the event finds the waiter. */
static void flipped(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    atomic_store(&flipping, true);
    KCALL(KeInitializeEvent, BODY, 0, 0);
    KCALL(KeInitializeEvent, BODY + 0x40, 0, 1);
    poke(base, HANDLES(s), BODY);
    poke(base, HANDLES(s) + 4, BODY + 0x40);
    uint32_t threads[] = {new_thread(ctx, base, 1, 0), new_thread(ctx, base, 2, 0)};
    for (uint32_t i = 0; i < 200000; i++)
        CHECK_EQUAL(KCALL(KeWaitForMultipleObjects, 2, HANDLES(s), 0, 0, 1, 0, 0, 0),
                    GRT_NT_SUCCESS);
    atomic_store(&flipping, false);
    join_guest(ctx, base, threads[0]);
    join_guest(ctx, base, threads[1]);
}

static void test_flipped(void **state)
{
    (void)state;
    if (UNDER_TSAN) /* the guest races with the look, on purpose */
        skip();
    RUN_GUEST(flipped, flipper, setter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutants),         cmocka_unit_test(test_released_meanwhile),
        cmocka_unit_test(test_abandoned_index), cmocka_unit_test(test_boost),
        cmocka_unit_test(test_new_uses),        cmocka_unit_test(test_new_uses_waited),
        cmocka_unit_test(test_said_once),       cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_gone_memory),     cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_hostile),         cmocka_unit_test(test_flipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
