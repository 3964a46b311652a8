/*
 * Goal: a runtime is made and taken apart completely, whatever its threads are doing; modules are
 * loaded or refused as a whole; guest memory is copied without ever faulting.
 */
#include "thread_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void guest_main(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = (grt_addr)ctx->r[3];
    uint32_t argc = grt_load32(base + block), sum = argc;
    for (uint32_t i = 0; i < argc; i++)
        sum =
            sum * 1000 + (uint32_t)atoi((const char *)base + grt_load32(base + block + 4 + 4 * i));
    if (grt_load32(base + block + 4 + 4 * argc) != 0)
        sum = 0;
    ctx->r[3] = sum;
}

/* What "for (;;);" becomes: no call, no safe point. */
static void guest_spin(grt_ppc *ctx, uint8_t *base)
{
    uint32_t *running = (uint32_t *)(void *)(base + DATA_BASE);
    (void)ctx;
    __atomic_fetch_add(running, 1, __ATOMIC_RELEASE);
    for (;;)
        __asm__ volatile("");
}

static void guest_park(grt_ppc *ctx, uint8_t *base)
{
    for (;;)
        grt_ppc_call_import(ctx, base, 0);
}

static void guest_echo(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_call_import(ctx, base, 1);
    ctx->r[3] += 1;
}

static void guest_stop(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_runtime_stop(grt_thread_runtime(ctx->thread), "the guest said so");
    ctx->r[3] = 0x600D; /* not reached */
}

static void guest_fault(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    *(volatile uint8_t *)base = 1;
}

/* Waits for something that never happens. */
static void export_park(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    __atomic_fetch_add((uint32_t *)(void *)(base + DATA_BASE + 4), 1, __ATOMIC_RELEASE);
    for (;;) {
        uint32_t token = grt_thread_park_begin(thread);
        grt_thread_check_stop(thread);
        grt_thread_park(thread, token, UINT64_MAX);
    }
}

static void export_echo(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    bool host_mode = !atomic_load(&ctx->thread->in_guest);
    ctx->r[3] = host_mode ? ctx->import_index * 10 : 1000;
}

static void guest_override(grt_ppc *ctx, uint8_t *base)
{
    bool begun = grt_host_begin();
    bool nested = grt_host_begin();
    grt_store32(base + DATA_BASE + 12, 1);
    grt_runtime_stop(grt_thread_runtime(ctx->thread), "in the bracket");
    grt_store32(base + DATA_BASE + 12, begun && !nested ? 3 : 2);
    grt_host_end(nested);
    grt_host_end(begun);
    grt_store32(base + DATA_BASE + 12, 4); /* not reached */
}

/* An export that trusts a guest pointer. */
static void guest_bad_export(grt_ppc *ctx, uint8_t *base)
{
    grt_thread_enter_host(ctx->thread, FN(7) + 4);
    *(volatile uint8_t *)(base + 0x10) = 1;
    grt_thread_leave_host(ctx->thread);
}

static grt_ppc_function *const functions[] = {
    guest_main, guest_spin,  guest_park,     guest_echo,
    guest_stop, guest_fault, guest_override, guest_bad_export,
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

static const grt_ppc_import imports[] = {
    {0, GRT_LIBRARY_GUESTRT, 0xF01, false, "Park"},
    {0, GRT_LIBRARY_GUESTRT, 0xF02, false, "Echo"},
    {0, GRT_LIBRARY_GUESTRT, 0xF03, false, "Nobody"},
    {DATA_BASE + 0x100, GRT_LIBRARY_XBOXKRNL, 0x1F, true, "Variable"},
};

static void create(fixture *fix, const grt_runtime_config *config)
{
    memset(fix, 0, sizeof *fix);
    log_clear();
    assert_int_equal(grt_runtime_create(config, &fix->runtime), GRT_OK);
    module_init(fix, functions, FUNCTIONS);
    fix->module.imports = imports;
    fix->module.import_count = 4;
    assert_int_equal(
        grt_runtime_register_export(fix->runtime, GRT_LIBRARY_GUESTRT, 0xF01, "Park", export_park),
        GRT_OK);
    assert_int_equal(
        grt_runtime_register_export(fix->runtime, GRT_LIBRARY_GUESTRT, 0xF02, "Echo", export_echo),
        GRT_OK);
    assert_int_equal(grt_runtime_load(fix->runtime, &fix->module), GRT_OK);
}

static void test_run(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    static const char *const argv[] = {"7", "11"};
    uint32_t code = 0;
    assert_int_equal(grt_runtime_run(fix.runtime, 2, argv, &code), GRT_OK);
    assert_int_equal(code, 2007011);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
    assert_int_equal(code, 0);
    assert_int_equal(grt_runtime_run(fix.runtime, -1, NULL, &code), GRT_INVALID_ARGUMENT);
    fixture_destroy(&fix);
}

static void test_no_room_for_arguments(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.user_heap_budget = 0x1000;
    create(&fix, &config);
    static char text[0x2000];
    memset(text, 'a', sizeof text - 1);
    const char *const argv[] = {text};
    uint32_t code = 0;
    assert_int_equal(grt_runtime_run(fix.runtime, 1, argv, &code), GRT_OUT_OF_GUEST_MEMORY);
    assert_logged("[CRITICAL] Failed to allocate the program's arguments (8204 bytes): cause "
                  "GRT_HEAP_OVER_BUDGET: ");
    assert_null(strstr(strstr(captured.text, "[CRITICAL]") + 1, "[CRITICAL]"));
    fixture_destroy(&fix);
}

static void test_run_outcomes(void **state)
{
    (void)state;
    fixture fix;
    uint32_t code = 0;
    grt_runtime_config config = fixture_config();
    memset(&fix, 0, sizeof fix);
    assert_int_equal(grt_runtime_create(&config, &fix.runtime), GRT_OK);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_WRONG_STATE);
    fixture_destroy(&fix);
    create(&fix, &config);
    fix.module.entry = FN(5);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_GUEST_FAULT);
    assert_int_equal(code, 0xC0000005u);
    fix.module.entry = FN(4);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_STOPPED);
    assert_int_equal(code, GRT_EXIT_STOPPED);
    assert_logged("the guest said so");
    fixture_destroy(&fix);
}

static void test_imports(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    assert_int_equal(run_to_end(&fix, FN(3), 0), 11);
    assert_logged("[EXPORT] variable Variable (library 0, ordinal 0x01F) is not provided");
    assert_int_equal(word_at(&fix, DATA_BASE + 0x100), 0xD01FBEEFu);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 0, 1, "Late", export_echo),
                     GRT_WRONG_STATE);
    fixture_destroy(&fix);
}

static void wait_for(fixture *fix, grt_addr address, uint32_t value)
{
    uint32_t *word = grt_host(fix->runtime, address);
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value)
        os_thread_yield();
}

/* Threads that spin, park, are suspended or have not started: all end. */
static void test_destroy_with_busy_threads(void **state)
{
    (void)state;
    bool spin =
        !UNDER_TSAN; /* it delivers signals at calls only, and a spinning thread makes none */
    for (int round = 0; round < 20; round++) {
        fixture fix;
        grt_runtime_config config = fixture_config();
        create(&fix, &config);
        grt_thread *spinning = NULL;
        if (spin)
            spinning = start(&fix, FN(1), 0, 0);
        grt_thread *parked = start(&fix, FN(2), 0, 0);
        grt_thread *suspended = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
        if (round % 2 == 0) {
            wait_for(&fix, DATA_BASE + 4, 1);
            if (spin)
                wait_for(&fix, DATA_BASE, 1);
        }
        grt_runtime_stop(fix.runtime, "test");
        if (round % 4 < 2) {
            assert_int_equal(join(parked), GRT_EXIT_STOPPED);
            assert_int_equal(join(suspended), GRT_EXIT_STOPPED);
            if (spin)
                assert_int_equal(join(spinning), GRT_EXIT_STOPPED);
        }
        grt_thread_release(spinning);
        grt_thread_release(parked);
        grt_thread_release(suspended);
        fixture_destroy(&fix);
    }
}

static void spin_in_the_guest(void *argument)
{
    fixture *fix = argument;
    assert_int_equal(grt_runtime_call(fix->runtime, FN(1), NULL, 0, NULL), GRT_STOPPED);
}

/* A host thread that spins in guest code is not ours to end, but its call is. */
static void test_stop_ends_foreign_calls(void **state)
{
    (void)state;
    if (UNDER_TSAN)
        skip();
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    os_thread *host;
    assert_int_equal(os_thread_create(1 << 20, spin_in_the_guest, &fix, &host), 0);
    wait_for(&fix, DATA_BASE, 1);
    grt_runtime_stop(fix.runtime, "test");
    os_thread_join(host);
    fixture_destroy(&fix);
}

static void test_two_runtimes(void **state)
{
    (void)state;
    fixture first, second;
    grt_runtime_config config = fixture_config();
    create(&first, &config);
    create(&second, &config);
    grt_thread *one = start(&first, FN(2), 0, 0), *two = start(&second, FN(2), 0, 0);
    assert_int_equal(grt_thread_id(one), 1);
    assert_int_equal(grt_thread_id(two), 1);
    grt_store32(grt_host(first.runtime, DATA_BASE + 8), 1);
    assert_int_equal(word_at(&second, DATA_BASE + 8), 0);
    assert_int_equal(run_to_end(&first, FN(5), 0), 0xC0000005u);
    grt_thread_release(one);
    fixture_destroy(&first);
    assert_int_equal(run_to_end(&second, FN(3), 0), 11);
    assert_int_equal(run_to_end(&second, FN(5), 0), 0xC0000005u);
    grt_thread_release(two);
    fixture_destroy(&second);
}

static void create_and_destroy(int count)
{
    for (int i = 0; i < count; i++) {
        fixture fix;
        grt_runtime_config config = fixture_config();
        config.log.level = GRT_LOG_ERROR;
        create(&fix, &config);
        assert_int_equal(run_to_end(&fix, FN(3), 0), 11);
        fixture_destroy(&fix);
    }
}

static void test_create_and_destroy_without_growth(void **state)
{
    (void)state;
    int count = UNDER_TSAN || UNDER_ASAN ? 50 : 1000;
    create_and_destroy(count / 10);
    size_t mapped_before, mapped_after;
    size_t before = resident_pages(&mapped_before);
    create_and_destroy(count);
    size_t after = resident_pages(&mapped_after);
    if (!UNDER_TSAN && !UNDER_ASAN) {
        assert_in_range(after, 0, before + 64);
        assert_in_range(mapped_after, 0, mapped_before + 64);
    }
}

static void test_every_host_failure(void **state)
{
    (void)state;
    for (unsigned nth = 1;; nth++) {
        fixture fix;
        memset(&fix, 0, sizeof fix);
        module_init(&fix, functions, FUNCTIONS);
        grt_runtime_config config = fixture_config();
        config.log.level = GRT_LOG_ERROR;
        os_inject_failure(nth, false);
        grt_status status = grt_runtime_create(&config, &fix.runtime);
        if (status == GRT_OK) {
            status = grt_runtime_load(fix.runtime, &fix.module);
            unsigned fired = os_inject_fired();
            os_inject_failure(0, false);
            /* A load that failed may be tried again. */
            if (status != GRT_OK)
                assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_OK);
            assert_int_equal(run_to_end(&fix, FN(0), DATA_BASE), 0);
            fixture_destroy(&fix);
            if (fired == 0)
                break;
        }
        os_inject_failure(0, false);
        assert_true(nth < 200);
    }
}

/* Both profiles run programs. */
static void test_console_profile(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    config.memory.profile = GRT_PROFILE_CONSOLE;
    config.layout = GRT_LAYOUT_CONSOLE;
    create(&fix, &config);
    assert_int_equal(run_to_end(&fix, FN(3), 0), 11);
    assert_int_equal(run_to_end(&fix, FN(5), 0), 0xC0000005u);
    assert_int_not_equal(grt_heap_alloc(grt_runtime_physical_heap(fix.runtime), 0x10000), 0);
    fixture_destroy(&fix);
}

/* An override that must not be cut short by a stop. */
static void test_host_bracket(void **state)
{
    (void)state;
    assert_false(grt_host_begin()); /* not a guest thread */
    grt_host_end(false);
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    assert_int_equal(run_to_end(&fix, FN(6), 0), GRT_EXIT_STOPPED);
    assert_int_equal(word_at(&fix, DATA_BASE + 12), 3);
    fixture_destroy(&fix);
}

/* A fault in host code is the host's to handle; the log says what the guest was doing. */
static void test_host_code_fault(void **state)
{
    (void)state;
    if (UNDER_ASAN || UNDER_TSAN)
        return; /* they take such faults themselves */
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL);
        fixture fix;
        grt_runtime_config config = fixture_config();
        config.log = grt_log_default();
        create(&fix, &config);
        run_to_end(&fix, FN(7), 0);
        _exit(0);
    }
    close(ends[1]);
    char text[1024] = "";
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < sizeof text - 1; size += (size_t)got) {
        got = read(ends[0], text + size, sizeof text - 1 - size);
        if (got < 0)
            got = 0;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "SUMMARY GRT-F023 HOST_CODE: thread id 00000001 \"tested\""));
    assert_non_null(strstr(text, "guest address 00000010"));
    assert_non_null(strstr(text, "last called from 82000074 fn7+0x4"));
}

/* ---- loading ----------------------------------------------------------------------------- */

static grt_status load_changed(void (*change)(fixture *fix))
{
    fixture fix;
    memset(&fix, 0, sizeof fix);
    grt_runtime_config config = fixture_config();
    assert_int_equal(grt_runtime_create(&config, &fix.runtime), GRT_OK);
    module_init(&fix, functions, FUNCTIONS);
    change(&fix);
    grt_status status = grt_runtime_load(fix.runtime, &fix.module);
    if (status != GRT_OK) {
        /* Nothing is left behind: the same module as it should be fits. */
        memset(&fix.module, 0, sizeof fix.module);
        module_init(&fix, functions, FUNCTIONS);
        assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_OK);
        assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_ALREADY_INITIALISED);
    }
    fixture_destroy(&fix);
    return status;
}

static void change_nothing(fixture *fix)
{
    (void)fix;
}
static void change_abi(fixture *fix)
{
    fix->module.abi++;
}
static void change_order(fixture *fix)
{
    fix->entries[1].address = fix->entries[0].address;
}
static void change_function(fixture *fix)
{
    fix->entries[2].function = NULL;
}
static void change_entry_outside(fixture *fix)
{
    fix->entries[FUNCTIONS - 1].address = CODE_BASE + sizeof fix->code;
}
static void change_segment_size(fixture *fix)
{
    fix->segments[1].memory_size = 1;
}
static void change_segment_overlap(fixture *fix)
{
    fix->segments[1].address = CODE_BASE + 4;
}
static void change_segment_end(fixture *fix)
{
    fix->segments[1].address = 0xFFFFFF00u;
}
static void change_segment_in_heap(fixture *fix)
{
    fix->segments[0].address = 0x10000000u;
}
static void change_shared_page(fixture *fix)
{
    fix->segments[1].address = CODE_BASE + sizeof fix->code;
    fix->segments[1].memory_size = 0x2000;
}

static void test_load(void **state)
{
    (void)state;
    assert_int_equal(load_changed(change_nothing), GRT_OK);
    assert_int_equal(load_changed(change_shared_page), GRT_OK);
    assert_int_equal(load_changed(change_abi), GRT_ABI_MISMATCH);
    assert_int_equal(load_changed(change_order), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_function), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_entry_outside), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_segment_size), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_segment_overlap), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_segment_end), GRT_INVALID_ARGUMENT);
    assert_int_equal(load_changed(change_segment_in_heap), GRT_IMAGE_CONFLICT);
}

static void test_symbols(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    char text[64];
    assert_true(grt_runtime_symbol(fix.runtime, FN(1) + 4, text, sizeof text));
    assert_string_equal(text, "fn1+0x4");
    assert_true(grt_runtime_symbol(fix.runtime, FN(1), text, sizeof text));
    assert_string_equal(text, "fn1");
    assert_true(grt_runtime_symbol(fix.runtime, FN(1) + 4, text, 7)); /* no room for that */
    assert_string_equal(text, "fn1+0x");
    fix.entries[1].name = "a_long_name";
    assert_true(grt_runtime_symbol(fix.runtime, FN(1) + 4, text, 16));
    assert_string_equal(text, "a_long_name+0x4");
    assert_true(grt_runtime_symbol(fix.runtime, FN(1) + 4, text, 15));
    assert_string_equal(text, "a_long_...+0x4");
    assert_true(grt_runtime_symbol(fix.runtime, FN(1), text, 8));
    assert_string_equal(text, "a_lo...");
    assert_false(grt_runtime_symbol(fix.runtime, CODE_BASE - 4, text, sizeof text));
    assert_false(grt_runtime_symbol(fix.runtime, FN(FUNCTIONS) + 4, text, sizeof text));
    assert_string_equal(text, "");
    fix.entries[1].name = NULL;
    assert_true(grt_runtime_symbol(fix.runtime, FN(1) + 8, text, sizeof text));
    assert_string_equal(text, "sub_82000010+0x8");
    assert_ptr_equal(grt_runtime_function(fix.runtime, FN(2)), guest_park);
    assert_null(grt_runtime_function(fix.runtime, FN(2) + 1));
    fixture_destroy(&fix);
}

static void test_invalid_config(void **state)
{
    (void)state;
    grt_runtime *runtime;
    grt_runtime_config config = fixture_config();
    config.size--;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    config = fixture_config();
    config.layout = (grt_context_layout)2;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    config = fixture_config();
    config.stack_size = 0x3000;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    config = fixture_config();
    config.on_context_failure = (grt_policy)2;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    config = fixture_config();
    config.on_guest_fault = (grt_policy)2;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    config = fixture_config();
    config.on_missing_export = (grt_policy)2;
    assert_int_equal(grt_runtime_create(&config, &runtime), GRT_INVALID_ARGUMENT);
    grt_runtime_destroy(NULL);
}

/* ---- guest copies ------------------------------------------------------------------------ */

static void test_guest_copies(void **state)
{
    (void)state;
    fixture fix;
    grt_runtime_config config = fixture_config();
    create(&fix, &config);
    char text[64];
    uint8_t bytes[32] = {0};
    grt_addr end = DATA_BASE + 0x1000; /* not accessible from here on */
    assert_true(grt_guest_write(fix.runtime, end - 32, bytes, 32));
    assert_false(grt_guest_write(fix.runtime, end - 31, bytes, 32));
    assert_false(grt_guest_read(fix.runtime, bytes, 0, 1));
    assert_true(grt_guest_read(fix.runtime, bytes, 0, 0));
    assert_false(grt_guest_read(fix.runtime, bytes, 0xFFFFFFF0u, 32));
    assert_false(grt_guest_write(fix.runtime, CODE_BASE, bytes, 1)); /* read-only */
    memcpy(grt_host(fix.runtime, end - 6), "hello", 6);
    assert_true(grt_guest_read_string(fix.runtime, text, sizeof text, end - 6));
    assert_string_equal(text, "hello");
    assert_true(grt_guest_read_string(fix.runtime, text, 4, end - 6));
    assert_string_equal(text, "hel");
    memset(grt_host(fix.runtime, end - 6), 'x', 6);
    assert_false(grt_guest_read_string(fix.runtime, text, sizeof text, end - 6));
    assert_false(grt_guest_read_string(fix.runtime, text, sizeof text, 0));
    assert_string_equal(text, "");
    assert_false(grt_guest_read_string(fix.runtime, text, sizeof text, 0xFFFFFFFFu));
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_no_room_for_arguments),
        cmocka_unit_test(test_run_outcomes),
        cmocka_unit_test(test_imports),
        cmocka_unit_test(test_destroy_with_busy_threads),
        cmocka_unit_test(test_stop_ends_foreign_calls),
        cmocka_unit_test(test_two_runtimes),
        cmocka_unit_test(test_create_and_destroy_without_growth),
        cmocka_unit_test(test_every_host_failure),
        cmocka_unit_test(test_console_profile),
        cmocka_unit_test(test_host_bracket),
        cmocka_unit_test(test_host_code_fault),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_invalid_config),
        cmocka_unit_test(test_guest_copies),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
