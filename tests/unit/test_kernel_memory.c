/* test_kernel_memory.c - virtual and physical memory, pools and the title's heap. */
#include "kernel_fixture.h"

#define BAD         0x00000010u
#define COMMIT      0x1000u
#define RESERVE     0x2000u
#define DECOMMIT    0x4000u
#define RELEASE     0x8000u
#define LARGE_PAGES 0x20000000u
#define READ_WRITE  4u
/* Free in the flat profile: between the user heap and the image. */
#define FREE_RANGE 0x90000000u

static bool accessible(grt_ppc *ctx, grt_addr address, uint32_t size, grt_access access)
{
    return grt_memory_accessible(ctx->thread->runtime->memory, address, size, access);
}

static uint32_t allocate(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size, uint32_t type)
{
    grt_addr s = scratch(ctx);
    poke(base, s, at);
    poke(base, s + 4, size);
    return KCALL(NtAllocateVirtualMemory, s, s + 4, type, READ_WRITE, 0);
}

static uint32_t release(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size, uint32_t type)
{
    grt_addr s = scratch(ctx);
    poke(base, s, at);
    poke(base, s + 4, size);
    return KCALL(NtFreeVirtualMemory, s, s + 4, type, 0);
}

/* ---- virtual memory ------------------------------------------------------------------------- */

static void kernel_chooses(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x2345, RESERVE | COMMIT), GRT_NT_SUCCESS);
    grt_addr block = peek(base, s);
    CHECK(block != 0 && block % 0x1000 == 0);
    CHECK_EQUAL(peek(base, s + 4), 0x3000);
    for (uint32_t i = 0; i < 0x3000; i += 4)
        CHECK_EQUAL(peek(base, block + i), 0);
    memset(base + block, 0x55, 0x3000);
    CHECK_EQUAL(KCALL(MmQueryAllocationSize, block + 0x1234), 0x3000);
    CHECK_EQUAL(release(ctx, base, block, 0, DECOMMIT), GRT_NT_SUCCESS);
    CHECK(!accessible(ctx, block, 1, GRT_READ_ONLY));
    CHECK_EQUAL(allocate(ctx, base, block + 0x1800, 0x10, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), block + 0x1000);
    CHECK_EQUAL(peek(base, s + 4), 0x1000);
    CHECK_EQUAL(peek(base, block + 0x1000), 0); /* zero again */
    CHECK(!accessible(ctx, block, 1, GRT_READ_ONLY));
    poke(base, block + 0x1000, 7);
    CHECK_EQUAL(allocate(ctx, base, block, 0x3000, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, block + 0x1000), 7); /* was there already */
    CHECK_EQUAL(release(ctx, base, block, 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 0x3000);
    CHECK_EQUAL(release(ctx, base, block, 0, RELEASE), GRT_NT_MEMORY_NOT_ALLOCATED);
    /* The heap has the range back and it works. */
    for (int i = 0; i < 64; i++) {
        grt_addr fresh = KCALL(RtlAllocateHeap, 0, 8, 0x1800);
        memset(base + fresh, 0x66, 0x1800);
    }
    /* Reserved only, from pages that have been used: neither accessible nor dirty afterwards. */
    grt_addr used = KCALL(RtlAllocateHeap, 0, 0, 0x8000);
    memset(base + used, 0x77, 0x8000);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, used), 1);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x8000, RESERVE), GRT_NT_SUCCESS);
    block = peek(base, s);
    CHECK(!accessible(ctx, block, 1, GRT_READ_ONLY));
    CHECK_EQUAL(allocate(ctx, base, block, 0x8000, COMMIT), GRT_NT_SUCCESS);
    for (uint32_t i = 0; i < 0x8000; i += 4)
        CHECK_EQUAL(peek(base, block + i), 0);
    CHECK_EQUAL(allocate(ctx, base, 0, (uint32_t)-0x1800, COMMIT), GRT_NT_SUCCESS); /* negative */
    CHECK_EQUAL(peek(base, s + 4), 0x2000);
    CHECK_EQUAL(allocate(ctx, base, 0, 1, RESERVE | COMMIT | LARGE_PAGES), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s) % 0x10000, 0);
    CHECK_EQUAL(peek(base, s + 4), 0x10000);
}

static void test_kernel_chooses(void **state)
{
    (void)state;
    RUN_GUEST(kernel_chooses);
}

static void program_chooses(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE + 0x10, 0x100000, RESERVE), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), FREE_RANGE);
    CHECK_EQUAL(peek(base, s + 4), 0x101000);
    CHECK(!accessible(ctx, FREE_RANGE, 1, GRT_READ_ONLY));
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE + 0x2000, 0x3000, COMMIT), GRT_NT_SUCCESS);
    CHECK(accessible(ctx, FREE_RANGE + 0x2000, 0x3000, GRT_READ_WRITE));
    CHECK(!accessible(ctx, FREE_RANGE + 0x1FFF, 2, GRT_READ_ONLY));
    /* Twice, half outside, not reserved at all, inside the heap. */
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x1000, RESERVE), GRT_NT_CONFLICTING_ADDRESSES);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE + 0x100000, 0x2000, COMMIT),
                GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(allocate(ctx, base, 0x98000000, 0x1000, COMMIT), GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(allocate(ctx, base, 0x40000000, 0x1000, RESERVE), GRT_NT_CONFLICTING_ADDRESSES);
    CHECK_EQUAL(release(ctx, base, FREE_RANGE + 0x1000, 0, RELEASE), GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(release(ctx, base, FREE_RANGE + 0x3000, 0x1000, DECOMMIT), GRT_NT_SUCCESS);
    CHECK(!accessible(ctx, FREE_RANGE + 0x3000, 1, GRT_READ_ONLY));
    CHECK(accessible(ctx, FREE_RANGE + 0x2000, 1, GRT_READ_ONLY));
    CHECK_EQUAL(release(ctx, base, FREE_RANGE, 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 0x101000);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x1000, RESERVE | COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, FREE_RANGE), 0);
    poke(base, s, FREE_RANGE);
    poke(base, s + 4, 0x1000);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, s, s + 4, COMMIT, 2, 0), GRT_NT_SUCCESS);
    CHECK(!accessible(ctx, FREE_RANGE, 1, GRT_READ_WRITE));
    CHECK(accessible(ctx, FREE_RANGE, 1, GRT_READ_ONLY));
}

static void test_program_chooses(void **state)
{
    (void)state;
    RUN_GUEST(program_chooses);
    assert_logged("NtAllocateVirtualMemory"); /* the owner, in the refusal of the second reserve */
}

static void virtual_failures(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate(ctx, base, 0, 0, COMMIT), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x1000, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(allocate(ctx, base, 0x10, 0x1000, RESERVE), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(allocate(ctx, base, 0xFFFFF000u, 0x2000, RESERVE), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x7FFFF000u, COMMIT), GRT_NT_NO_MEMORY);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, s, s + 4, COMMIT, 0, 0),
                GRT_NT_INVALID_PAGE_PROTECTION);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, s, s + 4, COMMIT, 6, 0),
                GRT_NT_INVALID_PAGE_PROTECTION);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, 0, s, COMMIT, 4, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, s, BAD, COMMIT, 4, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtFreeVirtualMemory, BAD, s, RELEASE, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(release(ctx, base, 0, 0, RELEASE), GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(release(ctx, base, 0x5000, 0, DECOMMIT | RELEASE), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(release(ctx, base, 0x5000, 0, DECOMMIT), GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
}

static void test_virtual_failures(void **state)
{
    (void)state;
    RUN_GUEST(virtual_failures);
}

static void virtual_without_host(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    for (unsigned nth = 1; nth < 100; nth++) {
        grt_addr at = nth % 2 ? 0 : FREE_RANGE;
        os_inject_failure((nth + 1) / 2, false);
        uint32_t status = allocate(ctx, base, at, 0x40000, RESERVE | COMMIT);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        if (status == GRT_NT_SUCCESS) {
            grt_addr block = peek(base, s);
            memset(base + block, 1, 0x40000);
            CHECK_EQUAL(release(ctx, base, block, 0, RELEASE), GRT_NT_SUCCESS);
        } else {
            CHECK_EQUAL(status, GRT_NT_NO_MEMORY);
        }
        CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
        if (fired == 0 && nth > 12)
            break;
    }
}

static void test_virtual_without_host(void **state)
{
    (void)state;
    RUN_GUEST(virtual_without_host);
}

/* ---- the kernel's own blocks -------------------------------------------------------------------
 */

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
    CHECK_EQUAL(release(ctx, base, region, 0, RELEASE), GRT_NT_SUCCESS);
}

static void test_wild_frees(void **state)
{
    (void)state;
    RUN_GUEST(wild_frees);
    assert_logged("belongs to a region of NtAllocateVirtualMemory");
    assert_logged("is the context of a thread");
}

/* ---- physical memory ------------------------------------------------------------------------- */

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
    grt_addr huge = KCALL(MmAllocatePhysicalMemory, 0, 1, 0x80000004u);
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

/* ---- pools and heaps ------------------------------------------------------------------------- */

static void pools(grt_ppc *ctx, uint8_t *base)
{
    grt_addr small = KCALL(ExAllocatePool, 0xFD8), page = KCALL(ExAllocatePoolWithTag, 0xFD9, 1);
    grt_addr typed = KCALL(ExAllocatePoolTypeWithTag, 100, 0x41424344, 1);
    CHECK(small != 0 && typed != 0 && page != 0 && page % 0x1000 == 0);
    memset(base + page, 1, 0xFD9);
    KCALL(ExFreePool, small);
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

static void title_heap(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 1, 0, 100);
    CHECK(block != 0 && block % 16 == 0);
    memset(base + block, 0x77, 100);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, block), 100);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0x10, block, 200), 0); /* in place only */
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0x10, block, 50), block);
    block = KCALL(RtlReAllocateHeap, 1, 0, block, 50);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, block), 50);
    grt_addr grown = KCALL(RtlReAllocateHeap, 1, 8, block, 5000);
    CHECK(grown != 0);
    for (uint32_t i = 0; i < 5000; i++)
        CHECK_EQUAL(base[grown + i], i < 50 ? 0x77 : 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, grown), 5000);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, grown, 0x7FFFFFFFu), 0);
    CHECK_EQUAL(base[grown], 0x77); /* still there */
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, 0, 10), 0);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, grown + 16, 10), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, grown), 1);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, grown), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, 0x1234), 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, 0x1234), UINT32_MAX);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, 0), 1);
    for (int i = 0; i < 32; i++) {
        grt_addr zeroed = KCALL(RtlAllocateHeap, 1, 8, 333);
        for (uint32_t j = 0; j < 333; j++)
            CHECK_EQUAL(base[zeroed + j], 0);
        memset(base + zeroed, 0xFF, 333);
        CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, zeroed), 1);
    }
}

static void test_title_heap(void **state)
{
    (void)state;
    RUN_GUEST(title_heap);
}

static void xalloc(grt_ppc *ctx, uint8_t *base)
{
    grt_addr plain = KCALL(XAllocMem, 100, 0);
    CHECK(plain != 0 && plain < GRT_FLAT_USER_END);
    memset(base + plain, 0xFF, 100);
    KCALL(XFreeMem, plain, 0);
    grt_addr zeroed = KCALL(XAllocMem, 100, 0x40000000u | 12u << 24);
    CHECK(zeroed % 0x1000 == 0);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_EQUAL(base[zeroed + i], 0);
    KCALL(XFreeMem, zeroed, 0x40000000u);
    grt_addr physical_block = KCALL(XAllocMem, 0x5000, 0x80000000u | 15u << 24);
    CHECK(physical_block >= GRT_FLAT_PHYSICAL_FIRST && physical_block % 0x8000 == 0);
    KCALL(XFreeMem, physical_block, 0x80000000u);
    CHECK_EQUAL(KCALL(XAllocMem, 0xF0000000u, 0), 0);
    grt_heap_stats stats;
    grt_heap_get_stats(ctx->thread->runtime->user_heap, &stats);
    CHECK_EQUAL(stats.bad_frees, 0);
}

static void test_xalloc(void **state)
{
    (void)state;
    RUN_GUEST(xalloc);
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
    assert_logged("RtlFillMemoryUlong: destination leads to 0x00000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_chooses),
        cmocka_unit_test(test_program_chooses),
        cmocka_unit_test(test_virtual_failures),
        cmocka_unit_test(test_virtual_without_host),
        cmocka_unit_test(test_wild_frees),
        cmocka_unit_test(test_physical),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_title_heap),
        cmocka_unit_test(test_xalloc),
        cmocka_unit_test(test_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
