// Queues in guest memory: entries in order, waits, what is left at the end.
// expect: entries come in order
// expect: nobody waits longer than asked
// expect: workers got 300 entries
// expect: the rest is a ring of 3
// stderr: KeInsertQueue: entry 00000010 is not put into queue
// stderr: is in queue
// stderr: is of an event; called by
// stderr: KeRemoveQueue: timeout leads to 0x00000010, which cannot be read
// stderr: was overwritten, or an entry of it was put in once more: what it held is lost
#include "check.h"

typedef struct item {
    LIST_ENTRY entry;
    uint32_t number;
} item;

#define ITEMS 300

static KQUEUE queue;
static item items[ITEMS];
static int64_t now = 0;

static uint32_t number_of(LIST_ENTRY *entry)
{
    return (uint32_t)(uintptr_t)entry == STATUS_TIMEOUT ? STATUS_TIMEOUT : ((item *)entry)->number;
}

static uint32_t take(const int64_t *timeout)
{
    return number_of(KeRemoveQueue(&queue, 0, timeout));
}

static void order(void)
{
    KeInitializeQueue(&queue, 0);
    CHECK(queue.header.type == 4 && queue.maximum_count == 6);
    CHECK(queue.entries.next == &queue.entries && queue.entries.previous == &queue.entries);
    CHECK(KeInsertQueue(&queue, &items[1].entry) == 0);
    CHECK(KeInsertQueue(&queue, &items[2].entry) == 1);
    CHECK(KeInsertHeadQueue(&queue, &items[0].entry) == 2);
    CHECK(queue.header.signal_state == 3);
    CHECK(KeInsertQueue(&queue, &items[1].entry) == 3 && queue.header.signal_state == 3);
    CHECK(queue.entries.next == &items[0].entry && queue.entries.previous == &items[2].entry);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(take(&now) == i);
    CHECK(items[0].entry.next == 0);
    CHECK(queue.header.signal_state == 0);
    printf("entries come in order\n");
}

static void times(void)
{
    int64_t soon = MILLISECONDS(5);
    CHECK(take(&now) == STATUS_TIMEOUT);
    CHECK(take(&soon) == STATUS_TIMEOUT);
    CHECK(KeRemoveQueue(&queue, 0, (int64_t *)0x10) == (LIST_ENTRY *)STATUS_TIMEOUT);
    CHECK(KeRemoveQueue((KQUEUE *)items, 0, &now) == (LIST_ENTRY *)STATUS_TIMEOUT);
    CHECK(KeInsertQueue(&queue, (LIST_ENTRY *)0x10) == 0);
    CHECK(take(&now) == STATUS_TIMEOUT);
    printf("nobody waits longer than asked\n");
}

static uint32_t worker(void *unused)
{
    uint32_t count = 0;
    (void)unused;
    while (take(0) != ITEMS)
        count++;
    return count;
}

static void workers(void)
{
    static item last[3];
    HANDLE threads[3];
    uint32_t seen = 0;
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(worker, 0);
    for (int i = 0; i < ITEMS; i++)
        KeInsertQueue(&queue, &items[i].entry);
    for (int i = 0; i < 3; i++) {
        last[i].number = ITEMS;
        KeInsertQueue(&queue, &last[i].entry);
    }
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    for (int i = 0; i < ITEMS; i++)
        seen += items[i].entry.next == 0;
    printf("workers got %u entries\n", seen);
}

static void rundown(void)
{
    uint32_t count = 0;
    CHECK(KeRundownQueue(&queue) == 0);
    for (int i = 0; i < 3; i++)
        KeInsertQueue(&queue, &items[i].entry);
    LIST_ENTRY *first = KeRundownQueue(&queue), *at = first;
    CHECK(first == &items[0].entry);
    do {
        CHECK(at->next->previous == at);
        at = at->next;
        count++;
    } while (at != first && count < 10);
    CHECK(queue.header.signal_state == 0 && take(&now) == STATUS_TIMEOUT);
    KeInsertQueue(&queue, &items[4].entry);
    queue.entries.next = &items[7].entry; /* the program's own mistake */
    CHECK(take(&now) == STATUS_TIMEOUT);
    CHECK(KeInsertQueue(&queue, &items[5].entry) == 0 && take(&now) == 5);
    printf("the rest is a ring of %u\n", count);
}

int main(void)
{
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i].number = i;
    order();
    times();
    workers();
    rundown();
    return 0;
}
