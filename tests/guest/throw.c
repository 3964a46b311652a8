// A C++ throw, which nothing can catch here, is a fault with its parameters.
// expect: before
// exit: 134
// stderr: SUMMARY GRT-F024 EXCEPTION: thread id 00000001 "main": the guest raised an exception
// stderr: detail: C++ throw E06D7363 at 82345678, 3 parameters: 19930520 00000001 00000002
// stderr: thrower+0x
#include "check.h"

static __attribute__((noinline)) void thrower(void)
{
    EXCEPTION_RECORD record = {EXCEPTION_CPP_THROW, 1, 0,
                               (void *)0x82345678,  3, {0x19930520, 1, 2}};
    RtlRaiseException(&record);
    printf("after\n");
}

int main(void)
{
    printf("before\n");
    thrower();
    return 0;
}
