/* Makes a known number of calls and leaves without any exit hook: by _exit, a kill or a crash. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile hidden;

int main(int argc, char **argv)
{
    for (int i = 0; i < 5000; i++) {
        hidden = malloc((size_t)i);
        if (i % 2)
            free(hidden);
    }
    if (argc > 1 && !strcmp(argv[1], "kill"))
        kill(getpid(), SIGKILL);
    if (argc > 1 && !strcmp(argv[1], "crash"))
        *(volatile int *)8 = 1;
    _exit(7);
}
