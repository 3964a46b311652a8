/* test_kernel_section_order.c - who waits for a critical section gets in: in order, before long,
 * and whatever instruction it came at. */
#define _GNU_SOURCE /* REG_EFL */
#include "lock_fixture.h"
#include "single_step.h"

#define OWNER 0x18u /* offset in a section */

/* ---- order --------------------------------------------------------------------------------- */

#define QUEUED 5u

static void take_turn(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    KCALL(RtlEnterCriticalSection, SHARED);
    flag_set(base, 1 + flag_add(base, 0), number);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

static void in_order(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(RtlEnterCriticalSection, SHARED);
    for (uint32_t i = 0; i < QUEUED; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        WAIT_UNTIL(locks_waiting(ctx) == i + 1);
    }
    KCALL(RtlLeaveCriticalSection, SHARED);
    join_threads(ctx, base, s, QUEUED);
    for (uint32_t i = 0; i < QUEUED; i++)
        CHECK_EQUAL(flag_get(base, 1 + i), i);
}

static void test_first_come_first_served(void **state)
{
    (void)state;
    RUN_ALL_WAYS(in_order, take_turn);
}

/* A waiter that is not the first does not take a section that it finds free. */
static void waits_its_turn(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_sections *sections = &ctx->thread->runtime->kernel->sections;
    grt_section_waiter *const *queue = &grt_section_bucket_of(sections, SHARED)->first;
    KCALL(RtlEnterCriticalSection, SHARED);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        WAIT_UNTIL(locks_waiting(ctx) == i + 1);
    }
    bool guest = grt_host_begin();
    __atomic_store_n((uint32_t *)(void *)(base + SHARED + OWNER), 0, __ATOMIC_SEQ_CST);
    os_mutex_lock(&sections->lock);
    grt_section_waiter *first = *queue, *second = first->next;
    second->woken = true;
    grt_thread_unpark(second->thread);
    for (bool tried = false; !tried;) {
        os_mutex_unlock(&sections->lock);
        grt_thread_yield(ctx->thread);
        os_mutex_lock(&sections->lock);
        /* The first may have got in meanwhile if it was not asleep yet. */
        tried = *queue != first || !second->woken;
    }
    os_mutex_unlock(&sections->lock);
    grt_section_wake(sections, SHARED);
    grt_host_end(guest);
    join_threads(ctx, base, s, 2);
    CHECK_EQUAL(flag_get(base, 1), 0);
    CHECK_EQUAL(flag_get(base, 2), 1);
}

static void test_waiters_keep_their_order(void **state)
{
    (void)state;
    RUN_ALL_WAYS(waits_its_turn, take_turn);
}

/* Sections whose waiters are in one list: the other's come first and are no obstacle. */
static grt_addr second_in_bucket(grt_ppc *ctx)
{
    grt_sections *sections = &ctx->thread->runtime->kernel->sections;
    const grt_section_bucket *bucket = grt_section_bucket_of(sections, SHARED);
    grt_addr section = SHARED + 4;
    while (grt_section_bucket_of(sections, section) != bucket)
        section += 4;
    return section;
}

static void enters_one(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    grt_addr section = number ? second_in_bucket(ctx) : SHARED;
    KCALL(RtlEnterCriticalSection, section);
    flag_set(base, number, 1);
    KCALL(RtlLeaveCriticalSection, section);
}

static void neighbours(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), second = second_in_bucket(ctx);
    CHECK(second + 0x1C <= FLAG);
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(RtlEnterCriticalSection, second);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        WAIT_UNTIL(locks_waiting(ctx) == i + 1);
    }
    KCALL(RtlLeaveCriticalSection, second);
    join_threads(ctx, base, s + 4, 1);
    CHECK(flag_get(base, 1) == 1 && flag_get(base, 0) == 0);
    KCALL(RtlLeaveCriticalSection, SHARED);
    join_threads(ctx, base, s, 1);
}

static void test_two_in_a_bucket(void **state)
{
    (void)state;
    RUN_ALL_WAYS(neighbours, enters_one);
}

/* How often the first waiter was woken in vain, once it has tried after its last wake-up. */
static uint32_t lost_by_first(grt_ppc *ctx, uint8_t *base)
{
    grt_sections *sections = &ctx->thread->runtime->kernel->sections;
    grt_section_waiter *const *queue = &grt_section_bucket_of(sections, SHARED)->first;
    uint32_t lost = 0;
    for (bool woken = true; woken;) {
        TURN();
        bool guest = grt_host_begin();
        os_mutex_lock(&sections->lock);
        woken = (*queue)->woken;
        lost = (*queue)->lost;
        os_mutex_unlock(&sections->lock);
        grt_host_end(guest);
    }
    return lost;
}

/* A wake-up that somebody else makes use of. */
static void wake_in_vain(const grt_ppc *ctx)
{
    bool guest = grt_host_begin();
    grt_section_wake(&ctx->thread->runtime->kernel->sections, SHARED);
    grt_host_end(guest);
}

static void stays_inside(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SHARED);
    flag_set(base, 0, grt_thread_kthread(ctx->thread));
    WAIT_UNTIL(flag_get(base, 1) == 1);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

/* A waiter that has lost often enough gets the section from who leaves, who cannot take it back. */
static void loses(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(RtlEnterCriticalSection, SHARED);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(locks_waiting(ctx) == 1);
    for (uint32_t i = 1; i <= GRT_SECTION_PATIENCE; i++) {
        wake_in_vain(ctx);
        CHECK_EQUAL(lost_by_first(ctx, base), i);
    }
    KCALL(RtlLeaveCriticalSection, SHARED);
    uint32_t owner = peek_shared(base, SHARED + OWNER);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    WAIT_UNTIL(flag_get(base, 0) != 0);
    CHECK_EQUAL(owner, flag_get(base, 0));
    flag_set(base, 1, 1);
    join_threads(ctx, base, s, 1);
}

static void test_nobody_starves(void **state)
{
    (void)state;
    RUN_ALL_WAYS(loses, stays_inside);
}

/* ---- no wake-up is lost, at whatever instruction ---------------------------------------------
 *
 * A section is left one machine instruction after the other; before the [step]th, another thread
 * comes and waits. Whether that is before or after the leave looks for waiters: it must get in. */

#if single_step_available
#    define STEPS_MOST 2000

static atomic_bool come;
static grt_section_bucket *stepped_bucket;

/* Runs inside of the leave, which may hold the lock of the waiters: then nobody comes in time, and
 * the rest is another step's business. */
static void let_waiter_come(void)
{
    atomic_store(&come, true);
    for (int i = 0; i < 100 && atomic_load(&stepped_bucket->waiters) == 0; i++)
        os_sleep_ns(100000);
    os_sleep_ns(200000); /* until it sleeps, mostly */
}

static void comes(grt_ppc *ctx, uint8_t *base)
{
    WAIT_UNTIL(atomic_load(&come));
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

/* False when the leave has fewer steps. */
static bool leave_with_a_guest_at(grt_ppc *ctx, uint8_t *base, int step)
{
    grt_addr s = scratch(ctx);
    atomic_store(&come, false);
    KCALL(RtlEnterCriticalSection, SHARED);
    start_threads(ctx, base, s, 1, 1);
    single_step_on(step);
    KCALL(RtlLeaveCriticalSection, SHARED);
    bool stopped = single_step_off();
    atomic_store(&come, true);
    join_threads(ctx, base, s, 1);
    return stopped;
}

static void steps(grt_ppc *ctx, uint8_t *base)
{
    grt_sections *sections = &ctx->thread->runtime->kernel->sections;
    stepped_bucket = grt_section_bucket_of(sections, SHARED);
    single_step_install(let_waiter_come);
    int step = 1;
    while (step < STEPS_MOST && leave_with_a_guest_at(ctx, base, step))
        step++;
    CHECK(step > 20 && step < STEPS_MOST); /* it was stepped through, to the end */
    single_step_remove();
}

static void test_no_wake_up_is_lost(void **state)
{
    (void)state;
    RUN_GUEST(steps, comes);
}
#else
static void test_no_wake_up_is_lost(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_waiters_keep_their_order),
        cmocka_unit_test(test_two_in_a_bucket),
        cmocka_unit_test(test_no_wake_up_is_lost),
        cmocka_unit_test(test_nobody_starves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
