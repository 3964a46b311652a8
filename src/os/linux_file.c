/*
 * linux_file.c - a file that grows by mapped pieces.
 */
#define _GNU_SOURCE
#include "os/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os_inject.h"

static int close_with(int descriptor, int error)
{
    close(descriptor);
    return error;
}

static int make_absolute(const char *path, char *absolute)
{
    size_t length = 0;
    if (path[0] != '/') {
        if (getcwd(absolute, OS_FILE_PATH_MAX - 1) == NULL) {
            return errno;
        }
        length = strlen(absolute);
        absolute[length++] = '/';
    }
    size_t rest = strlen(path) + 1;
    if (rest > OS_FILE_PATH_MAX - length) {
        return ENAMETOOLONG;
    }
    memcpy(absolute + length, path, rest);
    return 0;
}

/* O_NONBLOCK: a pipe without a reader must be refused, not waited for. */
static int open_for_writing(const char *path, int flags, int *descriptor, struct stat *info)
{
    *descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0666);
    if (*descriptor < 0) {
        return errno;
    }
    return fstat(*descriptor, info) == 0 ? 0 : close_with(*descriptor, errno);
}

static int write_head(int descriptor, const void *head, size_t size)
{
    if (ftruncate(descriptor, 0) != 0) {
        return errno;
    }
    ssize_t done = pwrite(descriptor, head, size, 0);
    if (done < 0) {
        return errno;
    }
    return (size_t)done == size ? 0 : ENOSPC;
}

int os_file_create(const char *path, const void *head, size_t size, os_file *file)
{
    int descriptor;
    struct stat info;
    int error = make_absolute(path, file->path);
    if (error == 0) {
        error = open_for_writing(file->path, O_CREAT, &descriptor, &info);
    }
    if (error != 0) {
        return error;
    }
    file->device = info.st_dev;
    file->node = info.st_ino;
    file->size = size;
    error = S_ISREG(info.st_mode) ? write_head(descriptor, head, size) : ENOTSUP;
    return close_with(descriptor, error);
}

/* Beyond this limit the host would send a signal, which no program expects of its heap. */
static int check_size_limit(uint64_t size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return 0;
    }
    return size > limit.rlim_cur ? EFBIG : 0;
}

static int take_room(int descriptor, uint64_t offset, size_t size)
{
    int error = check_size_limit(offset + size);
    if (error != 0) {
        return error;
    }
    do { /* a signal of the program's own must not look like a full disk */
        error = posix_fallocate(descriptor, (off_t)offset, (off_t)size);
    } while (error == EINTR);
    return error;
}

/* Room on the disk comes first: a store into a page without would end the process. */
static int map_behind(os_file *file, int descriptor, size_t size, void **pages)
{
    int error = take_room(descriptor, file->size, size);
    if (error != 0) {
        return error;
    }
    void *got = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (off_t)file->size);
    if (got == MAP_FAILED) {
        return errno;
    }
    file->size += size;
    *pages = got;
    return 0;
}

int os_file_grow(os_file *file, size_t size, void **pages)
{
    int descriptor;
    struct stat info;
    if (os_inject_should_fail()) {
        return ENOSPC;
    }
    int error = open_for_writing(file->path, 0, &descriptor, &info);
    if (error != 0) {
        return error;
    }
    bool same = info.st_dev == file->device && info.st_ino == file->node &&
                (uint64_t)info.st_size == file->size;
    return close_with(descriptor, same ? map_behind(file, descriptor, size, pages) : ESTALE);
}

void os_file_unmap(void *pages, size_t size)
{
    munmap(pages, size);
}
