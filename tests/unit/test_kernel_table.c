/* test_kernel_table.c - the table of exports: lookup, names, trace, missing ones, documentation. */
#include "kernel_fixture.h"

/* ---- lookup -------------------------------------------------------------------------------- */

static void test_lookup(void **state)
{
    (void)state;
    assert_int_equal(grt_export_count(), GRT_INDEX_COUNT);
    for (uint32_t i = 0; i < grt_export_count(); i++) {
        const grt_export *row = grt_export_at(i);
        assert_ptr_equal(grt_export_find(row->library, row->ordinal), row); /* none twice */
        assert_ptr_equal(grt_export_find_name(row->name), row);
        assert_string_equal(grt_export_name(row->library, row->ordinal), row->name);
        assert_non_null(row->function);
        assert_true(strlen(row->sentence) > 10);
        for (uint32_t p = 0; p < row->parameter_count; p++)
            assert_non_null(row->parameters[p].name);
    }
    assert_null(grt_export_at(grt_export_count()));
    assert_null(grt_export_find(GRT_LIBRARY_XAM, 0x003));
    assert_null(grt_export_find_name("NtFly"));
    assert_null(grt_export_find_name(NULL));
    assert_string_equal(grt_export_name(GRT_LIBRARY_XBOXKRNL, 0x28), "HalReturnToFirmware");
    assert_null(grt_export_name(GRT_LIBRARY_XAM, 0x7FF));
    assert_string_equal(grt_library_name(1), "xam");
    assert_string_equal(grt_library_name(77), "unknown");
    const grt_export *create = grt_export_find_name("ExCreateThread");
    assert_int_equal(create->ordinal, 0xD);
    assert_int_equal(create->parameter_count, 7);
    assert_string_equal(create->parameters[4].name, "entry");
    assert_string_equal(grt_export_type_name(create->parameters[4].type), "addr");
    assert_string_equal(grt_export_callers_name(create->callers), "PASSIVE");
    assert_string_equal(grt_export_callers_name(grt_export_find_name("KeSetEvent")->callers),
                        "DISPATCH");
    assert_string_equal(grt_export_callers_name(grt_export_find_name("Sleep")->callers), "APC");
    assert_string_equal(grt_export_callers_name(grt_export_find_name("DbgPrint")->callers), "ANY");
    assert_string_equal(grt_export_callers_name(77), "unknown");
}

/* Names are found by halving, so their order matters. */
static void test_names_ascend(void **state)
{
    (void)state;
    uint32_t last = 0;
    for (uint32_t i = 0; i < grt_known_export_count(); i++) {
        const grt_known_export *known = grt_known_export_at(i);
        uint32_t key = (uint32_t)known->library << 16 | known->ordinal;
        assert_true(key > last);
        assert_ptr_equal(grt_known_export_find(known->library, known->ordinal), known);
        assert_int_equal(known->failure == GRT_FAILURE_DATA && grt_export_find(key >> 16, key), 0);
        last = key;
    }
    assert_true(grt_known_export_count() >= 353);
    assert_null(grt_known_export_at(grt_known_export_count()));
    assert_null(grt_known_export_find(GRT_LIBRARY_GUESTRT, 0xFFFF));
}

static void test_statuses(void **state)
{
    (void)state;
    assert_string_equal(grt_nt_name(GRT_NT_NO_MEMORY), "STATUS_NO_MEMORY");
    assert_string_equal(grt_nt_name(0xC0DEC0DEu), "STATUS_...");
    assert_string_equal(grt_nt_sentence(GRT_NT_TIMEOUT), "the time given ran out");
    assert_true(strlen(grt_nt_sentence(0xC0DEC0DEu)) > 0);
}

/* ---- trace --------------------------------------------------------------------------------- */

static void traced(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtClose, 0xF8000004u);
    KCALL(NtReleaseSemaphore, 0xF8000008u, (uint32_t)-3, 0);
    KCALL(ExFreePool, 0);
    KCALL0(KeGetCurrentProcessType);
    /* The result is zero-extended, whatever the register held. */
    ctx->r[3] = 0xFFFFFFFFFFFFFFFFull;
    KCALL0(KeGetCurrentProcessType);
    CHECK(ctx->r[3] == 1);
    /* A void export leaves r3 alone. */
    KCALL(ExFreePool, 0);
    CHECK(ctx->r[3] == 0);
}

static void test_trace(void **state)
{
    (void)state;
    grt_runtime_config config = fixture_config();
    grt_ppc_function *const functions[] = {traced};
    run_guest_with(&config, functions, 1);
    assert_logged("[EXPORT] NtClose(object=F8000004) -> C0000008\n");
    assert_logged(
        "[EXPORT] NtReleaseSemaphore(semaphore=F8000008, amount=-3, previous_out=00000000)");
    assert_logged("[EXPORT] ExFreePool(address=00000000)\n");
    assert_logged("[EXPORT] KeGetCurrentProcessType() -> 00000001\n");
}

/* The first complaints are spelled out, then only some. */
static void complains(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 1000; i++)
        KCALL(NtClose, 0x1234);
}

static void test_complaints_are_limited(void **state)
{
    (void)state;
    RUN_GUEST(complains);
    assert_int_equal(times_logged("[EXPORT] NtClose: handle"), 16 + 5); /* 32, 64, 128, 256, 512 */
    assert_logged("(complaint 512 of this export)");
}

/* ---- missing and registered exports ------------------------------------------------------- */

static void calls_missing(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(guest_call(ctx, base, IMPORT_UNKNOWN, NULL, 0), GRT_NT_NOT_IMPLEMENTED);
        CHECK_EQUAL(guest_call(ctx, base, IMPORT_NAMED, NULL, 0), GRT_NT_NOT_IMPLEMENTED);
    }
    ctx->r[3] = 3;
}

static void test_missing(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {calls_missing};
    for (int round = 0; round < 2; round++) { /* once in each runtime */
        assert_int_equal(run_guest_with(&config, functions, 1), 3);
        assert_int_equal(times_logged("[EXPORT] DumpGetRawDumpInfo (xboxkrnl ordinal 0x005) is "
                                      "not implemented; called from fn0+0x4\n"),
                         1);
        assert_int_equal(times_logged("[EXPORT] an unknown export (xam ordinal 0x7FF) is not "
                                      "implemented; called from fn0+0x4\n"),
                         1);
    }
}

static void test_missing_stops(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {calls_missing};
    config.on_missing_export = GRT_POLICY_STOP;
    kernel_create(&fix, &config, functions, 1);
    uint32_t code;
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_STOPPED);
    assert_int_equal(times_logged("is not implemented"), 1); /* it got no further */
    grt_kernel_stats stats;
    grt_runtime_get_kernel_stats(fix.runtime, &stats);
    assert_int_equal(stats.missing_exports, 1);
    fixture_destroy(&fix);
}

static void registered(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = 1234;
}

static void newer(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = 5678;
}

static void calls_registered(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(guest_call(ctx, base, IMPORT_UNKNOWN, NULL, 0), 1234);
    CHECK_EQUAL(KCALL0(KeGetCurrentProcessType), 5678);
}

static void test_registered(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {calls_registered};
    memset(&fix, 0, sizeof fix);
    log_clear();
    atomic_store(&check_failures, 0);
    assert_int_equal(grt_runtime_create(&config, &fix.runtime), GRT_OK);
    module_init(&fix, functions, 1);
    import_everything(&fix);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 1, 0x7FF, "Mine", registered),
                     GRT_OK);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 0, 0x66, "Type", registered), GRT_OK);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 0, 0x66, "Type", newer), GRT_OK);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 3, 1, "Library", newer),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 0, 1, NULL, newer),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_runtime_register_export(fix.runtime, 0, 1, "Null", NULL),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_OK);
    run_to_end(&fix, FN(0), 0);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* ---- documentation ------------------------------------------------------------------------- */

typedef struct docs_page {
    size_t size;
    char text[1 << 16];
} docs_page;

static void append(void *user, const char *text, size_t size)
{
    docs_page *page = user;
    assert_true(page->size + size < sizeof page->text);
    memcpy(page->text + page->size, text, size);
    page->size += size;
    page->text[page->size] = '\0';
}

/* docs/exports.md is what the table says. GUESTRT_UPDATE_DOCS=1 writes it anew. */
static void test_documentation(void **state)
{
    (void)state;
    static docs_page wanted, found;
    char path[1024];
    const char *end = strstr(__FILE__, "tests/unit/");
    assert_non_null(end);
    snprintf(path, sizeof path, "%.*sdocs/exports.md", (int)(end - __FILE__), __FILE__);
    wanted.size = 0;
    grt_export_write_docs(append, &wanted);
    const char *update = getenv("GUESTRT_UPDATE_DOCS");
    FILE *file = fopen(path, update && *update == '1' ? "w+b" : "rb");
    assert_non_null(file);
    if (update && *update == '1') {
        assert_int_equal(fwrite(wanted.text, 1, wanted.size, file), wanted.size);
        rewind(file);
    }
    found.size = fread(found.text, 1, sizeof found.text - 1, file);
    fclose(file);
    found.text[found.size] = '\0';
    if (strcmp(found.text, wanted.text) != 0)
        fail_msg("docs/exports.md is out of date: run this test with GUESTRT_UPDATE_DOCS=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_names_ascend),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_complaints_are_limited),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_missing_stops),
        cmocka_unit_test(test_registered),
        cmocka_unit_test(test_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
