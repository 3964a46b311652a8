// A DPC belongs to the thread that queued it and waits until that thread's level has sunk.
// expect: it waits for the level
// expect: no other thread runs it, nor the clock
// stderr: waits at IRQL 2, where only looking is allowed
#include "check.h"
#include "kthread.h"

static KDPC dpc, tick;
static KTIMER timer;
static volatile uint32_t ran, ran_on, ticks;

static void routine(KDPC *self, void *context, void *argument1, void *argument2)
{
    (void)self, (void)context, (void)argument1, (void)argument2;
    ran_on = GetCurrentThreadId();
    ran++;
}

static void count_ticks(KDPC *self, void *context, void *argument1, void *argument2)
{
    (void)self, (void)context, (void)argument1, (void)argument2;
    ticks++;
}

static uint32_t queue_some(void *argument)
{
    KDPC own;
    KeInitializeDpc(&own, count_ticks, argument);
    for (int i = 0; i < 100; i++)
        KeInsertQueueDpc(&own, 0, 0);
    return 0;
}

int main(void)
{
    int64_t soon = MILLISECONDS(5);
    KeInitializeDpc(&dpc, routine, 0);
    KeInitializeDpc(&tick, count_ticks, 0);
    KeInitializeTimerEx(&timer, 1, 0);
    uint32_t level = KeRaiseIrqlToDpcLevel();
    CHECK(KeInsertQueueDpc(&dpc, 0, 0) == 1);
    CHECK(ran == 0);
    KfLowerIrql(level);
    CHECK(ran == 1 && ran_on == GetCurrentThreadId());
    printf("it waits for the level\n");

    level = KeRaiseIrqlToDpcLevel();
    CHECK(KeInsertQueueDpc(&dpc, 0, 0) == 1);
    KeSetTimerEx(&timer, -10000, 1, &tick);
    HANDLE other = start_thread(queue_some, 0);
    while (ticks < 110)
        KeDelayExecutionThread(0, 0, &soon);
    CHECK(ran == 1);
    KeCancelTimer(&timer);
    KeWaitForSingleObject(&timer, 0, 0, 0, &soon);
    KfLowerIrql(level);
    CHECK(ran == 2 && ran_on == GetCurrentThreadId());
    join_thread(other);
    printf("no other thread runs it, nor the clock\n");
    return 0;
}
