// A store to a page that the program itself made read-only is a report that says so.
// exit: 139
// expect: protected
// stderr: READ_ONLY
#include "check.h"

int main(void)
{
    void *base = 0;
    uint32_t size = 0x1000;
    NtAllocateVirtualMemory(&base, &size, MEM_COMMIT, PAGE_READWRITE, 0);
    NtProtectVirtualMemory(&base, &size, PAGE_READONLY, 0, 0);
    printf("protected\n");
    *(volatile char *)base = 1;
    return 0;
}
