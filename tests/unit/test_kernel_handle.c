/* test_kernel_handle.c - the life of objects: handles, pointers, permanence, and races of those. */
#include "kernel_fixture.h"

#define BAD 0x00000010u

/* ---- what went wrong in real ports -------------------------------------------------------- */

/* A program that releases a semaphore by a closed handle is told who closed it, where and when. */
static void closed_handle(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateSemaphore, s, 0, 0, 1);
    KCALL(NtClose, peek(base, s));
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, peek(base, s), 1, 0), GRT_NT_INVALID_HANDLE);
}

static void test_closed_handle(void **state)
{
    (void)state;
    RUN_GUEST(closed_handle);
    assert_logged("[EXPORT] NtReleaseSemaphore: handle F8000004 was closed by thread 1 at "
                  "fn0+0x4, ");
    assert_logged(" ms ago; called by thread 1 from fn0+0x4");
}

/* The place of a body is used again: the new object has nothing of the old one. */
static void body_used_again(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), first = 0;
    grt_addr now = timeout_at(base, s + 0x40, 0);
    for (uint32_t i = 0; i < 200; i++) {
        KCALL(NtCreateEvent, s, 0, 0, 0);
        CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4), GRT_NT_SUCCESS);
        grt_addr body = peek(base, s + 4);
        CHECK(body != 0 && (i == 0 || body != first || i >= 60)); /* it rests a while */
        if (i == 0)
            first = body;
        CHECK_EQUAL(peek(base, body), 0);
        CHECK_EQUAL(peek(base, body + 4), 0);
        CHECK_EQUAL(peek(base, body + 8), body + 8);
        CHECK_EQUAL(KCALL(KeWaitForSingleObject, body, 0, 0, 0, now), GRT_NT_TIMEOUT);
        KCALL(KeSetEvent, body, 0, 0);
        memset(base + body, 0x81, 0x28);
        KCALL(NtClose, peek(base, s));
        KCALL(ObDereferenceObject, body);
    }
    CHECK_EQUAL(body_pages(dispatch_of(ctx)), 1);
}

static void test_body_used_again(void **state)
{
    (void)state;
    RUN_GUEST(body_used_again);
}

/* A thread that has ended is signalled, also where only its header is looked at. */
static void ends(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = 9;
}

static void waits_for_ended(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4), GRT_NT_SUCCESS);
    grt_addr kthread = peek(base, s + 4);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, kthread, 0, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, kthread + 4), 1);
    CHECK_EQUAL(peek(base, kthread + 0x140), 9);
    KCALL(ObDereferenceObject, kthread);
}

static void test_ended_thread(void **state)
{
    (void)state;
    RUN_GUEST(waits_for_ended, ends);
}

/* Threads use objects that others close at the same time: every call finds a live object or none.
 */
#define RACERS 4u
#define SHARED 8u
static uint64_t seed;
static atomic_uint shared_handles[SHARED];

static void racer(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    uint64_t random = seed + ctx->r[3];
    for (uint32_t i = 0; i < 1500; i++) {
        uint32_t place = random_below(&random, SHARED);
        uint32_t handle = atomic_load(&shared_handles[place]);
        switch (random_below(&random, 6)) {
        case 0:
            KCALL(NtCreateEvent, s, 0, random_below(&random, 2), 1);
            KCALL(NtClose, atomic_exchange(&shared_handles[place], peek(base, s)));
            break;
        case 1:
            KCALL(NtSetEvent, handle, 0);
            break;
        case 2:
            KCALL(NtWaitForSingleObjectEx, handle, 0, 0, now);
            break;
        case 3:
            if (KCALL(NtDuplicateObject, handle, s, 0) == GRT_NT_SUCCESS)
                CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
            break;
        default:
            if (KCALL(ObReferenceObjectByHandle, handle, 0, s) != GRT_NT_SUCCESS)
                break;
            KCALL(KeSetEvent, peek(base, s), 0, 0);
            if (KCALL(ObOpenObjectByPointer, peek(base, s), s + 4) == GRT_NT_SUCCESS)
                CHECK_EQUAL(KCALL(NtClose, peek(base, s + 4)), GRT_NT_SUCCESS);
            KCALL(ObDereferenceObject, peek(base, s));
            break;
        }
    }
}

static void uses_while_closing(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), handles = s + 0x80;
    for (uint32_t i = 0; i < SHARED; i++) {
        KCALL(NtCreateEvent, s, 0, 0, 0);
        atomic_store(&shared_handles[i], peek(base, s));
    }
    start_threads(ctx, base, handles, 1, RACERS);
    join_threads(ctx, base, handles, RACERS);
    for (uint32_t i = 0; i < SHARED; i++)
        CHECK_EQUAL(KCALL(NtClose, atomic_load(&shared_handles[i])), GRT_NT_SUCCESS);
    CHECK_EQUAL(dispatch_of(ctx)->handles, 0);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_use_while_closing(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(uses_while_closing, racer);
}

/* ---- what a last handle takes along ------------------------------------------------------- */

static void owned_mutant(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_dispatch *dispatch = dispatch_of(ctx);
    uint32_t objects = dispatch->objects;
    KCALL(NtCreateMutant, s, 0, 1);
    CHECK_EQUAL(dispatch->objects, objects + 1);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
    CHECK_EQUAL(dispatch->objects, objects);
    CHECK(!ctx->thread->kernel.mutants);
    /* A pointer keeps it, and its owner. */
    KCALL(NtCreateMutant, s, 0, 1);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    KCALL(NtClose, peek(base, s));
    CHECK_EQUAL(dispatch->objects, objects + 1);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, peek(base, s + 4), 0, 0, 0, 0), GRT_NT_SUCCESS);
    KCALL(ObDereferenceObject, peek(base, s + 4));
    CHECK_EQUAL(dispatch->objects, objects);
    CHECK(!ctx->thread->kernel.mutants);
    /* Being owned keeps only what the program made in its own memory. */
    KCALL(NtCreateMutant, s, 0, 0);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 0, 0, 0), GRT_NT_SUCCESS);
    KCALL(NtClose, peek(base, s));
    KCALL(ObDereferenceObject, peek(base, s + 4));
    CHECK_EQUAL(dispatch->objects, objects);
}

static void test_owned_mutant(void **state)
{
    (void)state;
    RUN_GUEST(owned_mutant);
}

static uint32_t armed_timer(const grt_ppc *ctx, grt_object **timer)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_dispatch_lock(dispatch);
    *timer = grt_object_create(dispatch, GRT_OBJECT_TIMER, NULL);
    grt_timer_set(dispatch, *timer, grt_dispatch_clock(dispatch) + 3600000000000u, 0);
    uint32_t handle = grt_handle_open(dispatch, *timer);
    grt_dispatch_unlock(dispatch);
    return handle;
}

static void timer_handles(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_object *timer;
    uint32_t objects = dispatch->objects, handle = armed_timer(ctx, &timer);
    CHECK(dispatch->timers == timer);
    KCALL(NtClose, handle);
    CHECK(!dispatch->timers);
    CHECK_EQUAL(dispatch->objects, objects);
    handle = armed_timer(ctx, &timer);
    KCALL(ObReferenceObjectByHandle, handle, 0, s);
    CHECK_EQUAL(base[peek(base, s)], GRT_TYPE_BYTE_MANUAL_TIMER);
    KCALL(NtClose, handle);
    CHECK(dispatch->timers == timer); /* the pointer keeps it armed */
    grt_dispatch_lock(dispatch);
    grt_timer_set(dispatch, timer, grt_dispatch_clock(dispatch) + 7200000000000u, 0);
    grt_dispatch_unlock(dispatch);
    KCALL(ObDereferenceObject, peek(base, s));
    CHECK(!dispatch->timers);
    CHECK_EQUAL(dispatch->objects, objects);
}

static void test_timer_handles(void **state)
{
    (void)state;
    RUN_GUEST(timer_handles);
}

/* A timer in the program's own memory is armed without anybody to keep it: the runtime ends. */
static void arms_in_memory(grt_ppc *ctx, uint8_t *base)
{
    grt_addr body = scratch(ctx);
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_handle_trouble trouble;
    memset(base + body, 0, GRT_BODY_TIMER_SIZE);
    base[body] = GRT_TYPE_BYTE_AUTO_TIMER;
    grt_object *timer = grt_object_at(dispatch, body, GRT_OBJECT_TIMER, &trouble);
    CHECK(timer != NULL);
    grt_timer_set(dispatch, timer, grt_dispatch_clock(dispatch) + 3600000000000u, 0);
    grt_object_release(dispatch, timer);
    grt_dispatch_unlock(dispatch);
}

static void test_armed_in_memory_at_the_end(void **state)
{
    (void)state;
    RUN_GUEST(arms_in_memory);
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Whatever a program leaves behind goes with the runtime. */
static void leaves_everything(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), link = s + 0x100;
    for (uint32_t i = 0; i < 100; i++) {
        KCALL(NtCreateEvent, s, 0, 0, 0);
        KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
        if (i % 2)
            KCALL(NtClose, peek(base, s));
    }
    KCALL(NtCreateEvent, s, attributes_at(base, link, "permanent", 0x10), 0, 0);
    KCALL(NtClose, peek(base, s));
    KCALL(NtCreateEvent, s, attributes_at(base, link, "permanent too", 0x10), 0, 0);
    KCALL(ObCreateSymbolicLink, string_at(base, link, "d:"), string_at(base, s + 0x180, "\\x"));
    KCALL(NtOpenSymbolicLinkObject, s, attributes_at(base, link, "\\??\\D:", 0));
    CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4), GRT_NT_SUCCESS);
    for (uint32_t i = 0; i < 3; i++)
        KCALL(ObReferenceObject, ctx->thread->kthread);
    KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0x80);
    KCALL(ObReferenceObject, peek(base, s));
    KCALL(NtCreateMutant, s, 0, 1);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
}

static void test_leaves_everything(void **state)
{
    (void)state;
    RUN_GUEST(leaves_everything, ends);
}

/* ---- many threads by pointer -------------------------------------------------------------- */

/* More threads end than keep their blocks without pointers: nobody else gets one that the guest
 * points to, and all can still be waited for. */
static void many_ended(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    enum { THREADS = 150 };
    grt_addr kthreads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
        KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
        kthreads[i] = peek(base, s + 4);
        KCALL(NtWaitForSingleObjectEx, peek(base, s), 0, 0, 0);
        KCALL(NtClose, peek(base, s));
    }
    KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 1);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    const grt_object *newest =
        dispatch_of(ctx)->slots[(peek(base, s) - GRT_HANDLE_BASE) / 4].object;
    timeout_at(base, s + 8, 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK(kthreads[i] != peek(base, s + 4));
        CHECK_EQUAL(KCALL(KeWaitForSingleObject, kthreads[i], 0, 0, 0, s + 8), GRT_NT_SUCCESS);
        KCALL(ObDereferenceObject, kthreads[i]);
    }
    CHECK_EQUAL(newest->pointers, 1);
    KCALL(ObDereferenceObject, peek(base, s + 4));
    KCALL(NtResumeThread, peek(base, s), 0);
    KCALL(NtWaitForSingleObjectEx, peek(base, s), 0, 0, 0);
    KCALL(NtClose, peek(base, s));
    CHECK_EQUAL(threads_held(dispatch_of(ctx)), 0);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_many_ended(void **state)
{
    (void)state;
    RUN_GUEST(many_ended, ends);
    assert_false(log_has("ObDereferenceObject"));
}

/* ---- failures of the host ----------------------------------------------------------------- */

typedef uint32_t operation(grt_ppc *ctx, uint8_t *base, grt_addr s);

static uint32_t refer(grt_ppc *ctx, uint8_t *base, grt_addr s)
{
    uint32_t status = KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    if (status == GRT_NT_SUCCESS)
        KCALL(ObDereferenceObject, peek(base, s + 4));
    else
        CHECK_EQUAL(peek(base, s + 4), 0);
    return status;
}

static uint32_t link_up(grt_ppc *ctx, uint8_t *base, grt_addr s)
{
    grt_addr link = string_at(base, s + 0x100, "d:"), target = string_at(base, s + 0x140, "\\x");
    uint32_t status = KCALL(ObCreateSymbolicLink, link, target);
    if (status == GRT_NT_SUCCESS)
        os_inject_failure(0, false);
    if (status == GRT_NT_SUCCESS)
        CHECK_EQUAL(KCALL(ObDeleteSymbolicLink, link), GRT_NT_SUCCESS);
    return status;
}

static uint32_t create_named(grt_ppc *ctx, uint8_t *base, grt_addr s)
{
    grt_addr attributes = attributes_at(base, s + 0x100, "named", 0x10);
    uint32_t status = KCALL(NtCreateEvent, s + 4, attributes, 0, 0);
    if (status == GRT_NT_SUCCESS) {
        KCALL(NtMakeTemporaryObject, peek(base, s + 4));
        KCALL(NtClose, peek(base, s + 4));
    }
    return status;
}

static uint32_t own_pointer(grt_ppc *ctx, uint8_t *base, grt_addr s)
{
    uint32_t status = KCALL(ObOpenObjectByPointer, ctx->thread->kthread, s + 4);
    if (status == GRT_NT_SUCCESS)
        KCALL(NtClose, peek(base, s + 4));
    return status;
}

static void each_fails(grt_ppc *ctx, uint8_t *base)
{
    static operation *const operations[] = {refer, link_up, create_named, own_pointer};
    grt_addr s = scratch(ctx);
    grt_dispatch *dispatch = dispatch_of(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        for (unsigned nth = 1, fired = 1; fired != 0; nth++) {
            uint32_t objects = dispatch->objects, handles = dispatch->handles;
            os_inject_failure(nth, false);
            uint32_t status = operations[i](ctx, base, s);
            fired = os_inject_fired();
            os_inject_failure(0, false);
            CHECK(status == GRT_NT_SUCCESS || status == GRT_NT_NO_MEMORY ||
                  status == GRT_NT_INSUFFICIENT_RESOURCES || status == GRT_NT_UNSUCCESSFUL);
            CHECK_EQUAL(dispatch->objects, objects);
            CHECK_EQUAL(dispatch->handles, handles);
        }
    }
}

static void test_host_failures(void **state)
{
    (void)state;
    RUN_GUEST(each_fails);
}

/* The guest's memory is used up: no body, and said so. */
static void no_room(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    uint32_t size = 0x40000000u;
    while (size >= 16) {
        if (!KCALL(RtlAllocateHeap, 0, 0, size))
            size /= 2;
    }
    CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4),
                GRT_NT_INSUFFICIENT_RESOURCES);
    CHECK_EQUAL(peek(base, s + 4), 0);
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), 0), GRT_NT_SUCCESS);
}

static void test_no_room_for_a_body(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    config.log.level = GRT_LOG_ERROR; /* a line for each refused block */
    config.user_heap_budget = 16u << 20;
    grt_ppc_function *const functions[] = {no_room};
    run_guest_with(&config, functions, 1);
}

/* The guest makes the pages of its objects inaccessible: the runtime knows what it needs. */
static void unreadable(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateSemaphore, s, 0, 1, 5);
    KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4);
    grt_addr page = peek(base, s + 4) & ~(GRT_PAGE_SIZE - 1);
    grt_memory *memory = ctx->thread->runtime->memory;
    CHECK_EQUAL(grt_memory_protect(memory, page, GRT_PAGE_SIZE, GRT_NO_ACCESS), GRT_OK);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, peek(base, s), 2, s + 8), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 8), 1);
    CHECK_EQUAL(KCALL(KeWaitForSingleObject, peek(base, s + 4), 0, 0, 0, 0),
                GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 0, 0, 0), GRT_NT_SUCCESS);
    KCALL(ObDereferenceObject, peek(base, s + 4));
    CHECK_EQUAL(grt_memory_protect(memory, page, GRT_PAGE_SIZE, GRT_READ_WRITE), GRT_OK);
}

static void test_unreadable_body(void **state)
{
    (void)state;
    RUN_GUEST(unreadable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_handle),
        cmocka_unit_test(test_body_used_again),
        cmocka_unit_test(test_ended_thread),
        cmocka_unit_test(test_use_while_closing),
        cmocka_unit_test(test_owned_mutant),
        cmocka_unit_test(test_timer_handles),
        cmocka_unit_test(test_armed_in_memory_at_the_end),
        cmocka_unit_test(test_leaves_everything),
        cmocka_unit_test(test_many_ended),
        cmocka_unit_test(test_host_failures),
        cmocka_unit_test(test_no_room_for_a_body),
        cmocka_unit_test(test_unreadable_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
