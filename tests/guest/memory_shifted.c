// The desktop's NtFreeVirtualMemory has a process handle first. A program that was given that shape
// frees nothing, and is told so; so is one whose size word is taken for an address.
// expect: refused
// expect: the region is still there
// stderr: NtFreeVirtualMemory: base_inout leads to 0xFFFFFFFF, which cannot be read
// stderr: bytes at 0x00020000, type 0x00008000: no region is allocated at this address
#include "check.h"

typedef NTSTATUS desktop_shape(uint32_t process, void **base, uint32_t *size, uint32_t type);

int main(void)
{
    void *base = 0;
    uint32_t size = 0x20000, none = 0;
    NtAllocateVirtualMemory(&base, &size, MEM_COMMIT, PAGE_READWRITE, 0);
    char *region = base;
    desktop_shape *volatile shifted = (desktop_shape *)(uintptr_t)NtFreeVirtualMemory;
    CHECK(shifted(0xFFFFFFFF, &base, &size, MEM_RELEASE) == STATUS_ACCESS_VIOLATION);
    CHECK(base == region && size == 0x20000);
    void *size_as_address = (void *)(uintptr_t)size;
    CHECK(NtFreeVirtualMemory(&size_as_address, &none, MEM_RELEASE, 0) ==
          STATUS_MEMORY_NOT_ALLOCATED);
    printf("refused\n");
    region[0] = 1;
    CHECK(MmQueryAllocationSize(region) == 0x20000);
    printf("the region is still there\n");
    return 0;
}
