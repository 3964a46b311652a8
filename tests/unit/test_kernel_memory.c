/* test_kernel_memory.c - pools, bytes, statistics, what the machine below has. */
#include "memory_fixture.h"

/* ---- the kernel's own blocks ---------------------------------------------------------------- */

static void wild_frees(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x3000, RESERVE), GRT_NT_SUCCESS);
    grt_addr region = peek(base, s), context = ctx->thread->context->block;
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, region), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, context), 0);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 0, 0, region, 16), 0);
    KCALL(ExFreePool, context);
    KCALL(XFreeMem, context, 0);
    KCALL(XMemFree, region, 0);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, region), 0);
    CHECK_EQUAL(release(ctx, base, region, 0, RELEASE), GRT_NT_SUCCESS);
}

static void test_wild_frees(void **state)
{
    (void)state;
    RUN_GUEST(wild_frees);
    assert_logged("is no heap block: 0x0 bytes inside the region");
    assert_logged("is no heap block: the guard page below the stack of thread");
}

/* ---- pools ------------------------------------------------------------------------- */

static void pools(grt_ppc *ctx, uint8_t *base)
{
    grt_addr small = KCALL(ExAllocatePool, 0xFD8), page = KCALL(ExAllocatePoolWithTag, 0xFD9, 1);
    grt_addr typed = KCALL(ExAllocatePoolTypeWithTag, 100, 0x41424344, 1);
    CHECK(small != 0 && typed != 0 && page != 0 && page % 0x1000 == 0);
    memset(base + page, 1, 0xFD9);
    CHECK_EQUAL(KCALL(ExQueryPoolBlockSize, small), 0xFD8);
    CHECK_EQUAL(KCALL(ExQueryPoolBlockSize, page), 0xFD9);
    KCALL(ExFreePool, small);
    CHECK_EQUAL(KCALL(ExQueryPoolBlockSize, small), 0);
    KCALL(ExFreePool, page);
    KCALL(ExFreePool, typed);
    KCALL(ExFreePool, 0);
    /* The NT order: pool type, size, tag. */
    CHECK_EQUAL(KCALL(ExAllocatePoolWithTag, 0xFFFFFFF0u, 0), 0);
    grt_addr mistaken = KCALL(ExAllocatePoolWithTag, 0x20676154u, 64);
    KCALL(ExFreePool, mistaken);
    grt_heap_stats stats;
    grt_heap_get_stats(ctx->thread->runtime->user_heap, &stats);
    CHECK_EQUAL(stats.bad_frees, 0);
}

static void test_pools(void **state)
{
    (void)state;
    RUN_GUEST(pools);
    assert_logged("the size 0x20676154 looks like a four-character tag");
}

static void fill(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 0, 8, 5000);
    KCALL(RtlFillMemoryUlong, block, 4003, 0x01020304);
    for (uint32_t i = 0; i < 4000; i++)
        CHECK_EQUAL(base[block + i], i % 4 + 1);
    CHECK_EQUAL(base[block + 4000], 0);
    KCALL(RtlFillMemoryUlong, 0xFFFFFFFCu, 0x1000, 1);
    KCALL(RtlFillMemoryUlong, 0, 0xFFFFFFFFu, 1);
    KCALL(RtlFillMemoryUlong, block, 0, 1);
    CHECK_EQUAL(peek(base, block), 0x01020304);
}

static void test_fill(void **state)
{
    (void)state;
    RUN_GUEST(fill);
    assert_logged(
        "RtlFillMemoryUlong: destination: of 0xFFFFFFFC bytes from 0x00000000, byte 0x0 cannot be "
        "written");
}

/* A length that is wrong by gigabytes destroys nothing: the range is refused as a whole. */
static void huge_lengths(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 0, 8, 0x100000);
    grt_addr s = scratch(ctx);
    KCALL(RtlFillMemoryUlong, block, 0xFFE8001C, 0xEEEEEEEE);
    KCALL(XMemSet, block, 0xEE, 0xFFFFFFFF);
    KCALL(XMemCpy, block, s, 0xFFFFFFFF);
    KCALL(RtlFillMemoryUlong, 0x10, 345u << 20, 0xEEEEEEEE);
    for (uint32_t i = 0; i < 0x100000; i += 4)
        CHECK_EQUAL(peek(base, block + i), 0);
    CHECK_EQUAL(KCALL(RtlCompareMemory, block, block, 0xFFFFFFFF), 0);
    CHECK_EQUAL(KCALL(RtlCompareMemoryUlong, block, 0xFFFFFFFF, 0), 0);
}

static void test_huge_lengths(void **state)
{
    (void)state;
    RUN_GUEST(huge_lengths);
    assert_logged("RtlFillMemoryUlong: destination: of 0xFFE8001C bytes from 0x");
    assert_logged("byte 0x10 cannot be written");
}

static void bytes(grt_ppc *ctx, uint8_t *base)
{
    grt_addr a = KCALL(RtlAllocateHeap, 0, 8, 9000), b = KCALL(RtlAllocateHeap, 0, 8, 9000);
    for (uint32_t i = 0; i < 9000; i++)
        base[a + i] = (uint8_t)(i * 7 + 1);
    CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, 9000), 0);
    CHECK_EQUAL(KCALL(XMemCpy, b, a, 9000), b);
    CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, 9000), 9000);
    static const uint32_t places[] = {0, 1, 4095, 4096, 8191, 8192, 8999};
    for (uint32_t i = 0; i < 7; i++) {
        base[b + places[i]] ^= 1;
        CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, 9000), places[i]);
        CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, places[i]), places[i]);
        base[b + places[i]] ^= 1;
    }
    CHECK_EQUAL(KCALL(XMemSet, b, 0x1FF, 9000), b);
    CHECK(base[b] == 0xFF && base[b + 8999] == 0xFF);
    CHECK_EQUAL(KCALL(RtlCompareMemoryUlong, b, 8999, 0xFFFFFFFF), 8996);
    poke(base, b + 4096, 0xFFFF0000);
    CHECK_EQUAL(KCALL(RtlCompareMemoryUlong, b, 8999, 0xFFFFFFFF), 4096);
    CHECK_EQUAL(KCALL(RtlCompareMemoryUlong, b, 3, 0), 0);
    CHECK_EQUAL(KCALL(XMemCpyStreaming, b, a, 9000), b);
    CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, 9000), 9000);
    CHECK_EQUAL(KCALL(XMemCpy, FN(0), a, 16), FN(0)); /* read only */
    CHECK_EQUAL(KCALL(XMemCpy, a, BAD, 16), a);
    CHECK_EQUAL(KCALL(XMemCpy, 0, 0, 0), 0);
    CHECK_EQUAL(KCALL(RtlCompareMemory, a, b, 9000), 9000);
}

static void test_bytes(void **state)
{
    (void)state;
    RUN_GUEST(bytes);
    assert_logged(
        "XMemCpy: destination: of 0x00000010 bytes from 0x82000000, byte 0x82000000 cannot");
    assert_logged("XMemCpy: source: of 0x00000010 bytes from 0x00000010, byte 0x10 cannot be read");
}

/* ---- statistics ------------------------------------------------------------------------------ */

enum {
    TOTAL = 1,
    KERNEL,
    AVAILABLE,
    VIRTUAL,
    RESERVED_BYTES,
    PHYSICAL,
    POOL,
    STACK,
    IMAGE,
    HEAP,
    REGIONS,
    TABLES,
    CACHE
};

static uint32_t figure(grt_ppc *ctx, uint8_t *base, uint32_t word)
{
    grt_addr s = scratch(ctx) + 0x100;
    poke(base, s, 104);
    CHECK_EQUAL(KCALL(MmQueryStatistics, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 104);
    return peek(base, s + 4 * word);
}

static void statistics(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t before[26];
    for (uint32_t i = 1; i < 26; i++)
        before[i] = figure(ctx, base, i);
    CHECK_EQUAL(before[TOTAL], 0x20000);
    CHECK_EQUAL(before[25], 0x1FFFF);
    CHECK_EQUAL(before[AVAILABLE] + before[PHYSICAL], 0x20000);
    CHECK_EQUAL(before[IMAGE], 2);
    CHECK(before[STACK] >= 0x40);
    CHECK_EQUAL(before[REGIONS], 0);
    for (uint32_t i = 14; i < 25; i++)
        CHECK_EQUAL(before[i], 0); /* the system's */
    grt_addr block = KCALL(RtlAllocateHeap, 0, 0, 0x500000);
    CHECK_EQUAL(figure(ctx, base, HEAP), before[HEAP] + 0x500);
    CHECK_EQUAL(figure(ctx, base, RESERVED_BYTES), before[RESERVED_BYTES] + 0x500000);
    CHECK_EQUAL(figure(ctx, base, AVAILABLE), before[AVAILABLE] - 0x500);
    KCALL(RtlFreeHeap, 0, 0, block);
    CHECK_EQUAL(allocate(ctx, base, 0x40000000, 0x100000, RESERVE), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, 0x40000000, 0x30000, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x10000, RESERVE | COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(figure(ctx, base, REGIONS), 0x40);
    CHECK_EQUAL(figure(ctx, base, HEAP), before[HEAP]);
    poke(base, s, 103);
    CHECK_EQUAL(KCALL(MmQueryStatistics, s), GRT_NT_BUFFER_TOO_SMALL);
    CHECK_EQUAL(KCALL(MmQueryStatistics, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(MmQueryStatistics, BAD), GRT_NT_ACCESS_VIOLATION);
}

static void test_statistics(void **state)
{
    (void)state;
    RUN_GUEST(statistics);
}

static void test_statistics_on_console(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(statistics);
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void machine(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(KeGetImagePageTableEntry, 0x82345678), 0x234);
    CHECK_EQUAL(KCALL(KeGetImagePageTableEntry, 0x92001234), 0x40002001);
    CHECK_EQUAL(KCALL(KeGetImagePageTableEntry, 0x7FFFFFFF), 0);
    CHECK_EQUAL(KCALL(KeGetImagePageTableEntry, 0xA0000000), 0);
    grt_addr block = KCALL(MmAllocatePhysicalMemory, 0, 0x1000, 4);
    CHECK_EQUAL(KCALL(MmMapIoSpace, 2, block + 0x40, 0x40, 0x404), block + 0x40);
    CHECK_EQUAL(KCALL(MmMapIoSpace, 2, 0x7FEA1600, 0x40, 0x404), 0);
    CHECK_EQUAL(KCALL(KeLockL2, 1, 0x1000), 0);
    /* r3 stays as it was. */
    CHECK_EQUAL(KCALL(KeFlushCacheRange, block, 0x1000), block);
    CHECK_EQUAL(KCALL(KeSweepDcacheRange, 0, 0xFFFFFFFF), 0);
    KCALL(KeSweepIcacheRange, block, 4);
    KCALL0(KeUnlockL2);
    KCALL0(KeFlushCurrentEntireTb);
    KCALL0(KeFlushEntireTb);
    KCALL0(KeFlushUserModeTb);
    KCALL0(KeFlushUserModeCurrentTb);
}

static void test_machine(void **state)
{
    (void)state;
    RUN_GUEST(machine);
    assert_logged(
        "MmMapIoSpace: 0x40 bytes at 0x7FEA1600, kind 2, flags 0x404: there is no device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wild_frees),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_huge_lengths),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_statistics_on_console),
        cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
