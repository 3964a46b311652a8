// A title that never closes the handles of its threads still gets new ones: stacks of threads that
// have exited are given to others when memory is short. (In one runtime they stayed allocated until
// the thread objects died, and the creation of a thread failed.) When all stacks are in use, the
// refusal says who has them.
// run: --heap-budget=0x280000
// expect: 300 threads, none closed
// expect: refused with no memory
// expect: and again there is room
// stderr: Failed to allocate thread context memory (265872 bytes)
// stderr: cause GRT_HEAP_
// stderr: stacks belong to exited threads; 300 threads have exited and are not closed
// stderr: of the 9 live threads were created from
#include "check.h"

static HANDLE gate;
static volatile uint32_t ran;

static uint32_t count(void *argument)
{
    (void)argument;
    ran++;
    return 0;
}

static uint32_t wait_at_gate(void *argument)
{
    (void)argument;
    NtWaitForSingleObjectEx(gate, 0, 0, 0);
    return 0;
}

int main(void)
{
    HANDLE thread, held[64];
    NTSTATUS status = STATUS_SUCCESS;
    NtCreateEvent(&gate, 0, EVENT_MANUAL, 0);
    for (int i = 0; i < 300; i++)
        NtWaitForSingleObjectEx(start_thread(count, 0), 0, 0, 0);
    printf("%u threads, none closed\n", (unsigned)ran);
    int living = 0;
    while (living < 64 && status == STATUS_SUCCESS) {
        status = ExCreateThread(&thread, 0, 0, 0, wait_at_gate, 0, 0);
        held[living++] = thread;
    }
    if (status == STATUS_NO_MEMORY && thread == 0)
        printf("refused with no memory\n");
    NtSetEvent(gate, 0);
    for (int i = 0; i < living - 1; i++)
        NtWaitForSingleObjectEx(held[i], 0, 0, 0);
    if (ExCreateThread(&thread, 0, 0, 0, count, 0, 0) == STATUS_SUCCESS)
        printf("and again there is room\n");
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    return 0;
}
