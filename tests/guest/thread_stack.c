// Stacks: the size that was asked for is there, deep recursion fits into a large one, an entry may
// write into its caller's frame, and the guest can have stacks of its own. (A port that ignored the
// size overflowed 256 KiB stacks; another faulted on entries that save into the caller's frame.)
// expect: sizes are honoured
// expect: 3000 frames of 500 bytes fit into 2 MiB
// expect: the caller's frame is there
// expect: a stack of one's own has guards
// stderr: MmDeleteKernelStack:
// stderr: KeSetCurrentStackPointers: stack pointer 0x00001000 is not in the stack
// stderr: RtlGetStackLimits: low_out leads to 0x00000010, which cannot be written
#include "thread_words.h"

static volatile uint32_t sum;

static uint32_t measure(void *argument)
{
    uint32_t low = 0, high = 0;
    (void)argument;
    RtlGetStackLimits(&low, &high);
    CHECK(low == word_at(pcr() + 0x74) && high == word_at(pcr() + 0x70));
    CHECK((uint32_t)&low >= low && (uint32_t)&high < high);
    sum = high - low;
    return 0;
}

static uint32_t size_of_stack(uint32_t asked)
{
    HANDLE thread;
    CHECK(ExCreateThread(&thread, asked, 0, 0, measure, 0, 0) == STATUS_SUCCESS);
    join_thread(thread);
    return sum;
}

__attribute__((noinline)) static uint32_t dive(uint32_t depth)
{
    volatile uint8_t here[500];
    here[0] = (uint8_t)depth;
    return depth == 0 ? here[0] : dive(depth - 1) + here[0] - (uint8_t)depth + 1;
}

static uint32_t dive_deep(void *argument)
{
    sum = dive((uint32_t)argument);
    return 0;
}

/* Saves into the frame above its own, as compilers of the console do with arguments. */
static uint32_t write_above(void *argument)
{
    (void)argument;
    volatile uint32_t *above = __builtin_dwarf_cfa();
    for (int i = 0; i < 32; i++)
        above[i] = 0xA5A5A5A5u;
    sum = above[31];
    return 0;
}

static void own_stacks(void)
{
    char *base = MmCreateKernelStack(0x5000, 0);
    CHECK(base != 0 && (uint32_t)base % 0x1000 == 0);
    for (char *at = base - 0x5000; at < base; at += 64) {
        CHECK(*at == 0);
        *at = 1;
    }
    uint32_t low = word_at(pcr() + 0x74), high = word_at(pcr() + 0x70);
    uint32_t size = 4;
    void *inside = base - 0x1000;
    CHECK(NtFreeVirtualMemory(&inside, &size, MEM_RELEASE, 0) != STATUS_SUCCESS);
    CHECK(MmDeleteKernelStack(base, base - 0x4000) == 0xC0000001u);
    KeSetCurrentStackPointers(base - 0x200, SELF, base, base, base - 0x5000);
    CHECK(word_at(pcr() + 0x70) == (uint32_t)base);
    CHECK(word_at(pcr() + 0x74) == (uint32_t)base - 0x5000);
    CHECK(word_at(kthread() + 0x5C) == (uint32_t)base &&
          word_at(kthread() + 0xD0) == (uint32_t)base);
    CHECK(word_at(kthread() + 0x60) == (uint32_t)base - 0x5000);
    CHECK(MmDeleteKernelStack(base, base - 0x5000) == 0xC0000001u); /* the thread is on it */
    KeSetCurrentStackPointers(__builtin_frame_address(0), SELF, (void *)high, (void *)high,
                              (void *)low);
    CHECK(MmDeleteKernelStack(base, base - 0x5000) == STATUS_SUCCESS);
    CHECK(MmDeleteKernelStack(base, base - 0x5000) == 0xC0000001u);
    CHECK(MmCreateKernelStack(0xFFFFFFFFu, 0) == 0);
    KeSetCurrentStackPointers((void *)0x1000, SELF, 0, (void *)high, (void *)low);
    KeSetCurrentStackPointers((void *)(high - 0x200), (KTHREAD *)4, 0, (void *)high, (void *)low);
    CHECK(word_at(pcr() + 0x74) == low && word_at(pcr() + 0x70) == high);
    RtlGetStackLimits((uint32_t *)16, &size);
    *(volatile uint32_t *)(pcr() + 0x78) = 0x2000;
    *(volatile uint32_t *)(pcr() + 0x7C) = 0x1000;
    *(volatile uint32_t *)(pcr() + 0x6C) = 1;
    RtlGetStackLimits(&low, &high);
    *(volatile uint32_t *)(pcr() + 0x6C) = 0;
    CHECK(low == 0x1000 && high == 0x2000);
}

int main(void)
{
    CHECK(size_of_stack(0) == 0x40000);
    CHECK(size_of_stack(1) == 0x4000);
    CHECK(size_of_stack(0x4001) == 0x5000);
    CHECK(size_of_stack(0x80000) == 0x80000);
    printf("sizes are honoured\n");

    HANDLE thread;
    CHECK(ExCreateThread(&thread, 0x200000, 0, 0, dive_deep, (void *)3000, 0) == STATUS_SUCCESS);
    join_thread(thread);
    printf("%u frames of 500 bytes fit into 2 MiB\n", (unsigned)sum);

    join_thread(start_thread(write_above, 0));
    if (sum == 0xA5A5A5A5u)
        printf("the caller's frame is there\n");

    own_stacks();
    printf("a stack of one's own has guards\n");
    return 0;
}
