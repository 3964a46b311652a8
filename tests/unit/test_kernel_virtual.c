/* test_kernel_virtual.c - NtAllocateVirtualMemory and what goes with it. */
#include "memory_fixture.h"

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
    /* Twice, half outside, not reserved at all. */
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x1000, RESERVE), GRT_NT_CONFLICTING_ADDRESSES);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE + 0x100000, 0x2000, COMMIT),
                GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(allocate(ctx, base, 0x98000000, 0x1000, COMMIT), GRT_NT_MEMORY_NOT_ALLOCATED);
    CHECK_EQUAL(release(ctx, base, FREE_RANGE + 0x1000, 0, RELEASE), GRT_NT_UNSUCCESSFUL);
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
    assert_logged("the range is in use by another region: the region 0x90000000 of 0x101000 bytes, "
                  "asked for by thread 1 from");
    assert_logged("0x1000 bytes inside the region 0x90000000");
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
    CHECK_EQUAL(allocate(ctx, base, 0, 0x1000, RESET | COMMIT), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x1000, RESET), GRT_NT_MEMORY_NOT_ALLOCATED);
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

/* ---- what the console does besides ---------------------------------------------------------- */

static void places(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    /* A place in the user heap can be had while no block is there. */
    CHECK_EQUAL(allocate(ctx, base, 0x40000000, 0x100000, RESERVE), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 0x40000000);
    CHECK_EQUAL(allocate(ctx, base, 0x40010000, 0x1000, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, 0x40010000, 0x1000, RESERVE), GRT_NT_CONFLICTING_ADDRESSES);
    grt_addr block = KCALL(RtlAllocateHeap, 0, 0, 0x10000);
    CHECK_EQUAL(allocate(ctx, base, block, 0x1000, RESERVE), GRT_NT_CONFLICTING_ADDRESSES);
    /* Half in the heap. */
    CHECK_EQUAL(allocate(ctx, base, GRT_FLAT_USER_END - 0x1000, 0x2000, RESERVE),
                GRT_NT_CONFLICTING_ADDRESSES);
    /* The kernel chooses multiples of 64 KiB, from below or from above. */
    CHECK_EQUAL(allocate(ctx, base, 0, 0x1000, RESERVE), GRT_NT_SUCCESS);
    grt_addr low = peek(base, s);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x1000, RESERVE | COMMIT | TOP_DOWN), GRT_NT_SUCCESS);
    grt_addr high = peek(base, s);
    CHECK_EQUAL(high, 0x7FE90000);
    CHECK(low % 0x10000 == 0 && high % 0x10000 == 0 && low < high);
    CHECK_EQUAL(release(ctx, base, high, 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(release(ctx, base, low, 0, RELEASE), GRT_NT_SUCCESS);
    /* A region goes as a whole. */
    CHECK_EQUAL(release(ctx, base, 0x40000000, 0x1000, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 0x100000);
    CHECK(!accessible(ctx, 0x40010000, 1, GRT_READ_ONLY));
    /* And the heap can use the place. */
    CHECK_EQUAL(allocate(ctx, base, 0x40000000, 0x1000, RESERVE | COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(release(ctx, base, 0x40000000, 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, block), 1);
}

static void test_places(void **state)
{
    (void)state;
    RUN_GUEST(places);
    assert_logged("the region 0x40000000 of 0x100000 bytes, asked for by thread 1 from fn0+0x4");
    assert_logged("the range is in use by another region: user heap: the start of a live block");
    assert_logged("a part of 0x00001000 bytes was meant, but the region of 0x100000 goes");
}

static void large_pages(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate(ctx, base, 0, 0x20001, RESERVE | LARGE_PAGES), GRT_NT_SUCCESS);
    grt_addr block = peek(base, s);
    CHECK_EQUAL(peek(base, s + 4), 0x30000);
    /* All that is done to it is in pages of its own size. */
    CHECK_EQUAL(allocate(ctx, base, block + 0x11000, 0x1000, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), block + 0x10000);
    CHECK_EQUAL(peek(base, s + 4), 0x10000);
    CHECK_EQUAL(protect(ctx, base, block + 0x1F000, 1, 2), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), block + 0x10000);
    CHECK_EQUAL(peek(base, s + 4), 0x10000);
    CHECK(!accessible(ctx, block + 0x10000, 1, GRT_READ_WRITE));
    CHECK_EQUAL(release(ctx, base, block + 0x1F000, 1, DECOMMIT), GRT_NT_SUCCESS);
    CHECK(!accessible(ctx, block + 0x10000, 1, GRT_READ_ONLY));
    CHECK_EQUAL(release(ctx, base, block, 0, RELEASE), GRT_NT_SUCCESS);
}

static void test_large_pages(void **state)
{
    (void)state;
    RUN_GUEST(large_pages);
}

static void protections(grt_ppc *ctx, uint8_t *base)
{
    static const uint32_t kinds[] = {1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80};
    grt_addr s = scratch(ctx);
    uint32_t before = 4;
    CHECK_EQUAL(allocate(ctx, base, FREE_RANGE, 0x4000, RESERVE | COMMIT), GRT_NT_SUCCESS);
    poke(base, FREE_RANGE + 0x1000, 7);
    for (uint32_t i = 0; i < 8 * 8; i++) {
        uint32_t bits = kinds[i % 8] | i / 8 << 8;
        CHECK_EQUAL(protect(ctx, base, FREE_RANGE + 0x1234, 1, bits), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s), FREE_RANGE + 0x1000);
        CHECK_EQUAL(peek(base, s + 4), 0x1000);
        CHECK_EQUAL(peek(base, s + 8), before);
        CHECK_EQUAL(KCALL(MmQueryAddressProtect, FREE_RANGE + 0x1FFF), bits);
        CHECK_EQUAL(query(ctx, base, FREE_RANGE + 0x1000).protect, bits);
        CHECK_EQUAL(KCALL(MmIsAddressValid, FREE_RANGE + 0x1000), kinds[i % 8] != 1);
        CHECK_EQUAL(accessible(ctx, FREE_RANGE + 0x1000, 1, GRT_READ_WRITE),
                    (kinds[i % 8] & 0xCC) != 0);
        before = bits;
    }
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE + 0x1000, 1, 4), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, FREE_RANGE + 0x1000), 7);
    /* Refused: no kind, two, nothing, beyond the region, not committed, not the program's, page 0.
     */
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE, 1, 0x200), GRT_NT_INVALID_PAGE_PROTECTION);
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE, 1, 3), GRT_NT_INVALID_PAGE_PROTECTION);
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE, 0, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(protect(ctx, base, 0xFFFFF000u, 0x2000, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE, 0xFFFFFFFFu, 2), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE + 0x3000, 0x2000, 2), GRT_NT_ACCESS_DENIED);
    CHECK_EQUAL(release(ctx, base, FREE_RANGE, 0x1000, DECOMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(protect(ctx, base, FREE_RANGE, 0x2000, 2), GRT_NT_ACCESS_DENIED);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, FREE_RANGE + 0x1000), 4);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, FREE_RANGE), 0);
    CHECK_EQUAL(protect(ctx, base, FN(0), 1, 4), GRT_NT_ACCESS_DENIED);
    CHECK_EQUAL(protect(ctx, base, s, 1, 2), GRT_NT_ACCESS_DENIED);
    CHECK_EQUAL(protect(ctx, base, 0, 1, 2), GRT_NT_ACCESS_DENIED);
    KCALL(MmSetAddressProtect, FN(0), 0x1000, 4);
    KCALL(MmSetAddressProtect, s, 0x1000, 1);
    KCALL(MmSetAddressProtect, FREE_RANGE + 0x1000, 0x1000, 0);
    CHECK(accessible(ctx, s, 4, GRT_READ_WRITE) && !accessible(ctx, FN(0), 4, GRT_READ_WRITE));
    KCALL(MmSetAddressProtect, FREE_RANGE + 0x1000, 0x1001, 0x202);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, FREE_RANGE + 0x2000), 0x202);
    /* Pointers. */
    poke(base, s, FREE_RANGE + 0x1000);
    poke(base, s + 4, 0x1000);
    CHECK_EQUAL(KCALL(NtProtectVirtualMemory, s, s + 4, 4, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtProtectVirtualMemory, BAD, s + 4, 2, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtProtectVirtualMemory, s, 0, 2, 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtProtectVirtualMemory, s, s + 4, 2, BAD, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, FREE_RANGE + 0x1000), 4);
}

static void test_protections(void **state)
{
    (void)state;
    RUN_GUEST(protections);
    assert_logged(
        "NtProtectVirtualMemory: 0x00000001 bytes at 0x82000000, protection 0x00000004: the object "
        "does not allow this: code: fn0;");
    assert_logged("the stack of thread");
}

static void questions(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(allocate_as(ctx, base, FREE_RANGE, 0x8000, RESERVE, 0x204), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate_as(ctx, base, FREE_RANGE + 0x2000, 0x3000, COMMIT, 2), GRT_NT_SUCCESS);
    basic_information info = query(ctx, base, FREE_RANGE + 0x3456);
    CHECK_EQUAL(info.base, FREE_RANGE + 0x3000);
    CHECK_EQUAL(info.allocation, FREE_RANGE);
    CHECK_EQUAL(info.made_with, 0x204);
    CHECK_EQUAL(info.size, 0x2000);
    CHECK_EQUAL(info.state, COMMIT);
    CHECK_EQUAL(info.protect, 2);
    CHECK_EQUAL(info.type, 0x20000);
    info = query(ctx, base, FREE_RANGE + 0x5000);
    CHECK_EQUAL(info.size, 0x3000);
    CHECK_EQUAL(info.state, RESERVE);
    CHECK_EQUAL(info.protect, 0);
    info = query(ctx, base, FREE_RANGE - 0x2000);
    CHECK_EQUAL(info.allocation, 0);
    CHECK_EQUAL(info.size, 0x2000);
    CHECK_EQUAL(info.state, 0x10000);
    CHECK_EQUAL(info.protect, 1);
    CHECK_EQUAL(info.type, 0);
    info = query(ctx, base, FN(1)); /* the image */
    CHECK_EQUAL(info.allocation, CODE_BASE);
    CHECK_EQUAL(info.state, COMMIT);
    CHECK_EQUAL(info.protect, 2);
    info = query(ctx, base, s); /* a stack is part of the user heap */
    CHECK_EQUAL(info.allocation, GRT_FLAT_USER_FIRST);
    CHECK_EQUAL(info.state, COMMIT);
    CHECK_EQUAL(info.protect, 4);
    info = query(ctx, base, 0x40000000); /* and so is what nobody uses, up to the next region */
    CHECK_EQUAL(info.allocation, GRT_FLAT_USER_FIRST);
    CHECK_EQUAL(info.state, RESERVE);
    CHECK_EQUAL(allocate(ctx, base, 0x40010000, 0x8000, RESERVE), GRT_NT_SUCCESS);
    CHECK_EQUAL(query(ctx, base, 0x40000000).size, 0x10000);
    CHECK_EQUAL(query(ctx, base, 0x40011000).size, 0x7000);
    CHECK_EQUAL(query(ctx, base, 0x40011000).allocation, 0x40010000);
    CHECK_EQUAL(query(ctx, base, 0).state, 0x10000);
    CHECK_EQUAL(KCALL(MmIsAddressValid, 0), 0);
    CHECK_EQUAL(KCALL(MmIsAddressValid, FN(0)), 1);
    CHECK_EQUAL(KCALL(MmIsAddressValid, FREE_RANGE), 0);
    CHECK_EQUAL(KCALL(NtQueryVirtualMemory, FREE_RANGE, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(NtQueryVirtualMemory, FREE_RANGE, FREE_RANGE + 0x4FF0),
                GRT_NT_ACCESS_VIOLATION);
    /* Walking the address space by the sizes ends. */
    uint64_t at = 0;
    for (int steps = 0; at < GRT_WINDOW_SIZE && steps < 1000; steps++) {
        info = query(ctx, base, (grt_addr)at);
        CHECK_EQUAL(info.base, at);
        at += info.size;
    }
    CHECK_EQUAL(at, GRT_WINDOW_SIZE);
}

static void test_questions(void **state)
{
    (void)state;
    RUN_GUEST(questions);
}

static void encrypted(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 0x10001, s), GRT_NT_SUCCESS);
    grt_addr first = peek(base, s);
    CHECK_EQUAL(first, 0x8C000000u);
    memset(base + first, 1, 0x20000);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 1, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 0x8C020000u);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 0, s), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 0x1000001, s), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 1, 0), GRT_NT_ACCESS_VIOLATION);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 0x1000000, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 0x1000000, s), GRT_NT_NO_MEMORY);
    CHECK_EQUAL(peek(base, s), 0);
    CHECK_EQUAL(release(ctx, base, first, 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtAllocateEncryptedMemory, 0, 5, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), first);
    CHECK_EQUAL(peek(base, first), 0);
}

static void test_encrypted(void **state)
{
    (void)state;
    RUN_GUEST(encrypted);
}

/* A reservation costs nothing of the console's 512 MiB; what is committed does. */
static void budget(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr regions[4];
    for (int i = 0; i < 4; i++) { /* a title asks for 4 x 345 MiB */
        CHECK_EQUAL(allocate(ctx, base, 0, 345u << 20, RESERVE), GRT_NT_SUCCESS);
        regions[i] = peek(base, s);
    }
    CHECK_EQUAL(allocate(ctx, base, regions[0], 345u << 20, COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, regions[1], 345u << 20, COMMIT), GRT_NT_NO_MEMORY);
    CHECK(!accessible(ctx, regions[1], 1, GRT_NO_ACCESS));
    CHECK_EQUAL(allocate(ctx, base, regions[1], 100u << 20, COMMIT), GRT_NT_SUCCESS);
    for (int i = 0; i < 4; i++)
        CHECK_EQUAL(release(ctx, base, regions[i], 0, RELEASE), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, 0, 345u << 20, RESERVE | COMMIT), GRT_NT_SUCCESS);
    CHECK_EQUAL(allocate(ctx, base, 0, 345u << 20, RESERVE | COMMIT), GRT_NT_NO_MEMORY);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 1);
    /* What of a reservation would fit has nothing to do with the budget. */
    grt_heap_failure failure;
    CHECK_EQUAL(allocate(ctx, base, 0, 0x7FFF0000, RESERVE), GRT_NT_NO_MEMORY);
    CHECK(grt_heap_last_failure(&failure) && failure.would_fit > 512u << 20);
}

static void test_budget(void **state)
{
    (void)state;
    RUN_ON_CONSOLE(budget);
    assert_logged("of the budget of 536870912 bytes are committed");
    assert_logged("NtAllocateVirtualMemory: 0x15900000 bytes at 0x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_chooses),   cmocka_unit_test(test_program_chooses),
        cmocka_unit_test(test_virtual_failures), cmocka_unit_test(test_virtual_without_host),
        cmocka_unit_test(test_places),           cmocka_unit_test(test_large_pages),
        cmocka_unit_test(test_protections),      cmocka_unit_test(test_questions),
        cmocka_unit_test(test_encrypted),        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
