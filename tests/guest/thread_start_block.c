// A worker whose start block was not filled in yet calls what it finds there. The report names the
// thread, the caller and the target; with -vv the log says what the block held at the creation.
// run: -vv
// expect: before
// exit: 132
// stderr: start block of thread id 00000002: word 0 is E0348182, not code
// stderr: start block of thread id 00000002: word 1 is 00000007, not code
// stderr: E0348182
// stderr: run_block
#include "check.h"

typedef struct start_block {
    thread_entry *function;
    void *argument;
} start_block;

__attribute__((noinline)) static uint32_t run_block(void *argument)
{
    const start_block *block = argument;
    return block->function(block->argument) + 1;
}

int main(void)
{
    static volatile start_block block = {(thread_entry *)0xE0348182, (void *)7};
    printf("before\n");
    fflush(stdout);
    join_thread(start_thread(run_block, (void *)&block));
    printf("after\n");
    return 0;
}
