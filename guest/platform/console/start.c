/*
 * start.c - where the main thread begins.
 *
 * The loader enters with a stack that has linkage room, r13 on the PCR, and r3 on the arguments:
 * the count, the strings, a null pointer; r3 may be 0. What returns is the thread's exit code.
 */
#include "../platform.h"

struct start_arguments {
    uint32_t count;
    char *strings[];
};

int _start(struct start_arguments *arguments) __attribute__((section(".text._start")));

int _start(struct start_arguments *arguments)
{
    static char *none[] = {"guest", 0};
    if (!arguments)
        return guest_run_main(1, none);
    return guest_run_main((int)arguments->count, arguments->strings);
}
