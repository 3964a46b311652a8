/*
 * test_kernel_thunks.c - what a thunk hands on: parameters of every width, those beyond the
 * registers, results; and what it says about the caller's interrupt level.
 *
 * The rows are the test's own (private_rows.def), the thunks are made as those of the kernel are.
 */
#include "kernel_fixture.h"

#include "private_table.h"
#include "kernel/thunks.h"

static uint64_t got[10];

uint64_t grt_export_TestWide(grt_call *call, uint64_t whole, uint32_t narrow, int64_t negative,
                             int32_t small)
{
    (void)call;
    got[0] = whole;
    got[1] = narrow;
    got[2] = (uint64_t)negative;
    got[3] = (uint64_t)(int64_t)small;
    return ~whole;
}

uint32_t grt_export_TestTen(grt_call *call, uint32_t p1, uint32_t p2, uint32_t p3, uint32_t p4,
                            uint32_t p5, uint32_t p6, uint32_t p7, uint32_t p8, uint32_t p9,
                            uint64_t p10)
{
    const uint64_t all[10] = {p1, p2, p3, p4, p5, p6, p7, p8, p9, p10};
    (void)call;
    memcpy(got, all, sizeof got);
    return GRT_NT_SUCCESS;
}

int32_t grt_export_TestSmall(grt_call *call, int32_t value)
{
    (void)call;
    return value - 1;
}

void grt_export_TestMany(grt_call *call, uint32_t first, uint32_t second)
{
    got[0] = first;
    got[1] = second;
    CHECK(grt_call_slot(call, 2, &got[2]));
    CHECK(grt_call_slot(call, 8, &got[8]));
}

uint32_t grt_export_TestBytes(grt_call *call, uint8_t p1, bool p2, bool p3, uint32_t p4,
                              uint32_t p5, uint32_t p6, uint32_t p7, uint32_t p8, uint8_t p9,
                              bool p10)
{
    const uint64_t all[10] = {p1, p2, p3, p4, p5, p6, p7, p8, p9, p10};
    (void)call;
    memcpy(got, all, sizeof got);
    return 0;
}

static void call_row(grt_ppc *ctx, uint8_t *base, uint32_t index)
{
    uint64_t lr = ctx->lr;
    ctx->lr = CALL_SITE;
    memset(got, 0x77, sizeof got);
    table[index].function(ctx, base);
    ctx->lr = lr;
}

/* ---- parameters and results ---------------------------------------------------------------- */

static void wide(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = 0x123456789ABCDEF0ull;
    ctx->r[4] = 0xFFFFFFFF00000001ull; /* the upper half is not the callee's business */
    ctx->r[5] = (uint64_t)-5;
    ctx->r[6] = 0xFFFFFFFEu;
    call_row(ctx, base, GRT_INDEX_TestWide);
    CHECK_EQUAL(got[0], 0x123456789ABCDEF0ull);
    CHECK_EQUAL(got[1], 1);
    CHECK_EQUAL(got[2], (uint64_t)-5);
    CHECK_EQUAL(got[3], (uint64_t)-2);
    CHECK_EQUAL(ctx->r[3], ~0x123456789ABCDEF0ull);
}

static void ten(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 8; i++)
        ctx->r[3 + i] = 0xAAAAAAAA00000000ull | (i + 1);
    ctx->r[1] -= 0x100;
    grt_store64(base + (grt_addr)ctx->r[1] + 0x50, 0xBBBBBBBB00000009ull);
    grt_store64(base + (grt_addr)ctx->r[1] + 0x58, 0xCCCCCCCC0000000Aull);
    call_row(ctx, base, GRT_INDEX_TestTen);
    for (uint32_t i = 0; i < 9; i++)
        CHECK_EQUAL(got[i], i + 1);
    CHECK_EQUAL(got[9], 0xCCCCCCCC0000000Aull);
    CHECK_EQUAL(ctx->r[3], GRT_NT_SUCCESS);
    ctx->r[1] += 0x100;
}

static void small(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = 0;
    call_row(ctx, base, GRT_INDEX_TestSmall);
    CHECK_EQUAL(ctx->r[3], UINT64_MAX);
    ctx->r[3] = 0xFFFFFFFF00000008ull;
    call_row(ctx, base, GRT_INDEX_TestSmall);
    CHECK_EQUAL(ctx->r[3], 7);
}

/* Of a byte's register nothing else counts, and any byte but 0 is true. */
static void bytes(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = 0xAAAAAAAABBBBBB81ull;
    ctx->r[4] = 0xAAAAAAAABBBBBB00ull;
    ctx->r[5] = 0xAAAAAAAABBBBBB80ull;
    ctx->r[1] -= 0x100;
    grt_store64(base + (grt_addr)ctx->r[1] + 0x50, 0xAAAAAAAABBBBBB7Full);
    grt_store64(base + (grt_addr)ctx->r[1] + 0x58, 0xAAAAAAAABBBBBB00ull);
    call_row(ctx, base, GRT_INDEX_TestBytes);
    CHECK_EQUAL(got[0], 0x81);
    CHECK_EQUAL(got[1], 0);
    CHECK_EQUAL(got[2], 1);
    CHECK_EQUAL(got[8], 0x7F);
    CHECK_EQUAL(got[9], 0);
    ctx->r[1] += 0x100;
}

static void many(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = 1;
    ctx->r[4] = 2;
    ctx->r[5] = UINT64_MAX;
    ctx->r[1] -= 0x100;
    grt_store64(base + (grt_addr)ctx->r[1] + 0x50, 99);
    call_row(ctx, base, GRT_INDEX_TestMany);
    CHECK_EQUAL(got[0], 1);
    CHECK_EQUAL(got[1], 2);
    CHECK_EQUAL(got[2], UINT64_MAX);
    CHECK_EQUAL(got[8], 99);
    CHECK_EQUAL(ctx->r[3], 1); /* void: r3 stays */
    ctx->r[1] += 0x100;
}

static void all_widths(grt_ppc *ctx, uint8_t *base)
{
    wide(ctx, base);
    ten(ctx, base);
    small(ctx, base);
    bytes(ctx, base);
    many(ctx, base);
}

static void test_parameters(void **state)
{
    (void)state;
    RUN_GUEST(all_widths);
}

/* The trace shows what came, also what came on the stack. */
static void test_trace(void **state)
{
    (void)state;
    grt_runtime_config config = fixture_config();
    run_guest_with(&config, (grt_ppc_function *const[]){all_widths}, 1);
    assert_logged("[EXPORT] TestWide(whole=123456789ABCDEF0, narrow=00000001, negative=-5, "
                  "small=-2) -> EDCBA9876543210F\n");
    assert_logged("p8=00000008, p9=00000009, p10=CCCCCCCC0000000A) -> 00000000\n");
    assert_logged("[EXPORT] TestSmall(value=0) -> -1\n");
    assert_logged("[EXPORT] TestBytes(p1=81, p2=00, p3=80, ");
    assert_logged("[EXPORT] TestMany(first=00000001, second=00000002, ...)\n");
}

/* A stack pointer that leads nowhere is a complaint, not a fault of the host. */
static void without_stack(grt_ppc *ctx, uint8_t *base)
{
    uint64_t r1 = ctx->r[1];
    ctx->r[1] = 0x10;
    call_row(ctx, base, GRT_INDEX_TestTen);
    ctx->r[1] = r1;
    CHECK_EQUAL(got[8], 0);
    CHECK_EQUAL(got[9], 0);
    ctx->r[1] = 0xFFFFFFFFu;
    call_row(ctx, base, GRT_INDEX_TestTen);
    ctx->r[1] = r1;
}

static void test_without_stack(void **state)
{
    (void)state;
    RUN_GUEST(without_stack);
    assert_logged("TestTen: the stack argument leads to 0x00000060, which cannot be read");
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void test_may_return(void **state)
{
    (void)state;
    const grt_export *row = &table[GRT_INDEX_TestTen];
    assert_true(grt_export_may_return(row, GRT_NT_SUCCESS));
    assert_true(grt_export_may_return(row, GRT_NT_TIMEOUT));
    assert_true(grt_export_may_return(row, 63));
    assert_false(grt_export_may_return(row, 64));
    assert_true(grt_export_may_return(row, GRT_NT_ABANDONED_WAIT_0 + 63));
    assert_false(grt_export_may_return(row, GRT_NT_ABANDONED_WAIT_0 + 64));
    assert_false(grt_export_may_return(row, GRT_NT_INVALID_HANDLE));
    assert_false(grt_export_may_return(row, 0xC0DEC0DEu)); /* a status without a name */
    /* "TIMEOUT" is no part of another word. */
    const grt_export *close = grt_export_find_name("NtClose");
    assert_false(grt_export_may_return(close, GRT_NT_TIMEOUT));
    assert_true(grt_export_may_return(close, GRT_NT_INVALID_HANDLE));
    /* A row without a status may return anything. */
    assert_true(grt_export_may_return(&table[GRT_INDEX_TestWide], 0xC0DEC0DEu));
}

static void at_dispatch(grt_ppc *ctx, uint8_t *base)
{
    ctx->thread->irql = 2;
    CHECK_EQUAL(KCALL(NtClose, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL0(KeTlsAlloc), 0);
    CHECK_EQUAL(KCALL0(KeGetCurrentProcessType), 1);
    ctx->thread->irql = 3;
    CHECK_EQUAL(KCALL0(KeTlsAlloc), 1);
    CHECK_EQUAL(KCALL0(GetTickCount) != UINT32_MAX, 1);
    ctx->thread->irql = 0;
    KCALL(NtClose, 0);
}

/* Called from above its level an export complains and serves. */
static void test_callers(void **state)
{
    (void)state;
    RUN_GUEST(at_dispatch);
    assert_logged("NtClose: called at IRQL 2, which is allowed up to 0; called by thread 1 from "
                  "fn0+0x4\n");
    assert_logged("KeTlsAlloc: called at IRQL 3, which is allowed up to 2");
    assert_false(log_has("KeTlsAlloc: called at IRQL 2"));
    assert_false(log_has("KeGetCurrentProcessType"));
    assert_false(log_has("GetTickCount"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),    cmocka_unit_test(test_trace),
        cmocka_unit_test(test_without_stack), cmocka_unit_test(test_may_return),
        cmocka_unit_test(test_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
