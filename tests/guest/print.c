// What several threads print at once stays in whole lines, and nothing is lost; DbgPrint formats.
// expect: dbg 42 text -7 beef
// expect: 6 threads printed 100 whole lines each
// lines: 602
#include "check.h"

static uint32_t chatter(void *argument)
{
    for (unsigned i = 0; i < 100; i++)
        printf("thread %u says %03u: %s\n", (unsigned)argument, i,
               "the quick brown fox jumps over the lazy dog");
    return 0;
}

int main(void)
{
    HANDLE threads[6];
    DbgPrint("dbg %d %s %d %x\n", 42, "text", -7, 0xbeef);
    for (uint32_t i = 0; i < 6; i++)
        threads[i] = start_thread(chatter, (void *)i);
    for (int i = 0; i < 6; i++)
        join_thread(threads[i]);
    printf("6 threads printed 100 whole lines each\n");
    return 0;
}
