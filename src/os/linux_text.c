/*
 * linux_text.c - what the host says, in words: errors, limits, and the way to stderr.
 *
 * Nothing here allocates: these texts are wanted exactly when memory is short.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void os_error_text(int error, char *text, size_t size)
{
    const char *name = strerrordesc_np(error);
    snprintf(text, size, "%s (errno %d)", name != NULL ? name : "unknown error", error);
}

void os_stderr_write(const char *text, size_t size)
{
    int saved = errno;
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, text, size);
        if (done < 0 && errno != EINTR) {
            break; /* stderr is closed or full; there is nobody left to tell */
        }
        if (done > 0) {
            text += done;
            size -= (size_t)done;
        }
    }
    errno = saved;
}

/* Reads the start of a small file of the kernel; false when there is none. */
static bool read_kernel_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t got = read(file, text, size - 1);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static bool kernel_number(const char *path, uint64_t *number)
{
    char text[64];
    if (!read_kernel_file(path, text, sizeof text) || text[0] < '0' || text[0] > '9') {
        return false;
    }
    *number = strtoull(text, NULL, 10);
    return true;
}

static uint64_t count_mappings(void)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    char text[4096];
    uint64_t lines = 0;
    ssize_t got;
    while ((got = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            lines += text[i] == '\n';
        }
    }
    close(file);
    return lines;
}

static bool resource_limit_text(int resource, const char *name, char *text, size_t size)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return false;
    }
    snprintf(text, size, "%s is %.1f MiB", name, (double)limit.rlim_cur / (1 << 20));
    return true;
}

static bool mapping_limit_text(char *text, size_t size)
{
    uint64_t limit;
    if (!kernel_number("/proc/sys/vm/max_map_count", &limit)) {
        return false;
    }
    uint64_t used = count_mappings();
    if (used + limit / 16 < limit) {
        return false;
    }
    snprintf(text, size, "the process has %llu of vm.max_map_count %llu mappings",
             (unsigned long long)used, (unsigned long long)limit);
    return true;
}

static bool overcommit_text(char *text, size_t size)
{
    uint64_t mode;
    if (!kernel_number("/proc/sys/vm/overcommit_memory", &mode) || mode != 2) {
        return false;
    }
    snprintf(text, size, "vm.overcommit_memory is 2 (strict)");
    return true;
}

static bool cgroup_text(char *text, size_t size)
{
    uint64_t limit;
    if (!kernel_number("/sys/fs/cgroup/memory.max", &limit)) {
        return false;
    }
    snprintf(text, size, "cgroup memory.max is %.1f MiB", (double)limit / (1 << 20));
    return true;
}

void os_memory_limit_text(char *text, size_t size)
{
    /* From the limit that is set on purpose to the one that is merely there. */
    if (resource_limit_text(RLIMIT_AS, "RLIMIT_AS", text, size) ||
        resource_limit_text(RLIMIT_DATA, "RLIMIT_DATA", text, size) ||
        mapping_limit_text(text, size) || overcommit_text(text, size) || cgroup_text(text, size)) {
        return;
    }
    if (size > 0) {
        text[0] = '\0';
    }
}
