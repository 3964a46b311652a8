// An export that does not exist is reported by name, once, and fails as its callers expect.
// expect: before
// expect: status C0000002, address 0
// expect: after
// stderr: DumpGetRawDumpInfo (xboxkrnl ordinal 0x005) is not implemented; called from main+
// stderr: KeInitializeInterrupt (xboxkrnl ordinal 0x071) is not implemented; called from connect+
// stderr: MmDbgReadCheck (xboxkrnl ordinal 0x1AB) is not implemented; called from main+
// stderr: KeInitializeInterrupt: not implemented, and calls go on: 1000 times at connect+
// silent: 10000 times
#include "check.h"

NTSTATUS DumpGetRawDumpInfo(void *info);
void KeInitializeInterrupt(void *interrupt);
void *MmDbgReadCheck(void *address);

/* One call site, whatever the compiler makes of the loop. */
static __attribute__((noipa)) void connect(void)
{
    KeInitializeInterrupt(0);
    __asm__ volatile("");
}

int main(void)
{
    printf("before\n");
    for (int i = 0; i < 2000; i++)
        connect();
    printf("status %X, address %X\n", (unsigned)DumpGetRawDumpInfo(0), (unsigned)MmDbgReadCheck(0));
    printf("after\n");
    return 0;
}
