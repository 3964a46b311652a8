/*
 * Goal: what existing ports expect of the layer below a title is here, as docs/origin.md lists it:
 * ranges, capacity, the sizes of a thread's blocks, the words in them, and silence on success.
 * Method: a runtime with its default configuration, looked at through the public functions and
 * from a guest thread. What other tests assert already is not repeated.
 */
#include "thread_fixture.h"

#define CONTEXT_BYTES 265872u

static void guest_read_own_pcr(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_ppc *current = grt_ppc_current();
    ctx->r[3] = current == ctx ? current->r[13] : 0;
}

static void guest_return_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

static grt_ppc_function *const functions[] = {guest_read_own_pcr, guest_return_argument};

static void create(fixture *fix, grt_log_level level)
{
    grt_runtime_config config = fixture_config();
    config.log.level = level;
    config.error_suppression = 1;
    fixture_create(fix, &config, functions, 2);
}

static void test_heap_ranges(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_WARN);
    grt_heap *user = grt_runtime_user_heap(fix.runtime);
    grt_heap *physical = grt_runtime_physical_heap(fix.runtime);
    grt_heap_stats stats;
    grt_heap_get_stats(user, &stats);
    assert_int_equal(stats.capacity, 2145910784u);
    assert_true(grt_heap_owns(user, 0x00020000u) && grt_heap_owns(user, 0x7FE9FFFFu));
    assert_false(grt_heap_owns(user, 0x0001FFFFu) || grt_heap_owns(user, 0x7FEA0000u));
    grt_heap_get_stats(physical, &stats);
    assert_int_equal(stats.capacity, 0x60000000u);
    assert_true(grt_heap_owns(physical, 0xA0000000u) && grt_heap_owns(physical, 0xFFFFFFFFu));
    assert_false(grt_heap_owns(physical, 0x9FFFFFFFu));
    grt_addr block = grt_heap_alloc_aligned(physical, 0x1234, 0x10000);
    assert_true(block >= 0xA0000000u && block % 0x10000 == 0);
    assert_int_equal(grt_heap_free(physical, block), GRT_OK);
    fixture_destroy(&fix);
}

static void test_zero_counts_as_one(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_WARN);
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    grt_addr first = grt_heap_alloc(heap, 0), second = grt_heap_alloc(heap, 0);
    assert_true(first != 0 && second != 0 && first != second);
    assert_int_equal(grt_heap_size(heap, first), 1);
    assert_int_equal(grt_heap_free(heap, first), GRT_OK);
    assert_int_equal(grt_heap_free(heap, second), GRT_OK);
    fixture_destroy(&fix);
}

/* The wished base is taken when it is free; everything works at any other. */
static void test_window_base(void **state)
{
    (void)state;
    fixture first, second;
    create(&first, GRT_LOG_WARN);
    create(&second, GRT_LOG_WARN);
    uintptr_t base = (uintptr_t)grt_memory_base(grt_runtime_memory(first.runtime));
    if (!UNDER_ASAN && !UNDER_TSAN) /* those use that part of the address space themselves */
        assert_int_equal(base, 0x100000000ull);
    assert_ptr_not_equal(grt_host(first.runtime, 0x00058360u), grt_host(second.runtime, 0x58360u));
    assert_int_equal((uintptr_t)grt_host(first.runtime, 0x00058360u) - base, 0x00058360u);
    assert_int_equal(grt_guest(second.runtime, grt_host(second.runtime, 0xFFFFFFFFu)), 0xFFFFFFFFu);
    assert_null(grt_host(first.runtime, 0));
    assert_int_equal(grt_guest(first.runtime, NULL), 0);
    assert_int_equal(run_to_end(&second, FN(1), 42), 42);
    fixture_destroy(&second);
    fixture_destroy(&first);
}

static void test_context_sizes(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_WARN);
    grt_thread *thread = start(&fix, FN(1), 0, GRT_THREAD_SUSPENDED);
    grt_addr pcr = grt_thread_pcr(thread), tls = word_at(&fix, pcr),
             teb = word_at(&fix, pcr + 0x100);
    grt_addr top = word_at(&fix, pcr + 0x70), limit = word_at(&fix, pcr + 0x74);
    assert_int_equal(tls - pcr, 0xAB0);
    assert_int_equal(teb - tls, 0x100);
    assert_int_equal(top - limit, 0x40000);
    assert_int_equal((tls - pcr) + (teb - tls) + 0x2E0 + (top - limit), CONTEXT_BYTES);
    /* The rest of the TEB is the thread's own: it lies in the same heap block. */
    grt_block_info info;
    grt_heap_describe(grt_runtime_user_heap(fix.runtime), teb + 0x2E0 - 1, &info);
    assert_int_equal(info.state, GRT_BLOCK_LIVE);
    assert_int_equal(info.asked, CONTEXT_BYTES + 2 * GRT_PAGE_SIZE);
    assert_true(limit > info.start && limit < info.start + info.asked);
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

/* A word of the configuration, stored big-endian; the rest of the new blocks is as documented. */
static void test_error_suppression_word(void **state)
{
    (void)state;
    static const uint8_t big_endian_one[4] = {0, 0, 0, 1};
    fixture fix;
    create(&fix, GRT_LOG_DEBUG);
    grt_thread *thread = start(&fix, FN(1), 0, GRT_THREAD_SUSPENDED);
    const uint8_t *pcr = grt_host(fix.runtime, grt_thread_pcr(thread));
    assert_memory_equal(pcr + 0x150, big_endian_one, 4);
    assert_logged("PCR+0x150=00000001");
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

static void test_current_context(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_WARN);
    grt_thread *thread = start(&fix, FN(0), 0, 0);
    assert_int_equal(join(thread), grt_thread_pcr(thread));
    assert_null(grt_ppc_current());
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

/* Diagnosis is for failures: what succeeds writes nothing and leaves no failure behind. */
static void test_success_says_nothing(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_INFO);
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    log_clear();
    for (uint32_t i = 1; i < 1000; i++) {
        grt_addr block = grt_heap_alloc(heap, i * 997);
        assert_int_not_equal(block, 0);
        assert_int_equal(grt_heap_free(heap, block), GRT_OK);
    }
    assert_int_equal(run_to_end(&fix, FN(1), 3), 3);
    assert_int_equal(captured.size, 0);
    fixture_destroy(&fix);
}

/* A context that is refused although much seems free says which of the two it is: here the bytes
 * are there, but not in one run. The guest gets a status and lives. */
static void test_the_silent_null_has_a_cause(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LOG_WARN);
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    enum { PIECES = 7000, PIECE = 0x40000, GAP = 0x40000 };
    static grt_addr gaps[PIECES];
    uint32_t count = 0;
    while (count < PIECES && (gaps[count] = grt_heap_alloc(heap, GAP)) != 0) {
        count++;
        if (grt_heap_alloc(heap, PIECE) == 0)
            break;
    }
    for (uint32_t i = 0; i < count; i++)
        grt_heap_free(heap, gaps[i]);
    log_clear();
    assert_int_equal(try_to_start(&fix, FN(1), 0), GRT_OUT_OF_GUEST_MEMORY);
    grt_heap_failure failure;
    assert_true(grt_heap_last_failure(&failure));
    assert_int_equal(failure.cause, GRT_HEAP_FRAGMENTED);
    assert_int_equal(failure.asked, CONTEXT_BYTES + 2 * GRT_PAGE_SIZE);
    assert_true(failure.stats.free > 1000000000u && failure.would_fit < CONTEXT_BYTES);
    assert_true(failure.stats.fragmentation > 0.99);
    assert_logged("[HEAP-ALLOC-FAIL] size=274064 cause=GRT_HEAP_FRAGMENTED");
    assert_logged("[HEAP-DIAG] capacity=2145910784 allocated=");
    assert_logged("[CRITICAL] Failed to allocate thread context memory (265872 bytes)");
    assert_logged("[CRITICAL] cause GRT_HEAP_FRAGMENTED");
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_ranges),
        cmocka_unit_test(test_zero_counts_as_one),
        cmocka_unit_test(test_window_base),
        cmocka_unit_test(test_context_sizes),
        cmocka_unit_test(test_error_suppression_word),
        cmocka_unit_test(test_current_context),
        cmocka_unit_test(test_success_says_nothing),
        cmocka_unit_test(test_the_silent_null_has_a_cause),
    };
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
