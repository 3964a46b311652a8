/* test_kernel_object.c - handles, events, semaphores, mutants: what each export answers. */
#include "kernel_fixture.h"

#define BAD 0x00000010u /* page 0 is never accessible */

/* ---- events -------------------------------------------------------------------------------- */

static void events(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr now = timeout_at(base, s + 0x40, 0);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, 0, 0), GRT_NT_SUCCESS);
    uint32_t manual = peek(base, s);
    CHECK_EQUAL(manual, 0xF8000004u);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, manual, 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtSetEvent, manual, s + 4), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 0);
    CHECK_EQUAL(KCALL(NtSetEvent, manual, s + 4), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, manual, 1, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, manual, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClearEvent, manual), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, manual, 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtPulseEvent, manual, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, manual, 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtClose, manual), GRT_NT_SUCCESS);

    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, 1, 7), GRT_NT_SUCCESS); /* any state but 0 is set */
    uint32_t one_shot = peek(base, s);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, one_shot, 1, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, one_shot, 1, 0, now), GRT_NT_TIMEOUT);
}

static void test_events(void **state)
{
    (void)state;
    RUN_GUEST(events);
}

static void event_failures(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, 2, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtCreateEvent, 0, 0, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtCreateEvent, BAD, 0, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, BAD, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtSetEvent, 0xF8000004u, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, 0, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, 0xFFFFFFFFu, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, 0xF8000000u, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, 0xFFFFFFFEu, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
    CHECK_EQUAL(KCALL(NtClearEvent, 0x12345678u), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtPulseEvent, 0x12345678u, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, 0, 0), GRT_NT_SUCCESS);
    /* A bad result pointer means that nothing happened. */
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), BAD), GRT_NT_ACCESS_VIOLATION);
    grt_addr now = timeout_at(base, s + 0x40, 0);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, BAD), GRT_NT_ACCESS_VIOLATION);
}

static void test_event_failures(void **state)
{
    (void)state;
    RUN_GUEST(event_failures);
    assert_logged("[EXPORT] NtSetEvent: previous_out leads to 0x00000010, which cannot be written; "
                  "called by thread 1 from fn0+0x4");
    assert_logged("handle 12345678 was never opened");
    assert_logged("handle FFFFFFFE is of a thread");
}

static void names(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), attributes = s + 0x20, string = s + 0x30, text = s + 0x100;
    poke(base, attributes, 0);
    poke(base, attributes + 4, string);
    poke(base, attributes + 8, 0);
    poke(base, string, 0x00050006u);
    poke(base, string + 4, text);
    memcpy(base + text, "Ready", 6);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, attributes, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtCreateEvent, s + 4, attributes, 1, 1), GRT_NT_OBJECT_NAME_EXISTS);
    CHECK(peek(base, s) != peek(base, s + 4));
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s + 8, attributes, 0, 1), GRT_NT_OBJECT_NAME_COLLISION);
    CHECK_EQUAL(peek(base, s + 8), 0);
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 4), 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s + 4)), GRT_NT_SUCCESS);
    /* The name went with the last handle. */
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s + 8, attributes, 0, 1), GRT_NT_SUCCESS);
    memset(base + text, 'x', 63);
    base[text + 40] = 0;
    poke(base, string, 0x003F0040u);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, attributes, 0, 0), GRT_NT_OBJECT_NAME_INVALID);
    base[text + 40] = 'x';
    CHECK_EQUAL(KCALL(NtCreateEvent, s, attributes, 0, 0), GRT_NT_SUCCESS);
    poke(base, string, 0x00050006u);
    poke(base, string + 4, BAD);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, attributes, 0, 0), GRT_NT_ACCESS_VIOLATION);
}

static void test_names(void **state)
{
    (void)state;
    RUN_GUEST(names);
}

/* ---- semaphores and mutants ------------------------------------------------------------------ */

static void semaphores(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr now = timeout_at(base, s + 0x40, 0);
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s, 0, 1, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s, 0, 3, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s, 0, (uint32_t)-1, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtCreateSemaphore, s, 0, 1, 3), GRT_NT_SUCCESS);
    uint32_t semaphore = peek(base, s);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 3, 0), GRT_NT_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtReleaseSemaphore, semaphore, 2, s + 4), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 1);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, semaphore, 1, 0, now), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, semaphore, 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtSetEvent, semaphore, 0), GRT_NT_OBJECT_TYPE_MISMATCH);
}

static void test_semaphores(void **state)
{
    (void)state;
    RUN_GUEST(semaphores);
    assert_logged("is of a semaphore");
}

static void mutant_holder(grt_ppc *ctx, uint8_t *base)
{
    uint32_t mutant = (uint32_t)ctx->r[3];
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_MUTANT_NOT_OWNED);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, mutant, 1, 0, 0), GRT_NT_SUCCESS);
    ctx->r[3] = 7;
}

static void mutants(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr now = timeout_at(base, s + 0x40, 0);
    CHECK_EQUAL(KCALL(NtCreateMutant, s, 0, 1), GRT_NT_SUCCESS);
    uint32_t mutant = peek(base, s);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, mutant, 1, 0, now), GRT_NT_SUCCESS); /* again */
    CHECK_EQUAL(KCALL(ExCreateThread, s + 4, 0, 0, 0, FN(1), mutant, 0), GRT_NT_SUCCESS);
    uint32_t thread = peek(base, s + 4);
    grt_addr soon = timeout_at(base, s + 0x48, MILLISECONDS(20));
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, soon), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, s + 8), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 8), (uint32_t)-1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, soon), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, 0), GRT_NT_SUCCESS);
    /* The thread ended as its owner. */
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, mutant, 1, 0, 0), GRT_NT_ABANDONED_WAIT_0);
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtReleaseMutant, mutant, 0), GRT_NT_MUTANT_NOT_OWNED);
}

static void test_mutants(void **state)
{
    (void)state;
    RUN_GUEST(mutants, mutant_holder);
}

/* ---- handles ------------------------------------------------------------------------------- */

static void stale_handles(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    uint32_t event = peek(base, s);
    CHECK_EQUAL(KCALL(NtClose, event), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, event), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, event, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtClose, 0xFFFFFFFEu), GRT_NT_INVALID_HANDLE);
    /* The slot rests for as many closes as the quarantine holds, then it is used again. */
    uint32_t again = 0, opened = 0;
    while (again != event && opened < 2 * GRT_HANDLE_QUARANTINE) {
        KCALL(NtCreateEvent, s, 0, 0, 0);
        again = peek(base, s);
        KCALL(NtClose, again);
        opened++;
    }
    CHECK(again == event);
    CHECK_EQUAL(opened, GRT_HANDLE_QUARANTINE + 1);
}

static void test_stale_handles(void **state)
{
    (void)state;
    RUN_GUEST(stale_handles);
    assert_logged("handle F8000004 was closed by thread 1 at fn0+0x4");
}

static void duplicates(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    uint32_t event = peek(base, s);
    CHECK_EQUAL(KCALL(NtDuplicateObject, event, s + 4, 0), GRT_NT_SUCCESS);
    uint32_t twin = peek(base, s + 4);
    CHECK(twin != event);
    CHECK_EQUAL(KCALL(NtClose, event), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSetEvent, twin, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtDuplicateObject, twin, s, 1), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSetEvent, twin, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtDuplicateObject, peek(base, s), 0, 1), GRT_NT_SUCCESS); /* just closes */
    CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtDuplicateObject, twin, s, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtDuplicateObject, 0xFFFFFFFEu, BAD, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtDuplicateObject, 0xFFFFFFFEu, s, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtSuspendThread, peek(base, s), BAD), GRT_NT_ACCESS_VIOLATION);
    grt_addr now = timeout_at(base, s + 0x40, 0);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, now), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
}

static void test_duplicates(void **state)
{
    (void)state;
    RUN_GUEST(duplicates);
}

/* Both sides of the limit. */
static void all_handles(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    uint32_t event = peek(base, s);
    for (uint32_t i = 2; i < GRT_HANDLE_SLOTS_MAX; i++)
        CHECK_EQUAL(KCALL(NtDuplicateObject, event, s + 4, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), GRT_HANDLE_BASE + (GRT_HANDLE_SLOTS_MAX - 1) * 4);
    CHECK_EQUAL(KCALL(NtDuplicateObject, event, s + 8, 0), GRT_NT_INSUFFICIENT_RESOURCES);
    CHECK_EQUAL(KCALL(NtCreateEvent, s + 8, 0, 0, 0), GRT_NT_INSUFFICIENT_RESOURCES);
    CHECK_EQUAL(KCALL(ExCreateThread, s + 8, 0, 0, 0, FN(0), 0, 0), GRT_NT_INSUFFICIENT_RESOURCES);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s + 4)), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtDuplicateObject, event, s + 8, 0), GRT_NT_SUCCESS);
}

static void test_all_handles(void **state)
{
    (void)state;
    RUN_GUEST(all_handles);
    assert_logged("all 65535 are open");
}

/* ---- failures of the host ----------------------------------------------------------------- */

/* Every host call fails once; the status says so and nothing is left behind. */
static void host_failures(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    struct grt_kernel *kernel = ctx->thread->runtime->kernel;
    for (unsigned nth = 1;; nth++) {
        uint32_t objects = kernel->dispatch.objects, handles = kernel->dispatch.handles;
        os_inject_failure(nth, false);
        uint32_t status = KCALL(NtCreateEvent, s, 0, 0, 0);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        if (status == GRT_NT_SUCCESS) {
            CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
        } else {
            CHECK(status == GRT_NT_NO_MEMORY || status == GRT_NT_INSUFFICIENT_RESOURCES);
            CHECK_EQUAL(peek(base, s), 0);
        }
        CHECK_EQUAL(kernel->dispatch.objects, objects);
        CHECK_EQUAL(kernel->dispatch.handles, handles);
        if (fired == 0)
            break;
    }
}

static void test_host_failures(void **state)
{
    (void)state;
    RUN_GUEST(host_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),        cmocka_unit_test(test_event_failures),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_semaphores),
        cmocka_unit_test(test_mutants),       cmocka_unit_test(test_stale_handles),
        cmocka_unit_test(test_duplicates),    cmocka_unit_test(test_all_handles),
        cmocka_unit_test(test_host_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
