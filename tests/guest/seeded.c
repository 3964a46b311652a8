// A run whose threads take turns by seed, on a virtual clock: the same output every time.
// run: --seed=7
// expect: an hour passed
// expect: sleepers woke as their times came: 1 2 3 4
// expect: a loop that polls sees the others move
// expect: 2005-11-22
#include "check.h"

#define HOUR ((int64_t)3600 * 10000000)

static volatile int order[4], woken, done;

static uint32_t sleeper(void *argument)
{
    int number = (int)(uint32_t)argument;
    int64_t moment = MILLISECONDS(number * 1000);
    KeDelayExecutionThread(0, 0, &moment);
    order[woken++] = number;
    return 0;
}

static uint32_t sets_done(void *argument)
{
    int64_t moment = MILLISECONDS(20);
    (void)argument;
    KeDelayExecutionThread(0, 0, &moment);
    done = 1;
    return 0;
}

int main(void)
{
    uint64_t before, after;
    int64_t hour = -HOUR;
    KeQuerySystemTime(&before);
    KeDelayExecutionThread(0, 0, &hour);
    KeQuerySystemTime(&after);
    CHECK(after - before >= (uint64_t)HOUR && after - before < (uint64_t)HOUR + 10000);
    printf("an hour passed\n");

    HANDLE threads[4];
    for (int i = 3; i >= 0; i--)
        threads[i] = start_thread(sleeper, (void *)(uint32_t)(i + 1));
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    printf("sleepers woke as their times came: %d %d %d %d\n", order[0], order[1], order[2],
           order[3]);

    HANDLE helper = start_thread(sets_done, 0);
    while (!done)
        NtYieldExecution();
    join_thread(helper);
    printf("a loop that polls sees the others move\n");

    uint64_t days = before / (uint64_t)(24 * HOUR); /* since 1601 */
    if (days == 147883)
        printf("2005-11-22\n");
    else
        printf("day %d\n", (int)days);
    return 0;
}
