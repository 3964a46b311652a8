// A refused protection gives null, and the program stores to null + 0x24: both are said.
// exit: 139
// expect: refused
// stderr: MmAllocatePhysicalMemoryEx: protection 0x20000000: the protection bits are no valid
// stderr: NULL_POINTER
// stderr: 0x24 bytes from a null pointer
#include "check.h"

int main(void)
{
    volatile uint32_t *block = MmAllocatePhysicalMemoryEx(0, 0x1000, MEM_LARGE_PAGES, 0, ~0u, 0);
    printf("refused\n");
    block[9] = 1;
    return 0;
}
