// A raised status is an exception; with --continue it ends one thread only. Counts are cut.
// expect: both ended
// run: --continue
// stderr: detail: exception C0000005 at 82
// stderr: detail: exception 12345678 at 00000000, 15 parameters: 00000000 00000000
#include "check.h"

static uint32_t raise_status(void *argument)
{
    RtlRaiseStatus((NTSTATUS)argument);
}

static uint32_t raise_record(void *argument)
{
    EXCEPTION_RECORD record = {(uint32_t)argument, 0, 0, 0, 0xFFFFFFFF, {0}};
    RtlRaiseException(&record);
    return 0;
}

int main(void)
{
    join_thread(start_thread(raise_status, (void *)0xC0000005));
    join_thread(start_thread(raise_record, (void *)0x12345678));
    printf("both ended\n");
    return 0;
}
