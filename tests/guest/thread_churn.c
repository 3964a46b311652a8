// Threads that come and go all the time keep to their own stacks and have ids of their own. (Ports
// freed a context while its thread still used it, or leaked every one; another served the bounds of
// a stack that was gone to the thread that had got its id.)
// expect: 1200 threads, each on its own stack, each with its own id
// silent: FAULT
#include "thread_words.h"

#define LANES  4
#define ROUNDS 300

static uint32_t ids[LANES * ROUNDS];
static volatile uint32_t wrong;

static uint32_t fill(void *argument)
{
    volatile uint32_t here[800];
    uint32_t id = word_at(kthread() + 0x14C);
    ids[(uint32_t)argument] = id;
    for (int i = 0; i < 800; i++)
        here[i] = id;
    NtYieldExecution();
    for (int i = 0; i < 800; i++)
        wrong += here[i] != id;
    wrong += (uint32_t)&here[0] < word_at(pcr() + 0x74);
    wrong += (uint32_t)&here[799] >= word_at(pcr() + 0x70);
    wrong += word_at(kthread() + 0x5C) != word_at(pcr() + 0x70);
    return id;
}

static uint32_t create(void *argument)
{
    uint32_t lane = (uint32_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        HANDLE thread = start_thread(fill, (void *)(lane * ROUNDS + i));
        if (i % 3 == 0)
            NtClose(thread); /* it runs on */
        else
            join_thread(thread);
    }
    return 0;
}

int main(void)
{
    HANDLE lanes[LANES];
    for (uint32_t i = 0; i < LANES; i++)
        lanes[i] = start_thread(create, (void *)i);
    for (uint32_t i = 0; i < LANES; i++)
        join_thread(lanes[i]);
    for (uint32_t i = 0; i < LANES * ROUNDS; i++) {
        while (*(volatile uint32_t *)&ids[i] == 0)
            NtYieldExecution();
        for (uint32_t j = 0; j < i; j++)
            wrong += ids[i] == ids[j];
    }
    int64_t moment = MILLISECONDS(20);
    KeDelayExecutionThread(0, 0, &moment);
    if (wrong == 0)
        printf("%u threads, each on its own stack, each with its own id\n", LANES * ROUNDS);
    return 0;
}
