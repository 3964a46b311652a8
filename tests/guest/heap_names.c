// Other names for the heap and for physical memory: Local, Xam, XMem.
// expect: Local
// expect: Xam
// expect: XMem
// stderr: GRT_DOUBLE_FREE
// stderr: XamAlloc: block_out leads to 0x00000010
#include "check.h"
#include <string.h>

#define E_OUTOFMEMORY 0x8007000Eu
#define E_INVALIDARG  0x80070057u

static int all_zero(const char *bytes, uint32_t size)
{
    while (size && bytes[size - 1] == 0)
        size--;
    return size == 0;
}

static void by_attributes(void *allocate(uint32_t, uint32_t), void release(void *, uint32_t))
{
    char *block = allocate(1000, XALLOC_ZERO | XALLOC_ALIGNMENT(12));
    CHECK(block && (uintptr_t)block % 4096 == 0 && all_zero(block, 1000));
    release(block, XALLOC_ZERO);
    for (int i = 0; i < 3; i++) {
        char *physical = allocate(5000, XALLOC_PHYSICAL | XALLOC_ZERO | XALLOC_ALIGNMENT(15));
        CHECK(physical && (uintptr_t)physical >= 0xA0000000 && (uintptr_t)physical % 0x8000 == 0);
        CHECK(all_zero(physical, 5000));
        memset(physical, 0xFF, 5000);
        release(physical, XALLOC_PHYSICAL);
    }
    CHECK(!allocate(0xF0000000, 0) && !allocate(0xF0000000, XALLOC_PHYSICAL));
}

int main(void)
{
    char *block = LocalAlloc(0x40, 300);
    CHECK(block && all_zero(block, 300));
    CHECK(LocalFree(block) == 0 && LocalFree(block) == block && LocalFree(0) == 0);
    printf("Local\n");

    void *out;
    CHECK(XamAlloc(0, 300, &out) == 0 && all_zero(out, 300) && XamAllocSize(out) == 300);
    CHECK(XamFree(out) == 0 && XamFree(out) == E_INVALIDARG && XamAllocSize(out) == 0);
    CHECK(XamAlloc(0x00100000, 0xF0000000, &out) == E_OUTOFMEMORY && out == 0);
    CHECK(XamAlloc(0, 300, (void *)0x10) == E_INVALIDARG);
    CHECK(XamAllocEx(0, 0, 300, &out) == 0 && XamFree(out) == 0);
    CHECK(XamAllocEx(XALLOC_ZERO, 0x40000000, 300, &out) == 0 && (uintptr_t)out >= 0xA0000000);
    CHECK(all_zero(out, 0x1000) && XamAllocSize(out) == 0x1000 && XamFree(out) == 0);
    CHECK(XamAllocEx(0, 0x40000000, 0xF0000000, &out) == E_OUTOFMEMORY);
    printf("Xam\n");

    by_attributes(XMemAlloc, XMemFree);
    by_attributes(XAllocMem, XFreeMem);
    block = XMemAlloc(300, 0);
    CHECK(XMemSize(block, 0) == 300);
    XMemFree(block, 0);
    XMemFree(block, 0);
    CHECK(XMemSize(block, 0) == 0);
    block = XMemAlloc(300, XALLOC_PHYSICAL);
    CHECK(XMemSize(block, XALLOC_PHYSICAL) == 0x1000);
    CHECK(XMemSize(block + 16, XALLOC_PHYSICAL) == 0);
    XMemFree(block, XALLOC_PHYSICAL);
    printf("XMem\n");
    return 0;
}
