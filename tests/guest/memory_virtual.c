// Virtual memory: reserve, commit, protect, ask, decommit, release, with every status.
// expect: pages come, go and come back zeroed
// expect: places are kept and given
// expect: protection is kept
// expect: questions are answered
// expect: encrypted memory is memory
// expect: bad pointers and sizes are refused
// stderr: in use by another region: the region 0x90000000 of 0x10000 bytes, asked for by thread
// stderr: NtAllocateVirtualMemory: size_inout leads to 0x00000010, which cannot be read
// stderr: a part of 0x00001000 bytes was meant, but the region of 0x10000 goes
// stderr: is neither decommit nor release
#include "check.h"
#include <string.h>

#define FIXED ((void *)0x90000000)
#define WILD  ((void *)0x10)

int main(void);
static void *const code = (void *)main;
static void *base;
static uint32_t size;

static NTSTATUS allocate(void *at, uint32_t bytes, uint32_t type, uint32_t protection)
{
    base = at;
    size = bytes;
    return NtAllocateVirtualMemory(&base, &size, type, protection, 0);
}

static NTSTATUS give_back(void *at, uint32_t bytes, uint32_t type)
{
    base = at;
    size = bytes;
    return NtFreeVirtualMemory(&base, &size, type, 0);
}

static void come_and_go(void)
{
    CHECK(allocate(0, 0x12345, MEM_RESERVE, PAGE_READWRITE) == STATUS_SUCCESS);
    char *region = base;
    CHECK(region && (uintptr_t)region % 0x10000 == 0 && size == 0x13000);
    CHECK(!MmIsAddressValid(region));
    CHECK(allocate(region + 0x2800, 0x1000, MEM_COMMIT, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(base == region + 0x2000 && size == 0x2000);
    CHECK(region[0x2000] == 0 && region[0x3FFF] == 0);
    memset(region + 0x2000, 7, 0x2000);
    /* Twice: what is there stays. */
    CHECK(allocate(region, 0x13000, MEM_COMMIT, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(region[0x2000] == 7 && region[0x12FFF] == 0);
    CHECK(allocate(region, 0x13000, MEM_RESET, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(give_back(region + 0x2000, 0x1000, MEM_DECOMMIT) == STATUS_SUCCESS);
    CHECK(!MmIsAddressValid(region + 0x2000) && region[0x3000] == 7);
    CHECK(allocate(region + 0x2000, 1, MEM_COMMIT | MEM_NOZERO, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(region[0x2000] == 0);
    CHECK(MmQueryAllocationSize(region + 0x5000) == 0x13000);
    CHECK(give_back(region, 0, MEM_RELEASE) == STATUS_SUCCESS && size == 0x13000);
    CHECK(give_back(region, 0, MEM_RELEASE) == STATUS_MEMORY_NOT_ALLOCATED);
    CHECK(allocate(0, -0x5000u, MEM_COMMIT, PAGE_READWRITE) == STATUS_SUCCESS && size == 0x5000);
    CHECK(give_back(base, 0, MEM_RELEASE) == STATUS_SUCCESS);
    printf("pages come, go and come back zeroed\n");
}

static void places(void)
{
    CHECK(allocate(FIXED, 0x10000, MEM_RESERVE, PAGE_READWRITE) == STATUS_SUCCESS && base == FIXED);
    CHECK(allocate((char *)FIXED + 0x8000, 0x10000, MEM_RESERVE, PAGE_READWRITE) ==
          STATUS_CONFLICTING_ADDRESSES);
    CHECK(allocate((char *)FIXED + 0x8000, 0x10000, MEM_COMMIT, PAGE_READWRITE) ==
          STATUS_MEMORY_NOT_ALLOCATED);
    CHECK(give_back((char *)FIXED + 0x1000, 0, MEM_RELEASE) == STATUS_UNSUCCESSFUL);
    CHECK(give_back(FIXED, 0x1000, MEM_RELEASE) == STATUS_SUCCESS && size == 0x10000);
    /* In the middle of the heap's range. */
    void *middle = (void *)0x50000000;
    CHECK(allocate(middle, 0x100000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(base == middle);
    memset(middle, 1, 0x100000);
    CHECK(give_back(middle, 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(allocate(0, 1, MEM_RESERVE | MEM_LARGE_PAGES, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(size == 0x10000 && give_back(base, 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(allocate(0, 1, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK((uintptr_t)base > 0x7F000000 && give_back(base, 0, MEM_RELEASE) == STATUS_SUCCESS);
    printf("places are kept and given\n");
}

static NTSTATUS protect(void *at, uint32_t bytes, uint32_t protection, uint32_t *old)
{
    base = at;
    size = bytes;
    return NtProtectVirtualMemory(&base, &size, protection, old, 0);
}

static void protection(void)
{
    uint32_t old;
    CHECK(allocate(0, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_NOCACHE) ==
          STATUS_SUCCESS);
    char *region = base;
    region[0x1000] = 9;
    CHECK(protect(region + 0x1001, 1, PAGE_READONLY, &old) == STATUS_SUCCESS);
    CHECK(base == region + 0x1000 && size == 0x1000 && old == (PAGE_READWRITE | PAGE_NOCACHE));
    CHECK(MmQueryAddressProtect(region + 0x1000) == PAGE_READONLY && region[0x1000] == 9);
    CHECK(protect(region, 0x4000, PAGE_EXECUTE_READWRITE | PAGE_WRITECOMBINE, 0) == STATUS_SUCCESS);
    region[0x1000] = 8;
    MmSetAddressProtect(region, 0x1000, PAGE_NOACCESS);
    CHECK(!MmIsAddressValid(region) && MmQueryAddressProtect(region) == PAGE_NOACCESS);
    MmSetAddressProtect(region, 0x1000, 0); /* changes nothing */
    CHECK(MmQueryAddressProtect(region) == PAGE_NOACCESS);
    CHECK(protect(region, 0x1000, PAGE_READONLY | PAGE_READWRITE, &old) ==
          STATUS_INVALID_PAGE_PROTECTION);
    CHECK(protect(region, 0, PAGE_READONLY, &old) == STATUS_INVALID_PARAMETER);
    CHECK(protect(region, 0x5000, PAGE_READONLY, &old) == STATUS_ACCESS_DENIED);
    CHECK(protect(code, 4, PAGE_READWRITE, &old) == STATUS_ACCESS_DENIED);
    CHECK(protect(region, 0x1000, PAGE_READWRITE, WILD) == STATUS_ACCESS_VIOLATION);
    CHECK(give_back(region, 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(MmQueryAddressProtect(region) == 0);
    printf("protection is kept\n");
}

static void questions(void)
{
    MEMORY_BASIC_INFORMATION info;
    CHECK(allocate(FIXED, 0x8000, MEM_RESERVE, PAGE_READWRITE) == STATUS_SUCCESS);
    CHECK(allocate((char *)FIXED + 0x2000, 0x3000, MEM_COMMIT, PAGE_READONLY) == STATUS_SUCCESS);
    CHECK(NtQueryVirtualMemory((char *)FIXED + 0x2345, &info) == STATUS_SUCCESS);
    CHECK(info.base == 0x90002000 && info.allocation_base == 0x90000000);
    CHECK(info.allocation_protect == PAGE_READWRITE && info.protect == PAGE_READONLY);
    CHECK(info.region_size == 0x3000 && info.state == MEM_COMMIT && info.type == MEM_PRIVATE);
    CHECK(NtQueryVirtualMemory((char *)FIXED + 0x5000, &info) == STATUS_SUCCESS);
    CHECK(info.state == MEM_RESERVE && info.region_size == 0x3000 && info.protect == 0);
    CHECK(NtQueryVirtualMemory((char *)FIXED + 0x8000, &info) == STATUS_SUCCESS);
    CHECK(info.state == MEM_FREE && info.allocation_base == 0);
    CHECK(NtQueryVirtualMemory(code, &info) == STATUS_SUCCESS);
    CHECK(info.state == MEM_COMMIT && info.protect == PAGE_READONLY);
    CHECK(NtQueryVirtualMemory(&info, &info) == STATUS_SUCCESS);
    CHECK(info.state == MEM_COMMIT && info.protect == PAGE_READWRITE);
    CHECK(NtQueryVirtualMemory(FIXED, WILD) == STATUS_ACCESS_VIOLATION);
    CHECK(give_back(FIXED, 0, MEM_RELEASE) == STATUS_SUCCESS);
    printf("questions are answered\n");
}

static void encrypted(void)
{
    void *memory = 0;
    CHECK(NtAllocateEncryptedMemory(0, 0x1000, &memory) == STATUS_SUCCESS);
    CHECK((uintptr_t)memory >= 0x8C000000 && (uintptr_t)memory < 0x90000000);
    memset(memory, 1, 0x10000);
    CHECK(NtAllocateEncryptedMemory(0, 0, &memory) == STATUS_INVALID_PARAMETER);
    CHECK(NtAllocateEncryptedMemory(0, 0x1000001, &memory) == STATUS_INVALID_PARAMETER);
    CHECK(NtAllocateEncryptedMemory(0, 1, WILD) == STATUS_ACCESS_VIOLATION);
    CHECK(give_back(memory, 0, MEM_RELEASE) == STATUS_SUCCESS);
    for (int i = 0; i < 4; i++)
        CHECK(NtAllocateEncryptedMemory(0, 0x1000000, &memory) == STATUS_SUCCESS);
    CHECK(NtAllocateEncryptedMemory(0, 0x1000000, &memory) == STATUS_NO_MEMORY);
    printf("encrypted memory is memory\n");
}

static void refusals(void)
{
    CHECK(allocate(0, 0, MEM_COMMIT, PAGE_READWRITE) == STATUS_INVALID_PARAMETER);
    CHECK(allocate(0, 0x1000, 0, PAGE_READWRITE) == STATUS_INVALID_PARAMETER);
    CHECK(allocate(0, 0x1000, MEM_RESET | MEM_COMMIT, PAGE_READWRITE) == STATUS_INVALID_PARAMETER);
    CHECK(allocate(0, 0x1000, MEM_COMMIT, 0) == STATUS_INVALID_PAGE_PROTECTION);
    CHECK(allocate((void *)0xFFFFF000, 0x2000, MEM_RESERVE, PAGE_READWRITE) ==
          STATUS_INVALID_PARAMETER);
    CHECK(allocate(0, 0x7FFFF000, MEM_COMMIT, PAGE_READWRITE) == STATUS_NO_MEMORY);
    CHECK(NtAllocateVirtualMemory(0, &size, MEM_COMMIT, PAGE_READWRITE, 0) ==
          STATUS_ACCESS_VIOLATION);
    CHECK(NtAllocateVirtualMemory(&base, WILD, MEM_COMMIT, PAGE_READWRITE, 0) ==
          STATUS_ACCESS_VIOLATION);
    CHECK(NtFreeVirtualMemory(WILD, &size, MEM_RELEASE, 0) == STATUS_ACCESS_VIOLATION);
    CHECK(give_back(0, 0, MEM_RELEASE) == STATUS_MEMORY_NOT_ALLOCATED);
    CHECK(give_back(0, 0, MEM_RELEASE | MEM_DECOMMIT) == STATUS_INVALID_PARAMETER);
    CHECK(give_back(FIXED, 0x1000, MEM_DECOMMIT) == STATUS_MEMORY_NOT_ALLOCATED);
    printf("bad pointers and sizes are refused\n");
}

int main(void)
{
    come_and_go();
    places();
    protection();
    questions();
    encrypted();
    refusals();
    return 0;
}
