/* missing.c - imports a function and a variable that the kernel does not have, and a variable that
 * it has. */
#include <stdio.h>
#include <xbox/kernel.h>

void KeStallExecutionProcessor(uint32_t microseconds);
extern const uint32_t VdGlobalDevice;

int main(void)
{
    KeStallExecutionProcessor(1);
    printf("%X %d\n", (unsigned)VdGlobalDevice, KeTimeStampBundle->padding != 0);
    return 0;
}
