/*
 * test_heap_faults.c - guest code that meets what the heap's options left for it: guard pages,
 * pages of freed blocks, and pointers made of patterns. Each ends in the report that says so.
 */
#include "thread_fixture.h"

static volatile uint32_t sink;

static void guest_read(grt_ppc *ctx, uint8_t *base)
{
    sink = *(volatile uint8_t *)(base + (uint32_t)ctx->r[3]);
}

static void guest_write(grt_ppc *ctx, uint8_t *base)
{
    *(volatile uint8_t *)(base + (uint32_t)ctx->r[3]) = 1;
}

/* Reads a pointer at r3 and follows it. */
static void guest_follow(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[5] = grt_load32(base + (uint32_t)ctx->r[3]);
    grt_addr field = (grt_addr)ctx->r[5] + 8;
    sink = *(volatile uint8_t *)(base + field);
}

static grt_ppc_function *const functions[] = {guest_read, guest_write, guest_follow};

static fixture fix;

static void open_with(const char *options)
{
    grt_runtime_config config = fixture_config();
    config.log.level = GRT_LOG_WARN;
    assert_int_equal(grt_heap_options_parse(options, &config.heap_options, NULL, 0), GRT_OK);
    fixture_create(&fix, &config, functions, sizeof functions / sizeof *functions);
}

static grt_addr alloc(uint32_t size)
{
    grt_addr block = grt_heap_alloc(grt_runtime_user_heap(fix.runtime), size);
    assert_int_not_equal(block, 0);
    return block;
}

static void release(grt_addr block)
{
    assert_int_equal(grt_heap_free(grt_runtime_user_heap(fix.runtime), block), GRT_OK);
}

/* Runs a function that must fault; what the report says of the address is the [sentence]. */
static void fault(uint32_t function, grt_addr argument, grt_addr address, grt_fault_id id,
                  const char *sentence)
{
    char line[300];
    log_clear();
    assert_int_equal(run_to_end(&fix, FN(function), argument), grt_fault_exit_code(id));
    snprintf(line, sizeof line, "[FAULT] address: %08X is %s\n", (unsigned)address, sentence);
    assert_logged(line);
}

static void test_an_overrun_faults_at_once(void **state)
{
    (void)state;
    char sentence[200];
    open_with("guard=100,sites=1");
    grt_addr block = alloc(100);
    log_clear();
    assert_int_equal(run_to_end(&fix, FN(1), block + 99), block + 99); /* r3, as it was */
    snprintf(sentence, sizeof sentence,
             "user heap: 12 bytes past the end of the live block 0x%08X of 100 bytes, asked for by "
             "call site 0x00000000 on thread 0",
             (unsigned)block);
    fault(1, block + 112, block + 112, GRT_FAULT_WRITE, sentence);
    fault(0, block + 112, block + 112, GRT_FAULT_READ, sentence);
    release(block);
    fixture_destroy(&fix);
}

static void test_use_after_free_faults(void **state)
{
    (void)state;
    char sentence[200];
    open_with("guard=100,quarantine=64K");
    grt_addr block = alloc(100);
    release(block);
    snprintf(sentence, sizeof sentence,
             "user heap: 8 bytes inside the freed block 0x%08X that occupied 112 bytes",
             (unsigned)block);
    fault(0, block + 8, block + 8, GRT_FAULT_READ, sentence);
    fault(1, block + 8, block + 8, GRT_FAULT_WRITE, sentence);
    fixture_destroy(&fix);
}

static void test_pointers_made_of_patterns(void **state)
{
    (void)state;
    open_with("fill");
    grt_addr block = alloc(100);
    fault(2, block, 0x9A9A9AA2u, GRT_FAULT_READ,
          "made of the heap's fill of new blocks (9A9A9A9A + 0x8)");
    assert_logged("[FAULT]   r5 is made of the heap's fill of new blocks\n");
    release(block);
    fault(2, block, 0x9D9D9DA5u, GRT_FAULT_READ,
          "made of the heap's fill of freed blocks (9D9D9D9D + 0x8)");
    assert_logged("[FAULT]   r5 is made of the heap's fill of freed blocks\n");
    fault(0, 0x9D9D9D99u, 0x9D9D9D99u, GRT_FAULT_READ,
          "made of the heap's fill of freed blocks (9D9D9D9D - 0x4)");
    fault(0, 0x9D9E9D9Du, 0x9D9E9D9Du, GRT_FAULT_READ, "memory that nobody has reserved");
    fixture_destroy(&fix);
}

/* Without the option the same value means nothing. */
static void test_no_pattern_no_words(void **state)
{
    (void)state;
    open_with("quarantine=64K");
    fault(0, 0x9D9D9D9Du, 0x9D9D9D9Du, GRT_FAULT_READ, "memory that nobody has reserved");
    assert_false(log_has("made of"));
    fixture_destroy(&fix);
}

/* Threads, contexts and the kernel's own blocks under everything at once. */
static void test_a_runtime_with_everything_on(void **state)
{
    (void)state;
    open_with("fill,redzone=16,quarantine=1M,guard_sample=2,sites=1");
    for (int i = 0; i < 20; i++) {
        grt_addr block = alloc(64);
        log_clear();
        assert_int_equal(run_to_end(&fix, FN(1), block), block);
        release(block);
    }
    char text[256];
    assert_true(grt_heap_check(grt_runtime_user_heap(fix.runtime), text, sizeof text));
    assert_false(log_has("HEAP-DAMAGE"));
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_overrun_faults_at_once),
        cmocka_unit_test(test_use_after_free_faults),
        cmocka_unit_test(test_pointers_made_of_patterns),
        cmocka_unit_test(test_no_pattern_no_words),
        cmocka_unit_test(test_a_runtime_with_everything_on),
    };
    return cmocka_run_group_tests_name("heap faults", tests, NULL, NULL);
}
