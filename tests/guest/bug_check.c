// A bug check shows its code and parameters.
// expect: before
// exit: 134
// stderr: BUG_CHECK
// stderr: DEADBEEF
#include "check.h"

int main(void)
{
    printf("before\n");
    KeBugCheckEx(0xDEADBEEF, 1, 2, 3, 4);
}
