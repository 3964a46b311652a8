/* test_kernel_apc.c - APCs: who may run when, what they leave behind, and races. */
#include "kernel_fixture.h"

#include "kernel/irql.h"

static atomic_uint runs;

static void counts(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
    atomic_fetch_add(&runs, 1);
}

/* A kernel APC with a normal routine, on the calling thread. */
static void initialise(grt_ppc *ctx, uint8_t *base, grt_addr kapc, grt_addr kernel_routine,
                       grt_addr normal_routine, uint32_t mode)
{
    KCALL(KeInitializeApc, kapc, ctx->thread->kthread, kernel_routine, 0, normal_routine, mode, 0);
}

/* ---- who has to wait ---------------------------------------------------------------------- */

static void held_back(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    grt_addr normal = s + 0x80, special = s + 0xC0;
    grt_thread *thread = ctx->thread;
    atomic_store(&runs, 0);
    initialise(ctx, base, normal, 0, FN(1), 0);
    initialise(ctx, base, special, FN(1), 0, 0);
    /* In a critical region normal ones wait, special ones do not. */
    thread->apc_disable = -2;
    CHECK_EQUAL(KCALL(KeInsertQueueApc, normal, 0, 0, 0), 1);
    KCALL(KeDelayExecutionThread, 0, 1, now);
    CHECK_EQUAL(atomic_load(&runs), 0);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, special, 0, 0, 0), 1);
    CHECK_EQUAL(atomic_load(&runs), 1);
    thread->apc_disable = 0;
    KCALL0(NtYieldExecution);
    CHECK_EQUAL(atomic_load(&runs), 2);
    /* At APC level and above both wait. */
    for (uint8_t level = GRT_IRQL_APC; level <= GRT_IRQL_DISPATCH; level++) {
        atomic_store(&runs, 0);
        grt_kernel_set_irql(thread, level);
        CHECK_EQUAL(KCALL(KeInsertQueueApc, normal, 0, 0, 0), 1);
        CHECK_EQUAL(KCALL(KeInsertQueueApc, special, 0, 0, 0), 1);
        KCALL(KeTlsGetValue, 0);
        CHECK_EQUAL(atomic_load(&runs), 0);
        grt_kernel_set_irql(thread, GRT_IRQL_PASSIVE);
        KCALL(KeTlsGetValue, 0);
        CHECK_EQUAL(atomic_load(&runs), 2);
    }
}

static void test_held_back(void **state)
{
    (void)state;
    RUN_GUEST(held_back, counts);
}

static uint32_t ran[4]; /* the first arguments, in order */

static void notes(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ran[atomic_fetch_add(&runs, 1) % 4] = (uint32_t)ctx->r[3];
}

/* Special ones come before normal ones and in order, also when the last of them was taken back. */
static void in_order(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), normal = s + 0x80, special = s + 0xC0;
    atomic_store(&runs, 0);
    initialise(ctx, base, normal, 0, FN(1), 0);
    for (uint32_t i = 0; i < 3; i++)
        initialise(ctx, base, special + 0x40 * i, FN(1), 0, 0);
    grt_kernel_set_irql(ctx->thread, GRT_IRQL_APC);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, normal, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, special, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, special + 0x40, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(KeRemoveQueueApc, special + 0x40), 1);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, special + 0x80, 0, 0, 0), 1);
    grt_kernel_set_irql(ctx->thread, GRT_IRQL_PASSIVE);
    KCALL(KeTlsGetValue, 0);
    CHECK_EQUAL(atomic_load(&runs), 3);
    CHECK_EQUAL(ran[0], special);
    CHECK_EQUAL(ran[1], special + 0x80);
    CHECK_EQUAL(ran[2], 0); /* the normal one's context */
}

static void test_special_ones_in_order(void **state)
{
    (void)state;
    RUN_GUEST(in_order, notes);
}

static atomic_bool started;

static void sets_event(grt_ppc *ctx, uint8_t *base)
{
    uint32_t event = (uint32_t)ctx->r[3];
    atomic_store(&started, true);
    grt_addr moment = timeout_at(base, scratch(ctx), MILLISECONDS(20));
    KCALL(KeDelayExecutionThread, 0, 0, moment);
    CHECK_EQUAL(KCALL(NtSetEvent, event, 0), GRT_NT_SUCCESS);
}

/* Without host memory to note what the wait holds they have to wait as well, and the thread sleeps
 * meanwhile. */
static void no_memory_for_the_wait(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kapc = s + 0x80;
    atomic_store(&runs, 0);
    KCALL(NtCreateEvent, s, 0, 1, 0);
    uint32_t event = peek(base, s);
    KCALL(ExCreateThread, s + 4, 0, 0, 0, FN(2), event, 0);
    uint32_t thread = peek(base, s + 4);
    while (!atomic_load(&started)) /* its own start needs the host */
        KCALL0(NtYieldExecution);
    initialise(ctx, base, kapc, 0, FN(1), 0);
    ctx->thread->apc_disable = -1;
    CHECK_EQUAL(KCALL(KeInsertQueueApc, kapc, 0, 0, 0), 1);
    ctx->thread->apc_disable = 0; /* nobody delivers what is due now before the wait */
    os_inject_failure(1, true);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, event, 0, 0, 0), GRT_NT_SUCCESS);
    os_inject_failure(0, false);
    CHECK_EQUAL(atomic_load(&runs), 1); /* at the border */
    KCALL(NtWaitForSingleObjectEx, thread, 0, 0, 0);
}

static void test_no_memory_for_the_wait(void **state)
{
    (void)state;
    RUN_GUEST(no_memory_for_the_wait, counts, sets_event);
}

/* ---- what an interrupted wait leaves behind ----------------------------------------------- */

static void exits(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExTerminateThread, 5);
}

static void waits_for_ever(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtWaitForSingleObjectEx, ctx->r[3], 0, 0, 0);
    CHECK(false);
}

static void writes_nowhere(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    grt_store32(base + 0x10, 1);
}

/* The thread ends, or faults, in a kernel APC in the middle of its wait: the event is given back.
 */
static void ends_in_apc(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kapc = s + 0x80;
    grt_dispatch *dispatch = dispatch_of(ctx);
    for (uint32_t routine = 2; routine <= 3; routine++) {
        KCALL(NtCreateEvent, s, 0, 0, 0);
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4, 0, 0, 0, FN(1), peek(base, s), 0), GRT_NT_SUCCESS);
        while (waiting_now(dispatch) == 0)
            KCALL0(NtYieldExecution);
        KCALL(ObReferenceObjectByHandle, peek(base, s + 4), 0, s + 8);
        KCALL(KeInitializeApc, kapc, peek(base, s + 8), 0, 0, FN(routine), 0, 0);
        KCALL(NtClose, peek(base, s)); /* the wait alone keeps the event */
        CHECK_EQUAL(KCALL(KeInsertQueueApc, kapc, 0, 0, 0), 1);
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 4), 0, 0, 0), GRT_NT_SUCCESS);
        KCALL(NtClose, peek(base, s + 4));
        KCALL(ObDereferenceObject, peek(base, s + 8));
        CHECK_EQUAL(dispatch->objects, 0);
    }
}

static void test_ends_in_apc(void **state)
{
    (void)state;
    RUN_GUEST(ends_in_apc, waits_for_ever, exits, writes_nowhere);
}

/* APCs that keep coming do not prolong a wait. */
static void interrupted(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(
        KCALL(NtWaitForSingleObjectEx, ctx->r[3], 0, 0, timeout_at(base, s, MILLISECONDS(50))),
        GRT_NT_TIMEOUT);
}

static void keeps_its_deadline(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kapc = s + 0x80, now = timeout_at(base, s + 0x40, 0);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    KCALL(ExCreateThread, s + 4, 0, 0, 0, FN(2), peek(base, s), 0);
    uint32_t thread = peek(base, s + 4);
    KCALL(ObReferenceObjectByHandle, thread, 0, s + 8);
    KCALL(KeInitializeApc, kapc, peek(base, s + 8), 0, 0, FN(1), 0, 0);
    while (KCALL(NtWaitForSingleObjectEx, thread, 0, 0, now) == GRT_NT_TIMEOUT)
        KCALL(KeInsertQueueApc, kapc, 0, 0, 0);
}

static void test_keeps_its_deadline(void **state)
{
    (void)state;
    RUN_GUEST(keeps_its_deadline, counts, interrupted);
}

/* ---- many at once ------------------------------------------------------------------------- */

#define SENDERS 4u
#define SENT    2500u

static uint32_t received[SENDERS];
static atomic_uint total;
static uint32_t target;

/* Those of one sender come in its order. */
static void receives(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    uint32_t sender = (uint32_t)ctx->r[3], number = (uint32_t)ctx->r[4];
    CHECK_EQUAL(number, received[sender]);
    CHECK_EQUAL(ctx->r[5], number ^ 0x5555u);
    received[sender]++;
    atomic_fetch_add(&total, 1);
}

static void receiver(grt_ppc *ctx, uint8_t *base)
{
    grt_addr long_time = timeout_at(base, scratch(ctx), MILLISECONDS(100000));
    while (atomic_load(&total) < SENDERS * SENT)
        CHECK_EQUAL(KCALL(KeDelayExecutionThread, 0, 1, long_time), GRT_NT_USER_APC);
}

static void sender(grt_ppc *ctx, uint8_t *base)
{
    uint32_t self = (uint32_t)ctx->r[3];
    for (uint32_t i = 0; i < SENT; i++)
        CHECK_EQUAL(KCALL(NtQueueApcThread, target, FN(3), self, i, i ^ 0x5555u), GRT_NT_SUCCESS);
}

static void ten_thousand(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80;
    atomic_store(&total, 0);
    memset(received, 0, sizeof received);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    target = peek(base, s);
    start_threads(ctx, base, handles, 2, SENDERS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, target, 0, 0, 0), GRT_NT_SUCCESS);
    join_threads(ctx, base, handles, SENDERS);
    CHECK_EQUAL(atomic_load(&total), SENDERS * SENT);
}

static void test_ten_thousand(void **state)
{
    (void)state;
    RUN_GUEST(ten_thousand, receiver, sender, receives);
}

/* Threads queue, remove and overwrite the same few KAPCs, of all kinds: nothing but what is queued
 * runs, and the runtime has its own record of it. */
#define PLAYERS 3u
#define KAPCS   4u
static uint64_t seed;
static grt_addr kapcs, kthreads[PLAYERS];
static atomic_uint ready;

static void player(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), soon = timeout_at(base, s, -10);
    uint64_t random = seed + ctx->r[3];
    kthreads[ctx->r[3]] = ctx->thread->kthread;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < PLAYERS)
        KCALL0(NtYieldExecution);
    for (uint32_t i = 0; i < 1200; i++) {
        grt_addr kapc = kapcs + 0x40 * random_below(&random, KAPCS);
        switch (random_below(&random, 6)) {
        case 0:
            KCALL(KeInitializeApc, kapc, kthreads[random_below(&random, PLAYERS)],
                  random_below(&random, 2) ? FN(2) : 0, random_below(&random, 2) ? FN(2) : 0,
                  random_below(&random, 3) ? FN(2) : 0, random_below(&random, 3), 0);
            break;
        case 1:
            KCALL(KeRemoveQueueApc, kapc);
            break;
        case 2:
            KCALL(KeDelayExecutionThread, 0, 1, soon);
            break;
        case 3:
            grt_guest_write(ctx->thread->runtime, kapc + random_below(&random, 0x28), "\xEE", 1);
            break;
        default:
            KCALL(KeInsertQueueApc, kapc, i, i, 0);
            break;
        }
    }
}

static void play(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x40;
    atomic_store(&ready, 0);
    kapcs = s + 0x100;
    memset(base + kapcs, 0, KAPCS * 0x40);
    start_threads(ctx, base, handles, 1, PLAYERS);
    join_threads(ctx, base, handles, PLAYERS);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_overwritten_records(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(play, player, counts);
}

/* ---- the end ------------------------------------------------------------------------------ */

static atomic_bool endless;

/* Queues itself again: the thread never comes back from its wait. */
static void again(grt_ppc *ctx, uint8_t *base)
{
    atomic_store(&endless, true);
    KCALL(NtQueueApcThread, 0xFFFFFFFEu, FN(1), 0, 0, 0);
}

static void starts_endless(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtQueueApcThread, 0xFFFFFFFEu, FN(1), 0, 0, 0);
    KCALL(KeDelayExecutionThread, 0, 1, 0);
    KCALL(KeDelayExecutionThread, 0, 1, timeout_at(base, scratch(ctx), MILLISECONDS(1)));
}

/* The runtime is destroyed while APCs run, and others are queued that never will. */
static void test_destroyed_meanwhile(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {starts_endless, again};
    kernel_create(&fix, &config, functions, 2);
    for (int i = 0; i < 3; i++)
        grt_thread_release(start(&fix, FN(0), 0, 0));
    while (!atomic_load(&endless))
        os_thread_yield();
    fixture_destroy(&fix);
}

/* Queued for a thread that is never resumed. */
static void leaves_queued(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 1);
    for (int i = 0; i < 10; i++)
        CHECK_EQUAL(KCALL(NtQueueApcThread, peek(base, s), FN(1), 0, 0, 0), GRT_NT_SUCCESS);
}

static void test_left_in_the_queue(void **state)
{
    (void)state;
    RUN_GUEST(leaves_queued, counts);
}

/* ---- failures of the host ----------------------------------------------------------------- */

static void no_host_memory(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kapc = s + 0x80, kdpc = s + 0xC0;
    initialise(ctx, base, kapc, 0, FN(1), 1);
    KCALL(KeInitializeDpc, kdpc, FN(1), 0);
    KCALL(NtDuplicateObject, 0xFFFFFFFEu, s, 0); /* its object is there from now on */
    os_inject_failure(1, true);
    CHECK_EQUAL(KCALL(NtQueueApcThread, 0xFFFFFFFEu, FN(1), 0, 0, 0), GRT_NT_NO_MEMORY);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, kapc, 0, 0, 0), 0);
    CHECK_EQUAL(KCALL(KeInsertQueueDpc, kdpc, 0, 0), 0);
    os_inject_failure(0, false);
    CHECK_EQUAL(base[kapc + 3], 0);
    CHECK_EQUAL(KCALL(KeInsertQueueApc, kapc, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(KeInsertQueueDpc, kdpc, 0, 0), 1);
    CHECK_EQUAL(KCALL(KeRemoveQueueApc, kapc), 1);
}

static void test_no_host_memory(void **state)
{
    (void)state;
    RUN_GUEST(no_host_memory, counts);
    assert_logged("KeInsertQueueApc: no host memory for the APC at");
    assert_logged("KeInsertQueueDpc: no host memory for the DPC at");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_back),
        cmocka_unit_test(test_special_ones_in_order),
        cmocka_unit_test(test_no_memory_for_the_wait),
        cmocka_unit_test(test_ends_in_apc),
        cmocka_unit_test(test_keeps_its_deadline),
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_overwritten_records),
        cmocka_unit_test(test_destroyed_meanwhile),
        cmocka_unit_test(test_left_in_the_queue),
        cmocka_unit_test(test_no_host_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
