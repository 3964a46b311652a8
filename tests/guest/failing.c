// A call that always fails at one place is said once a power of ten, and who asks about it too.
// expect: 10010 failures
// stderr: NtSetEvent: failures go on, C0000008 STATUS_INVALID_HANDLE: 1000 times at fail+
// stderr: NtSetEvent: failures go on, C0000008 STATUS_INVALID_HANDLE: 10000 times at fail+
// stderr: RtlNtStatusToDosError: failures go on, C0000008 STATUS_INVALID_HANDLE: 10000 times
// silent: 100000 times
// silent: 2000 times
#include "check.h"

/* One call site, whatever the compiler makes of the loop. */
static __attribute__((noipa)) int fail(void)
{
    return RtlNtStatusToDosError(NtSetEvent(0x12345678, 0)) == 6;
}

int main(void)
{
    int failures = 0;
    for (int i = 0; i < 10010; i++)
        failures += fail();
    printf("%d failures\n", failures);
    return 0;
}
