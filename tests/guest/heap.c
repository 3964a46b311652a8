// The title heap: sizes as asked for, zeroing, growing in place or not, alignment, several threads.
// expect: sizes, zeroing and growing
// expect: a block may be freed by another thread
// expect: exhaustion is survived
// stderr: HEAP-ALLOC-FAIL
#include "check.h"
#include <stdlib.h>
#include <string.h>

static void *passed[1000];

static uint32_t free_all(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++)
        CHECK(RtlFreeHeap(0, 0, passed[i]) != 0);
    return 0;
}

int main(void)
{
    static const uint32_t sizes[] = {0,    1,    15,   16,    17,      100,
                                     4095, 4096, 4097, 70000, 1 << 20, 5000001};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *block = RtlAllocateHeap(0, HEAP_ZERO_MEMORY, sizes[i]);
        CHECK(block && (uintptr_t)block % 16 == 0);
        CHECK(RtlSizeHeap(0, 0, block) == (sizes[i] ? sizes[i] : 1));
        unsigned sum = 0;
        for (uint32_t j = 0; j < sizes[i]; j++)
            sum += block[j];
        CHECK(sum == 0);
        memset(block, (int)i + 1, sizes[i]);
        block = RtlReAllocateHeap(0, 0, block, sizes[i] * 2 + 3);
        for (uint32_t j = 0; j < sizes[i]; j++)
            sum |= block[j] ^ (i + 1);
        CHECK(sum == 0 && RtlSizeHeap(0, 0, block) == sizes[i] * 2 + 3);
        RtlFreeHeap(0, 0, block);
    }
    printf("sizes, zeroing and growing\n");
    for (int i = 0; i < 1000; i++)
        passed[i] = malloc((size_t)(i * 37 % 3000 + 1));
    join_thread(start_thread(free_all, 0));
    printf("a block may be freed by another thread\n");
    CHECK(RtlAllocateHeap(0, 0, 0xF0000000) == 0);
    unsigned taken = 0;
    while (taken < 1000 && (passed[taken] = malloc(32 << 20)) != 0)
        taken++;
    CHECK(taken > 50 && taken < 70);
    while (taken)
        free(passed[--taken]);
    void *again = malloc(1 << 30);
    CHECK(again != 0);
    free(again);
    printf("exhaustion is survived\n");
    return 0;
}
