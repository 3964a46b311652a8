/*
 * Goal: a static TLS part is where an image expects it, with its own initial values in each thread,
 * and the dynamic slots follow; the process block says the same.
 * Method: templates of several sizes in both layouts; guest memory is looked at directly.
 */
#include "thread_fixture.h"

static void guest_return_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

/* Overwrites its whole TLS block. */
static void guest_dirty(grt_ppc *ctx, uint8_t *base)
{
    grt_addr tls = grt_load32(base + (grt_addr)ctx->r[13]);
    memset(base + tls, 0xA5, (uint32_t)ctx->r[3]);
}

static grt_ppc_function *const functions[] = {guest_return_argument, guest_dirty};

static void create(fixture *fix, grt_context_layout layout)
{
    grt_runtime_config config = fixture_config();
    config.layout = layout;
    fixture_create(fix, &config, functions, 2);
    uint8_t *raw = grt_host(fix->runtime, DATA_BASE);
    for (uint32_t i = 0; i < 0x800; i++)
        raw[i] = (uint8_t)(i + 1);
}

static grt_tls_template template_of(uint32_t raw_size, uint32_t data_size, uint32_t slots)
{
    return (grt_tls_template){sizeof(grt_tls_template), DATA_BASE, raw_size, data_size, slots};
}

static void check_static_part(fixture *fix, grt_thread *thread, uint32_t raw, uint32_t data)
{
    grt_addr tls = word_at(fix, grt_thread_pcr(thread));
    const uint8_t *bytes = grt_host(fix->runtime, tls);
    assert_int_equal(word_at(fix, grt_thread_kthread(thread) + GRT_KTHREAD_TLS), tls);
    for (uint32_t i = 0; i < data; i++)
        assert_int_equal(bytes[i], i < raw ? (uint8_t)(i + 1) : 0);
}

static void check_slots(fixture *fix, grt_thread *thread, uint32_t data, uint32_t slots)
{
    grt_addr tls = word_at(fix, grt_thread_pcr(thread));
    for (uint32_t i = 0; i < slots; i++)
        assert_int_equal(grt_tls_alloc(fix->runtime), i);
    assert_int_equal(grt_tls_alloc(fix->runtime), UINT32_MAX);
    for (uint32_t i = 0; i < slots; i++) {
        assert_int_equal(grt_tls_get(thread, i), 0);
        assert_true(grt_tls_set(thread, i, i + 7));
        assert_int_equal(word_at(fix, tls + data + 4 * i), i + 7);
    }
    assert_false(grt_tls_set(thread, slots, 1));
    assert_true(grt_tls_free(fix->runtime, slots - 1));
    assert_int_equal(grt_tls_get(thread, slots - 1), 0);
}

static void check(grt_context_layout layout, uint32_t raw, uint32_t data, uint32_t slots,
                  uint32_t rounded, uint32_t there)
{
    fixture fix;
    create(&fix, layout);
    grt_tls_template wanted = template_of(raw, data, slots);
    assert_int_equal(grt_runtime_set_tls_template(fix.runtime, &wanted), GRT_OK);
    grt_addr process = fix.runtime->processes[GRT_PROCESS_TITLE].block;
    assert_int_equal(word_at(&fix, process + GRT_KPROCESS_TLS_RAW), DATA_BASE);
    assert_int_equal(word_at(&fix, process + GRT_KPROCESS_TLS_RAW_SIZE), raw);
    assert_int_equal(word_at(&fix, process + GRT_KPROCESS_TLS_DATA_SIZE), rounded);
    assert_int_equal(word_at(&fix, process + GRT_KPROCESS_TLS_SLOT_BYTES) >> 16, there * 4);
    assert_int_equal(word_at(&fix, process + GRT_KPROCESS_TYPE) >> 24, GRT_PROCESS_TITLE);
    run_to_end(&fix, FN(1), rounded + 4 * there); /* whose context is used again */
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    check_static_part(&fix, thread, raw, rounded);
    check_slots(&fix, thread, rounded, there);
    /* The parts are where they are without a static part. */
    assert_int_equal(grt_thread_kthread(thread) - grt_thread_pcr(thread),
                     (layout == GRT_LAYOUT_UNLEASHED ? 0xAB0 : 0x2E0) + 0x100);
    assert_int_equal(grt_runtime_set_tls_template(fix.runtime, &wanted), GRT_WRONG_STATE);
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

static void test_templates(void **state)
{
    (void)state;
    for (int layout = 0; layout < 2; layout++) {
        check((grt_context_layout)layout, 0x41, 0x7C, 64, 0x80, 64);
        check((grt_context_layout)layout, 0, 4, 0, 0x10, 64);
        check((grt_context_layout)layout, 0x800, 0x2345, 100, 0x2350, 100);
        check((grt_context_layout)layout, 0, 0, 256, 0, 256);
        check((grt_context_layout)layout, 5, 0x100000, 1, 0x100000, 64);
    }
}

static void test_bad_templates(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LAYOUT_UNLEASHED);
    grt_tls_template bad[] = {
        template_of(8, 4, 64),      template_of(0, 0x100001, 64),
        template_of(0, 0, 257),     template_of(0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu),
        template_of(0x10, 0x10, 0), template_of(0, 0, 0),
    };
    bad[4].raw_data = 0x10;
    bad[5].size--;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(grt_runtime_set_tls_template(fix.runtime, &bad[i]), GRT_INVALID_ARGUMENT);
    run_to_end(&fix, FN(0), 0); /* and nothing has changed */
    assert_int_equal(grt_tls_alloc(fix.runtime), 0);
    fixture_destroy(&fix);
}

/* A template that the guest took away refuses the thread, and nothing is left behind. */
static void test_lost_template(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, GRT_LAYOUT_UNLEASHED);
    grt_tls_template wanted = template_of(0x10, 0x100, 64);
    assert_int_equal(grt_runtime_set_tls_template(fix.runtime, &wanted), GRT_OK);
    grt_memory *memory = grt_runtime_memory(fix.runtime);
    assert_int_equal(grt_memory_protect(memory, DATA_BASE, 0x1000, GRT_NO_ACCESS), GRT_OK);
    assert_int_equal(try_to_start(&fix, FN(0), 0), GRT_HOST_REFUSED_COMMIT);
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.contexts_live, 0);
    assert_int_equal(grt_memory_protect(memory, DATA_BASE, 0x1000, GRT_READ_WRITE), GRT_OK);
    assert_int_equal(run_to_end(&fix, FN(0), 3), 3);
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_bad_templates),
        cmocka_unit_test(test_lost_template),
    };
    return cmocka_run_group_tests_name("thread tls", tests, NULL, NULL);
}
