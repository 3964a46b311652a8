// Interlocked lists: order, counts, many threads, mistakes.
// expect: last in, first out
// expect: 4 threads kept 16 entries
// expect: mistakes are reported
// stderr: InterlockedPopEntrySList: list leads to 0x00000010, which cannot be written
// stderr: is broken: its first entry, 0x00000020, cannot be read
// stderr: InterlockedFlushSList: list 0x
// stderr: is not at a multiple of 8
#include "check.h"

static SLIST_HEADER list;
static struct {
    SLIST_ENTRY entry;
    volatile uint32_t taken;
} items[16];

static uint32_t use(void *argument)
{
    uint32_t clashes = 0;
    (void)argument;
    for (int i = 0; i < 5000; i++) {
        SLIST_ENTRY *entry = InterlockedPopEntrySList(&list);
        if (!entry)
            continue;
        volatile uint32_t *taken = (volatile uint32_t *)(entry + 1);
        clashes += __atomic_exchange_n(taken, 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(taken, 0, __ATOMIC_SEQ_CST);
        InterlockedPushEntrySList(&list, entry);
    }
    if (clashes)
        printf("%u entries had two owners\n", (unsigned)clashes);
    return 0;
}

int main(void)
{
    HANDLE threads[4];
    CHECK(InterlockedPopEntrySList(&list) == 0);
    CHECK(InterlockedPushEntrySList(&list, &items[0].entry) == 0);
    CHECK(InterlockedPushEntrySList(&list, &items[1].entry) == &items[0].entry);
    CHECK(list.depth == 2 && list.sequence == 2 && list.next == &items[1].entry);
    CHECK(InterlockedPopEntrySList(&list) == &items[1].entry);
    CHECK(list.depth == 1 && list.sequence == 2);
    InterlockedPushEntrySList(&list, &items[2].entry);
    CHECK(InterlockedFlushSList(&list) == &items[2].entry);
    CHECK(items[2].entry.next == &items[0].entry && items[0].entry.next == 0);
    CHECK(list.depth == 0 && list.next == 0);
    CHECK(InterlockedFlushSList(&list) == 0);
    printf("last in, first out\n");

    for (int i = 0; i < 16; i++)
        InterlockedPushEntrySList(&list, &items[i].entry);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(use, 0);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    int kept = 0;
    CHECK(list.depth == 16);
    for (SLIST_ENTRY *entry = InterlockedFlushSList(&list); entry; entry = entry->next)
        kept++;
    printf("4 threads kept %d entries\n", kept);

    CHECK(InterlockedPopEntrySList((SLIST_HEADER *)0x10) == 0);
    list.next = (SLIST_ENTRY *)0x20;
    CHECK(InterlockedPopEntrySList(&list) == 0);
    CHECK(InterlockedFlushSList(&list) == (SLIST_ENTRY *)0x20);
    CHECK(InterlockedFlushSList((SLIST_HEADER *)((char *)&list + 4)) == 0);
    printf("mistakes are reported\n");
    return 0;
}
