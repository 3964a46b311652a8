/* test_kernel_queue.c - completion ports: packets in order, none lost, none made. */
#include "sync_fixture.h"

#define PORT_OUT(s) ((s) + 0x20) /* key, context, {status, information} */

static uint32_t post(grt_ppc *ctx, uint8_t *base, uint32_t port, uint32_t number)
{
    return KCALL(NtSetIoCompletion, port, number, ~number, number * 3, number * 5);
}

static uint32_t take(grt_ppc *ctx, uint8_t *base, uint32_t port, int64_t timeout)
{
    grt_addr s = scratch(ctx), out = PORT_OUT(s);
    return KCALL(NtRemoveIoCompletion, port, out, out + 4, out + 8,
                 timeout_at(base, TIMEOUT(s), timeout));
}

static uint32_t depth(grt_ppc *ctx, uint8_t *base, uint32_t port)
{
    CHECK_EQUAL(KCALL(NtQueryIoCompletion, port, OUT(scratch(ctx))), GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static void packets(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), out = PORT_OUT(s);
    uint32_t port = new_port(ctx, base);
    CHECK_EQUAL(take(ctx, base, port, 0), GRT_NT_TIMEOUT);
    CHECK_EQUAL(take(ctx, base, port, MILLISECONDS(2)), GRT_NT_TIMEOUT);
    CHECK_EQUAL(look(ctx, base, port), GRT_NT_TIMEOUT);
    for (uint32_t i = 1; i <= 5; i++)
        CHECK_EQUAL(post(ctx, base, port, i), GRT_NT_SUCCESS);
    CHECK_EQUAL(depth(ctx, base, port), 5);
    CHECK_EQUAL(look(ctx, base, port), GRT_NT_SUCCESS); /* looking takes nothing */
    CHECK_EQUAL(depth(ctx, base, port), 5);
    for (uint32_t i = 1; i <= 5; i++) { /* the oldest first */
        CHECK_EQUAL(take(ctx, base, port, 0), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, out), i);
        CHECK_EQUAL(peek(base, out + 4), ~i);
        CHECK_EQUAL(peek(base, out + 8), i * 3);
        CHECK_EQUAL(peek(base, out + 12), i * 5);
    }
    CHECK_EQUAL(depth(ctx, base, port), 0);
    /* What is left in it goes with it. */
    CHECK_EQUAL(post(ctx, base, port, 1), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, port), GRT_NT_SUCCESS);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_packets(void **state)
{
    (void)state;
    RUN_GUEST(packets);
}

static void answers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), out = PORT_OUT(s), now = timeout_at(base, TIMEOUT(s), 0);
    uint32_t port = new_port(ctx, base), event = new_event(ctx, base, 0, 0);
    CHECK_EQUAL(KCALL(NtCreateIoCompletion, 0, 0, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtCreateIoCompletion, s, 0, named(ctx, base, "Port"), 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtCreateIoCompletion, s, 0, named(ctx, base, "Port"), 0),
                GRT_NT_OBJECT_NAME_EXISTS);
    CHECK_EQUAL(KCALL(NtCreateMutant, s, named(ctx, base, "Port"), 0),
                GRT_NT_OBJECT_NAME_COLLISION);
    CHECK_EQUAL(post(ctx, base, event, 1), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(post(ctx, base, 0x1234, 1), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(take(ctx, base, event, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(take(ctx, base, 0x1234, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtQueryIoCompletion, event, s), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtQueryIoCompletion, port, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetEvent, port, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
    /* A pointer that cannot be stored through means that no packet is taken. */
    CHECK_EQUAL(post(ctx, base, port, 9), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtRemoveIoCompletion, port, 0, out, out, now), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtRemoveIoCompletion, port, out, BAD, out, now), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtRemoveIoCompletion, port, out, out, BAD, now), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtRemoveIoCompletion, port, out, out, out, BAD), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(depth(ctx, base, port), 1);
    os_inject_failure(1, false);
    CHECK_EQUAL(post(ctx, base, port, 2), GRT_NT_INSUFFICIENT_RESOURCES);
    os_inject_failure(0, false);
    CHECK_EQUAL(depth(ctx, base, port), 1);
}

static void test_answers(void **state)
{
    (void)state;
    RUN_GUEST(answers);
    assert_logged("NtRemoveIoCompletion: context_out leads to 0x00000010, which cannot be written");
}

/* ---- producers and consumers ----------------------------------------------------------------- */

#define PRODUCERS 3u
#define CONSUMERS 3u
#define POSTS     500u
#define LAST      0xFFFFFFFFu
static uint32_t shared_port;
static atomic_uint taken[PRODUCERS * POSTS];

static void producer(grt_ppc *ctx, uint8_t *base)
{
    uint32_t first = (uint32_t)ctx->r[3] * POSTS;
    for (uint32_t i = 0; i < POSTS; i++)
        CHECK_EQUAL(KCALL(NtSetIoCompletion, shared_port, first + i, 0, 0, 0), GRT_NT_SUCCESS);
}

/* Each sees the packets of a producer in the order in which they were put in. */
static void consumer(grt_ppc *ctx, uint8_t *base)
{
    uint32_t next[PRODUCERS] = {0};
    for (;;) {
        uint32_t status = take(ctx, base, shared_port, -300);
        if (status == GRT_NT_TIMEOUT)
            continue;
        CHECK_EQUAL(status, GRT_NT_SUCCESS);
        uint32_t number = peek(base, PORT_OUT(scratch(ctx)));
        if (number == LAST)
            return;
        CHECK(number % POSTS >= next[number / POSTS]);
        next[number / POSTS] = number % POSTS + 1;
        atomic_fetch_add(&taken[number], 1);
    }
}

static void meet(grt_ppc *ctx, uint8_t *base)
{
    uint32_t producers[PRODUCERS], consumers[CONSUMERS];
    shared_port = new_port(ctx, base);
    memset(taken, 0, sizeof taken);
    for (uint32_t i = 0; i < CONSUMERS; i++)
        consumers[i] = new_thread(ctx, base, 2, i);
    for (uint32_t i = 0; i < PRODUCERS; i++)
        producers[i] = new_thread(ctx, base, 1, i);
    for (uint32_t i = 0; i < PRODUCERS; i++)
        join_guest(ctx, base, producers[i]);
    for (uint32_t i = 0; i < CONSUMERS; i++)
        KCALL(NtSetIoCompletion, shared_port, LAST, 0, 0, 0);
    for (uint32_t i = 0; i < CONSUMERS; i++)
        join_guest(ctx, base, consumers[i]);
    for (uint32_t i = 0; i < PRODUCERS * POSTS; i++)
        CHECK_EQUAL(atomic_load(&taken[i]), 1);
    CHECK_EQUAL(depth(ctx, base, shared_port), 0);
}

static void test_producers_and_consumers(void **state)
{
    (void)state;
    RUN_GUEST(meet, producer, consumer);
}

/* ---- closed, stopped ------------------------------------------------------------------------- */

static void takes_one(grt_ppc *ctx, uint8_t *base)
{
    grt_addr out = PORT_OUT(scratch(ctx));
    CHECK_EQUAL(KCALL(NtRemoveIoCompletion, shared_port, out, out + 4, out + 8, 0), GRT_NT_SUCCESS);
}

static void looks_on(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(wait_one(ctx, base, shared_port), GRT_NT_SUCCESS);
}

/* Lookers do not stand in the way of takers, whichever came first. */
static void lookers(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[4];
    shared_port = new_port(ctx, base);
    for (uint32_t i = 0; i < 4; i++) {
        threads[i] = new_thread(ctx, base, i % 2 ? 1 : 2, 0);
        await_waiting(dispatch_of(ctx), i + 1);
    }
    CHECK_EQUAL(post(ctx, base, shared_port, 1), GRT_NT_SUCCESS);
    join_guest(ctx, base, threads[0]);
    join_guest(ctx, base, threads[1]);
    CHECK_EQUAL(waiting_now(dispatch_of(ctx)), 2);
    CHECK_EQUAL(post(ctx, base, shared_port, 1), GRT_NT_SUCCESS);
    join_guest(ctx, base, threads[2]);
    join_guest(ctx, base, threads[3]);
    CHECK_EQUAL(depth(ctx, base, shared_port), 0);
}

static void test_lookers(void **state)
{
    (void)state;
    RUN_GUEST(lookers, takes_one, looks_on);
}

static void takes_for_ever(grt_ppc *ctx, uint8_t *base)
{
    grt_addr out = PORT_OUT(scratch(ctx));
    uint32_t port = new_port(ctx, base), other = new_port(ctx, base);
    CHECK_EQUAL(post(ctx, base, other, 1), GRT_NT_SUCCESS);
    KCALL(NtRemoveIoCompletion, port, out, out + 4, out + 8, 0);
    CHECK(false);
}

static void test_destroy(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {takes_for_ever};
    for (int round = 0; round < 6; round++) {
        kernel_create(&fix, &config, functions, 1);
        for (int i = 0; i < 3; i++)
            grt_thread_release(start(&fix, FN(0), 0, 0));
        if (round % 2)
            await_waiting(&fix.runtime->kernel->dispatch, 3);
        fixture_destroy(&fix);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_producers_and_consumers),
        cmocka_unit_test(test_lookers),
        cmocka_unit_test(test_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
