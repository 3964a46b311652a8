// Physical memory as the console shows it: windows, bounds, protection, the 512 MiB.
// run: --profile=console
// expect: each page size has its window
// expect: bounds are searched
// expect: protection is not inherited
// expect: what is no block is refused
// expect: 345 MiB fit once
// stderr: cause=GRT_HEAP_NO_ROOM_WITHIN
// stderr: size=361758720 cause=GRT_HEAP_EXHAUSTED
// stderr: is no start of a physical block: 0x1000 bytes inside the physical block
// stderr: status=GRT_DOUBLE_FREE heap=physical
// stderr: MmAllocatePhysicalMemory: protection 0x00000000: the protection bits are no valid
#include "check.h"
#include <string.h>

#define ANYWHERE 0, 0xFFFFFFFF
#define MIB      0x100000u

static void windows(void)
{
    char *small = MmAllocatePhysicalMemory(0, 0x1800, PAGE_READWRITE);
    char *large = MmAllocatePhysicalMemory(0, 0x1800, PAGE_READWRITE | MEM_LARGE_PAGES);
    char *huge = MmAllocatePhysicalMemory(0, 0x1800, PAGE_READWRITE | MEM_16MB_PAGES);
    CHECK((uintptr_t)small >= 0xE0000000);
    CHECK((uintptr_t)large >= 0xA0000000 && (uintptr_t)large < 0xC0000000);
    CHECK((uintptr_t)huge >= 0xC0000000 && (uintptr_t)huge < 0xE0000000);
    CHECK((uintptr_t)large % 0x10000 == 0 && (uintptr_t)huge % (16 * MIB) == 0);
    CHECK(MmQueryAllocationSize(small) == 0x2000 && MmQueryAllocationSize(large) == 0x10000);
    CHECK(MmQueryAllocationSize(huge) == 16 * MIB);
    CHECK(MmGetPhysicalAddress(small) == (uintptr_t)small - 0xE0000000 + 0x1000);
    CHECK(MmGetPhysicalAddress(large + 1) == (uintptr_t)large - 0xA0000000 + 1);
    CHECK(MmGetPhysicalAddress(huge) == (uintptr_t)huge - 0xC0000000);
    CHECK(MmGetPhysicalAddress(&small) == 0);
    volatile char *other = (char *)(0xA0000000 + MmGetPhysicalAddress(small));
    other[0x1234] = 77;
    CHECK(((volatile char *)small)[0x1234] == 77);
    char *aligned = MmAllocatePhysicalMemoryEx(0, 1, PAGE_READWRITE, ANYWHERE, MIB);
    CHECK((uintptr_t)aligned % MIB == 0 && MmGetPhysicalAddress(aligned) % MIB == 0);
    MmFreePhysicalMemory(0, (char *)other); /* any window will do */
    MmFreePhysicalMemory(0, large);
    MmFreePhysicalMemory(0, huge);
    MmFreePhysicalMemory(0, aligned);
    printf("each page size has its window\n");
}

static void bounds(void)
{
    char *block = MmAllocatePhysicalMemoryEx(0, MIB, PAGE_READWRITE, 0x10000000, 0x100FFFFF, 0);
    CHECK(MmGetPhysicalAddress(block) == 0x10000000);
    CHECK(!MmAllocatePhysicalMemoryEx(0, MIB, PAGE_READWRITE, 0x10000000, 0x100FFFFF, 0));
    CHECK(!MmAllocatePhysicalMemoryEx(0, MIB, PAGE_READWRITE, 0x11000000, 0x110FFFFE, 0));
    CHECK(!MmAllocatePhysicalMemoryEx(0, MIB, PAGE_READWRITE, 0x12000000, 0x11000000, 0));
    char *next = MmAllocatePhysicalMemoryEx(0, MIB, PAGE_READWRITE, 0x10000000, 0x101FFFFF, 0);
    CHECK(MmGetPhysicalAddress(next) == 0x10100000);
    MmFreePhysicalMemory(0, block);
    MmFreePhysicalMemory(0, next);
    printf("bounds are searched\n");
}

static void protection(void)
{
    char *block = MmAllocatePhysicalMemory(0, 0x2000, PAGE_READWRITE | PAGE_WRITECOMBINE);
    CHECK(MmQueryAddressProtect(block) == (PAGE_READWRITE | PAGE_WRITECOMBINE));
    MmSetAddressProtect(block, 0x2000, PAGE_READONLY);
    CHECK(MmQueryAddressProtect(block + 0x1000) == PAGE_READONLY);
    MmFreePhysicalMemory(0, block);
    char *again = MmAllocatePhysicalMemory(0, 0x2000, PAGE_READWRITE);
    CHECK(MmQueryAddressProtect(again + 0x1000) == PAGE_READWRITE);
    memset(again, 1, 0x2000);
    MmFreePhysicalMemory(0, again);
    printf("protection is not inherited\n");
}

static void refusals(void)
{
    CHECK(!MmAllocatePhysicalMemory(0, 0, PAGE_READWRITE));
    CHECK(!MmAllocatePhysicalMemory(0, 0xFFFFFFFF, PAGE_READWRITE));
    CHECK(!MmAllocatePhysicalMemory(0, 0x1000, 0));
    CHECK(!MmAllocatePhysicalMemoryEx(0, 0x1000, PAGE_READWRITE, ANYWHERE, 0x3000));
    char *block = MmAllocatePhysicalMemory(0, 0x3000, PAGE_READWRITE);
    MmFreePhysicalMemory(0, block + 0x1000);
    MmFreePhysicalMemory(0, 0);
    CHECK(MmQueryAllocationSize(block) == 0x3000);
    MmFreePhysicalMemory(0, block);
    MmFreePhysicalMemory(0, block);
    CHECK(MmQueryAllocationSize(block) == 0);
    printf("what is no block is refused\n");
}

int main(void)
{
    windows();
    bounds();
    protection();
    refusals();
    char *pool = MmAllocatePhysicalMemory(0, 345 * MIB, PAGE_READWRITE);
    CHECK(pool && !MmAllocatePhysicalMemory(0, 345 * MIB, PAGE_READWRITE));
    MmFreePhysicalMemory(0, pool);
    CHECK(MmAllocatePhysicalMemory(0, 345 * MIB, PAGE_READWRITE) != 0);
    printf("345 MiB fit once\n");
    return 0;
}
