/* test_kernel_variables.c - the data exports: where they are, what is in them, who keeps them. */
#include "kernel_fixture.h"

#include "kernel/guest_time.h"
#include <dirent.h>

#define WORD(index) (DATA_BASE + 0x800u + 4 * (index))
#define ALL         UINT32_MAX

static grt_ppc_import variable_imports[GRT_VARIABLE_COUNT];

/* Imports variable [only], or all of them; the words are in the image's writable data. */
static void create(fixture *fix, grt_ppc_function *function, uint32_t only)
{
    grt_runtime_config config = quiet_config();
    memset(fix, 0, sizeof *fix);
    log_clear();
    atomic_store(&check_failures, 0);
    assert_int_equal(grt_runtime_create(&config, &fix->runtime), GRT_OK);
    module_init(fix, &function, 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < GRT_VARIABLE_COUNT; i++) {
        const grt_variable *variable = grt_variable_at(i);
        if (only == ALL || only == i)
            variable_imports[count++] = (grt_ppc_import){.thunk = WORD(i),
                                                         .library = variable->library,
                                                         .ordinal = variable->ordinal,
                                                         .variable = true};
    }
    fix->module.imports = variable_imports;
    fix->module.import_count = count;
}

static void load(fixture *fix)
{
    assert_int_equal(grt_runtime_load(fix->runtime, &fix->module), GRT_OK);
}

static void nothing(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = 0;
}

static uint32_t process_threads(void)
{
    uint32_t count = 0;
    DIR *directory = opendir("/proc/self/task");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

/* ---- the table ----------------------------------------------------------------------------- */

static void test_table(void **state)
{
    (void)state;
    assert_int_equal(grt_variable_count(), GRT_VARIABLE_COUNT);
    assert_null(grt_variable_at(GRT_VARIABLE_COUNT));
    for (uint32_t i = 0; i < GRT_VARIABLE_COUNT; i++) {
        const grt_variable *variable = grt_variable_at(i);
        assert_ptr_equal(grt_variable_find(variable->library, variable->ordinal), variable);
        const grt_known_export *known = grt_known_export_find(variable->library, variable->ordinal);
        assert_string_equal(known->name, variable->name);
        assert_int_equal(known->failure, GRT_FAILURE_DATA);
        assert_null(grt_export_find(variable->library, variable->ordinal));
    }
    assert_null(grt_variable_find(GRT_LIBRARY_XAM, 0x00E));
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* A program that imports none costs nothing and has none. */
static void test_none(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, nothing, ALL);
    fix.module.import_count = 0;
    load(&fix);
    assert_int_equal(fix.runtime->kernel->variables.address, 0);
    assert_int_equal(grt_runtime_variable(fix.runtime, GRT_LIBRARY_XBOXKRNL, 0x0AD), 0);
    assert_int_equal(grt_object_type_address(fix.runtime, GRT_OBJECT_EVENT), 0);
    assert_null(fix.runtime->kernel->variables.ticker.host);
    fixture_destroy(&fix);
}

static void test_addresses(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, nothing, ALL);
    load(&fix);
    for (uint32_t i = 0; i < GRT_VARIABLE_COUNT; i++) {
        const grt_variable *variable = grt_variable_at(i);
        grt_addr address = grt_runtime_variable(fix.runtime, variable->library, variable->ordinal);
        assert_int_equal(word_at(&fix, WORD(i)), address);
        assert_int_equal(address % 16, 0);
        for (uint32_t j = 0; j < i; j++) {
            grt_addr other = word_at(&fix, WORD(j));
            assert_true(address >= other + grt_variable_at(j)->size ||
                        address + variable->size <= other);
        }
    }
    assert_int_equal(grt_runtime_variable(fix.runtime, GRT_LIBRARY_XBOXKRNL, 0x7FF), 0);
    fixture_destroy(&fix);
}

/* What a program hands in to name a type is the word that it imported. */
static void test_object_types(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, nothing, GRT_VARIABLE_ExEventObjectType);
    load(&fix);
    grt_addr event = grt_object_type_address(fix.runtime, GRT_OBJECT_EVENT);
    assert_int_equal(event, word_at(&fix, WORD(GRT_VARIABLE_ExEventObjectType)));
    assert_int_equal(word_at(&fix, event + 0x18), 0x76657645);
    assert_int_not_equal(grt_object_type_address(fix.runtime, GRT_OBJECT_THREAD), event);
    assert_int_equal(word_at(&fix, grt_object_type_address(fix.runtime, GRT_OBJECT_MUTANT) + 0x18),
                     0x6174754D);
    assert_int_equal(
        word_at(&fix, grt_object_type_address(fix.runtime, GRT_OBJECT_SEMAPHORE) + 0x18),
        0x616D6553);
    assert_int_equal(word_at(&fix, grt_object_type_address(fix.runtime, GRT_OBJECT_TIMER) + 0x18),
                     0x656D6954);
    assert_int_equal(grt_object_type_address(fix.runtime, GRT_OBJECT_NONE), 0);
    fixture_destroy(&fix);
}

static void test_two_runtimes(void **state)
{
    (void)state;
    fixture first, second;
    create(&first, nothing, ALL);
    load(&first);
    create(&second, nothing, ALL);
    load(&second);
    grt_addr data = word_at(&first, WORD(GRT_VARIABLE_KiBugCheckData));
    assert_int_equal(data, word_at(&second, WORD(GRT_VARIABLE_KiBugCheckData)));
    grt_store32(grt_host(first.runtime, data), 7);
    assert_int_equal(word_at(&second, data), 0);
    fixture_destroy(&first);
    fixture_destroy(&second);
}

/* ---- failures ------------------------------------------------------------------------------ */

/* An embedder that has taken the whole range: the load says so, and works once there is room. */
static void test_no_room(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, nothing, ALL);
    grt_memory *memory = grt_runtime_memory(fix.runtime);
    assert_int_equal(grt_memory_reserve(memory, 0x80000000u, 0x200000u, "embedder"), GRT_OK);
    assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_OUT_OF_GUEST_MEMORY);
    grt_memory_release(memory, 0x80000000u);
    load(&fix);
    fixture_destroy(&fix);
}

/* Every host call of a load may fail, the ticker's thread included; a second attempt works. */
static void test_every_host_failure(void **state)
{
    (void)state;
    bool fired = true, refused_thread = false;
    for (unsigned nth = 1; fired; nth++) {
        fixture fix;
        create(&fix, nothing, ALL);
        os_inject_failure(nth, false);
        grt_status status = grt_runtime_load(fix.runtime, &fix.module);
        fired = os_inject_fired() != 0;
        os_inject_failure(0, false);
        refused_thread |= status == GRT_HOST_THREAD_FAILED;
        if (status == GRT_HOST_THREAD_FAILED)
            assert_logged("the host refused the thread that keeps KeTimeStampBundle");
        if (status != GRT_OK)
            load(&fix);
        fixture_destroy(&fix);
        assert_true(nth < 100);
    }
    assert_true(refused_thread);
}

/* ---- contents ------------------------------------------------------------------------------ */

static void test_names(void **state)
{
    (void)state;
    fixture fix;
    uint32_t code;
    create(&fix, nothing, ALL);
    load(&fix);
    const char *image = grt_host(fix.runtime, word_at(&fix, WORD(GRT_VARIABLE_ExLoadedImageName)));
    const char *line = grt_host(fix.runtime, word_at(&fix, WORD(GRT_VARIABLE_ExLoadedCommandLine)));
    assert_string_equal(image, "fixture");
    assert_string_equal(line, "\"fixture\"");
    const char *const arguments[] = {"game one", "two", ""};
    assert_int_equal(grt_runtime_run(fix.runtime, 3, arguments, &code), GRT_OK);
    assert_string_equal(line, "\"game one\" two ");
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    const char *const large[] = {"x", text, "behind"};
    assert_int_equal(grt_runtime_run(fix.runtime, 3, large, &code), GRT_OK);
    assert_int_equal(strlen(line), 0x3FF);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
    assert_string_equal(line, "");
    fixture_destroy(&fix);
}

static void test_long_image_name(void **state)
{
    (void)state;
    fixture fix;
    char name[0x200];
    memset(name, 'b', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    create(&fix, nothing, ALL);
    fix.module.name = name;
    load(&fix);
    const char *image = grt_host(fix.runtime, word_at(&fix, WORD(GRT_VARIABLE_ExLoadedImageName)));
    assert_int_equal(strnlen(image, sizeof name), 0xFF);
    fixture_destroy(&fix);
}

static void bug_check(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_call call = {.ctx = ctx, .thread = ctx->thread, .runtime = ctx->thread->runtime};
    call.kernel = call.runtime->kernel;
    grt_export_KeBugCheckEx(&call, 0xF4, 1, 2, 3, 4);
}

/* The guest stopped itself: the report has the code and all four parameters, and so has memory. */
static void test_bug_check_stops_with_its_parameters(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, bug_check, ALL);
    load(&fix);
    assert_int_equal(run_to_end(&fix, FN(0), 0), 0xC0000420u);
    assert_logged("detail: bug check 0x000000F4, parameters 0x00000001 0x00000002 0x00000003 "
                  "0x00000004\n");
    grt_addr data = word_at(&fix, WORD(GRT_VARIABLE_KiBugCheckData));
    assert_int_equal(word_at(&fix, data), 0xF4);
    for (uint32_t i = 1; i <= 4; i++)
        assert_int_equal(word_at(&fix, data + 4 * i), i);
    fixture_destroy(&fix);
}

/* ---- the clock ----------------------------------------------------------------------------- */

static uint64_t clock_field(const fixture *fix, grt_addr address)
{
    uint8_t bytes[8];
    uint64_t raw = __atomic_load_n((uint64_t *)grt_host(fix->runtime, address), __ATOMIC_RELAXED);
    memcpy(bytes, &raw, sizeof bytes);
    return grt_load64(bytes);
}

/* It goes on without anybody calling, never back, and its fields agree. */
static void test_clock(void **state)
{
    (void)state;
    fixture fix;
    uint32_t threads = process_threads();
    create(&fix, nothing, GRT_VARIABLE_KeTimeStampBundle);
    load(&fix);
    grt_addr bundle = word_at(&fix, WORD(GRT_VARIABLE_KeTimeStampBundle));
    uint64_t system_first = clock_field(&fix, bundle + 8), last = 0;
    assert_true(system_first != 0); /* set before the program runs */
    for (uint32_t changes = 0; changes < 20;) {
        uint64_t now = clock_field(&fix, bundle);
        assert_true(now >= last);
        changes += now != last;
        last = now;
        os_thread_yield();
    }
    assert_true(last <= grt_interrupt_time(fix.runtime));
    assert_true(word_at(&fix, bundle + 0x10) >= 10);
    assert_int_equal(word_at(&fix, bundle + 0x14), 0);
    fixture_destroy(&fix);
    assert_int_equal(process_threads(), threads);
}

/* The guest may do what it likes to the page: the clock's thread only loses its work. */
static void test_clock_survives(void **state)
{
    (void)state;
    fixture fix;
    create(&fix, nothing, ALL);
    load(&fix);
    grt_addr page = fix.runtime->kernel->variables.address;
    grt_memory *memory = grt_runtime_memory(fix.runtime);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(
            grt_memory_protect(memory, page, GRT_PAGE_SIZE, i % 2 ? GRT_READ_ONLY : GRT_NO_ACCESS),
            GRT_OK);
        os_sleep_ns(2000000);
    }
    uint32_t code;
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
    assert_int_equal(grt_memory_protect(memory, page, GRT_PAGE_SIZE, GRT_READ_WRITE), GRT_OK);
    grt_addr bundle = word_at(&fix, WORD(GRT_VARIABLE_KeTimeStampBundle));
    uint64_t first = clock_field(&fix, bundle);
    while (clock_field(&fix, bundle) == first)
        os_thread_yield();
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_object_types),
        cmocka_unit_test(test_two_runtimes),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_every_host_failure),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_image_name),
        cmocka_unit_test(test_bug_check_stops_with_its_parameters),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_clock_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
