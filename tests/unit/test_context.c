/*
 * Goal: a thread's guest-visible blocks are what guest code expects, in both layouts, and a context
 * that cannot be had is reported with its parts and its cause and leaves nothing behind.
 * Method: look at guest memory from inside and outside of a thread; refuse memory in every way.
 */
#include "thread_fixture.h"

#include "kernel/kernel.h"
#include "thread/internal.h"

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

/* Creates a child, which gets the context of the one before it, and waits for it. */
static void guest_create(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_config config = grt_thread_config_default();
    config.entry = FN(0);
    grt_thread *child;
    grt_status status = grt_thread_create(grt_thread_runtime(ctx->thread), &config, &child);
    ctx->r[3] = status;
    if (status != GRT_OK)
        return;
    grt_thread_join(child, NULL);
    grt_thread_release(child);
}

static grt_ppc_function *const functions[] = {guest_return_argument, guest_dirty, guest_sum_stack,
                                              guest_create};

static void create_with(fixture *fix, grt_context_layout layout)
{
    grt_runtime_config config = fixture_config();
    config.layout = layout;
    config.error_suppression = 7;
    fixture_create(fix, &config, functions, 4);
}

static void create_with_budget(fixture *fix, uint64_t budget)
{
    grt_runtime_config config = quiet_config();
    config.user_heap_budget = budget;
    fixture_create(fix, &config, functions, 4);
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

/* ---- clean stacks ------------------------------------------------------------------------ */

static uint32_t resident_stack_pages(fixture *fix, const grt_context_block *context)
{
    uint8_t resident[64];
    uint32_t count = 0;
    assert_int_equal(os_resident(grt_host(fix->runtime, context->stack_limit), 0x40000, resident),
                     0);
    for (int i = 0; i < 64; i++)
        count += resident[i];
    return count;
}

/* Any pages may be dirty, in any order of threads: the next thread finds zeros, and pages that
 * nobody touched are not touched by the cleaning either. */
static void test_random_pages_are_cleaned(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    grt_addr limit = 0;
    for (int round = 0; round < 200; round++) {
        grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
        const grt_context_block *context = thread->context;
        assert_true(limit == 0 || limit == context->stack_limit);
        limit = context->stack_limit;
        assert_in_range(resident_stack_pages(&fix, context), 0, 8);
        for (int i = 0; i < 12; i++) {
            uint32_t depth = random_below(&seed, i % 2 == 0 ? 0x8000u : 0x40000u);
            *((uint8_t *)grt_host(fix.runtime, context->stack_base - 1) - depth) = 0x5A;
        }
        grt_thread_resume(thread, NULL);
        join(thread);
        grt_thread_release(thread);
        assert_int_equal(run_to_end(&fix, FN(2), 0), 0); /* reads every byte of the same stack */
    }
    fixture_destroy(&fix);
}

/* A context that was given back is zero, blocks and all. */
static void test_cached_context_is_zero(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    run_to_end(&fix, FN(1), 0);
    const grt_context_block *cached = fix.runtime->context_cache;
    assert_non_null(cached);
    const uint8_t *bytes = grt_host(fix.runtime, cached->pcr);
    for (uint32_t i = 0; i < GRT_PARTS_SIZE; i++)
        assert_int_equal(bytes[i], 0);
    fixture_destroy(&fix);
}

static void test_untouched_pages_stay_so(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    for (int i = 0; i < 50; i++) {
        grt_thread *thread = start(&fix, FN(0), 0, 0);
        join(thread);
        assert_int_equal(resident_stack_pages(&fix, thread->context), 0);
        grt_thread_release(thread);
    }
    fixture_destroy(&fix);
}

/* The heap has as many blocks after the threads as before them, whatever they were doing. */
static void test_everything_comes_back(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    grt_heap_stats before, after;
    grt_heap_get_stats(grt_runtime_user_heap(fix.runtime), &before);
    grt_thread *kept[100];
    for (uint32_t i = 0; i < 100; i++)
        kept[i] = start(&fix, FN(0), i, i % 3 == 0 ? GRT_THREAD_SUSPENDED : 0);
    grt_thread_release(kept[0]);
    grt_addr stack = grt_stack_create(fix.runtime, 0x10000);
    assert_int_not_equal(stack, 0);
    assert_true(grt_thread_owns_block(fix.runtime, stack - 0x10000 - GRT_PAGE_SIZE));
    /* grt_runtime_destroy() up to the heap, which can be asked then. */
    grt_threads_stop(fix.runtime);
    grt_kernel_destroy(fix.runtime);
    grt_threads_destroy(fix.runtime);
    grt_heap_get_stats(grt_runtime_user_heap(fix.runtime), &after);
    assert_int_equal(after.live, before.live);
    grt_runtime_unload(fix.runtime);
    grt_heap_destroy(fix.runtime->physical_heap);
    grt_heap_destroy(fix.runtime->user_heap);
    grt_memory_destroy(fix.runtime->memory);
    os_free(fix.runtime);
}

/* ---- sizes and refusals ------------------------------------------------------------------ */

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
    assert_int_equal(try_to_start(&fix, FN(0), GRT_MAX_STACK_SIZE + 1), GRT_INVALID_ARGUMENT);
    fixture_destroy(&fix);
}

static void check_refusal(grt_context_layout layout, const char *breakdown)
{
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.layout = layout;
    fixture_create(&fix, &config, functions, 4);
    /* A hog leaves less than a context. */
    grt_heap *heap = grt_runtime_user_heap(fix.runtime);
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    uint64_t hog_size = stats.largest_free - 0x20000;
    grt_addr hog = grt_heap_alloc(heap, (uint32_t)hog_size);
    assert_int_not_equal(hog, 0);
    grt_heap_get_stats(heap, &stats);
    uint64_t live = stats.live;
    assert_int_equal(try_to_start(&fix, FN(0), 0), GRT_OUT_OF_GUEST_MEMORY);
    assert_logged("[CRITICAL] Failed to allocate thread context memory (265872 bytes)");
    assert_logged(breakdown);
    assert_logged("[CRITICAL] cause GRT_HEAP_");
    assert_logged("[CRITICAL] 0 threads live");
    assert_logged("[CRITICAL] 0 of 0 stacks belong to exited threads");
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
    fixture_create(&fix, &config, functions, 4);
    assert_int_equal(try_to_start(&fix, FN(0), 0), GRT_OUT_OF_GUEST_MEMORY);
    assert_int_equal(try_to_start(&fix, FN(0), 0), GRT_STOPPED);
    fixture_destroy(&fix);
}

/* Contexts of ended threads that nobody released are given up when memory is short. */
static void test_ended_contexts_are_reclaimed(void **state)
{
    (void)state;
    fixture fix;
    create_with_budget(&fix, 4 * 0x44000);
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

/* Who has the contexts: the live threads, by who made them; the exited gave theirs up. */
static void test_refusal_names_the_holders(void **state)
{
    (void)state;
    enum { FIT = 6 };
    fixture fix;
    create_with_budget(&fix, FIT * 0x44000);
    grt_thread *ended[10], *live[FIT];
    for (int i = 0; i < 10; i++) {
        ended[i] = start(&fix, FN(0), 0, 0);
        join(ended[i]);
    }
    for (int i = 0; i < FIT; i++)
        live[i] = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_int_equal(try_to_start(&fix, FN(0), 0), GRT_OUT_OF_GUEST_MEMORY);
    assert_logged("6 threads live, 6 contexts in use, 0 cached");
    assert_logged("0 of 6 stacks belong to exited threads; 10 threads have exited and are not "
                  "closed, 10 stacks were taken from such threads");
    assert_logged("6 of the 6 live threads were created from 00000000 the host");
    for (int i = 0; i < 10; i++)
        grt_thread_release(ended[i]);
    for (int i = 0; i < FIT; i++) {
        grt_thread_resume(live[i], NULL);
        join(live[i]);
        grt_thread_release(live[i]);
    }
    fixture_destroy(&fix);
}

/* Another thread may be about to put a context into the cache: with room for exactly as many as
 * there are, nobody is refused. */
static void test_no_refusal_while_others_clean(void **state)
{
    (void)state;
    fixture fix;
    create_with_budget(&fix, 4 * 0x44000);
    for (int round = 0; round < (UNDER_TSAN || UNDER_ASAN ? 20 : 300); round++) {
        grt_thread *parents[2];
        for (int i = 0; i < 2; i++)
            parents[i] = start(&fix, FN(3), 0, 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(join(parents[i]), GRT_OK);
            grt_thread_release(parents[i]);
        }
    }
    fixture_destroy(&fix);
}

static grt_addr hog;

static void clean_slowly(void *argument)
{
    grt_runtime *runtime = argument;
    os_sleep_ns(20000000);
    grt_heap_free(grt_runtime_user_heap(runtime), hog);
    os_mutex_lock(&runtime->threads_lock);
    runtime->contexts_cleaning--;
    os_mutex_unlock(&runtime->threads_lock);
}

/* The same with the other thread's part played: what it is about to give back is waited for. */
static void test_cleaning_is_waited_for(void **state)
{
    (void)state;
    fixture fix;
    create_with_budget(&fix, 0x50000);
    hog = grt_heap_alloc(grt_runtime_user_heap(fix.runtime), 0x20000);
    assert_int_not_equal(hog, 0);
    fix.runtime->contexts_cleaning++;
    os_thread *other;
    assert_int_equal(os_thread_create(1 << 20, clean_slowly, fix.runtime, &other), 0);
    assert_int_equal(run_to_end(&fix, FN(0), 1), 2);
    os_thread_join(other);
    fixture_destroy(&fix);
}

/* A host thread that calls the guest again and again uses one context. */
static void test_borrowed_contexts_are_reused(void **state)
{
    (void)state;
    fixture fix;
    create_with(&fix, GRT_LAYOUT_UNLEASHED);
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t result = 0;
        assert_int_equal(grt_runtime_call(fix.runtime, FN(0), &i, 1, &result), GRT_OK);
        assert_int_equal(result, i + 1);
    }
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.contexts_reused, 99);
    assert_int_equal(stats.contexts_cached, 1);
    assert_int_equal(stats.contexts_live, 0);
    assert_int_equal(stats.hosts_created, 0);
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
        cmocka_unit_test(test_random_pages_are_cleaned),
        cmocka_unit_test(test_cached_context_is_zero),
        cmocka_unit_test(test_untouched_pages_stay_so),
        cmocka_unit_test(test_everything_comes_back),
        cmocka_unit_test(test_stack_size_is_honoured),
        cmocka_unit_test(test_refusal_is_explained),
        cmocka_unit_test(test_refusal_can_stop),
        cmocka_unit_test(test_ended_contexts_are_reclaimed),
        cmocka_unit_test(test_refusal_names_the_holders),
        cmocka_unit_test(test_no_refusal_while_others_clean),
        cmocka_unit_test(test_cleaning_is_waited_for),
        cmocka_unit_test(test_borrowed_contexts_are_reused),
        cmocka_unit_test(test_every_host_failure),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
