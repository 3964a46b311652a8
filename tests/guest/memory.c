// Virtual and physical memory and pools.
// expect: virtual memory is zeroed and writable
// expect: physical memory honours its alignment
// expect: pools work
#include "check.h"
#include <string.h>

int main(void)
{
    void *base = 0;
    uint32_t size = 0x12345;
    CHECK(NtAllocateVirtualMemory(&base, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, 0) ==
          STATUS_SUCCESS);
    CHECK(base && size >= 0x12345);
    unsigned char *bytes = base;
    CHECK(bytes[0] == 0 && bytes[size - 1] == 0);
    memset(bytes, 0x5A, size);
    CHECK(bytes[size / 2] == 0x5A);
    uint32_t none = 0;
    CHECK(NtFreeVirtualMemory(&base, &none, MEM_RELEASE, 0) == STATUS_SUCCESS);
    printf("virtual memory is zeroed and writable\n");

    for (uint32_t alignment = 0x1000; alignment <= 0x100000; alignment *= 16) {
        char *block =
            MmAllocatePhysicalMemoryEx(0, 0x3000, PAGE_READWRITE, 0, 0xFFFFFFFF, alignment);
        CHECK(block && (uintptr_t)block % alignment == 0 && (uintptr_t)block >= 0xA0000000);
        block[0x2FFF] = 1;
        MmFreePhysicalMemory(0, block);
    }
    printf("physical memory honours its alignment\n");

    char *pool = ExAllocatePoolWithTag(300, 0x54455354);
    CHECK(pool != 0);
    memset(pool, 1, 300);
    ExFreePool(pool);
    printf("pools work\n");
    return 0;
}
