/*
 * test_kernel_deadlock.c - circles of threads that wait for each other's locks, of one kind and of
 * several; and that what is no circle is not called one. Those of sections alone are in
 * test_kernel_section.c.
 */
#include "lock_fixture.h"

#define LOCK    SHARED
#define SECTION (SHARED + 0x40u)
#define MUTANT  (SHARED + 0x80u)
#define HANDLE  (SHARED + 0xC0u) /* of a mutant */

/* Runs the first function on a thread that waits for ever in the end, and the others, from number 1
 * on, as it likes; then everything is taken down. */
static void run_stuck(uint32_t waiting, grt_ppc_function *const *functions, uint32_t count)
{
    static fixture fix;
    grt_runtime_config config = quiet_config();
    kernel_create(&fix, &config, functions, count);
    grt_deadlocks *deadlocks = &fix.runtime->kernel->deadlocks;
    grt_thread *thread = start(&fix, FN(0), 0, 0);
    for (uint32_t now = 0; now != waiting; os_thread_yield()) {
        os_mutex_lock(&deadlocks->lock);
        now = deadlocks->count;
        os_mutex_unlock(&deadlocks->lock);
    }
    grt_thread_release(thread);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

#define RUN_STUCK(waiting, ...)                                                                    \
    do {                                                                                           \
        grt_ppc_function *const functions_[] = {__VA_ARGS__};                                      \
        run_stuck(waiting, functions_, sizeof functions_ / sizeof *functions_);                    \
    } while (0)

/* ---- one thread ---------------------------------------------------------------------------- */

static void writes(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExAcquireReadWriteLockExclusive, LOCK);
}

/* A reader gets in again behind a writer that waits for it to get out. */
static void reads_again(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExInitializeReadWriteLock, LOCK);
    KCALL(ExAcquireReadWriteLockShared, LOCK);
    start_threads(ctx, base, scratch(ctx), 1, 1);
    WAIT_UNTIL(locks_waiting(ctx) == 1);
    CHECK_EQUAL(times_logged("DEADLOCK"), 0);
    KCALL(ExAcquireReadWriteLockShared, LOCK);
}

static void test_reader_again(void **state)
{
    (void)state;
    RUN_STUCK(2, reads_again, writes);
    assert_int_equal(times_logged("DEADLOCK"), 1);
    assert_logged(
        "[DEADLOCK] circle 1, 1 thread: thread 1 waits at fn0+0x4 as a reader for lock 0x82010000, "
        "which thread 1 is in\n");
}

static void upgrades(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExInitializeReadWriteLock, LOCK);
    /* More than are listed. */
    for (uint32_t i = 0; i < GRT_DEADLOCK_HOLDERS + 8; i++)
        KCALL(ExAcquireReadWriteLockShared, LOCK);
    for (uint32_t i = 0; i < GRT_DEADLOCK_HOLDERS; i++)
        KCALL(ExReleaseReadWriteLock, LOCK);
    KCALL(ExAcquireReadWriteLockShared, LOCK);
    KCALL(ExAcquireReadWriteLockExclusive, LOCK);
}

static void test_upgrade(void **state)
{
    (void)state;
    RUN_STUCK(1, upgrades);
    assert_int_equal(times_logged("DEADLOCK"), 1);
    assert_logged(
        "[DEADLOCK] circle 1, 1 thread: thread 1 waits at fn0+0x4 as a writer for lock 0x82010000, "
        "which thread 1 is in\n");
}

/* ---- several kinds ------------------------------------------------------------------------- */

/* In the lock as one of several readers; wants the mutant. */
static void has_lock(grt_ppc *ctx, uint8_t *base)
{
    bool by_handle = ctx->r[3] == 0;
    KCALL(ExAcquireReadWriteLockShared, LOCK);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) == 3);
    if (by_handle)
        KCALL(NtWaitForSingleObjectEx, peek(base, HANDLE), 0, 0, 0);
    else
        KCALL(KeWaitForSingleObject, MUTANT, 0, 0, 0, 0);
}

/* Has the mutants; wants the section. */
static void has_mutants(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, HANDLE), 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, MUTANT, 0, 0, 0, 0), GRT_NT_SUCCESS);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) == 3);
    KCALL(RtlEnterCriticalSection, SECTION);
}

/* Has the section; wants the lock for itself. A reader besides, that goes on, is no member. */
static void has_section(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t by_handle = flag_get(base, 7) == 0;
    KCALL(ExInitializeReadWriteLock, LOCK);
    KCALL(KeInitializeMutant, MUTANT, 0);
    KCALL(NtCreateMutant, HANDLE, 0, 0);
    KCALL(RtlEnterCriticalSection, SECTION);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), !by_handle, 0), GRT_NT_SUCCESS);
    start_threads(ctx, base, s + 4, 2, 1);
    WAIT_UNTIL(flag_get(base, 0) == 2);
    flag_add(base, 0);
    KCALL(ExAcquireReadWriteLockExclusive, LOCK);
}

static void by_address(grt_ppc *ctx, uint8_t *base)
{
    flag_set(base, 7, 1);
    has_section(ctx, base);
}

static void test_mixed(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        RUN_STUCK(3, has_section, has_lock, has_mutants);
        assert_int_equal(times_logged("[DEADLOCK] circle 1, 3 threads: thread "), 3);
        assert_int_equal(times_logged("DEADLOCK"), 3);
        assert_logged("thread 1 waits at fn0+0x4 as a writer for lock 0x82010000, which thread 2 "
                      "is in");
        assert_logged("thread 2 waits at fn0+0x4 for a mutant, which thread 3 owns");
        assert_logged("thread 3 waits at fn0+0x4 for section 0x82010040, which thread 1 owns");
    }
    RUN_STUCK(3, by_address, has_lock, has_mutants);
    assert_int_equal(times_logged("DEADLOCK"), 3);
    assert_logged("thread 2 waits at fn0+0x4 for mutant 0x82010080, which thread 3 owns");
}

/* ---- heaps ------------------------------------------------------------------------------------
 */

#define GROWABLE 2u
#define HEAP(i)  peek(base, SHARED + 0x300u + 4 * (i))

static void make_heaps(grt_ppc *ctx, uint8_t *base)
{
    poke(base, SHARED + 0x300u, 0); /* the process heap */
    poke(base, SHARED + 0x304u, KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0));
}

/* Has the created heap, wants the process heap. */
static void has_heap(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(1)), 1);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 1));
    KCALL(RtlLockHeap, HEAP(0));
}

static void has_process_heap(grt_ppc *ctx, uint8_t *base)
{
    make_heaps(ctx, base);
    CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(0)), 1);
    start_threads(ctx, base, scratch(ctx), 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1);
    flag_set(base, 1, 1);
    KCALL(RtlLockHeap, HEAP(1));
}

/* Has the section, wants a block of the process heap. */
static void allocates(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SECTION);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 1));
    KCALL(RtlAllocateHeap, HEAP(0), 0, 10);
}

static void wants_section(grt_ppc *ctx, uint8_t *base)
{
    make_heaps(ctx, base);
    CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(1)), 1);
    CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(0)), 1);
    start_threads(ctx, base, scratch(ctx), 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1);
    flag_set(base, 1, 1);
    KCALL(RtlEnterCriticalSection, SECTION);
}

static void test_heaps(void **state)
{
    (void)state;
    RUN_STUCK(2, has_process_heap, has_heap);
    assert_int_equal(times_logged("[DEADLOCK] circle 1, 2 threads: "), 2);
    assert_int_equal(times_logged("DEADLOCK"), 2);
    assert_logged("thread 1 waits at fn0+0x4 for heap 0xFA000404, which thread 2 has locked\n");
    assert_logged("thread 2 waits at fn0+0x4 for heap 0xFA000000, which thread 1 has locked\n");
    RUN_STUCK(2, wants_section, allocates);
    assert_int_equal(times_logged("DEADLOCK"), 2);
    assert_logged("thread 1 waits at fn0+0x4 for section 0x82010040, which thread 2 owns\n");
    assert_logged("thread 2 waits at fn0+0x4 for heap 0xFA000000, which thread 1 has locked\n");
}

#define RELOCKS (UNDER_TSAN ? 50u : 1000u)

/* Owns the mutant; asks the heap something as often as the main thread locks it. */
static void asks_heap(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < RELOCKS; i++) {
        WAIT_UNTIL(flag_get(base, 1) == i + 1);
        CHECK_EQUAL(KCALL(KeWaitForSingleObject, MUTANT, 0, 0, 0, 0), GRT_NT_SUCCESS);
        KCALL(RtlSizeHeap, HEAP(1), 0, HEAP(2));
        KCALL(KeReleaseMutant, MUTANT, 0, 0, 0);
    }
}

static bool anybody_waits(grt_title_heaps *heaps)
{
    bool any = false;
    os_mutex_lock(&heaps->lock);
    for (uint32_t i = 0; i < GRT_TITLE_HEAPS_MAX; i++)
        any |= heaps->slots[i].lock.waiters != NULL;
    os_mutex_unlock(&heaps->lock);
    return any;
}

/* The other thread has got through, which the table of those who wait does not know yet, when this
 * one has locked the heap again and waits for the mutant: as a rule it gets into the table before
 * the other one is woken. */
static void locks_again(grt_ppc *ctx, uint8_t *base)
{
    struct grt_kernel *kernel = ctx->thread->runtime->kernel;
    make_heaps(ctx, base);
    poke(base, SHARED + 0x308u, KCALL(RtlAllocateHeap, HEAP(1), 0, 10));
    KCALL(KeInitializeMutant, MUTANT, 0);
    start_threads(ctx, base, scratch(ctx), 1, 1);
    for (uint32_t i = 0; i < RELOCKS; i++) {
        CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(1)), 1);
        flag_set(base, 1, i + 1);
        WAIT_UNTIL(locks_waiting(ctx) == 1);
        os_mutex_lock(&kernel->deadlocks.lock);
        CHECK_EQUAL(KCALL(RtlUnlockHeap, HEAP(1)), 1);
        while (anybody_waits(&kernel->heaps))
            os_thread_yield();
        CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(1)), 1);
        os_mutex_unlock(&kernel->deadlocks.lock);
        CHECK_EQUAL(KCALL(KeWaitForSingleObject, MUTANT, 0, 0, 0, 0), GRT_NT_SUCCESS);
        KCALL(KeReleaseMutant, MUTANT, 0, 0, 0);
        CHECK_EQUAL(KCALL(RtlUnlockHeap, HEAP(1)), 1);
    }
    join_threads(ctx, base, scratch(ctx), 1);
}

static void test_who_is_through(void **state)
{
    (void)state;
    RUN_GUEST(locks_again, asks_heap);
    assert_silent();
}

/* ---- several ways -----------------------------------------------------------------------------
 */

#define WAYS      9u /* threads besides the main one */
#define OWN(role) (SHARED + 0x100u + 0x40u * (role))

/* Two are readers in the lock, numbers 1 and 9; the others have sections of their own. Number 1
 * waits for 2, that for 3, and so on to 8, who waits for the main thread; number 9 waits for 7. */
static void stands_in_line(grt_ppc *ctx, uint8_t *base)
{
    uint32_t role = flag_get(base, 1);
    if (role == 1 || role == 9)
        KCALL(ExAcquireReadWriteLockShared, LOCK);
    else
        KCALL(RtlEnterCriticalSection, OWN(role));
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 2));
    KCALL(RtlEnterCriticalSection, OWN(role == 8 ? 0 : role == 9 ? 7 : role + 1));
}

/* From the writer back to itself it is 9 threads by way of number 1, and 4 by way of number 9,
 * whichever reader was there first. */
static void line_up(grt_ppc *ctx, uint8_t *base, uint32_t first_role, uint32_t last_role)
{
    KCALL(ExInitializeReadWriteLock, LOCK);
    KCALL(RtlEnterCriticalSection, OWN(0));
    for (uint32_t i = 1; i <= WAYS; i++) {
        flag_set(base, 1, i == 1 ? first_role : i == WAYS ? last_role : i);
        start_threads(ctx, base, scratch(ctx), 1, 1);
        WAIT_UNTIL(flag_get(base, 0) == i);
    }
    flag_set(base, 2, 1);
    WAIT_UNTIL(locks_waiting(ctx) == WAYS);
    CHECK_EQUAL(times_logged("DEADLOCK"), 0);
    KCALL(ExAcquireReadWriteLockExclusive, LOCK);
}

static void long_way_first(grt_ppc *ctx, uint8_t *base)
{
    line_up(ctx, base, 1, 9);
}

static void short_way_first(grt_ppc *ctx, uint8_t *base)
{
    line_up(ctx, base, 9, 1);
}

static void test_shortest_way(void **state)
{
    (void)state;
    RUN_STUCK(WAYS + 1, long_way_first, stands_in_line);
    assert_logged("[DEADLOCK] circle 1, 4 threads: thread 1 waits");
    assert_logged("thread 10 waits at fn0+0x4 for section 0x820102C0, which thread 8 owns");
    RUN_STUCK(WAYS + 1, short_way_first, stands_in_line);
    assert_logged("[DEADLOCK] circle 1, 4 threads: thread 1 waits");
    assert_logged("thread 2 waits at fn0+0x4 for section 0x820102C0, which thread 8 owns");
}

/* ---- mutants ------------------------------------------------------------------------------- */

#define MUTANTS (SHARED + 0x100u) /* three, by address */

static void apc(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    flag_add(base, 4);
}

/* Owns one mutant and waits for all of the others. A kernel APC comes into the wait. */
static void wants_all(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t self = (uint32_t)ctx->r[3];
    for (uint32_t i = 0; i < 2; i++)
        poke(base, s + 4 * i, MUTANTS + 0x20 * ((self + i + 1) % 3));
    flag_set(base, 16 + self, grt_thread_kthread(ctx->thread));
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, MUTANTS + 0x20 * self, 0, 0, 0, 0), GRT_NT_SUCCESS);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) == 3);
    KCALL(KeWaitForMultipleObjects, 2, s, 0, 0, 0, 0, 0, 0);
}

static void interrupts(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kapc = SHARED + 0x300;
    for (uint32_t i = 0; i < 3; i++)
        KCALL(KeInitializeMutant, MUTANTS + 0x20 * i, 0);
    start_threads(ctx, base, s, 1, 3);
    WAIT_UNTIL(locks_waiting(ctx) == 3);
    for (uint32_t i = 0; i < 3; i++) {
        KCALL(KeInitializeApc, kapc + 0x40 * i, flag_get(base, 16 + i), 0, 0, FN(2), 0, 0);
        CHECK_EQUAL(KCALL(KeInsertQueueApc, kapc + 0x40 * i, 0, 0, 0), 1);
    }
    WAIT_UNTIL(flag_get(base, 4) == 3);
    WAIT_UNTIL(locks_waiting(ctx) == 3);
    flag_set(base, 5, 1);
    KCALL(KeWaitForSingleObject, MUTANTS, 0, 0, 0, 0);
}

static void test_all_of_mutants(void **state)
{
    (void)state;
    RUN_STUCK(4, interrupts, wants_all, apc);
    assert_logged("for a mutant, which thread ");
    /* Of two threads, then perhaps of the third. */
    assert_true(log_has("circle 1, "));
    assert_false(log_has("circle 3, "));
}

/* ---- no circles ---------------------------------------------------------------------------- */

static void owns(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, HANDLE), 0, 0, 0), GRT_NT_SUCCESS);
    flag_add(base, 0);
    KCALL(RtlEnterCriticalSection, SECTION);
    KCALL(RtlLeaveCriticalSection, SECTION);
    KCALL(NtReleaseMutant, peek(base, HANDLE), 0);
}

/* Ends the waits of the main thread once it sleeps. */
static void ends_waits(grt_ppc *ctx, uint8_t *base)
{
    await_waiting(dispatch_of(ctx), 1);
    KCALL(KeAlertThread, flag_get(base, 2), 0);
    WAIT_UNTIL(flag_get(base, 3));
    await_waiting(dispatch_of(ctx), 1);
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, HANDLE + 4), 0), GRT_NT_SUCCESS);
}

/* Waits that time, an alert or another object may end. */
static void may_end(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateMutant, HANDLE, 0, 0);
    KCALL(NtCreateEvent, HANDLE + 4, 0, 0, 0);
    KCALL(RtlEnterCriticalSection, SECTION);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1 && locks_waiting(ctx) == 1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, HANDLE), 0, 0,
                      timeout_at(base, s + 16, MILLISECONDS(20))),
                GRT_NT_TIMEOUT);
    flag_set(base, 2, grt_thread_kthread(ctx->thread));
    start_threads(ctx, base, s + 4, 2, 1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, HANDLE), 0, 1, 0), GRT_NT_ALERTED);
    flag_set(base, 3, 1);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, 2, HANDLE, 1, 0, 0, 0), 1);
    KCALL(RtlLeaveCriticalSection, SECTION);
    join_threads(ctx, base, s, 2);
}

/* A lock that others let one out of: nobody knows who is in. */
static void reads(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExAcquireReadWriteLockShared, LOCK);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 1));
    KCALL(ExReleaseReadWriteLock, LOCK);
}

static void lets_out(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExReleaseReadWriteLock, LOCK);
    flag_set(base, 3, 1);
    WAIT_UNTIL(locks_waiting(ctx) == 1);
    flag_set(base, 1, 1);
}

static void strangers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(ExInitializeReadWriteLock, LOCK);
    KCALL(ExAcquireReadWriteLockShared, LOCK);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1);
    start_threads(ctx, base, s + 4, 2, 1);
    WAIT_UNTIL(flag_get(base, 3));
    KCALL(ExAcquireReadWriteLockExclusive, LOCK); /* it was this thread who was let out */
    KCALL(ExReleaseReadWriteLock, LOCK);
    join_threads(ctx, base, s, 2);
}

static void test_what_may_end(void **state)
{
    (void)state;
    RUN_GUEST(may_end, owns, ends_waits);
    assert_false(log_has("DEADLOCK"));
    RUN_GUEST(strangers, reads, lets_out);
    assert_false(log_has("DEADLOCK"));
}

/* Locks of all kinds, always taken in the same order: nobody can wait in a circle. */
#define KINDS   8u
#define WORKERS 4u
#define ROUNDS  400u

static void take(grt_ppc *ctx, uint8_t *base, uint32_t kind, bool shared)
{
    if (kind < 2)
        KCALL(RtlEnterCriticalSection, SHARED + 0x40 * kind);
    else if (kind < 4 && shared)
        KCALL(ExAcquireReadWriteLockShared, SHARED + 0x40 * kind);
    else if (kind < 4)
        KCALL(ExAcquireReadWriteLockExclusive, SHARED + 0x40 * kind);
    else if (kind < 6)
        KCALL(KeWaitForSingleObject, SHARED + 0x40 * kind, 0, 0, 0, 0);
    else if (shared)
        CHECK_EQUAL(KCALL(RtlSizeHeap, HEAP(kind - 6), 0, flag_get(base, kind)), 10); /* waits */
    else
        CHECK_EQUAL(KCALL(RtlLockHeap, HEAP(kind - 6)), 1);
}

static void give(grt_ppc *ctx, uint8_t *base, uint32_t kind, bool shared)
{
    if (kind < 2)
        KCALL(RtlLeaveCriticalSection, SHARED + 0x40 * kind);
    else if (kind < 4)
        KCALL(ExReleaseReadWriteLock, SHARED + 0x40 * kind);
    else if (kind < 6)
        KCALL(KeReleaseMutant, SHARED + 0x40 * kind, 0, 0, 0);
    else if (!shared)
        CHECK_EQUAL(KCALL(RtlUnlockHeap, HEAP(kind - 6)), 1);
}

static void in_order(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = ctx->thread->id * 977u ^ flag_get(base, 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t taken = random_below(&random, 1u << KINDS);
        uint32_t shared = random_below(&random, 1u << KINDS);
        for (uint32_t kind = 0; kind < KINDS; kind++) {
            if (taken & 1u << kind)
                take(ctx, base, kind, shared & 1u << kind);
        }
        for (uint32_t kind = 0; kind < KINDS; kind++) { /* in any order */
            if (taken & 1u << kind)
                give(ctx, base, kind, shared & 1u << kind);
        }
    }
}

static uint32_t order_seed;

static void ordered(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    flag_set(base, 0, order_seed);
    for (uint32_t kind = 2; kind < 4; kind++)
        KCALL(ExInitializeReadWriteLock, SHARED + 0x40 * kind);
    for (uint32_t kind = 4; kind < 6; kind++)
        KCALL(KeInitializeMutant, SHARED + 0x40 * kind, 0);
    make_heaps(ctx, base);
    for (uint32_t kind = 6; kind < KINDS; kind++)
        flag_set(base, kind, KCALL(RtlAllocateHeap, HEAP(kind - 6), 0, 10));
    start_threads(ctx, base, s, 1, WORKERS);
    join_threads(ctx, base, s, WORKERS);
}

static void test_order_has_no_circles(void **state)
{
    (void)state;
    order_seed = (uint32_t)test_seed();
    RUN_ALL_WAYS(ordered, in_order);
    assert_silent();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_again),
        cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_shortest_way),
        cmocka_unit_test(test_heaps),
        cmocka_unit_test(test_who_is_through),
        cmocka_unit_test(test_all_of_mutants),
        cmocka_unit_test(test_what_may_end),
        cmocka_unit_test(test_order_has_no_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
