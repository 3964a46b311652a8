/* Two threads add to a number without a lock: the exit code is what came of it, 6 if nothing was
 * lost. */
#include <xbox/kernel.h>

static volatile int sum;

static uint32_t adds(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++) {
        int value = sum;
        NtYieldExecution();
        sum = value + 1;
    }
    return 0;
}

int main(void)
{
    HANDLE threads[2];
    for (int i = 0; i < 2; i++)
        ExCreateThread(&threads[i], 0, 0, 0, adds, 0, 0);
    NtWaitForMultipleObjectsEx(2, threads, WAIT_ALL, 0, 0, 0);
    return sum;
}
