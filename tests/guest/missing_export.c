// An export that does not exist is reported by name, once, and the program goes on.
// expect: before
// expect: after
// stderr: KeStallExecutionProcessor
#include "check.h"

uint32_t KeStallExecutionProcessor(uint32_t microseconds);

int main(void)
{
    printf("before\n");
    KeStallExecutionProcessor(10);
    KeStallExecutionProcessor(10);
    printf("after\n");
    return 0;
}
