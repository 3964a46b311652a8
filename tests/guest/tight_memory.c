// With room for two contexts only, the thread after a wait gets the context of the one waited for.
// run: --heap-budget=0x90000 --summary
// expect: 200 threads, one after the other
// stderr: threads: 201 created, 201 ended, at most 2 at once
// silent: HEAP-ALLOC-FAIL
#include "check.h"

static volatile unsigned ran;

static uint32_t run(void *argument)
{
    (void)argument;
    ran++;
    return 0;
}

int main(void)
{
    for (int i = 0; i < 200; i++) {
        HANDLE thread = 0;
        uint32_t status = (uint32_t)ExCreateThread(&thread, 0, 0, 0, run, 0, 0);
        if (status != STATUS_SUCCESS) {
            printf("thread %d: %08X\n", i, (unsigned)status);
            return 1;
        }
        join_thread(thread);
    }
    printf("%u threads, one after the other\n", ran);
    return 0;
}
