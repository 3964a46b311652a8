/* missing.c - imports a function and a variable that the kernel does not have, and a variable that
 * it has. */
#include <stdio.h>
#include <xbox/kernel.h>

uint32_t XamInputGetState(uint32_t user, uint32_t flags, void *state);
extern const uint32_t VdGlobalDevice;

int main(void)
{
    XamInputGetState(0, 0, 0);
    printf("%X %d\n", (unsigned)VdGlobalDevice, KeTimeStampBundle->padding != 0);
    return 0;
}
