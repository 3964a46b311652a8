// An APC runs on the stack of the thread it interrupts, below what is there, and leaves it alone.
// expect: locals and registers are as they were
// expect: the stack below the frame may be used, not above
#include "check.h"
#include "kthread.h"

#define WORDS 512

static int64_t poll = 0;
static uintptr_t apc_at, waiter_at;
static uint32_t saw_kernel;

/* Uses a good deal of stack and every register that it can get. */
static uint32_t wreck(uint32_t seed)
{
    volatile uint32_t area[WORDS];
    for (uint32_t i = 0; i < WORDS; i++)
        area[i] = seed + i * 0x9E3779B1u;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        sum ^= area[i] * (i + seed);
    return sum;
}

static double heat(double value)
{
    double sum = 0;
    for (int i = 1; i < 40; i++)
        sum += value / i;
    return sum;
}

static void scribble(void *context, void *first, void *second)
{
    uint32_t here;
    apc_at = (uintptr_t)&here;
    here = wreck((uint32_t)(uintptr_t)context + (uint32_t)(uintptr_t)first);
    *(volatile double *)second = heat((double)here);
}

static void scribble_kernel(KAPC *apc, apc_routine **routine, void **context, void **first,
                            void **second)
{
    (void)apc;
    (void)routine;
    (void)context;
    (void)first;
    (void)second;
    saw_kernel += wreck(7) != 0;
}

/* A frame with locals of all kinds; the wait in its middle is interrupted. */
static __attribute__((noinline)) int survives(HANDLE event, int64_t *timeout, uint32_t seed)
{
    uint32_t area[WORDS], before[8];
    double numbers[8];
    static double result;
    waiter_at = (uintptr_t)before;
    for (uint32_t i = 0; i < WORDS; i++)
        area[i] = seed * i;
    for (uint32_t i = 0; i < 8; i++) {
        before[i] = seed + i;
        numbers[i] = (double)seed / (i + 1);
    }
    NtQueueApcThread(CURRENT_THREAD, scribble, (void *)(uintptr_t)seed, (void *)area, &result);
    NTSTATUS status = NtWaitForSingleObjectEx(event, 0, 1, timeout);
    int good = status == STATUS_USER_APC;
    for (uint32_t i = 0; i < WORDS; i++)
        good &= area[i] == seed * i;
    for (uint32_t i = 0; i < 8; i++)
        good &= before[i] == seed + i && numbers[i] == (double)seed / (i + 1);
    return good;
}

static uint32_t waiter(void *argument)
{
    uint32_t good = 1;
    for (uint32_t round = 1; round <= 50; round++)
        good &= (uint32_t)survives((HANDLE)argument, &poll, round);
    /* Now the wait sleeps, and kernel APCs come from another thread. */
    uint32_t area[WORDS];
    for (uint32_t i = 0; i < WORDS; i++)
        area[i] = i * 3;
    waiter_at = (uintptr_t)area;
    good &= NtWaitForSingleObjectEx((HANDLE)argument, 0, 0, 0) == STATUS_SUCCESS;
    for (uint32_t i = 0; i < WORDS; i++)
        good &= area[i] == i * 3;
    return good;
}

int main(void)
{
    HANDLE event, thread;
    uint8_t *block;
    static KAPC apc;
    static double result;
    NtCreateEvent(&event, 0, EVENT_MANUAL, 0);
    thread = start_thread(waiter, (void *)event);
    int64_t moment = MILLISECONDS(20);
    NtWaitForSingleObjectEx(thread, 0, 0, &moment);
    ObReferenceObjectByHandle(thread, 0, &block);
    apc_at = 0;
    for (int i = 0; i < 20; i++) {
        KeInitializeApc(&apc, block, scribble_kernel, 0, scribble, APC_KERNEL, (void *)5);
        CHECK(KeInsertQueueApc(&apc, (void *)6, &result, 0) == 1);
        while (*(volatile uint8_t *)&apc.inserted || !*(volatile uintptr_t *)&apc_at)
            NtYieldExecution();
    }
    NtSetEvent(event, 0);
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    CHECK(*(uint32_t *)(block + 0x140) == 1 && saw_kernel == 20);
    printf("locals and registers are as they were\n");
    uint32_t low = *(uint32_t *)(block + 0x60), high = *(uint32_t *)(block + 0x5C);
    CHECK(apc_at >= low && apc_at < waiter_at && waiter_at < high);
    ObDereferenceObject(block);
    printf("the stack below the frame may be used, not above\n");
    return 0;
}
