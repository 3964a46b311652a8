/*
 * test_kernel_kqueue.c - queues in guest memory: no entry is lost or given out twice, and lists
 * that are no lists hurt nobody.
 */
#include "lock_fixture.h"

#define QUEUE   SHARED
#define ENTRIES (SHARED + 0x40u)

static grt_addr entry_at(uint32_t index)
{
    return ENTRIES + 0x10 * index;
}

/* ---- order --------------------------------------------------------------------------------- */

static void waits_in_line(grt_ppc *ctx, uint8_t *base)
{
    uint32_t number = (uint32_t)ctx->r[3];
    grt_addr entry = KCALL(KeRemoveQueue, QUEUE, 0, 0);
    CHECK_EQUAL(entry, entry_at(number));
}

/* Who came first gets the first entry. A plain wait takes none. */
static void line(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    KCALL(KeInitializeQueue, QUEUE, 0);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        await_waiting(dispatch_of(ctx), i + 1);
    }
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(i)), 0);
    join_threads(ctx, base, s, 4);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, QUEUE, 0, 0, 0, now), GRT_NT_TIMEOUT);
    KCALL(KeInsertQueue, QUEUE, entry_at(0));
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, QUEUE, 0, 0, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, QUEUE + 4), 1);
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(0));
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0); /* all there is to know is in the body */
}

static void test_line(void **state)
{
    (void)state;
    RUN_GUEST(line, waits_in_line);
    assert_false(log_has("[EXPORT]"));
}

/* ---- several at once ----------------------------------------------------------------------- */

#define ROUNDS 500u

/* Each entry has a word that says who has it. */
static void passes_on(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = ctx->thread->id;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        grt_addr entry = KCALL(KeRemoveQueue, QUEUE, 0, 0);
        uint32_t index = (entry - ENTRIES) / 0x10;
        CHECK_EQUAL(flag_add(base, 16 + index), 0);
        if (random_below(&random, 4) == 0)
            TURN();
        flag_set(base, 16 + index, 0);
        if (random_below(&random, 2))
            KCALL(KeInsertQueue, QUEUE, entry);
        else
            KCALL(KeInsertHeadQueue, QUEUE, entry);
    }
}

static void several(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    KCALL(KeInitializeQueue, QUEUE, 0);
    start_threads(ctx, base, s, 1, 4);
    for (uint32_t i = 0; i < 3; i++)
        KCALL(KeInsertQueue, QUEUE, entry_at(i));
    join_threads(ctx, base, s, 4);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 3; i++)
        seen |= 1u << ((KCALL(KeRemoveQueue, QUEUE, 0, now) - ENTRIES) / 0x10);
    CHECK_EQUAL(seen, 7);
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
}

static void test_several(void **state)
{
    (void)state;
    RUN_ALL_WAYS(several, passes_on);
    assert_false(log_has("[EXPORT]"));
}

/* ---- damage -------------------------------------------------------------------------------- */

static void damage(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    /* A head that leads nowhere, to the wrong place, or to itself while the state says otherwise.
     */
    static const uint32_t heads[] = {0, BAD, 0xFFFFFFFCu, ENTRIES, QUEUE + 0x10};
    for (uint32_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        KCALL(KeInitializeQueue, QUEUE, 0);
        KCALL(KeInsertQueue, QUEUE, entry_at(5));
        poke(base, QUEUE + 0x10, heads[i]);
        CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
        CHECK_EQUAL(peek(base, QUEUE + 4), 0);
        poke(base, QUEUE + 0x14, heads[i]);
        if (heads[i] != QUEUE + 0x10)
            CHECK_EQUAL(KCALL(KeRundownQueue, QUEUE), 0);
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(1)), 0);
        CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(1));
        CHECK_EQUAL(peek(base, entry_at(1)), 0);
    }
    CHECK(times_logged("was overwritten: what it held is lost") > 5);
    /* An entry that does not know its neighbour: the first, the second, the last. */
    for (uint32_t i = 0; i < 3; i++) {
        KCALL(KeInitializeQueue, QUEUE, 0);
        for (uint32_t entry = 0; entry < 3; entry++)
            KCALL(KeInsertQueue, QUEUE, entry_at(entry));
        poke(base, entry_at(i) + (i < 2 ? 4 : 0), entry_at(7));
        CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
        CHECK_EQUAL(peek(base, QUEUE + 0x10), QUEUE + 0x10);
        CHECK_EQUAL(peek(base, QUEUE + 0x14), QUEUE + 0x10);
    }
    /* A state that is a lie. */
    KCALL(KeInitializeQueue, QUEUE, 0);
    poke(base, QUEUE + 4, 0x7FFFFFFF);
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
    poke(base, QUEUE + 4, 0x80000000);
    CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(1)), 0x80000000);
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(1));
    /* An entry twice: the program's mistake. */
    KCALL(KeInsertQueue, QUEUE, entry_at(1));
    KCALL(KeInsertQueue, QUEUE, entry_at(1));
    for (uint32_t i = 0; i < 4; i++)
        KCALL(KeRemoveQueue, QUEUE, 0, now);
    /* A completion port is none of these, though its type byte is theirs. */
    KCALL(NtCreateIoCompletion, s, 0, 0, 0);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    grt_addr port = peek(base, s + 4);
    CHECK_EQUAL(KCALL(KeInsertQueue, port, entry_at(1)), 0);
    CHECK_EQUAL(KCALL(KeRemoveQueue, port, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeRundownQueue, port), 0);
    CHECK_EQUAL(KCALL(KeInsertQueue, BAD, entry_at(1)), 0);
    CHECK_EQUAL(KCALL(KeRundownQueue, 0xFFFFFFF0u), 0);
    KCALL(KeInitializeQueue, BAD, 0);
}

static void test_damage(void **state)
{
    (void)state;
    RUN_GUEST(damage);
    assert_logged("KeInsertQueue: entry 82010050 is not put into queue ");
    assert_logged("is a completion port");
    assert_logged("KeInitializeQueue: queue leads to 0x00000010, which cannot be written");
}

#define PAGE 0x81000000u

/* Memory that can be read only: nobody gets anything, and nobody looks for ever. */
static void read_only(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    grt_memory *memory = ctx->thread->runtime->memory;
    bool guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_reserve(memory, PAGE, GRT_PAGE_SIZE, "test"), GRT_OK);
    CHECK_EQUAL(grt_memory_commit(memory, PAGE, GRT_PAGE_SIZE), GRT_OK);
    grt_host_end(guest);
    KCALL(KeInitializeQueue, PAGE, 0);
    KCALL(KeInsertQueue, PAGE, entry_at(1));
    guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_protect(memory, PAGE, GRT_PAGE_SIZE, GRT_READ_ONLY), GRT_OK);
    grt_host_end(guest);
    CHECK_EQUAL(KCALL(KeRemoveQueue, PAGE, 0, 0), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeInsertQueue, PAGE, entry_at(2)), 1);
    CHECK_EQUAL(KCALL(KeRundownQueue, PAGE), 0);
    CHECK_EQUAL(KCALL(KeRemoveQueue, PAGE, 0, now), GRT_NT_TIMEOUT);
}

static void test_read_only(void **state)
{
    (void)state;
    RUN_GUEST(read_only);
    assert_logged("KeRemoveQueue: queue 81000000 is in memory that cannot be written");
}

static void waits_on(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, 0), entry_at(9));
}

static void ends_with_waiters(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(KeInitializeQueue, QUEUE, 0);
    start_threads(ctx, base, s, 1, 1);
    await_waiting(dispatch_of(ctx), 1);
    CHECK_EQUAL(KCALL(KeRundownQueue, QUEUE), 0);
    KCALL(KeInsertQueue, QUEUE, entry_at(9));
    join_threads(ctx, base, s, 1);
}

static void test_rundown_with_waiters(void **state)
{
    (void)state;
    RUN_GUEST(ends_with_waiters, waits_on);
    assert_logged("KeRundownQueue: queue 82010000 ends while threads wait for it: they wait on");
}

/* Any call, any bytes, several threads. */
static void vandal(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = vandal_random(ctx);
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, MILLISECONDS(1));
    for (;;) {
        grt_addr entry = entry_at(random_below(&random, 6));
        uint32_t *word = (uint32_t *)(void *)(base + SHARED + 4 * random_below(&random, 24));
        switch (random_below(&random, 8)) {
        case 0:
            __atomic_store_n(word, random_below(&random, UINT32_MAX), __ATOMIC_RELAXED);
            break;
        case 1:
            __atomic_store_n(word, grt_swap32(entry), __ATOMIC_RELAXED);
            break;
        case 2:
            KCALL(KeInitializeQueue, QUEUE, 1);
            break;
        case 3:
            KCALL(KeRundownQueue, QUEUE);
            break;
        case 4:
            KCALL(KeInsertHeadQueue, QUEUE, entry);
            break;
        case 5:
            KCALL(KeRemoveQueue, QUEUE, 0, now);
            break;
        default:
            KCALL(KeInsertQueue, QUEUE, entry);
            break;
        }
    }
}

static void test_vandals(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    run_vandals(&config, vandal, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_rundown_with_waiters),
        cmocka_unit_test(test_vandals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
