/*
 * Goal: everything that guest code can do wrong ends in one report with the right cause, in the end
 * of that thread (or of all, by policy), and in a healthy process. Method: one planted fault a
 * test; the log is compared with what it must say.
 */
#include "thread_fixture.h"

#include "diag/fault.h"

/* ---- guest code that goes wrong ---------------------------------------------------------- */

static volatile uint32_t sink;

static void guest_fine(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = 1;
}

static void guest_read(grt_ppc *ctx, uint8_t *base)
{
    sink = *(volatile uint8_t *)(base + (uint32_t)ctx->r[3]);
}

static void guest_write(grt_ppc *ctx, uint8_t *base)
{
    *(volatile uint8_t *)(base + (uint32_t)ctx->r[3]) = 1;
}

static void guest_write_word(grt_ppc *ctx, uint8_t *base)
{
    grt_store32(base + (uint32_t)ctx->r[3], 1);
}

/* A frame of [size] bytes whose return address is kept as the System V convention does. */
static void push_system_v(grt_ppc *ctx, uint8_t *base, uint32_t size, grt_addr return_address)
{
    uint32_t old = (uint32_t)ctx->r[1], r1 = old - size;
    grt_store32(base + old + 4, return_address);
    grt_store32(base + r1, old);
    ctx->r[1] = r1;
}

/* The same as the console's compiler does it. */
static void push_console(grt_ppc *ctx, uint8_t *base, uint32_t size, grt_addr return_address)
{
    uint32_t old = (uint32_t)ctx->r[1], r1 = old - size;
    grt_store32(base + old - 8, return_address);
    grt_store32(base + r1, old);
    ctx->r[1] = r1;
}

static void guest_overflow(grt_ppc *ctx, uint8_t *base)
{
    /* A real one calls itself: then r1 and lr are in the context at each step. */
    ctx->lr = FN(3) + 4;
    for (;;) {
        push_system_v(ctx, base, 0x40, FN(3) + 4);
        __asm__ volatile("" ::: "memory");
    }
}

static void guest_underflow(grt_ppc *ctx, uint8_t *base)
{
    uint32_t top = grt_load32(base + (uint32_t)ctx->r[13] + GRT_PCR_STACK_BASE);
    *(volatile uint8_t *)(base + top) = 1;
}

static __attribute__((noinline)) void recurse(grt_ppc *ctx, volatile uint8_t *above)
{
    volatile uint8_t frame[512];
    frame[0] = (uint8_t)(above[0] + 1);
    if (frame[0] != ctx->r[31] + 300)
        recurse(ctx, frame);
    above[1] = frame[1];
}

static void guest_recurse(grt_ppc *ctx, uint8_t *base)
{
    volatile uint8_t start_frame[2] = {0, 0};
    (void)base;
    recurse(ctx, start_frame);
}

static __attribute__((noinline)) void recurse_with_exports(grt_ppc *ctx, volatile uint8_t *above)
{
    volatile uint8_t frame[512];
    frame[0] = (uint8_t)(above[0] + 1);
    grt_thread_enter_host(ctx->thread, FN(7) + 4);
    grt_thread_leave_host(ctx->thread);
    if (frame[0] != ctx->r[31] + 300)
        recurse_with_exports(ctx, frame);
    above[1] = frame[1];
}

static void guest_recurse_with_exports(grt_ppc *ctx, uint8_t *base)
{
    volatile uint8_t start_frame[2] = {0, 0};
    (void)base;
    recurse_with_exports(ctx, start_frame);
}

static void guest_chain(grt_ppc *ctx, uint8_t *base)
{
    push_system_v(ctx, base, 0x20, FN(0) + 4);
    push_console(ctx, base, 0x70, FN(1) + 4);
    push_system_v(ctx, base, 0x30, FN(2) + 4);
    ctx->lr = FN(4) + 4;
    guest_write(ctx, base); /* r3 = 0 */
}

static void guest_damaged_chain(grt_ppc *ctx, uint8_t *base)
{
    push_system_v(ctx, base, 0x20, FN(0) + 4);
    grt_store32(base + (uint32_t)ctx->r[1], (uint32_t)ctx->r[3]);
    ctx->r[3] = 0;
    guest_write(ctx, base);
}

static void guest_call_pointer(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_call(ctx, base, (grt_addr)ctx->r[3], FN(8) + 4);
    ctx->r[3] = 1;
}

static void guest_jump(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_jump(ctx, base, (grt_addr)ctx->r[3], FN(13) + 4);
    ctx->r[3] = 1;
}

static void guest_trap(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_trap(ctx, base, (grt_ppc_trap_kind)ctx->r[3], FN(9) + 8, 0x0FE00000u);
}

static void guest_lost_stack(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[1] = 0x00000003u;
    guest_write(ctx, base);
}

static grt_ppc_function *const functions[] = {
    guest_fine,         guest_read,  guest_write,         guest_overflow,
    guest_underflow,    guest_chain, guest_damaged_chain, guest_recurse,
    guest_call_pointer, guest_trap,  guest_lost_stack,    guest_recurse_with_exports,
    guest_write_word,   guest_jump,
};

WARNING_FIXTURE(functions)

/* Runs the faulty function; afterwards another thread must run as if nothing had happened. */
static void check(uint32_t function, uint32_t argument, grt_fault_id id, const char *summary)
{
    char first[200];
    log_clear();
    assert_int_equal(run_to_end(&fix, FN(function), argument), grt_fault_exit_code(id));
    snprintf(first, sizeof first, "[FAULT] SUMMARY GRT-F%03u %s", (unsigned)id, summary);
    assert_logged(first);
    assert_ptr_equal(strstr(captured.text, first), captured.text);
    assert_non_null(strstr(captured.text + 1, first)); /* the last line again */
    assert_logged("[FAULT] next: ");
    assert_logged("[FAULT] thread: id ");
    assert_int_equal(run_to_end(&fix, FN(0), 0), 1);
}

static void test_null_pointer(void **state)
{
    (void)state;
    check(1, 0x10, GRT_FAULT_NULL_POINTER, "NULL_POINTER: thread id 00000001 \"tested\"");
    assert_logged("address: 00000010 is page 0, which traps: 0x10 bytes from a null pointer");
    check(2, 0, GRT_FAULT_NULL_POINTER, "NULL_POINTER");
}

static void test_wild_access(void **state)
{
    (void)state;
    check(1, 0x90000000u, GRT_FAULT_READ, "READ");
    assert_logged("address: 90000000 is memory that nobody has reserved");
    check(2, 0xFFFFFFFFu, GRT_FAULT_WRITE, "WRITE");
    check(2, CODE_BASE, GRT_FAULT_READ_ONLY, "READ_ONLY");
    assert_logged("address: 82000000 is code: fn0");
}

/* Three of its four bytes lie behind the last one of the address space. */
static void test_access_past_the_end(void **state)
{
    (void)state;
    grt_memory *memory = grt_runtime_memory(fix.runtime);
    assert_int_equal(grt_memory_commit(memory, 0xFFFFF000u, GRT_PAGE_SIZE), GRT_OK);
    check(12, 0xFFFFFFFFu, GRT_FAULT_WRITE, "WRITE");
    assert_logged("detail: the access runs past the end of the 4 GiB address space");
}

static void test_stack_overflow(void **state)
{
    (void)state;
    check(3, 0, GRT_FAULT_STACK_OVERFLOW, "STACK_OVERFLOW");
    assert_logged("the guard page below the stack of thread id 00000001 \"tested\"");
    assert_logged("#0 82000034 fn3+0x4 (link register)");
    assert_logged("#1 82000034 fn3+0x4 (frame ");
    assert_logged("#63 82000034 fn3+0x4");
    assert_logged("end: the chain is longer");
    check(4, 0, GRT_FAULT_STACK_UNDERFLOW, "STACK_UNDERFLOW");
}

static void test_host_stack_overflow(void **state)
{
    (void)state;
    check(7, 0, GRT_FAULT_HOST_STACK_OVERFLOW, "HOST_STACK_OVERFLOW");
}

static void test_host_stack_overflow_near_exports(void **state)
{
    (void)state;
    check(11, 0, GRT_FAULT_HOST_STACK_OVERFLOW, "HOST_STACK_OVERFLOW");
    assert_logged("detail: an export was called with less than");
}

static void test_call_chain(void **state)
{
    (void)state;
    check(5, 0, GRT_FAULT_NULL_POINTER, "NULL_POINTER");
    assert_logged("#0 82000044 fn4+0x4 (link register)");
    assert_logged("#1 82000024 fn2+0x4 (frame ");
    assert_logged("#2 82000014 fn1+0x4 (frame ");
    assert_logged("#3 82000004 fn0+0x4 (frame ");
    assert_logged("end: the thread's first frame");
}

static void test_damaged_chains(void **state)
{
    (void)state;
    check(6, 0x00000008u, GRT_FAULT_NULL_POINTER, "NULL_POINTER");
    assert_logged("end: the back chain is damaged");
    check(6, 0xFFFFFFFFu, GRT_FAULT_NULL_POINTER, "NULL_POINTER");
    assert_logged("end: the back chain is damaged");
    check(10, 0, GRT_FAULT_NULL_POINTER, "NULL_POINTER");
    assert_logged("end: r1 leaves the stack");
}

static void test_wild_calls(void **state)
{
    (void)state;
    check(8, 0, GRT_FAULT_NULL_CALL, "NULL_CALL");
    check(8, FN(0) + 2, GRT_FAULT_BAD_CALL, "BAD_CALL");
    assert_logged("detail: code addresses are multiples of 4");
    check(8, 0xE0348182u, GRT_FAULT_BAD_CALL, "BAD_CALL");
    assert_logged("pc: 82000084 fn8+0x4");
    assert_int_equal(run_to_end(&fix, FN(8), FN(0)), 1);
}

/* Within its function a jump has missed its table; elsewhere it was to be the last call. */
static void test_wild_jumps(void **state)
{
    (void)state;
    check(13, FN(13) + 8, GRT_FAULT_BAD_JUMP, "BAD_JUMP");
    assert_logged("not understood; --jump-anywhere=0x820000D4 gets it right");
    assert_logged("pc: 820000D4 fn13+0x4");
    check(13, FN(13) + 16, GRT_FAULT_BAD_CALL, "BAD_CALL"); /* the end is not inside */
    check(13, FN(12) + 4, GRT_FAULT_BAD_CALL, "BAD_CALL");
    check(13, 0xE0348182u, GRT_FAULT_BAD_CALL, "BAD_CALL");
    check(13, 0, GRT_FAULT_NULL_CALL, "NULL_CALL");
    assert_int_equal(run_to_end(&fix, FN(13), FN(0)), 1);
}

static void test_traps(void **state)
{
    (void)state;
    check(9, GRT_TRAP_INSTRUCTION, GRT_FAULT_TRAP, "TRAP");
    assert_logged("detail: the instruction word is 0FE00000");
    assert_logged("pc: 82000098 fn9+0x8");
    check(9, GRT_TRAP_UNTRANSLATED, GRT_FAULT_UNTRANSLATED, "UNTRANSLATED");
    check(9, GRT_TRAP_SYSTEM_CALL, GRT_FAULT_SYSTEM_CALL, "SYSTEM_CALL");
    check(9, GRT_TRAP_RETURN, GRT_FAULT_BAD_RETURN, "BAD_RETURN");
    check(9, GRT_TRAP_UNALIGNED_RESERVE, GRT_FAULT_UNALIGNED_RESERVE, "UNALIGNED_RESERVE");
    check(9, GRT_TRAP_FELL_OFF, GRT_FAULT_FELL_OFF, "FELL_OFF");
}

static void test_use_of_a_heap_block(void **state)
{
    (void)state;
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    grt_addr block = grt_heap_alloc(heap, 100000);
    /* A thread's context must not move in: the gap is too small for one. */
    assert_int_not_equal(grt_heap_alloc(heap, 100000), 0);
    assert_int_equal(grt_heap_free(heap, block), GRT_OK);
    grt_heap_trim(heap);
    if (grt_memory_accessible(grt_runtime_memory(fix.runtime), block, 1, GRT_READ_ONLY))
        return; /* the heap keeps these pages: nothing to catch */
    check(1, block, GRT_FAULT_READ, "READ");
    assert_logged("user heap: ");
}

/* ---- policy ------------------------------------------------------------------------------ */

static void test_policy_stop(void **state)
{
    (void)state;
    fixture own;
    grt_runtime_config config = fixture_config();
    config.on_guest_fault = GRT_POLICY_STOP;
    fixture_create(&own, &config, functions, sizeof functions / sizeof *functions);
    grt_thread *waiting = start(&own, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_int_equal(run_to_end(&own, FN(2), 0), 0xC0000005u);
    assert_int_equal(join(waiting), GRT_EXIT_STOPPED);
    grt_thread_release(waiting);
    assert_logged("and the runtime stops");
    grt_thread_config wanted = grt_thread_config_default();
    wanted.entry = FN(0);
    grt_thread *thread;
    assert_int_equal(grt_thread_create(own.runtime, &wanted, &thread), GRT_STOPPED);
    fixture_destroy(&own);
}

/* Reports of threads that fault at the same time do not mix. */
static void test_reports_do_not_interleave(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    grt_thread *threads[THREADS];
    log_clear();
    captured.slow = true;
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(&fix, FN(2), (uint32_t)i, GRT_THREAD_SUSPENDED);
    for (int i = 0; i < THREADS; i++)
        grt_thread_resume(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(join(threads[i]), 0xC0000005u);
        grt_thread_release(threads[i]);
    }
    captured.slow = false;
    int summaries = 0;
    char open_line[200] = "";
    for (char *line = strtok(captured.text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, "SUMMARY") == NULL)
            continue;
        if (summaries++ % 2 == 0)
            snprintf(open_line, sizeof open_line, "%s", line);
        else
            assert_string_equal(line, open_line);
    }
    assert_int_equal(summaries, 2 * THREADS);
}

static void test_table(void **state)
{
    (void)state;
    assert_string_equal(grt_fault_name(GRT_FAULT_WRITE), "WRITE");
    assert_string_equal(grt_fault_name((grt_fault_id)0), "UNKNOWN");
    assert_string_equal(grt_fault_name((grt_fault_id)4711), "UNKNOWN");
    for (int id = 1; id < GRT_FAULT_COUNT; id++) {
        assert_non_null(grt_fault_sentence((grt_fault_id)id));
        assert_non_null(grt_fault_remedy((grt_fault_id)id));
        assert_int_not_equal(grt_fault_exit_code((grt_fault_id)id), 0);
    }
}

FIXTURE_TEST(test_null_pointer)
FIXTURE_TEST(test_wild_access)
FIXTURE_TEST(test_access_past_the_end)
FIXTURE_TEST(test_stack_overflow)
/* Skipping leaves at once: nothing is set up yet that it would leave behind. */
static void run_test_host_stack_overflow(void **state)
{
    if (UNDER_ASAN || UNDER_TSAN)
        skip(); /* they watch the host stack themselves */
    setup();
    test_host_stack_overflow(state);
    teardown();
}

FIXTURE_TEST(test_host_stack_overflow_near_exports)
FIXTURE_TEST(test_call_chain)
FIXTURE_TEST(test_damaged_chains)
FIXTURE_TEST(test_wild_calls)
FIXTURE_TEST(test_wild_jumps)
FIXTURE_TEST(test_traps)
FIXTURE_TEST(test_use_of_a_heap_block)
FIXTURE_TEST(test_reports_do_not_interleave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test_null_pointer),
        cmocka_unit_test(run_test_wild_access),
        cmocka_unit_test(run_test_access_past_the_end),
        cmocka_unit_test(run_test_stack_overflow),
        cmocka_unit_test(run_test_host_stack_overflow),
        cmocka_unit_test(run_test_host_stack_overflow_near_exports),
        cmocka_unit_test(run_test_call_chain),
        cmocka_unit_test(run_test_damaged_chains),
        cmocka_unit_test(run_test_wild_calls),
        cmocka_unit_test(run_test_wild_jumps),
        cmocka_unit_test(run_test_traps),
        cmocka_unit_test(run_test_use_of_a_heap_block),
        cmocka_unit_test(test_policy_stop),
        cmocka_unit_test(run_test_reports_do_not_interleave),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
