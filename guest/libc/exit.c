/*
 * exit.c - how a program begins and ends.
 */
#include "../platform/platform.h"
#include "stdio_private.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_EXIT_MAX = 32 };

static void (*at_exit[AT_EXIT_MAX])(void);
static unsigned at_exit_count;

int main(int argc, char **argv);

static void finish(void)
{
    while (at_exit_count)
        at_exit[--at_exit_count]();
    fflush(stdout);
}

int guest_run_main(int argc, char **argv)
{
    platform_start();
    guest_stdio_start();
    int code = main(argc, argv);
    finish();
    return code;
}

int atexit(void (*function)(void))
{
    if (at_exit_count == AT_EXIT_MAX)
        return -1;
    at_exit[at_exit_count++] = function;
    return 0;
}

_Noreturn void exit(int code)
{
    finish();
    platform_exit(code);
}

_Noreturn void _Exit(int code)
{
    platform_exit(code);
}

_Noreturn void abort(void)
{
    fflush(stdout);
    platform_abort();
}

_Noreturn void guest_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}

/* There is no environment and no shell. */
char *getenv(const char *name)
{
    (void)name;
    return 0;
}

int system(const char *command)
{
    (void)command;
    return 0;
}
