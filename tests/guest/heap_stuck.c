// Heaps that stay locked: a thread ends inside, and two wait for each other. Both are said.
// run: --seed=1
// expect: both wait
// stderr: [THREAD-CTX] thread id 00000002 ended inside 1 locked heap, among them FA000404
// stderr: RtlAllocateHeap: heap FA000404 is locked by thread 2, which has ended
// stderr: [DEADLOCK] circle 1, 2 threads: thread 4 waits at locks_both+0x
// stderr: for heap 0xFA00040C, which thread 5 has locked
// stderr: [DEADLOCK] circle 1, 2 threads: thread 5 waits at locks_both+0x
// stderr: for heap 0xFA000408, which thread 4 has locked
#include "check.h"

static uint32_t heaps[3];

static void sleep_a_while(void)
{
    int64_t while_ = -100000;
    KeDelayExecutionThread(1, 0, &while_);
}

static uint32_t ends_inside(void *argument)
{
    (void)argument;
    RtlLockHeap(heaps[0]);
    return 0;
}

static uint32_t allocates(void *argument)
{
    (void)argument;
    RtlAllocateHeap(heaps[0], 0, 10);
    puts("allocated");
    return 0;
}

static uint32_t locks_both(void *argument)
{
    uint32_t first = (uint32_t)argument;
    RtlLockHeap(heaps[first]);
    sleep_a_while();
    RtlLockHeap(heaps[3 - first]);
    puts("locked");
    return 0;
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        heaps[i] = RtlCreateHeap(2, 0, 0, 0, 0, 0);
    NtWaitForSingleObjectEx(start_thread(ends_inside, 0), 1, 0, 0);
    start_thread(allocates, 0);
    sleep_a_while();
    start_thread(locks_both, (void *)1);
    start_thread(locks_both, (void *)2);
    sleep_a_while();
    sleep_a_while();
    puts("both wait");
    return 0;
}
