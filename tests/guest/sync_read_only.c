// An event that can be read but not written is not signalled, and that is said.
// expect: done
// stderr: is in memory that cannot be written: nothing changed
#include "check.h"

int main(void)
{
    void *base = 0;
    uint32_t size = 4096, old;
    int64_t poll = 0;
    NtAllocateVirtualMemory(&base, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, 0);
    KEVENT *event = base;
    KeInitializeEvent(event, EVENT_AUTO, 0);
    NtProtectVirtualMemory(&base, &size, PAGE_READONLY, &old, 0);
    CHECK(KeSetEvent(event, 0, 0) == 0);
    CHECK(KeWaitForSingleObject(event, 0, 0, 0, &poll) == STATUS_TIMEOUT);
    NtProtectVirtualMemory(&base, &size, PAGE_READWRITE, &old, 0);
    CHECK(KeSetEvent(event, 0, 0) == 0);
    CHECK(KeWaitForSingleObject(event, 0, 0, 0, &poll) == STATUS_SUCCESS);
    printf("done\n");
    return 0;
}
