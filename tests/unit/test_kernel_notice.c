/*
 * test_kernel_notice.c - guest functions that are told of threads: registrations that change while
 * threads begin and end, functions that end the thread they are told of, too many, damage.
 */
#include "lock_fixture.h"

#define RECORD(index) (SHARED + 0x10u * (index))

static void fill(uint8_t *base, uint32_t index, uint32_t function, uint32_t priority)
{
    poke(base, RECORD(index), FN(function));
    poke(base, RECORD(index) + 4, priority);
}

static void nothing(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

static void run_one(grt_ppc *ctx, uint8_t *base)
{
    start_threads(ctx, base, scratch(ctx), 1, 1);
    join_threads(ctx, base, scratch(ctx), 1);
}

/* ---- order --------------------------------------------------------------------------------- */

static uint32_t seen[64];
static atomic_uint seen_count;

static void note(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    uint32_t index = ((uint32_t)ctx->r[3] - SHARED) / 0x10;
    uint32_t at = atomic_fetch_add(&seen_count, 1);
    CHECK((uint32_t)ctx->r[4] == grt_thread_kthread(ctx->thread));
    if (at < 64)
        seen[at] = index << 1 | (uint32_t)ctx->r[5];
}

static void check_seen(const char *text)
{
    char found[sizeof seen / sizeof *seen * 4] = "";
    for (uint32_t i = 0; i < atomic_load(&seen_count); i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%u%c ", seen[i] >> 1, seen[i] & 1 ? '+' : '-');
    }
    if (strcmp(found, text) != 0) {
        fprintf(stderr, "told: %s\n", found);
        CHECK(!"not as it should be");
    }
    atomic_store(&seen_count, 0);
}

static void orders(grt_ppc *ctx, uint8_t *base)
{
    static const uint32_t priorities[] = {5, 0xFFFFFFFF, 0, 5, 7};
    atomic_store(&seen_count, 0);
    for (uint32_t i = 0; i < 5; i++) {
        fill(base, i, 2, priorities[i]);
        KCALL(ExRegisterThreadNotification, RECORD(i), 1);
    }
    run_one(ctx, base);
    check_seen("1+ 4+ 0+ 3+ 2+ 1- 4- 0- 3- 2- ");
    /* Anew: with what it holds now, behind those of its priority. */
    fill(base, 4, 2, 5);
    KCALL(ExRegisterThreadNotification, RECORD(4), 0x100);
    KCALL(ExRegisterThreadNotification, RECORD(1), 0);
    KCALL(ExRegisterThreadNotification, RECORD(1), 0); /* said */
    memset(base + SHARED, 0xEE, 0x50);                 /* the records are not read again */
    run_one(ctx, base);
    check_seen("0+ 3+ 4+ 2+ 0- 3- 4- 2- ");
    for (uint32_t i = 0; i < 5; i++)
        KCALL(ExRegisterThreadNotification, RECORD(i), 0);
    run_one(ctx, base);
    check_seen("");
}

static void test_order(void **state)
{
    (void)state;
    RUN_GUEST(orders, nothing, note);
    assert_logged("ExRegisterThreadNotification: 0x82010010 is not registered");
}

/* ---- functions that do something ----------------------------------------------------------- */

/* Takes itself back, and registers another one, which hears of what happens next. */
static void changes(grt_ppc *ctx, uint8_t *base)
{
    uint32_t creating = (uint32_t)ctx->r[5];
    KCALL(ExRegisterThreadNotification, RECORD(0), 0);
    if (creating)
        KCALL(ExRegisterThreadNotification, RECORD(1), 1);
}

static void change_inside(grt_ppc *ctx, uint8_t *base)
{
    atomic_store(&seen_count, 0);
    fill(base, 0, 3, 5);
    fill(base, 1, 2, 4);
    KCALL(ExRegisterThreadNotification, RECORD(0), 1);
    run_one(ctx, base);
    check_seen("1- ");
    run_one(ctx, base);
    check_seen("1+ 1- ");
    KCALL(ExRegisterThreadNotification, RECORD(1), 0);
}

/* Registers its own record again, behind another one, for ever if each registration is a reason to
 * be told. */
static void moves_itself(grt_ppc *ctx, uint8_t *base)
{
    grt_addr record = (grt_addr)ctx->r[3];
    note(ctx, base);
    if (atomic_load(&seen_count) < 16)
        KCALL(ExRegisterThreadNotification, record, 1);
}

static void move_inside(grt_ppc *ctx, uint8_t *base)
{
    atomic_store(&seen_count, 0);
    for (uint32_t i = 0; i < 2; i++) {
        fill(base, i, i == 0 ? 3 : 2, 5);
        KCALL(ExRegisterThreadNotification, RECORD(i), 1);
    }
    run_one(ctx, base);
    check_seen("0+ 1+ 1- 0- ");
    run_one(ctx, base);
    check_seen("1+ 0+ 1- 0- ");
    for (uint32_t i = 0; i < 2; i++)
        KCALL(ExRegisterThreadNotification, RECORD(i), 0);
}

/* Ends the thread that it is told of: at its beginning, then its entry does not run and its end is
 * told; at its end, which is told once. */
static void ends_it(grt_ppc *ctx, uint8_t *base)
{
    flag_add(base, 0);
    KCALL(ExTerminateThread, 5);
}

static void counts(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    flag_add(base, 1);
}

static void end_inside(grt_ppc *ctx, uint8_t *base)
{
    fill(base, 0, 2, 0);
    KCALL(ExRegisterThreadNotification, RECORD(0), 1);
    run_one(ctx, base);
    CHECK_EQUAL(flag_get(base, 0), 2);
    CHECK_EQUAL(flag_get(base, 1), 0);
    KCALL(ExRegisterThreadNotification, RECORD(0), 0);
    run_one(ctx, base);
    CHECK_EQUAL(flag_get(base, 1), 1);
}

static void faults(grt_ppc *ctx, uint8_t *base)
{
    flag_add(base, 0);
    (void)*(volatile uint8_t *)(base + ctx->r[3] * 0 + 0x10);
}

static void fault_inside(grt_ppc *ctx, uint8_t *base)
{
    fill(base, 0, 2, 0);
    KCALL(ExRegisterThreadNotification, RECORD(0), 1);
    run_one(ctx, base);
    CHECK_EQUAL(flag_get(base, 0), 1); /* its end is not told */
    CHECK_EQUAL(flag_get(base, 1), 0);
    KCALL(ExRegisterThreadNotification, RECORD(0), 0);
}

static void test_inside(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    RUN_GUEST(change_inside, nothing, note, changes);
    RUN_GUEST(move_inside, nothing, note, moves_itself);
    RUN_GUEST(end_inside, counts, ends_it);
    run_guest_with(&config, (grt_ppc_function *const[]){fault_inside, counts, faults}, 3);
    assert_logged("[FAULT]");
}

/* ---- many ---------------------------------------------------------------------------------- */

static void too_many(grt_ppc *ctx, uint8_t *base)
{
    grt_addr records = KCALL(ExAllocatePool, 0x10 * (GRT_NOTICES_MAX + 1));
    for (uint32_t i = 0; i <= GRT_NOTICES_MAX; i++) {
        poke(base, records + 0x10 * i + 8, FN(2));
        KCALL(XRegisterThreadNotifyRoutine, records + 0x10 * i, 1);
    }
    run_one(ctx, base);
    CHECK_EQUAL(flag_get(base, 1), 2 * GRT_NOTICES_MAX);
    os_inject_failure(1, false);
    KCALL(XRegisterThreadNotifyRoutine, records, 0);
    KCALL(XRegisterThreadNotifyRoutine, records + 0x10 * GRT_NOTICES_MAX, 1);
    os_inject_failure(0, false);
    KCALL(XRegisterThreadNotifyRoutine, 0xFFFFFFF8u, 1);
}

static void test_too_many(void **state)
{
    (void)state;
    RUN_GUEST(too_many, nothing, counts);
    assert_logged("XRegisterThreadNotifyRoutine: more than 256 functions want to know of threads");
    assert_logged("XRegisterThreadNotifyRoutine: no host memory for 0x");
    assert_logged("XRegisterThreadNotifyRoutine: registration leads to 0xFFFFFFF8");
}

/* Threads come and go while others register and take back. */
static void churns(grt_ppc *ctx, uint8_t *base)
{
    grt_addr record = RECORD(ctx->r[3]);
    poke(base, record, FN(3));
    poke(base, record + 4, (uint32_t)ctx->r[3] % 2);
    for (uint32_t i = 0; i < 100; i++) {
        KCALL(ExRegisterThreadNotification, record, 1);
        TURN();
        KCALL(ExRegisterThreadNotification, record, 0);
    }
}

static void many(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 2, 3);
    for (uint32_t i = 0; i < 30; i++) {
        start_threads(ctx, base, s + 0x20, 1, 2);
        join_threads(ctx, base, s + 0x20, 2);
    }
    join_threads(ctx, base, s, 3);
    CHECK(ctx->thread->runtime->kernel->notices.first == NULL);
}

static void test_changes_at_once(void **state)
{
    (void)state;
    RUN_ALL_WAYS(many, nothing, churns, counts);
    assert_silent();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_changes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
