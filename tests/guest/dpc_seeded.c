// In seeded runs there is no clock thread: whoever calls the kernel runs the DPCs of timers.
// expect: the timer's DPC ran
// run: --seed=5
#include "check.h"

static KDPC dpc;
static KTIMER timer;
static volatile uint32_t ran;

static void routine(KDPC *self, void *context, void *argument1, void *argument2)
{
    (void)self, (void)context, (void)argument1, (void)argument2;
    ran++;
}

int main(void)
{
    KeInitializeDpc(&dpc, routine, 0);
    KeInitializeTimerEx(&timer, 0, 0);
    KeSetTimer(&timer, -10000, &dpc);
    for (int i = 0; i < 100000 && ran == 0; i++)
        NtYieldExecution();
    printf(ran == 1 ? "the timer's DPC ran\n" : "it ran %u times\n", (unsigned)ran);
    return 0;
}
