/*
 * os_file.h - a file that grows by mapped pieces.
 *
 * What is stored into a piece is in the file at once, as far as other processes and later readers
 * are concerned: it stays when the process is killed. No descriptor is kept between calls, because
 * a host program may close descriptors it does not know and be given their numbers for its own
 * files.
 */
#ifndef GRT_OS_FILE_H
#define GRT_OS_FILE_H

#include <stddef.h>
#include <stdint.h>

#define OS_FILE_PATH_MAX 4096u

typedef struct os_file {
    char path[OS_FILE_PATH_MAX]; /* absolute: the process may change its directory */
    uint64_t device, node;       /* it must still be this file, unchanged, when it grows */
    uint64_t size;               /* bytes */
} os_file;

/* Makes or empties the regular file [path] and writes [size] bytes of [head]. ENOTSUP when [path]
 * is something else than a regular file. */
int os_file_create(const char *path, const void *head, size_t size, os_file *file);

/* Appends [size] zero bytes, multiples of the page size like the file's size so far, for which the
 * host has room, and maps them. One thread at a time. */
int os_file_grow(os_file *file, size_t size, void **pages);
void os_file_unmap(void *pages, size_t size);

#endif
