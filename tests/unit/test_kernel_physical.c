/* test_kernel_physical.c - physical memory: blocks, windows, bounds, protection. */
#include "memory_fixture.h"

static void physical(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1001, 4, 0, UINT32_MAX, 0);
    CHECK(block >= GRT_FLAT_PHYSICAL_FIRST && block % 0x1000 == 0);
    memset(base + block, 1, 0x2000);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, block + 5), 0x2000);
    CHECK_EQUAL(KCALL(MmGetPhysicalAddress, block + 5), block + 5);
    grt_addr large = KCALL(MmAllocatePhysicalMemoryEx, 0, 1, 0x20000004u, 0, UINT32_MAX, 0);
    CHECK(large != 0 && large % 0x10000 == 0);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, large), 0x10000);
    grt_addr huge = KCALL(MmAllocatePhysicalMemory, 0, 1, 0x80000404u);
    CHECK(huge != 0 && huge % 0x1000000 == 0);
    grt_addr aligned = KCALL(MmAllocatePhysicalMemoryEx, 0, 1, 4, 0, UINT32_MAX, 0x100000);
    CHECK(aligned != 0 && aligned % 0x100000 == 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 0, 4), 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 0xFFFFFFFFu, 4), 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 0x70000000u, 4), 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemoryEx, 0, 1, 4, 0, UINT32_MAX, 0x3000), 0);
    KCALL(MmFreePhysicalMemory, 0, block);
    KCALL(MmFreePhysicalMemory, 0, large);
    KCALL(MmFreePhysicalMemory, 0, huge);
    KCALL(MmFreePhysicalMemory, 0, aligned);
    KCALL(MmFreePhysicalMemory, 0, 0);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, block), 0);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, 0x10), 0);
    CHECK_EQUAL(KCALL(MmGetPhysicalAddress, 0x10), 0);
    grt_heap_stats stats;
    grt_heap_get_stats(ctx->thread->runtime->physical_heap, &stats);
    CHECK_EQUAL(stats.blocks, 0);
    CHECK_EQUAL(stats.bad_frees, 0);
    KCALL(MmFreePhysicalMemory, 0, block);
    grt_heap_get_stats(ctx->thread->runtime->physical_heap, &stats);
    CHECK_EQUAL(stats.bad_frees, 1);
}

static void test_physical(void **state)
{
    (void)state;
    RUN_GUEST(physical);
}

/* What the flat profile has no bounds for is given all the same. */
static void flat_bounds(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000, 4, 0, 0x1FFFFFFF, 0);
    CHECK(block >= GRT_FLAT_PHYSICAL_FIRST);
    basic_information info = query(ctx, base, block);
    CHECK(info.allocation == block && info.size == 0x1000 && info.state == COMMIT);
    CHECK_EQUAL(info.made_with, 4);
    /* Refused: no kind of protection, and two. */
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 0x1000, 0), 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 0x1000, 0x20000006u), 0);
    /* The protection is kept, changed and not inherited. */
    grt_addr combined = KCALL(MmAllocatePhysicalMemory, 0, 0x3000, 0x404);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, combined + 0x2000), 0x404);
    KCALL(MmSetAddressProtect, combined + 0x1000, 0x1000, 2);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, combined + 0x1000), 2);
    CHECK(!accessible(ctx, combined + 0x1000, 1, GRT_READ_WRITE));
    KCALL(MmFreePhysicalMemory, 0, combined);
    grt_addr again = KCALL(XAllocMem, 0x3000, 0x80000000u);
    CHECK_EQUAL(again, combined);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, again), 4);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, again + 0x1000), 4);
    memset(base + again, 1, 0x3000);
    KCALL(XFreeMem, again, 0x80000000u);
}

static void test_flat_bounds(void **state)
{
    (void)state;
    RUN_GUEST(flat_bounds);
    assert_logged(
        "MmAllocatePhysicalMemory: protection 0x00000000: the protection bits are no valid");
}

static void wrong_frees(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr block = KCALL(MmAllocatePhysicalMemory, 0, 0x3000, 4);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x1000, RESERVE), GRT_NT_SUCCESS);
    grt_addr region = peek(base, s);
    KCALL(MmFreePhysicalMemory, 0, block + 0x1000);
    KCALL(MmFreePhysicalMemory, 0, region);
    KCALL(MmFreePhysicalMemory, 0, s);
    CHECK_EQUAL(release(ctx, base, block, 0, RELEASE), GRT_NT_UNSUCCESSFUL);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, block), 0);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, block + 0x2FFF), 0x3000);
    KCALL(MmFreePhysicalMemory, 0, block);
    KCALL(MmFreePhysicalMemory, 0, block);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 1);
}

static void test_wrong_frees(void **state)
{
    (void)state;
    RUN_GUEST(wrong_frees);
    assert_logged("is no start of a physical block: 0x1000 bytes inside the physical block 0xA00");
    assert_logged("is no start of a physical block: 0x0 bytes inside the region");
    assert_logged("status=GRT_OUT_OF_RANGE heap=physical");
    assert_logged("status=GRT_DOUBLE_FREE heap=physical");
}

/* ---- the console's windows ------------------------------------------------------------------- */

static grt_addr physical_of(grt_ppc *ctx, uint8_t *base, grt_addr address)
{
    return KCALL(MmGetPhysicalAddress, address);
}

static void windows(grt_ppc *ctx, uint8_t *base)
{
    grt_addr small = KCALL(MmAllocatePhysicalMemory, 0, 0x2000, 4);
    grt_addr large = KCALL(MmAllocatePhysicalMemory, 0, 0x2000, 0x20000004u);
    grt_addr huge = KCALL(MmAllocatePhysicalMemory, 0, 0x2000, 0x80000004u);
    CHECK(small >= 0xE0000000u && large - 0xA0000000u < 0x20000000u);
    CHECK(huge - 0xC0000000u < 0x20000000u && huge % 0x1000000 == 0 && large % 0x10000 == 0);
    CHECK_EQUAL(physical_of(ctx, base, small), small - 0xE0000000u + 0x1000);
    CHECK_EQUAL(physical_of(ctx, base, large + 5), large - 0xA0000000u + 5);
    CHECK_EQUAL(physical_of(ctx, base, huge), huge - 0xC0000000u);
    CHECK_EQUAL(physical_of(ctx, base, scratch(ctx)), 0);
    /* The same bytes through each window, and the same block. */
    grt_addr other = 0xA0000000u + physical_of(ctx, base, small);
    poke(base, small + 0x1234, 77);
    CHECK_EQUAL(peek(base, other + 0x1234), 77);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, other + 0x1000), 0x2000);
    basic_information info = query(ctx, base, small + 0x1000);
    CHECK(info.allocation == small && info.size == 0x1000 && info.protect == 4);
    info = query(ctx, base, other + 0x1000);
    CHECK(info.allocation == other && info.size == 0x1000);
    KCALL(MmSetAddressProtect, other, 0x1000, 2);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, small), 2);
    KCALL(MmFreePhysicalMemory, 0, other);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, small), 0);
    /* A coarser alignment is that of the address and of the memory behind it. */
    grt_addr aligned = KCALL(MmAllocatePhysicalMemoryEx, 0, 1, 4, 0, UINT32_MAX, 0x100000);
    CHECK(aligned != 0 && aligned % 0x100000 == 0);
    CHECK_EQUAL(physical_of(ctx, base, aligned) % 0x100000, 0);
    KCALL(MmFreePhysicalMemory, 0, large);
    KCALL(MmFreePhysicalMemory, 0, huge);
    KCALL(MmFreePhysicalMemory, 0, aligned);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
}

static void test_windows(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(windows);
}

static void bounds(grt_ppc *ctx, uint8_t *base)
{
    static const uint32_t pages[] = {4, 0x20000004u, 0x80000004u};
    for (uint32_t i = 0; i < 3; i++) {
        grt_addr block =
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x3000, pages[i], 0x10000000, 0x13FFFFFF, 0);
        grt_addr physical = physical_of(ctx, base, block);
        CHECK(physical >= 0x10000000 && physical + 0x3000 <= 0x14000000);
        /* Exactly there, and then no more. */
        grt_addr exact =
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000000, pages[i], 0x15000000, 0x15FFFFFF, 0);
        CHECK_EQUAL(physical_of(ctx, base, exact), 0x15000000);
        CHECK_EQUAL(
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000000, pages[i], 0x15000000, 0x15FFFFFF, 0),
            0);
        CHECK_EQUAL(
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000001, pages[i], 0x16000000, 0x16FFFFFF, 0),
            0);
        CHECK_EQUAL(
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000, pages[i], 0x17000000, 0x16000000, 0), 0);
        CHECK_EQUAL(
            KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000, pages[i], 0x20000000, UINT32_MAX, 0), 0);
        KCALL(MmFreePhysicalMemory, 0, block);
        KCALL(MmFreePhysicalMemory, 0, exact);
    }
    /* The first page is behind no window of small pages. */
    grt_addr first = KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000, 4, 0, 0x1FFF, 0);
    CHECK_EQUAL(physical_of(ctx, base, first), 0x1000);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemoryEx, 0, 0x1000, 4, 0, 0xFFF, 0), 0);
    KCALL(MmFreePhysicalMemory, 0, first);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
}

static void test_bounds(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(bounds);
    assert_logged("cause=GRT_HEAP_NO_ROOM_WITHIN");
}

/* A title asks for 345 MiB twice: the console has 512. */
static void budget(grt_ppc *ctx, uint8_t *base)
{
    grt_addr first = KCALL(MmAllocatePhysicalMemory, 0, 345u << 20, 4);
    CHECK(first != 0);
    CHECK_EQUAL(KCALL(MmAllocatePhysicalMemory, 0, 345u << 20, 4), 0);
    KCALL(MmFreePhysicalMemory, 0, first);
    grt_addr again = KCALL(MmAllocatePhysicalMemory, 0, 345u << 20, 4);
    CHECK_EQUAL(again, first);
    KCALL(MmFreePhysicalMemory, 0, again);
}

static void test_budget(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(budget);
    assert_logged("[HEAP-ALLOC-FAIL] size=361758720");
}

/* Every call of the host fails in its turn: no block, no leak, and the records stay right. */
static void without_host(grt_ppc *ctx, uint8_t *base)
{
    for (unsigned nth = 1; nth < 60; nth++) {
        os_inject_failure(nth, false);
        grt_addr block = KCALL(MmAllocatePhysicalMemoryEx, 0, 0x40000, 0x202, 0, 0x1FFFFFFF, 0);
        unsigned fired = os_inject_fired();
        if (block != 0)
            KCALL(MmFreePhysicalMemory, 0, block);
        os_inject_failure(0, false);
        CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
        grt_addr fresh = KCALL(XAllocMem, 0x40000, 0xC0000000u);
        if (fresh)
            memset(base + fresh, 1, 0x40000);
        CHECK(fresh != 0 && KCALL(MmQueryAddressProtect, fresh) == 4);
        KCALL(XFreeMem, fresh, 0x80000000u);
        if (fired == 0)
            break;
    }
}

static void test_without_host(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(without_host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_physical),     cmocka_unit_test(test_flat_bounds),
        cmocka_unit_test(test_wrong_frees),  cmocka_unit_test(test_windows),
        cmocka_unit_test(test_bounds),       cmocka_unit_test(test_budget),
        cmocka_unit_test(test_without_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
