/*
 * linux_alloc.c - host memory for the runtime's own records, from the C library's heap.
 *
 * A file of its own, so that a program that is itself the C library's heap can link another one.
 */
#include "os/os.h"

#include <stdlib.h>

#include "os/os_inject.h"

void *os_alloc(size_t size)
{
    if (os_inject_should_fail()) {
        return NULL;
    }
    return calloc(1, size != 0 ? size : 1);
}

void os_free(void *block)
{
    free(block);
}
