// A thread ends deep in its calls; the program ends by exit() deep in main's.
// expect: the thread is gone
// expect: leaving
// expect: at exit
// exit: 77
#include "check.h"
#include <stdlib.h>

static volatile int depth_reached;

__attribute__((noinline)) static void descend(int depth)
{
    depth_reached = depth;
    if (depth == 50)
        ExTerminateThread(5);
    descend(depth + 1);
    printf("came back\n");
}

static uint32_t end_deep(void *argument)
{
    (void)argument;
    descend(0);
    return 0;
}

static void at_exit(void)
{
    printf("at exit\n");
}

__attribute__((noinline)) static int leave(int depth)
{
    if (depth == 20) {
        printf("leaving\n");
        exit(77);
    }
    return leave(depth + 1) + 1;
}

int main(void)
{
    join_thread(start_thread(end_deep, 0));
    CHECK(depth_reached == 50);
    printf("the thread is gone\n");
    atexit(at_exit);
    return leave(0);
}
