/*
 * assert.c - how an assertion ends.
 */
#include "os/assert.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

typedef void assert_hook(const char *text);
static _Atomic(assert_hook *) current_hook;

void os_assert_set_hook(void (*hook)(const char *text))
{
    atomic_store(&current_hook, hook);
}

void os_assert_failed(const char *condition, const char *file, int line)
{
    char text[512];
    snprintf(text, sizeof text, "guestrt: internal error: %s:%d: %s does not hold", file, line,
             condition);
    assert_hook *hook = atomic_load(&current_hook);
    if (hook != NULL) {
        hook(text);
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* snprintf() left at least the terminator's place */
    os_stderr_write(text, length + 1);
    abort();
}
