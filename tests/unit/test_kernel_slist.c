/* test_kernel_slist.c - interlocked lists: order, counts, many threads, damage. */
#include "lock_fixture.h"

#define ENTRY(index) (DATA_BASE + 0x400u + 8u * (index))

/* ---- one thread ---------------------------------------------------------------------------- */

static void check_head(const uint8_t *base, grt_addr list, grt_addr first, uint32_t depth,
                       uint32_t sequence)
{
    CHECK_EQUAL(peek(base, list), first);
    CHECK_EQUAL(grt_load16(base + list + 4), depth);
    CHECK_EQUAL(grt_load16(base + list + 6), sequence);
}

static void single(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = SHARED;
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), 0);
    CHECK_EQUAL(KCALL(InterlockedFlushSList, l), 0);
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, l, ENTRY(0)), 0);
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, l, ENTRY(1)), ENTRY(0));
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, l, ENTRY(2)), ENTRY(1));
    check_head(base, l, ENTRY(2), 3, 3);
    CHECK_EQUAL(peek(base, ENTRY(2)), ENTRY(1));
    CHECK_EQUAL(peek(base, ENTRY(0)), 0);
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), ENTRY(2));
    check_head(base, l, ENTRY(1), 2, 3);
    CHECK_EQUAL(KCALL(InterlockedFlushSList, l), ENTRY(1));
    check_head(base, l, 0, 0, 3);
    CHECK_EQUAL(peek(base, ENTRY(1)), ENTRY(0));
    /* The counts are 16 bits wide, and leave the words beside them alone. */
    grt_store64(base + l, 0xFFFFFFFFull);
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, l, ENTRY(0)), 0);
    check_head(base, l, ENTRY(0), 0, 0);
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), ENTRY(0));
    check_head(base, l, 0, 0xFFFF, 0);
}

static void test_single(void **state)
{
    (void)state;
    RUN_GUEST(single);
    assert_silent();
}

static void misuse(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = SHARED;
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, BAD, ENTRY(0)), 0);
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, 0xFFFFFFF8u - 0x80000000u), 0);
    CHECK_EQUAL(KCALL(InterlockedFlushSList, l + 4), 0);
    CHECK_EQUAL(KCALL(InterlockedPushEntrySList, l, BAD), 0);
    check_head(base, l, 0, 0, 0);
    poke(base, l, BAD); /* an entry that cannot be read */
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), 0);
    check_head(base, l, BAD, 0, 0);
    CHECK_EQUAL(KCALL(InterlockedFlushSList, l), BAD);
    poke(base, l, ENTRY(0)); /* an entry that follows itself */
    poke(base, ENTRY(0), ENTRY(0));
    for (int i = 0; i < 1000; i++)
        CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), ENTRY(0));
    CHECK_EQUAL(KCALL(InterlockedFlushSList, l), ENTRY(0));
    CHECK_EQUAL(KCALL(InterlockedPopEntrySList, l), 0);
}

static void test_misuse(void **state)
{
    (void)state;
    RUN_GUEST(misuse);
    assert_logged("InterlockedPushEntrySList: list leads to 0x00000010, which cannot be written");
    assert_logged("InterlockedPopEntrySList: list leads to 0x7FFFFFF8");
    assert_logged("InterlockedFlushSList: list 0x82010004 is not at a multiple of 8");
    assert_logged("InterlockedPushEntrySList: entry leads to 0x00000010, which cannot be written");
    assert_logged("list 0x82010000 is broken: its first entry, 0x00000010, cannot be read");
}

/* ---- many threads, with code of their own in between --------------------------------------- */

#define WORKERS 4u
#define ROUNDS  4000u
#define ENTRIES 8u

/* Pops as inline code does: load the header, load the entry's link, exchange all 8 bytes. */
static grt_addr pop_inline(uint8_t *base, grt_addr list)
{
    uint64_t *header = (uint64_t *)(void *)(base + list);
    for (;;) {
        uint64_t old = __atomic_load_n(header, __ATOMIC_ACQUIRE);
        uint64_t value = grt_swap64(old);
        grt_addr first = (grt_addr)(value >> 32);
        if (first == 0)
            return 0;
        uint32_t next = __atomic_load_n((uint32_t *)(void *)(base + first), __ATOMIC_RELAXED);
        uint64_t wanted = (uint64_t)grt_swap32(next) << 32 | (uint32_t)(value - 0x10000);
        wanted = grt_swap64(wanted);
        if (__atomic_compare_exchange_n(header, &old, wanted, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return first;
    }
}

static void push_inline(uint8_t *base, grt_addr list, grt_addr entry)
{
    uint64_t *header = (uint64_t *)(void *)(base + list);
    uint64_t old = __atomic_load_n(header, __ATOMIC_ACQUIRE);
    for (;;) {
        uint64_t value = grt_swap64(old);
        __atomic_store_n((uint32_t *)(void *)(base + entry), grt_swap32((uint32_t)(value >> 32)),
                         __ATOMIC_RELAXED);
        uint32_t counts = (uint32_t)(value + 0x10000) & 0xFFFF0000u;
        counts |= (uint32_t)(value + 1) & 0xFFFFu;
        uint64_t wanted = grt_swap64((uint64_t)entry << 32 | counts);
        if (__atomic_compare_exchange_n(header, &old, wanted, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return;
    }
}

/* Whoever has an entry is alone with it. */
static void worker(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        grt_addr entry =
            i % 3 == 0 ? pop_inline(base, SHARED) : KCALL(InterlockedPopEntrySList, SHARED);
        if (entry == 0)
            continue;
        uint32_t index = (entry - ENTRY(0)) / 8;
        CHECK(index < ENTRIES);
        CHECK_EQUAL(flag_add(base, index), 0);
        if (i % 16 == 0)
            os_thread_yield();
        flag_set(base, index, 0);
        if (i % 5 == 0)
            push_inline(base, SHARED, entry);
        else
            KCALL(InterlockedPushEntrySList, SHARED, entry);
    }
}

static void exchange(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    for (uint32_t i = 0; i < ENTRIES; i++)
        KCALL(InterlockedPushEntrySList, SHARED, ENTRY(i));
    start_threads(ctx, base, s, 1, WORKERS);
    join_threads(ctx, base, s, WORKERS);
    CHECK_EQUAL(grt_load16(base + SHARED + 4), ENTRIES);
    uint32_t count = 0;
    for (grt_addr entry = KCALL(InterlockedFlushSList, SHARED); entry; entry = peek(base, entry))
        count++;
    CHECK_EQUAL(count, ENTRIES);
}

static void test_many_threads(void **state)
{
    (void)state;
    RUN_GUEST(exchange, worker);
    assert_silent();
}

/* ---- damage -------------------------------------------------------------------------------- */

static void vandal(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = vandal_random(ctx);
    for (;;) {
        uint32_t value = random_below(&random, UINT32_MAX);
        switch (random_below(&random, 4)) {
        case 0:
            __atomic_store_n((uint32_t *)(void *)(base + SHARED + value % 2 * 4),
                             value % 3 ? grt_swap32(ENTRY(value % ENTRIES)) : value,
                             __ATOMIC_RELAXED);
            break;
        case 1:
            KCALL(InterlockedPushEntrySList, SHARED, value % 7 ? ENTRY(value % ENTRIES) : value);
            break;
        case 2:
            KCALL(InterlockedPopEntrySList, SHARED);
            break;
        default:
            KCALL(InterlockedFlushSList, SHARED);
            break;
        }
    }
}

static void test_vandals(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    config.log.level = GRT_LOG_ERROR;
    run_vandals(&config, vandal, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_vandals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
