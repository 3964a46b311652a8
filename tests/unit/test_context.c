/*
 * Goal: a thread's guest-visible blocks are what guest code expects, in both layouts, and a context
 * that cannot be had is reported with its parts and its cause and leaves nothing behind.
 * Method: look at guest memory from inside and outside of a thread; refuse memory in every way.
 */
#include "thread_fixture.h"

static void guest_return_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = (uint32_t)ctx->r[3] + 1;
}

/* Dirties the whole stack, TLS and thread block. */
static void guest_dirty(grt_ppc *ctx, uint8_t *base)
{
    grt_addr pcr = (grt_addr)ctx->r[13];
    grt_addr limit = grt_load32(base + pcr + GRT_PCR_STACK_LIMIT);
    grt_addr top = grt_load32(base + pcr + GRT_PCR_STACK_BASE);
    memset(base + limit, 0xA5, top - limit);
    memset(base + pcr, 0xA5, GRT_PARTS_SIZE);
    ctx->r[3] = limit;
}

static void guest_sum_stack(grt_ppc *ctx, uint8_t *base)
{
    grt_addr pcr = (grt_addr)ctx->r[13];
    grt_addr limit = grt_load32(base + pcr + GRT_PCR_STACK_LIMIT);
    grt_addr top = grt_load32(base + pcr + GRT_PCR_STACK_BASE);
    uint32_t sum = 0;
    for (grt_addr at = limit; at < top; at++)
        sum += base[at];
    ctx->r[3] = sum;
}

static grt_ppc_function *const functions[] = {guest_return_argument, guest_dirty, guest_sum_stack};

static void create_with(fixture *fix, grt_context_layout layout)
{
    grt_runtime_config config = fixture_config();
    config.layout = layout;
    config.error_suppression = 7;
    fixture_create(fix, &config, functions, 3);
}

static void check_fields(grt_context_layout layout, uint32_t pcr_size)
{
    fixture fix;
    create_with(&fix, layout);
    grt_thread *thread = start(&fix, FN(0), 0x1234, GRT_THREAD_SUSPENDED | 0x05u << 24);
    grt_addr pcr = grt_thread_pcr(thread), kthread = grt_thread_kthread(thread);
    grt_addr tls = word_at(&fix, pcr);
    grt_addr base = word_at(&fix, pcr + 0x70), limit = word_at(&fix, pcr + 0x74);
    assert_int_equal(tls, pcr + pcr_size);
    assert_int_equal(kthread, tls + 0x100);
    assert_int_equal(word_at(&fix, pcr + 0x100), kthread);
    assert_int_equal(base - limit, 0x40000);
    assert_int_equal(word_at(&fix, pcr + 0x10C) >> 24, 2);
    assert_int_equal(word_at(&fix, pcr + 0x150), 7);
    assert_int_equal(word_at(&fix, tls + 0x10), layout == GRT_LAYOUT_UNLEASHED ? 0xFFFFFFFFu : 0);
    assert_int_equal(word_at(&fix, kthread) >> 24, 6);
    assert_int_equal(word_at(&fix, kthread + 0x5C), base);
    assert_int_equal(word_at(&fix, kthread + 0x60), limit);
    assert_int_equal(word_at(&fix, kthread + 0x68), tls);
    assert_int_equal(word_at(&fix, kthread + 0x14C), grt_thread_id(thread));
    assert_int_equal(word_at(&fix, kthread + 0x150), FN(0));
    assert_int_equal(word_at(&fix, kthread + 0x160), 0);
    assert_int_equal(thread->ppc.r[13], pcr);
    assert_int_equal(thread->ppc.r[1], base - 176);
    assert_int_equal(thread->ppc.r[3], 0x1234);
    assert_int_equal(thread->ppc.lr, 0xBCBCBCBCu);
    assert_logged("[THREAD-CTX] allocating context");
    assert_logged("265872 bytes");
    assert_logged("[GUEST_CTX] register context set");
    assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
    assert_int_equal(join(thread), 0x1235);
    assert_int_equal(word_at(&fix, kthread + 0x140), 0x1235);
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

static void test_fields_unleashed(void **state)
{
    (void)state;
    check_fields(GRT_LAYOUT_UNLEASHED, 0xAB0);
}

static void test_fields_console(void **state)
{
    (void)state;
    check_fields(GRT_LAYOUT_CONSOLE, 0x2E0);
}

static void test_guard_pages(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    grt_addr base = thread->context->stack_base, limit = thread->context->stack_limit;
    uint8_t byte = 1;
    assert_true(grt_guest_write(fix.runtime, limit, &byte, 1));
    assert_true(grt_guest_write(fix.runtime, base - 1, &byte, 1));
    assert_false(grt_guest_write(fix.runtime, limit - 1, &byte, 1));
    assert_false(grt_guest_write(fix.runtime, base, &byte, 1));
    assert_false(grt_guest_read(fix.runtime, &byte, limit - GRT_PAGE_SIZE, 1));
    assert_false(grt_guest_read(fix.runtime, &byte, base + GRT_PAGE_SIZE - 1, 1));
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

static void test_recycled_context_is_clean(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    uint32_t limit = run_to_end(&fix, FN(1), 0);
    assert_int_equal(run_to_end(&fix, FN(2), 0), 0);
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_int_equal(thread->context->stack_limit, limit);
    assert_int_equal(word_at(&fix, thread->kthread + 0x160), 0);
    grt_thread_release(thread);
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.contexts_reused, 2);
    fixture_destroy(&fix);
}

static void test_stack_size_is_honoured(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    static const uint32_t sizes[][2] = {
        {0, 0x40000}, {1, 0x4000}, {0x4001, 0x5000}, {0x100000, 0x100000}};
    for (size_t i = 0; i < 4; i++) {
        grt_thread_config config = grt_thread_config_default();
        config.entry = FN(0);
        config.stack_size = sizes[i][0];
        grt_thread *thread;
        assert_int_equal(grt_thread_create(fix.runtime, &config, &thread), GRT_OK);
        assert_int_equal(thread->context->stack_size, sizes[i][1]);
        join(thread);
        grt_thread_release(thread);
    }
    grt_thread_config config = grt_thread_config_default();
    config.entry = FN(0);
    config.stack_size = GRT_MAX_STACK_SIZE + 1;
    grt_thread *thread;
    assert_int_equal(grt_thread_create(fix.runtime, &config, &thread), GRT_INVALID_ARGUMENT);
    fixture_destroy(&fix);
}

static void check_refusal(grt_context_layout layout, const char *breakdown)
{
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.layout = layout;
    fixture_create(&fix, &config, functions, 3);
    /* A hog leaves less than a context. */
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    uint64_t hog_size = stats.largest_free - 0x20000;
    grt_addr hog = grt_heap_alloc(heap, (uint32_t)hog_size);
    assert_int_not_equal(hog, 0);
    grt_heap_get_stats(heap, &stats);
    uint64_t live = stats.live;
    grt_thread_config wanted = grt_thread_config_default();
    wanted.entry = FN(0);
    grt_thread *thread;
    assert_int_equal(grt_thread_create(fix.runtime, &wanted, &thread), GRT_OUT_OF_GUEST_MEMORY);
    assert_logged("[CRITICAL] Failed to allocate thread context memory (265872 bytes)");
    assert_logged(breakdown);
    assert_logged("[CRITICAL] cause GRT_HEAP_");
    assert_logged("[CRITICAL] 0 threads live");
    grt_heap_get_stats(heap, &stats);
    assert_int_equal(stats.live, live);
    /* The process is healthy: with memory there are threads again. */
    assert_int_equal(grt_heap_free(heap, hog), GRT_OK);
    assert_int_equal(run_to_end(&fix, FN(0), 41), 42);
    grt_thread_stats threads;
    grt_runtime_get_thread_stats(fix.runtime, &threads);
    assert_int_equal(threads.context_failures, 1);
    assert_int_equal(threads.created, 1);
    fixture_destroy(&fix);
}

static void test_refusal_is_explained(void **state)
{
    (void)state;
    check_refusal(GRT_LAYOUT_UNLEASHED,
                  "PCR=2736 (0xAB0) TLS=256 (0x100) TEB=736 (0x2E0) STACK=262144 (0x40000)");
    check_refusal(GRT_LAYOUT_CONSOLE,
                  "PCR=736 (0x2E0) TLS=256 (0x100) KTHREAD=2736 (0xAB0) STACK=262144 (0x40000)");
}

static void test_refusal_can_stop(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.user_heap_budget = 0x20000;
    config.on_context_failure = GRT_POLICY_STOP;
    fixture_create(&fix, &config, functions, 3);
    grt_thread_config wanted = grt_thread_config_default();
    wanted.entry = FN(0);
    grt_thread *thread;
    assert_int_equal(grt_thread_create(fix.runtime, &wanted, &thread), GRT_OUT_OF_GUEST_MEMORY);
    assert_int_equal(grt_thread_create(fix.runtime, &wanted, &thread), GRT_STOPPED);
    fixture_destroy(&fix);
}

/* Contexts of ended threads that nobody released are given up when memory is short. */
static void test_ended_contexts_are_reclaimed(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.user_heap_budget = 4 * 0x44000;
    fixture_create(&fix, &config, functions, 3);
    grt_thread *threads[12];
    for (int i = 0; i < 12; i++) {
        threads[i] = start(&fix, FN(0), (uint32_t)i, 0);
        assert_int_equal(join(threads[i]), i + 1);
    }
    for (int i = 0; i < 12; i++)
        grt_thread_release(threads[i]);
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.context_failures, 0);
    assert_int_equal(stats.contexts_live, 0);
    fixture_destroy(&fix);
}

/* Every host call of a creation fails once: a status, no thread, nothing lost. */
static void test_every_host_failure(void **state)
{
    (void)state;
    for (unsigned nth = 1;; nth++) {
        fixture fix;
        create_with(&fix, GRT_LAYOUT_UNLEASHED);
        grt_thread_config wanted = grt_thread_config_default();
        wanted.entry = FN(0);
        wanted.flags = GRT_THREAD_SUSPENDED;
        grt_thread *thread = NULL;
        os_inject_failure(nth, false);
        grt_status status = grt_thread_create(fix.runtime, &wanted, &thread);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        if (status == GRT_OK) {
            grt_thread_release(thread);
        } else {
            grt_thread_stats stats;
            grt_runtime_get_thread_stats(fix.runtime, &stats);
            assert_int_equal(stats.live, 0);
            assert_int_equal(stats.contexts_live, 0);
            assert_int_equal(run_to_end(&fix, FN(0), 1), 2);
        }
        fixture_destroy(&fix);
        if (fired == 0)
            break;
        assert_true(nth < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_unleashed),
        cmocka_unit_test(test_fields_console),
        cmocka_unit_test(test_guard_pages),
        cmocka_unit_test(test_recycled_context_is_clean),
        cmocka_unit_test(test_stack_size_is_honoured),
        cmocka_unit_test(test_refusal_is_explained),
        cmocka_unit_test(test_refusal_can_stop),
        cmocka_unit_test(test_ended_contexts_are_reclaimed),
        cmocka_unit_test(test_every_host_failure),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
