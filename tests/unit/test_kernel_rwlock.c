/* test_kernel_rwlock.c - reader-writer locks: who gets in, in which order, damage, misuse, stop. */
#include "lock_fixture.h"

/* ---- one thread, and what the words show --------------------------------------------------- */

static void check_words(const uint8_t *base, grt_addr lock, uint32_t count, uint32_t writers,
                        uint32_t readers, uint32_t in)
{
    CHECK_EQUAL(peek_shared(base, lock), count);
    CHECK_EQUAL(peek_shared(base, lock + 4), writers);
    CHECK_EQUAL(peek_shared(base, lock + 8), readers);
    CHECK_EQUAL(peek_shared(base, lock + 12), in);
}

static void single(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = scratch(ctx);
    memset(base + l, 0xCC, 0x40);
    KCALL(ExInitializeReadWriteLock, l);
    check_words(base, l, UINT32_MAX, 0, 0, 0);
    CHECK_EQUAL(base[l + 0x10], 1); /* an auto-reset event */
    CHECK_EQUAL(peek(base, l + 0x18), l + 0x18);
    CHECK_EQUAL(base[l + 0x20], 5); /* a semaphore */
    CHECK_EQUAL(peek(base, l + 0x30), 0x7FFFFFFF);
    CHECK_EQUAL(peek(base, l + 0x34), 0);
    CHECK_EQUAL(peek(base, l + 0x38), 0xCCCCCCCC);
    KCALL(ExAcquireReadWriteLockExclusive, l);
    check_words(base, l, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, l), 0);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, l), 0);
    KCALL(ExReleaseReadWriteLock, l);
    check_words(base, l, UINT32_MAX, 0, 0, 0);
    KCALL(ExAcquireReadWriteLockShared, l);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, l), 1);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, l), 0);
    check_words(base, l, 1, 0, 0, 2);
    KCALL(ExReleaseReadWriteLock, l);
    KCALL(ExReleaseReadWriteLock, l);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, l), 1);
    KCALL(ExReleaseReadWriteLock, l);
    check_words(base, l, UINT32_MAX, 0, 0, 0);
}

static void test_single(void **state)
{
    (void)state;
    RUN_GUEST(single);
    assert_silent();
}

static void misuse(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, BAD);
    KCALL(ExAcquireReadWriteLockExclusive, BAD);
    KCALL(ExAcquireReadWriteLockShared, 0xFFFFFFF0u);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, BAD), 0);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, BAD), 0);
    KCALL(ExReleaseReadWriteLock, BAD);
    KCALL(ExInitializeReadWriteLock, l);
    KCALL(ExReleaseReadWriteLock, l);
    check_words(base, l, UINT32_MAX, 0, 0, 0);
    KCALL(ExAcquireReadWriteLockExclusive, l);
    KCALL(ExInitializeReadWriteLock, l);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, l), 1);
    KCALL(ExReleaseReadWriteLock, l);
    memset(base + l, 0, 0x38); /* the console would wait for ever */
    KCALL(ExAcquireReadWriteLockExclusive, l);
    memset(base + l, 0xEE, 0x38);
    KCALL(ExReleaseReadWriteLock, l);
    check_words(base, l, UINT32_MAX, 0, 0, 0);
}

static void test_misuse(void **state)
{
    (void)state;
    RUN_GUEST(misuse);
    assert_logged("ExInitializeReadWriteLock: lock leads to 0x00000010, which cannot be written");
    assert_logged("ExAcquireReadWriteLockExclusive: lock leads to 0x00000010");
    assert_logged("ExAcquireReadWriteLockShared: lock leads to 0xFFFFFFF0");
    assert_logged("ExReleaseReadWriteLock: nobody is in lock 0x00000010");
    assert_logged("ExReleaseReadWriteLock: nobody is in lock 0x000");
    assert_logged("is initialised while threads are in or wait");
    assert_logged("was never initialised, or overwritten, and is taken as free");
}

/* ---- turns --------------------------------------------------------------------------------- */

/* Comes as a writer (argument bit 0) or reader, notes its turn, and stays until told. */
static void comer(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    if (number & 1)
        KCALL(ExAcquireReadWriteLockExclusive, SHARED);
    else
        KCALL(ExAcquireReadWriteLockShared, SHARED);
    flag_set(base, 16 + number, 1 + flag_add(base, 0));
    WAIT_UNTIL(flag_get(base, 1) > number);
    KCALL(ExReleaseReadWriteLock, SHARED);
}

static uint32_t threads_waiting(const uint8_t *base)
{
    return peek_shared(base, SHARED + 4) + peek_shared(base, SHARED + 8);
}

/* A reader is in; then come a writer, two readers, a writer, a reader. The first writer is alone;
 * after it all readers that wait get in, then the second writer. */
static void turns(grt_ppc *ctx, uint8_t *base)
{
    static const uint32_t comers[] = {1, 2, 4, 3, 6};
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, SHARED);
    KCALL(ExAcquireReadWriteLockShared, SHARED);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), comers[i], 0), GRT_NT_SUCCESS);
        WAIT_UNTIL(threads_waiting(base) == i + 1);
    }
    check_words(base, SHARED, 5, 2, 3, 1);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, SHARED), 0); /* a writer waits */
    KCALL(ExReleaseReadWriteLock, SHARED);
    WAIT_UNTIL(flag_get(base, 16 + 1) != 0);
    CHECK_EQUAL(flag_get(base, 16 + 1), 1);
    check_words(base, SHARED, 4, 1, 3, 0);
    flag_set(base, 1, 2); /* the first writer leaves */
    WAIT_UNTIL(flag_get(base, 0) == 4);
    check_words(base, SHARED, 3, 1, 0, 3);
    CHECK_EQUAL(flag_get(base, 16 + 3), 0);
    flag_set(base, 1, 7); /* all leave when they are in */
    join_threads(ctx, base, s, 5);
    CHECK_EQUAL(flag_get(base, 16 + 3), 5);
    check_words(base, SHARED, UINT32_MAX, 0, 0, 0);
}

static void test_turns(void **state)
{
    (void)state;
    RUN_ALL_WAYS(turns, comer);
    assert_silent();
}

/* All who wait for a lock that is initialised anew get in, the readers first. */
static void freed_by_initialising(grt_ppc *ctx, uint8_t *base)
{
    static const uint32_t comers[] = {1, 2, 3, 4};
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, SHARED);
    KCALL(ExAcquireReadWriteLockExclusive, SHARED);
    flag_set(base, 1, 5);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), comers[i], 0), GRT_NT_SUCCESS);
        WAIT_UNTIL(threads_waiting(base) == i + 1);
    }
    KCALL(ExInitializeReadWriteLock, SHARED);
    join_threads(ctx, base, s, 4);
    CHECK(flag_get(base, 16 + 1) > 2);
    CHECK(flag_get(base, 16 + 3) > 2);
    check_words(base, SHARED, UINT32_MAX, 0, 0, 0);
}

static void test_initialised_while_threads_wait(void **state)
{
    (void)state;
    RUN_ALL_WAYS(freed_by_initialising, comer);
    assert_logged("lock 0x82010000 is initialised while threads are in or wait");
}

/* ---- exclusion ----------------------------------------------------------------------------- */

#define WORKERS 4u
#define ROUNDS  2000u
#define PAIR    (SHARED + 0x200u) /* two words that only writers make differ */

static void worker(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = ctx->r[3] + 77;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        bool writer = random_below(&random, 3) == 0, quick = random_below(&random, 4) == 0;
        if (writer && quick)
            WAIT_UNTIL(KCALL(ExTryToAcquireReadWriteLockExclusive, SHARED));
        else if (writer)
            KCALL(ExAcquireReadWriteLockExclusive, SHARED);
        else if (quick)
            WAIT_UNTIL(KCALL(ExTryToAcquireReadWriteLockShared, SHARED));
        else
            KCALL(ExAcquireReadWriteLockShared, SHARED);
        CHECK_EQUAL(peek(base, PAIR), peek(base, PAIR + 4));
        if (writer) {
            poke(base, PAIR, peek(base, PAIR) + 1);
            if (i % 16 == 0)
                os_thread_yield();
            poke(base, PAIR + 4, peek(base, PAIR + 4) + 1);
            flag_add(base, 0);
        }
        KCALL(ExReleaseReadWriteLock, SHARED);
    }
}

static void exclusion(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, SHARED);
    start_threads(ctx, base, s, 1, WORKERS);
    join_threads(ctx, base, s, WORKERS);
    CHECK_EQUAL(peek(base, PAIR), flag_get(base, 0));
    check_words(base, SHARED, UINT32_MAX, 0, 0, 0);
}

static void test_exclusion(void **state)
{
    (void)state;
    RUN_ALL_WAYS(exclusion, worker);
    assert_silent();
}

/* Readers that are always in keep no writer out, and the other way round. */
static void reads_on(grt_ppc *ctx, uint8_t *base)
{
    while (!flag_get(base, 0)) {
        KCALL(ExAcquireReadWriteLockShared, SHARED);
        flag_add(base, 1);
        TURN();
        KCALL(ExReleaseReadWriteLock, SHARED);
    }
}

static void writes_on(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 200; i++) {
        uint32_t readers = flag_get(base, 1);
        KCALL(ExAcquireReadWriteLockExclusive, SHARED);
        KCALL(ExReleaseReadWriteLock, SHARED);
        if (i % 20 == 0)
            WAIT_UNTIL(flag_get(base, 1) != readers);
    }
    flag_add(base, 2);
}

static void fairness(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, SHARED);
    start_threads(ctx, base, s, 1, 2);
    start_threads(ctx, base, s + 8, 2, 2);
    WAIT_UNTIL(flag_get(base, 2) == 2);
    flag_set(base, 0, 1);
    join_threads(ctx, base, s, 4);
}

static void test_nobody_starves(void **state)
{
    (void)state;
    RUN_ALL_WAYS(fairness, reads_on, writes_on);
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void ends_inside(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExAcquireReadWriteLockExclusive, SHARED);
}

static void left_inside(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, SHARED);
    start_threads(ctx, base, s, 1, 1);
    join_threads(ctx, base, s, 1);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, SHARED), 0);
    KCALL(ExReleaseReadWriteLock, SHARED); /* the console does not ask whose it is */
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockShared, SHARED), 1);
    KCALL(ExReleaseReadWriteLock, SHARED);
}

static void test_ends_inside(void **state)
{
    (void)state;
    RUN_GUEST(left_inside, ends_inside);
    assert_logged("thread id 00000002 ended as the writer in 1 reader-writer lock, among them "
                  "0x82010000");
    assert_logged("lock 0x82010000 was thread 2's, and is released all the same");
}

static void waits_for_itself(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExInitializeReadWriteLock, SHARED + 0x40 * ctx->r[3]);
    KCALL(ExAcquireReadWriteLockExclusive, SHARED + 0x40 * ctx->thread->id);
    KCALL(ExAcquireReadWriteLockShared, SHARED + 0x40 * ctx->thread->id);
}

static void waits(grt_ppc *ctx, uint8_t *base)
{
    if (ctx->r[3] & 1)
        KCALL(ExAcquireReadWriteLockExclusive, SHARED);
    else
        KCALL(ExAcquireReadWriteLockShared, SHARED);
    if (ctx->thread->id % 2)
        KCALL(ExAcquireReadWriteLockExclusive, SHARED);
}

static void test_destroy_while_waiting(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const self[] = {waits_for_itself}, *const others[] = {waits};
    for (int round = 0; round < 10; round++)
        run_and_destroy(&config, others, 1, 5, round % 2 * 2);
    run_and_destroy(&config, self, 1, 1, 20);
    assert_logged(
        "[DEADLOCK] circle 1, 1 thread: thread 1 waits at fn0+0x4 as a reader for lock 0x82010040, "
        "which thread 1 is in\n");
}

/* ---- damage -------------------------------------------------------------------------------- */

/* Any call, any bytes, several threads. */
static void vandal(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = vandal_random(ctx);
    for (;;) {
        grt_addr l = SHARED + 0x40 * random_below(&random, 3);
        uint32_t value = random_below(&random, UINT32_MAX);
        switch (random_below(&random, 8)) {
        case 0:
            __atomic_store_n((uint32_t *)(void *)(base + l + 4 * random_below(&random, 14)), value,
                             __ATOMIC_RELAXED);
            break;
        case 1:
            KCALL(ExInitializeReadWriteLock, l);
            break;
        case 2:
            KCALL(ExAcquireReadWriteLockExclusive, l);
            break;
        case 3:
            KCALL(ExAcquireReadWriteLockShared, l);
            break;
        case 4:
            KCALL(ExTryToAcquireReadWriteLockExclusive, l);
            break;
        case 5:
            KCALL(ExTryToAcquireReadWriteLockShared, l);
            break;
        default:
            KCALL(ExReleaseReadWriteLock, l);
            break;
        }
    }
}

static void test_vandals(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    run_vandals(&config, vandal, 10);
}

/* ---- no host memory ------------------------------------------------------------------------ */

static void no_memory(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExInitializeReadWriteLock, SHARED);
    os_inject_failure(1, false);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, SHARED), 0);
    os_inject_failure(1, false);
    KCALL(ExAcquireReadWriteLockExclusive, SHARED);
    CHECK_EQUAL(KCALL(ExTryToAcquireReadWriteLockExclusive, SHARED), 1);
    KCALL(ExReleaseReadWriteLock, SHARED);
}

static void test_no_memory(void **state)
{
    (void)state;
    RUN_GUEST(no_memory);
    assert_logged("no host memory for the record of lock 0x82010000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),      cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_turns),       cmocka_unit_test(test_initialised_while_threads_wait),
        cmocka_unit_test(test_exclusion),   cmocka_unit_test(test_nobody_starves),
        cmocka_unit_test(test_ends_inside), cmocka_unit_test(test_destroy_while_waiting),
        cmocka_unit_test(test_vandals),     cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
