/* test_kernel_section.c - critical sections: one owner, recursion, damage, misuse, stop. */
#include "lock_fixture.h"

#include "kernel/held.h"

/* Offsets in a section. */
#define LOCK_COUNT 0x10u
#define RECURSION  0x14u
#define OWNER      0x18u

/* ---- one thread ---------------------------------------------------------------------------- */

static void single(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(RtlInitializeCriticalSectionAndSpinCount, s, 1000), GRT_NT_SUCCESS);
    CHECK_EQUAL(base[s], 1);
    CHECK_EQUAL(base[s + 1], 4); /* 1000 / 256, rounded up */
    CHECK_EQUAL(peek(base, s + LOCK_COUNT), UINT32_MAX);
    KCALL(RtlEnterCriticalSection, s);
    CHECK_EQUAL(peek(base, s + LOCK_COUNT), 0);
    CHECK_EQUAL(peek(base, s + RECURSION), 1);
    CHECK_EQUAL(peek(base, s + OWNER), grt_thread_kthread(ctx->thread));
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, s), 1);
    CHECK_EQUAL(peek(base, s + LOCK_COUNT), 1);
    CHECK_EQUAL(peek(base, s + RECURSION), 2);
    KCALL(RtlEnterCriticalSection, s);
    CHECK_EQUAL(peek(base, s + RECURSION), 3);
    KCALL(RtlLeaveCriticalSection, s);
    CHECK_EQUAL(peek(base, s + LOCK_COUNT), 1);
    KCALL(RtlLeaveCriticalSection, s);
    CHECK_EQUAL(peek(base, s + OWNER), grt_thread_kthread(ctx->thread));
    KCALL(RtlLeaveCriticalSection, s);
    CHECK_EQUAL(peek(base, s + LOCK_COUNT), UINT32_MAX);
    CHECK_EQUAL(peek(base, s + RECURSION), 0);
    CHECK_EQUAL(peek(base, s + OWNER), 0);
    KCALL(RtlLeaveCriticalSection, s); /* reported, harmless */
    KCALL(RtlInitializeCriticalSectionAndSpinCount, s, 0xFFFFFFFFu);
    CHECK_EQUAL(base[s + 1], 255);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_single(void **state)
{
    (void)state;
    RUN_ALL_WAYS(single);
    assert_logged("RtlLeaveCriticalSection: section");
    assert_logged("is not owned");
}

static void bad_places(grt_ppc *ctx, uint8_t *base)
{
    static const grt_addr inaccessible[] = {BAD, 0xFFFFFFF0u, 0xFFFFFFFCu};
    for (int i = 0; i < 3; i++) {
        KCALL(RtlEnterCriticalSection, inaccessible[i]);
        CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, inaccessible[i]), 0);
        KCALL(RtlLeaveCriticalSection, inaccessible[i]);
        KCALL(RtlInitializeCriticalSection, inaccessible[i]);
    }
    grt_addr crooked = scratch(ctx) + 2;
    KCALL(RtlInitializeCriticalSection, crooked);
    KCALL(RtlEnterCriticalSection, crooked);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, crooked), 0);
    KCALL(RtlLeaveCriticalSection, crooked);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_bad_places(void **state)
{
    (void)state;
    RUN_ALL_WAYS(bad_places);
    assert_logged("RtlEnterCriticalSection: section leads to 0x00000010, which cannot be written");
    assert_logged("RtlTryEnterCriticalSection: section leads to 0xFFFFFFF0");
    assert_logged("RtlLeaveCriticalSection: section leads to 0xFFFFFFFC");
    assert_logged("RtlInitializeCriticalSection: section leads to 0x00000010");
    assert_logged("is not at a multiple of 4 and is not used");
}

/* 67: words that are aligned for themselves only, not for 8 bytes. */
static void four_aligned(grt_ppc *ctx, uint8_t *base)
{
    for (grt_addr s = scratch(ctx); s < scratch(ctx) + 64; s += 4) {
        KCALL(RtlInitializeCriticalSection, s);
        KCALL(RtlEnterCriticalSection, s);
        CHECK_EQUAL(peek(base, s + OWNER), grt_thread_kthread(ctx->thread));
        KCALL(RtlLeaveCriticalSection, s);
        CHECK_EQUAL(peek(base, s + OWNER), 0);
    }
}

static void test_alignment(void **state)
{
    (void)state;
    RUN_ALL_WAYS(four_aligned);
    assert_silent();
}

/* ---- many sections at once ----------------------------------------------------------------- */

#define MANY 40u

static void many(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = SHARED;
    for (uint32_t i = 0; i < MANY; i++)
        KCALL(RtlEnterCriticalSection, s + i * 0x1C);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), MANY);
    KCALL(RtlEnterCriticalSection, s + (MANY - 1) * 0x1C); /* again, one that is not listed */
    CHECK_EQUAL(peek(base, s + (MANY - 1) * 0x1C + RECURSION), 2);
    KCALL(RtlLeaveCriticalSection, s + (MANY - 1) * 0x1C);
    for (uint32_t i = 0; i < MANY; i++) /* in the order of entering, which is not the usual one */
        KCALL(RtlLeaveCriticalSection, s + i * 0x1C);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_EQUAL(peek(base, s + i * 0x1C + OWNER), 0);
}

static void test_many(void **state)
{
    (void)state;
    RUN_ALL_WAYS(many);
    assert_silent();
}

/* ---- one owner ----------------------------------------------------------------------------- */

#define WORKERS  4u
#define ROUNDS   4000u
#define SECTIONS 3u

static grt_addr section_at(uint32_t index)
{
    return SHARED + 0x20 + index * 0x1C;
}

static void worker(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        grt_addr s = section_at(i % SECTIONS), counter = SHARED + 0x200 + i % SECTIONS * 4;
        if (i % 8 == 0)
            WAIT_UNTIL(KCALL(RtlTryEnterCriticalSection, s));
        else
            KCALL(RtlEnterCriticalSection, s);
        if (i % 3 == 0)
            KCALL(RtlEnterCriticalSection, s);
        uint32_t value = peek(base, counter);
        if (i % 64 == 0)
            os_thread_yield();
        CHECK_EQUAL(peek_shared(base, s + OWNER), grt_thread_kthread(ctx->thread));
        poke(base, counter, value + 1);
        if (i % 3 == 0)
            KCALL(RtlLeaveCriticalSection, s);
        KCALL(RtlLeaveCriticalSection, s);
    }
}

/* The sections are never initialised: the zeros of the data segment. */
static void exclusion(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, WORKERS);
    join_threads(ctx, base, s, WORKERS);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SECTIONS; i++)
        sum += peek(base, SHARED + 0x200 + i * 4);
    CHECK_EQUAL(sum, WORKERS * ROUNDS);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
    CHECK_EQUAL(locks_waiting(ctx), 0);
}

/* 66: a release that is not atomic, and wakes nobody: two owners. */
static void test_one_owner(void **state)
{
    (void)state;
    RUN_ALL_WAYS(exclusion, worker);
    assert_silent();
}

/* ---- misuse -------------------------------------------------------------------------------- */

static void other(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlLeaveCriticalSection, SHARED); /* somebody else's: reported, nothing happens */
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlEnterCriticalSection, SHARED);
    ctx->r[3] = 1; /* ends as the owner */
}

static void misuse(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(RtlEnterCriticalSection, SHARED);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(locks_waiting(ctx) == 1);
    KCALL(RtlLeaveCriticalSection, SHARED);
    join_threads(ctx, base, s, 1);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    /* Initialising it anew is how a program gets such a section back. */
    KCALL(RtlInitializeCriticalSection, SHARED);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 1);
    KCALL(RtlInitializeCriticalSection, SHARED);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

static void test_misuse(void **state)
{
    (void)state;
    RUN_ALL_WAYS(misuse, other);
    assert_logged("section 0x82010000 belongs to thread 1");
    assert_logged("thread id 00000002 ended inside 1 critical section, among them 0x82010000");
    assert_logged("section 0x82010000 is owned by thread 2, which has ended");
    assert_logged("section 0x82010000 is initialised while thread 2 owns it");
    assert_logged("section 0x82010000 is initialised while thread 1 owns it");
}

static void gets_in(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

/* Who waits for a section that is initialised anew gets in, and so does who waits for one whose
 * owner word the guest has cleared, once the owner leaves. */
static void freed_otherwise(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    for (int overwritten = 0; overwritten < 2; overwritten++) {
        KCALL(RtlEnterCriticalSection, SHARED);
        start_threads(ctx, base, s, 1, 3);
        WAIT_UNTIL(locks_waiting(ctx) == 3);
        if (overwritten)
            __atomic_store_n((uint32_t *)(void *)(base + SHARED + OWNER), 0, __ATOMIC_SEQ_CST);
        else
            KCALL(RtlInitializeCriticalSection, SHARED);
        if (overwritten)
            KCALL(RtlLeaveCriticalSection, SHARED);
        join_threads(ctx, base, s, 3);
    }
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_freed_otherwise(void **state)
{
    (void)state;
    RUN_ALL_WAYS(freed_otherwise, gets_in);
}

static void ends_inside(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SHARED);
}

static void tries(grt_ppc *ctx, uint8_t *base)
{
    flag_set(base, 0, grt_thread_kthread(ctx->thread));
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

/* A later thread gets the same KTHREAD, but not the section. */
static void kthread_again(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 1);
    join_threads(ctx, base, s, 1);
    /* Its context is free as soon as its host thread is through. */
    while (flag_get(base, 0) != peek(base, SHARED + OWNER)) {
        start_threads(ctx, base, s, 2, 1);
        join_threads(ctx, base, s, 1);
    }
}

static void test_kthread_of_an_ended_owner(void **state)
{
    (void)state;
    RUN_ALL_WAYS(kthread_again, ends_inside, tries);
    assert_logged("RtlTryEnterCriticalSection: section 0x82010000 is owned by thread 2, which has");
    assert_logged("RtlLeaveCriticalSection: section 0x82010000 belongs to thread 2");
}

/* Stays inside until it is told to leave. */
static void stays(grt_ppc *ctx, uint8_t *base)
{
    flag_set(base, 0, grt_thread_kthread(ctx->thread));
    if (grt_thread_kthread(ctx->thread) != flag_get(base, 1))
        return;
    KCALL(RtlEnterCriticalSection, SHARED);
    flag_set(base, 2, ctx->thread->id);
    WAIT_UNTIL(flag_get(base, 3));
    KCALL(RtlLeaveCriticalSection, SHARED);
}

/* The program frees by hand what a thread has left owned. Then a later thread with the same KTHREAD
 * has it, and is the one to be named. */
static void kthread_inside(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 1);
    join_threads(ctx, base, s, 1);
    flag_set(base, 1, peek_shared(base, SHARED + OWNER));
    __atomic_store_n((uint32_t *)(void *)(base + SHARED + OWNER), 0, __ATOMIC_SEQ_CST);
    do {
        flag_set(base, 0, 0);
        start_threads(ctx, base, s, 2, 1);
        WAIT_UNTIL(flag_get(base, 0));
        if (flag_get(base, 0) != flag_get(base, 1))
            join_threads(ctx, base, s, 1);
    } while (flag_get(base, 0) != flag_get(base, 1));
    WAIT_UNTIL(flag_get(base, 2));
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlLeaveCriticalSection, SHARED);
    char text[64];
    snprintf(text, sizeof text, "section 0x82010000 belongs to thread %u;", flag_get(base, 2));
    CHECK(log_has(text));
    flag_set(base, 3, 1);
    join_threads(ctx, base, s, 1);
}

static void test_kthread_of_an_ended_owner_inside(void **state)
{
    (void)state;
    RUN_ALL_WAYS(kthread_inside, ends_inside, stays);
    assert_false(log_has("which has ended"));
}

/* ---- damage -------------------------------------------------------------------------------- */

static void garbage(grt_ppc *ctx, uint8_t *base)
{
    memset(base + SHARED, 0xEE, 0x1C);
    KCALL(RtlEnterCriticalSection, SHARED);
    CHECK_EQUAL(peek(base, SHARED + OWNER), grt_thread_kthread(ctx->thread));
    CHECK_EQUAL(peek(base, SHARED + RECURSION), 1);
    KCALL(RtlLeaveCriticalSection, SHARED);
    CHECK_EQUAL(peek(base, SHARED + OWNER), 0);
    poke(base, SHARED + OWNER, 0x12345678);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 1);
    memset(base + SHARED, 0xEE, 0x1C); /* inside */
    KCALL(RtlLeaveCriticalSection, SHARED);
    /* Its own KTHREAD in a section that it did not enter. */
    poke(base, SHARED + OWNER, grt_thread_kthread(ctx->thread));
    KCALL(RtlLeaveCriticalSection, SHARED);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 1);
    CHECK_EQUAL(peek(base, SHARED + RECURSION), 1);
    KCALL(RtlLeaveCriticalSection, SHARED);
    CHECK_EQUAL(peek(base, SHARED + OWNER), 0);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_garbage(void **state)
{
    (void)state;
    RUN_ALL_WAYS(garbage);
    assert_logged("RtlEnterCriticalSection: section 0x82010000 has the owner 0xEEEEEEEE, which no "
                  "thread inside is: it was never initialised, or overwritten, and is taken as "
                  "free");
    assert_logged("RtlTryEnterCriticalSection: section 0x82010000 has the owner 0x12345678");
    assert_logged("section 0x82010000 was initialised or overwritten inside");
    assert_int_equal(times_logged("taken as free"), 3);
}

/* Uses sections, and stores whatever it likes into them, also the KTHREADs of others. */
static void vandal(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = vandal_random(ctx);
    for (;;) {
        grt_addr s = section_at(random_below(&random, SECTIONS));
        uint32_t value = random_below(&random, UINT32_MAX);
        switch (random_below(&random, 8)) {
        case 0:
            __atomic_store_n((uint32_t *)(void *)(base + s + 4 * random_below(&random, 7)), value,
                             __ATOMIC_RELAXED);
            break;
        case 1:
            __atomic_store_n((uint32_t *)(void *)(base + s + OWNER),
                             grt_swap32(grt_thread_kthread(ctx->thread)), __ATOMIC_RELAXED);
            break;
        case 2:
            KCALL(RtlInitializeCriticalSectionAndSpinCount, s, value);
            break;
        case 3:
        case 4:
            KCALL(RtlTryEnterCriticalSection, s);
            break;
        case 5:
            KCALL(RtlEnterCriticalSection, s);
            break;
        default:
            KCALL(RtlLeaveCriticalSection, s);
            break;
        }
    }
}

static void test_vandals(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    run_vandals(&config, vandal, 5);
    config.lock_order = true;
    run_vandals(&config, vandal, 5);
}

/* ---- memory that goes away ----------------------------------------------------------------- */

#define PAGE 0x81000000u

static void set_access(const grt_ppc *ctx, grt_access access)
{
    bool guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_protect(ctx->thread->runtime->memory, PAGE, GRT_PAGE_SIZE, access),
                GRT_OK);
    grt_host_end(guest);
}

static void waits_in_page(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, PAGE);
    CHECK_EQUAL(grt_held_count(&ctx->thread->held), 0); /* refused */
}

static void page_goes(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_memory *memory = ctx->thread->runtime->memory;
    bool guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_reserve(memory, PAGE, GRT_PAGE_SIZE, "test"), GRT_OK);
    CHECK_EQUAL(grt_memory_commit(memory, PAGE, GRT_PAGE_SIZE), GRT_OK);
    grt_host_end(guest);
    for (uint32_t part = 4; part < 0x1C; part += 4) { /* the rest is in no page */
        KCALL(RtlEnterCriticalSection, PAGE + GRT_PAGE_SIZE - part);
        CHECK_EQUAL(grt_held_count(&ctx->thread->held), 0);
    }
    KCALL(RtlEnterCriticalSection, PAGE);
    start_threads(ctx, base, s, 1, 2);
    WAIT_UNTIL(locks_waiting(ctx) == 2);
    set_access(ctx, GRT_READ_ONLY); /* entering and leaving both write */
    KCALL(RtlLeaveCriticalSection, PAGE);
    join_threads(ctx, base, s, 2);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, PAGE), 0);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
    set_access(ctx, GRT_READ_WRITE);
}

static void test_memory_goes_away(void **state)
{
    (void)state;
    RUN_ALL_WAYS(page_goes, waits_in_page);
    assert_logged("RtlEnterCriticalSection: section leads to 0x81000000, which cannot be written");
    assert_logged("RtlEnterCriticalSection: section leads to 0x81000FFC, which cannot be written");
}

/* ---- circles and order --------------------------------------------------------------------- */

#define CIRCLE(index) (SHARED + 0x40 * (index))

/* Enters its own section and, when all have, the next one's. */
static void circle_member(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3], count = flag_get(base, 1);
    KCALL(RtlEnterCriticalSection, CIRCLE(number));
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) == count);
    KCALL(RtlEnterCriticalSection, CIRCLE((number + 1) % count));
}

/* One that waits for a member, but is none. */
static void bystander(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, CIRCLE(0));
}

static void circle(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t count = (uint32_t)ctx->r[3];
    flag_set(base, 1, count);
    start_threads(ctx, base, s, 1, count);
    WAIT_UNTIL(locks_waiting(ctx) == count);
    start_threads(ctx, base, s, 2, 1);
    WAIT_UNTIL(locks_waiting(ctx) == count + 1);
}

/* [name] is the function's in which all wait. */
static void run_circle(uint32_t count, uint32_t lines, const char *name)
{
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {circle, circle_member, bystander};
    kernel_create(&fix, &config, functions, 3);
    fix.entries[0].name = name;
    run_to_end(&fix, FN(0), count);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
    assert_int_equal(times_logged("[DEADLOCK]"), lines);
    assert_int_equal(times_logged(" owns\n"), lines);
}

static void test_deadlock(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        run_circle(2, 2, "fn0");
    assert_logged("[DEADLOCK] circle 1, 2 threads: thread 2 waits at fn0+0x4 for section "
                  "0x82010040, which thread 3 owns\n");
    assert_logged("[DEADLOCK] circle 1, 2 threads: thread 3 waits at fn0+0x4 for section "
                  "0x82010000, which thread 2 owns\n");
    run_circle(3, 3, "fn0");
    assert_logged("[DEADLOCK] circle 1, 3 threads: thread 4 waits at fn0+0x4 for section "
                  "0x82010000, which thread 2 owns\n");
    run_circle(GRT_DEADLOCK_MEMBERS + 1, 0, "fn0");
}

/* Nothing of a circle is lost, whatever the functions are called. */
static void test_long_names(void **state)
{
    (void)state;
    char name[2000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    run_circle(GRT_DEADLOCK_MEMBERS, GRT_DEADLOCK_MEMBERS, name);
    assert_int_equal(times_logged("n...+0x4 for section 0x8201"), GRT_DEADLOCK_MEMBERS);
    name[400] = '\0';
    run_circle(GRT_DEADLOCK_MEMBERS, GRT_DEADLOCK_MEMBERS, name);
    strcat(name, "+0x4 for section 0x8201");
    assert_int_equal(times_logged(name), GRT_DEADLOCK_MEMBERS);
}

static void backward(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, CIRCLE(1));
    KCALL(RtlEnterCriticalSection, CIRCLE(0));
    KCALL(RtlLeaveCriticalSection, CIRCLE(0));
    KCALL(RtlLeaveCriticalSection, CIRCLE(1));
}

static void forward(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    for (int i = 0; i < 3; i++) {
        KCALL(RtlEnterCriticalSection, CIRCLE(0));
        KCALL(RtlEnterCriticalSection, CIRCLE(1));
        KCALL(RtlEnterCriticalSection, CIRCLE(0)); /* recursion is no order */
        KCALL(RtlLeaveCriticalSection, CIRCLE(0));
        KCALL(RtlLeaveCriticalSection, CIRCLE(1));
        KCALL(RtlLeaveCriticalSection, CIRCLE(0));
    }
    CHECK_EQUAL(times_logged("lock order"), 0);
    for (int i = 0; i < 3; i++) {
        start_threads(ctx, base, s, 1, 1);
        join_threads(ctx, base, s, 1);
    }
}

/* Memory that becomes another section has no order from before. */
static void forward_and_anew(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(RtlEnterCriticalSection, CIRCLE(0));
    KCALL(RtlEnterCriticalSection, CIRCLE(1));
    KCALL(RtlLeaveCriticalSection, CIRCLE(1));
    KCALL(RtlLeaveCriticalSection, CIRCLE(0));
    KCALL(RtlInitializeCriticalSection, CIRCLE(1));
    start_threads(ctx, base, s, 1, 1);
    join_threads(ctx, base, s, 1);
}

static void run_ordered(bool lock_order, grt_ppc_function *first)
{
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {first, backward};
    config.lock_order = lock_order;
    run_guest_with(&config, functions, 2);
}

/* 69: a deadlock that needs bad luck is found without it. */
static void test_lock_order(void **state)
{
    (void)state;
    run_ordered(true, forward);
    assert_int_equal(times_logged("lock order"), 1);
    assert_logged(
        "lock order: section 0x82010000 is entered inside of 0x82010040; thread 1 entered "
        "them the other way round, the second at fn0+0x4; called by thread 2 from fn0+0x4");
    run_ordered(true, forward_and_anew);
    assert_int_equal(times_logged("lock order"), 0);
    run_ordered(false, forward);
    assert_int_equal(times_logged("lock order"), 0);
}

/* ---- the guest called from the host, inside a section -------------------------------------- */

static void called_back(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, CIRCLE(0));
    poke(base, CIRCLE(2), peek(base, CIRCLE(2)) + 1);
    KCALL(RtlLeaveCriticalSection, CIRCLE(0));
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) >= 3); /* the others enter the same section meanwhile */
}

/* An override that takes a section and calls the guest back. */
static void calls_back(grt_ppc *ctx, uint8_t *base)
{
    grt_addr own = CIRCLE(3 + ctx->r[3]);
    KCALL(RtlEnterCriticalSection, own);
    CHECK_EQUAL(grt_runtime_call(ctx->thread->runtime, FN(2), NULL, 0, NULL), GRT_OK);
    CHECK_EQUAL(peek(base, own + OWNER), grt_thread_kthread(ctx->thread));
    KCALL(RtlLeaveCriticalSection, own);
}

static void callers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 3);
    join_threads(ctx, base, s, 3);
    CHECK_EQUAL(peek(base, CIRCLE(2)), 3);
}

/* 70: no lock of the host is held while the guest runs, so a callback may wait for other threads.
 */
static void test_callbacks(void **state)
{
    (void)state;
    RUN_ALL_WAYS(callers, calls_back, called_back);
}

/* ---- stop ---------------------------------------------------------------------------------- */

static void stuck(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, scratch(ctx), INT64_MIN));
}

static void busy(grt_ppc *ctx, uint8_t *base)
{
    for (;;) {
        KCALL(RtlEnterCriticalSection, SHARED);
        KCALL(RtlLeaveCriticalSection, SHARED);
    }
}

static void test_destroy_while_waiting(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const waits[] = {stuck}, *const runs[] = {busy};
    for (int round = 0; round < 10; round++) {
        run_and_destroy(&config, waits, 1, 3, round % 2 * 2);
        run_and_destroy(&config, runs, 1, 3, round % 2 * 2);
    }
    assert_silent();
}

static void suspended_inside(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    flag_set(base, 0, 1);
    for (uint32_t i = 0; !flag_get(base, 1); i++) {
        KCALL(RtlEnterCriticalSection, SHARED);
        KCALL(RtlLeaveCriticalSection, SHARED);
        flag_set(base, 2, i);
    }
}

/* A shortcut is a kernel call too: a suspended thread stops at it. */
static void suspends(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1);
    CHECK_EQUAL(KCALL(NtSuspendThread, peek(base, s), 0), GRT_NT_SUCCESS);
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, s + 8, MILLISECONDS(20)));
    uint32_t count = flag_get(base, 2);
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, s + 8, MILLISECONDS(20)));
    CHECK_EQUAL(flag_get(base, 2), count);
    flag_set(base, 1, 1);
    KCALL(NtResumeThread, peek(base, s), 0);
    join_threads(ctx, base, s, 1);
}

static void test_suspension_is_noticed(void **state)
{
    (void)state;
    RUN_ALL_WAYS(suspends, suspended_inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_one_owner),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_freed_otherwise),
        cmocka_unit_test(test_kthread_of_an_ended_owner),
        cmocka_unit_test(test_kthread_of_an_ended_owner_inside),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_vandals),
        cmocka_unit_test(test_memory_goes_away),
        cmocka_unit_test(test_deadlock),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_lock_order),
        cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_destroy_while_waiting),
        cmocka_unit_test(test_suspension_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
