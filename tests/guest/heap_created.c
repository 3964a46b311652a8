// Heaps that a program makes: whose blocks are whose, bounds, locks, and what a dead one leaves.
// expect: a block belongs to its heap
// expect: a bounded heap is full when it is
// expect: a locked heap is its owner's
// expect: blocks die with their heap
// stderr: RtlFreeHeap: GRT_WRONG_HEAP: 0x
// stderr: free it through its own heap
// stderr: RtlAllocateHeap: 401 bytes do not fit into heap FA
// stderr: it may have 1000, and its other blocks have 600 of them
// stderr: was destroyed by thread
// stderr: has not locked heap
// stderr: is the process heap, which stays
#include "check.h"
#include <string.h>

static uint32_t heap;

static void owners(void)
{
    uint32_t process = GetProcessHeap(), other = RtlCreateHeap(HEAP_GROWABLE, 0, 0, 0, 0, 0);
    CHECK(process && heap && other && heap != other);
    char *block = RtlAllocateHeap(heap, HEAP_ZERO_MEMORY, 100);
    CHECK(block && block[99] == 0 && RtlSizeHeap(heap, 0, block) == 100);
    strcpy(block, "kept");
    CHECK(!RtlFreeHeap(process, 0, block) && !RtlFreeHeap(other, 0, block));
    CHECK(RtlSizeHeap(other, 0, block) == 0xFFFFFFFF);
    CHECK(!RtlReAllocateHeap(other, 0, block, 200));
    CHECK(RtlValidateHeap(heap, 0, block) && !RtlValidateHeap(other, 0, block));
    CHECK(!RtlValidateHeap(heap, 0, block + 8) && RtlValidateHeap(heap, 0, 0));
    block = RtlReAllocateHeap(heap, HEAP_ZERO_MEMORY, block, 50000);
    CHECK(block && strcmp(block, "kept") == 0 && block[49999] == 0);
    CHECK(RtlReAllocateHeap(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 60000) == 0);
    CHECK(RtlFreeHeap(heap, 0, block) && !RtlFreeHeap(heap, 0, block));
    block = RtlAllocateHeapSlowly(process, 0, 10);
    CHECK(!RtlFreeHeapSlowly(heap, 0, block) && RtlFreeHeapSlowly(process, 0, block));
    CHECK(RtlFreeHeap(heap, 0, 0) && RtlDestroyHeap(process) == process);
    CHECK(RtlDestroyHeap(other) == 0);
    printf("a block belongs to its heap\n");
}

static void bounded(void)
{
    uint32_t small = RtlCreateHeap(0, 0, 1000, 0, 0, 0);
    char *block = RtlAllocateHeap(small, 0, 600);
    CHECK(block && !RtlAllocateHeap(small, 0, 401) && RtlCompactHeap(small, 0) == 400);
    block = RtlReAllocateHeap(small, 0, block, 1000);
    CHECK(block && RtlDebugCompactHeap(small, 0) == 0 && !RtlAllocateHeap(small, 0, 1));
    CHECK(RtlFreeHeap(small, 0, block) && RtlCompactHeap(small, 0) == 1000);
    CHECK(RtlDestroyHeap(small) == 0);
    CHECK(RtlCompactHeap(GetProcessHeap(), 0) > 1000000);
    printf("a bounded heap is full when it is\n");
}

static volatile int served;

static uint32_t ask(void *argument)
{
    (void)argument;
    CHECK(RtlAllocateHeap(heap, 0, 10) != 0);
    served = 1;
    return 0;
}

static void locked(void)
{
    int64_t moment = MILLISECONDS(20);
    CHECK(!RtlUnlockHeap(heap) && RtlLockHeap(heap) && RtlLockHeap(heap));
    HANDLE thread = start_thread(ask, 0);
    KeDelayExecutionThread(0, 0, &moment);
    CHECK(!served && RtlAllocateHeap(heap, 0, 10) != 0);
    CHECK(RtlUnlockHeap(heap) && !served && RtlUnlockHeap(heap));
    join_thread(thread);
    CHECK(served);
    printf("a locked heap is its owner's\n");
}

int main(void)
{
    MM_STATISTICS before = {.size = sizeof before}, after = {.size = sizeof after};
    MmQueryStatistics(&before);
    heap = RtlCreateHeap(HEAP_GROWABLE, 0, 0x10000, 0x1000, 0, 0);
    owners();
    bounded();
    locked();
    for (int i = 0; i < 1000; i++)
        CHECK(RtlAllocateHeap(heap, 0, 5000) != 0);
    CHECK(RtlDestroyHeap(heap) == 0 && RtlDestroyHeap(heap) == heap);
    CHECK(!RtlAllocateHeap(heap, 0, 10) && !RtlLockHeap(heap));
    MmQueryStatistics(&after);
    CHECK(after.title.heap_pages < before.title.heap_pages + 100);
    printf("blocks die with their heap\n");
    return 0;
}
