// A bug check ends the program and shows its code, all four parameters, and who called it.
// expect: before
// exit: 134
// stderr: SUMMARY GRT-F019 BUG_CHECK: thread id 00000001 "main"
// stderr: detail: bug check 0x000000F4, parameters 0x00000003 0x11111111 0xFFFFFFFF 0x82000000
// stderr: worker+0x
// stderr: main+0x
// stderr: and the runtime stops
#include "check.h"

static __attribute__((noipa)) void worker(uint32_t code)
{
    KeBugCheckEx(code, 3, 0x11111111, 0xFFFFFFFF, 0x82000000);
    printf("after\n");
}

int main(void)
{
    printf("before\n");
    worker(0xF4);
    return 0;
}
