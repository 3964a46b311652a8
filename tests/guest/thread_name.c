// The exception that gives a thread its name: reports use it. Records that are no use are reported.
// expect: named
// exit: 139
// stderr: thread id 00000001 "renderer?two"
// stderr: RtlRaiseException: record leads to 0x00000010, which cannot be read
// stderr: RtlRaiseException: the record names no thread: 2 parameters, the first is 00001000
// stderr: RtlRaiseException: the record names no thread: 4 parameters, the first is 00002000
// stderr: RtlRaiseException: the name leads to 0x00000010, which cannot be read
// stderr: RtlRaiseException: no thread has the id 00012345
// silent: "ghost"
#include "check.h"

static void name_thread(uint32_t count, uint32_t type, const char *name, uint32_t id)
{
    EXCEPTION_RECORD record = {EXCEPTION_THREAD_NAME,        0, 0, 0, count,
                               {type, (uint32_t)name, id, 0}};
    RtlRaiseException(&record);
}

int main(void)
{
    RtlRaiseException((EXCEPTION_RECORD *)0x10);
    name_thread(2, 0x1000, "ghost", 0xFFFFFFFF);
    name_thread(4, 0x2000, "ghost", 0xFFFFFFFF);
    name_thread(4, 0x1000, (char *)0x10, 0xFFFFFFFF);
    name_thread(4, 0x1000, "ghost", 0x12345);
    name_thread(4, 0x1000, "renderer\ntwo", 0xFFFFFFFF);
    printf("named\n");
    *(volatile int *)0 = 1;
    return 0;
}
