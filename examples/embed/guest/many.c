/* many.c - creates a thread that there is no memory for, and goes on without it. */
#include <stdio.h>
#include <xbox/kernel.h>

static uint32_t work(void *argument)
{
    (void)argument;
    return 0;
}

int main(void)
{
    HANDLE thread;
    NTSTATUS status = ExCreateThread(&thread, 0, 0, 0, work, 0, 0);
    printf("ExCreateThread returned %08X\n", (unsigned)status);
    return 0;
}
