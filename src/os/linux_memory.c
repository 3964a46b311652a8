/*
 * linux_memory.c - address space and memory behind it.
 *
 * Reserved pages are private anonymous mappings without access and without commit charge; giving
 * memory back maps such pages over the old ones, which frees them and drops their charge at once.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/os_inject.h"

#ifndef MAP_FIXED_NOREPLACE
#    define MAP_FIXED_NOREPLACE 0x100000
#endif

#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

struct os_shared {
    int file;
    size_t size;
};

static int protection(os_access access)
{
    switch (access) {
    case OS_READ:
        return PROT_READ;
    case OS_READ_WRITE:
        return PROT_READ | PROT_WRITE;
    case OS_NONE:
        break;
    }
    return PROT_NONE;
}

size_t os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

int os_reserve(uintptr_t wish, size_t size, void **base)
{
    if (os_inject_should_fail()) {
        return ENOMEM;
    }
    void *got = MAP_FAILED;
    if (wish != 0) {
        /* A kernel that does not know the flag takes the wish as a hint, which is as good. */
        got = mmap((void *)wish, size, PROT_NONE, RESERVE_FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
    }
    if (got == MAP_FAILED) {
        got = mmap(NULL, size, PROT_NONE, RESERVE_FLAGS, -1, 0);
    }
    if (got == MAP_FAILED) {
        return errno;
    }
    *base = got;
    return 0;
}

int os_release(void *base, size_t size)
{
    return munmap(base, size) == 0 ? 0 : errno;
}

int os_commit(void *page, size_t size)
{
    return os_protect(page, size, OS_READ_WRITE);
}

int os_decommit(void *page, size_t size)
{
    if (os_inject_should_fail()) {
        return ENOMEM;
    }
    void *got = mmap(page, size, PROT_NONE, RESERVE_FLAGS | MAP_FIXED, -1, 0);
    return got == MAP_FAILED ? errno : 0;
}

int os_protect(void *page, size_t size, os_access access)
{
    if (os_inject_should_fail()) {
        return ENOMEM;
    }
    return mprotect(page, size, protection(access)) == 0 ? 0 : errno;
}

int os_discard(void *page, size_t size)
{
    return madvise(page, size, MADV_DONTNEED) == 0 ? 0 : errno;
}

int os_resident(const void *page, size_t size, uint8_t *resident)
{
    if (mincore((void *)(uintptr_t)page, size, resident) != 0) {
        return errno;
    }
    for (size_t i = 0; i < size / os_page_size(); i++) {
        resident[i] &= 1; /* the other bits mean nothing yet */
    }
    return 0;
}

int os_shared_create(size_t size, os_shared **shared)
{
    os_shared *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return ENOMEM;
    }
    made->size = size;
    made->file = os_inject_should_fail() ? (errno = EMFILE, -1)
                                         : memfd_create("guestrt-physical", MFD_CLOEXEC);
    if (made->file < 0 || ftruncate(made->file, (off_t)size) != 0) {
        int error = errno;
        os_shared_destroy(made);
        return error;
    }
    *shared = made;
    return 0;
}

void os_shared_destroy(os_shared *shared)
{
    if (shared != NULL) {
        if (shared->file >= 0) {
            close(shared->file);
        }
        os_free(shared);
    }
}

int os_shared_map(os_shared *shared, size_t offset, void *page, size_t size, os_access access)
{
    GRT_ASSERT(offset <= shared->size && size <= shared->size - offset);
    if (os_inject_should_fail()) {
        return ENOMEM;
    }
    void *got = mmap(page, size, protection(access), MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
                     shared->file, (off_t)offset);
    return got == MAP_FAILED ? errno : 0;
}

int os_shared_discard(os_shared *shared, size_t offset, size_t size)
{
    GRT_ASSERT(offset <= shared->size && size <= shared->size - offset);
    int result = fallocate(shared->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                           (off_t)size);
    return result == 0 ? 0 : errno;
}
