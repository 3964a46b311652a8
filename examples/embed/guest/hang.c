/* hang.c - waits for an event that nobody sets. */
#include <stdio.h>
#include <xbox/kernel.h>

int main(void)
{
    HANDLE ready;
    NtCreateEvent(&ready, 0, EVENT_AUTO, 0);
    printf("waiting\n");
    fflush(stdout);
    return (int)NtWaitForSingleObjectEx(ready, 0, 0, 0);
}
