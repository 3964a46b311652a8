/*
 * test_kernel_kqueue.c - queues in guest memory: no entry is lost or given out twice, and lists
 * that are no lists hurt nobody.
 */
#include "lock_fixture.h"

#include "kernel/queue.h"

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
    CHECK(times_logged(
              "was overwritten, or an entry of it was put in once more: what it held is lost") > 5);
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
    assert_false(log_has("is not put into")); /* the port and the bad address are said once */
    assert_logged("KeInsertQueue: object 00000010 is in memory that cannot be read");
    assert_logged("KeInsertQueue: object 00063018 is a completion port");
    assert_logged("KeInitializeQueue: queue leads to 0x00000010, which cannot be written");
}

/* ---- an entry twice ------------------------------------------------------------------------ */

#define FAR (GRT_QUEUE_NEAR + 1) /* entries in a queue whose middle one is looked for in vain */

/* The program's mistake: refused where it can be told, else it is damage. */
static void twice(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    KCALL(KeInitializeQueue, QUEUE, 0);
    for (uint32_t i = 0; i < 5; i++)
        KCALL(KeInsertQueue, QUEUE, entry_at(i));
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(i)), 5);
        CHECK_EQUAL(KCALL(KeInsertHeadQueue, QUEUE, entry_at(i)), 5);
    }
    CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, QUEUE + 0x10), 5); /* its own head */
    for (uint32_t i = 0; i < 5; i++)
        CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(i));
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(times_logged("is in queue 82010000 already"), 11);
}

/* Links of the past are no reason to refuse: of a rundown, and of a queue that began anew. */
static void not_twice(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    for (uint32_t again = 0; again < 2; again++) {
        KCALL(KeInitializeQueue, QUEUE, 0);
        for (uint32_t i = 0; i < 5; i++)
            KCALL(KeInsertQueue, QUEUE, entry_at(i));
    }
    CHECK_EQUAL(KCALL(KeRundownQueue, QUEUE), entry_at(0));
    for (uint32_t i = 0; i < 5; i++)
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(i)), i);
    KCALL(KeInitializeQueue, QUEUE, 0);
    CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(4)), 0);
    CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(2)), 1);
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(4));
    CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), entry_at(2));
}

static void twice_unseen(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    grt_addr entries = KCALL(ExAllocatePool, 0x10 * 2 * FAR);
    KCALL(KeInitializeQueue, QUEUE, 0);
    for (uint32_t i = 0; i < 2 * FAR; i++)
        KCALL(KeInsertQueue, QUEUE, entries + 0x10 * i);
    /* Near either end. */
    KCALL(KeInsertQueue, QUEUE, entries + 0x10 * 5);
    KCALL(KeInsertQueue, QUEUE, entries + 0x10 * (2 * FAR - 5));
    CHECK_EQUAL(peek(base, QUEUE + 4), 2 * FAR);
    KCALL(KeInsertQueue, QUEUE, entries + 0x10 * FAR);
    CHECK_EQUAL(peek(base, QUEUE + 4), 2 * FAR + 1);
    while (KCALL(KeRemoveQueue, QUEUE, 0, now) != GRT_NT_TIMEOUT)
        ;
    CHECK_EQUAL(peek(base, QUEUE + 4), 0);
    KCALL(ExFreePool, entries);
}

static void test_twice(void **state)
{
    (void)state;
    RUN_GUEST(twice);
    RUN_GUEST(not_twice);
    assert_false(log_has("[EXPORT]"));
    RUN_GUEST(twice_unseen);
    assert_logged("or an entry of it was put in once more: what it held is lost");
}

/* ---- memory that can be read only ---------------------------------------------------------- */

#define PAGE 0x81000000u

static void make_page(grt_ppc *ctx)
{
    grt_memory *memory = ctx->thread->runtime->memory;
    bool guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_reserve(memory, PAGE, 2 * GRT_PAGE_SIZE, "test"), GRT_OK);
    CHECK_EQUAL(grt_memory_commit(memory, PAGE, 2 * GRT_PAGE_SIZE), GRT_OK);
    grt_host_end(guest);
}

static void protect_page(grt_ppc *ctx, grt_addr page, grt_access access)
{
    grt_memory *memory = ctx->thread->runtime->memory;
    bool guest = grt_host_begin();
    CHECK_EQUAL(grt_memory_protect(memory, page, GRT_PAGE_SIZE, access), GRT_OK);
    grt_host_end(guest);
}

/* Nobody gets anything, and nobody looks for ever. */
static void read_only(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    make_page(ctx);
    KCALL(KeInitializeQueue, PAGE, 0);
    KCALL(KeInsertQueue, PAGE, entry_at(1));
    protect_page(ctx, PAGE, GRT_READ_ONLY);
    CHECK_EQUAL(KCALL(KeRemoveQueue, PAGE, 0, 0), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeInsertQueue, PAGE, entry_at(2)), 1);
    CHECK_EQUAL(KCALL(KeRundownQueue, PAGE), 0);
    CHECK_EQUAL(KCALL(KeRemoveQueue, PAGE, 0, now), GRT_NT_TIMEOUT);
}

static void test_read_only(void **state)
{
    (void)state;
    RUN_GUEST(read_only);
    assert_logged("KeRemoveQueue: queue 81000000 or an entry of it is in memory that cannot be "
                  "written: nothing changed");
    assert_logged("KeRundownQueue: queue 81000000 or an entry of it is in memory");
    assert_false(log_has("what it held is lost"));
}

/* What a refused call must leave alone: the queue, and the words of the entries 0 to 3. */
typedef struct picture {
    uint8_t queue[GRT_QUEUE_SIZE], entries[0x40];
} picture;

static void take_picture(const uint8_t *base, grt_addr queue, picture *now)
{
    memcpy(now->queue, base + queue, sizeof now->queue);
    memcpy(now->entries, base + ENTRIES, sizeof now->entries);
}

static void check_picture(const uint8_t *base, grt_addr queue, const picture *before)
{
    picture after;
    take_picture(base, queue, &after);
    CHECK(memcmp(&after, before, sizeof after) == 0);
}

/* One entry cannot be written: at the front, in the middle, at the end. */
static void read_only_entry(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    picture before;
    make_page(ctx);
    for (uint32_t place = 0; place < 3; place++) {
        protect_page(ctx, PAGE, GRT_READ_WRITE);
        KCALL(KeInitializeQueue, QUEUE, 0);
        for (uint32_t i = 0; i < 3; i++)
            KCALL(KeInsertQueue, QUEUE, i == place ? PAGE : entry_at(i));
        poke(base, entry_at(3), 0x11111111);
        poke(base, entry_at(3) + 4, 0x22222222);
        protect_page(ctx, PAGE, GRT_READ_ONLY);
        take_picture(base, QUEUE, &before);
        if (place == 0)
            CHECK_EQUAL(KCALL(KeInsertHeadQueue, QUEUE, entry_at(3)), 3);
        if (place == 1)
            CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), GRT_NT_TIMEOUT);
        if (place == 2)
            CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, entry_at(3)), 3);
        if (place != 1)
            CHECK_EQUAL(KCALL(KeRundownQueue, QUEUE), 0);
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, PAGE), 3);
        CHECK_EQUAL(KCALL(KeInsertQueue, QUEUE, PAGE + 0x20), 3);
        check_picture(base, QUEUE, &before);
        if (place != 0)
            protect_page(ctx, PAGE, GRT_READ_WRITE);
        for (uint32_t i = 0; i < 3; i++)
            CHECK_EQUAL(KCALL(KeRemoveQueue, QUEUE, 0, now), i == place ? PAGE : entry_at(i));
    }
}

/* The state cannot be written, the list can. */
static void read_only_state(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx) + 0x40, 0);
    grt_addr queue = PAGE + GRT_PAGE_SIZE - GRT_QUEUE_ENTRIES;
    picture before;
    make_page(ctx);
    KCALL(KeInitializeQueue, queue, 0);
    KCALL(KeInsertQueue, queue, entry_at(0));
    protect_page(ctx, PAGE, GRT_READ_ONLY);
    take_picture(base, queue, &before);
    CHECK_EQUAL(KCALL(KeInsertQueue, queue, entry_at(1)), 1);
    CHECK_EQUAL(KCALL(KeRemoveQueue, queue, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(KeRundownQueue, queue), 0);
    check_picture(base, queue, &before);
    protect_page(ctx, PAGE, GRT_READ_WRITE);
    CHECK_EQUAL(KCALL(KeRemoveQueue, queue, 0, now), entry_at(0));
}

static void test_nothing_changes(void **state)
{
    (void)state;
    RUN_GUEST(read_only_entry);
    assert_logged("KeInsertHeadQueue: entry 82010070 is not put into queue 82010000: it, the queue "
                  "or the entry beside it cannot be written");
    assert_false(log_has("what it held is lost"));
    RUN_GUEST(read_only_state);
    assert_false(log_has("what it held is lost"));
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
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_rundown_with_waiters),
        cmocka_unit_test(test_vandals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
