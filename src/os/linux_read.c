/*
 * linux_read.c - reads memory that may not be there.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

int os_read_memory(void *to, const void *from, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(uintptr_t)from, size};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (got < 0) {
        return errno;
    }
    return (size_t)got == size ? 0 : EFAULT;
}
