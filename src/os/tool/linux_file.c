/* linux_file.c - files and directories for the guestrt command. */
#define _GNU_SOURCE
#include "tool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int read_open_file(int fd, size_t limit, uint8_t **bytes, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return errno;
    if (!S_ISREG(info.st_mode))
        return S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    if ((uint64_t)info.st_size > limit)
        return EFBIG;
    size_t wanted = (size_t)info.st_size;
    uint8_t *buffer = malloc(wanted + 1);
    if (!buffer)
        return ENOMEM;
    size_t have = 0;
    while (have < wanted) {
        ssize_t got = read(fd, buffer + have, wanted - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            free(buffer);
            return error;
        }
        if (got == 0)
            break; /* the file shrank meanwhile: what is there is what it is */
        have += (size_t)got;
    }
    buffer[have] = 0;
    *bytes = buffer;
    *size = have;
    return 0;
}

int tool_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_open_file(fd, limit, bytes, size);
    close(fd);
    return error;
}

bool tool_file_exists(const char *path)
{
    return access(path, R_OK) == 0;
}

int tool_make_directories(const char *path)
{
    char partial[4096];
    size_t length = strlen(path);
    if (length >= sizeof partial)
        return ENAMETOOLONG;
    memcpy(partial, path, length + 1);
    for (char *slash = partial + 1;; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        bool last = *slash == '\0';
        *slash = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST)
            return errno;
        if (last)
            break;
        *slash = '/';
    }
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
}

/* The lock says that the directory is in use. It goes with the process, so that nothing has to be
 * cleaned up when that is killed; the descriptor is left open for it. */
int tool_make_temporary(const char *path, char *temporary, size_t size)
{
    if ((size_t)snprintf(temporary, size, "%s.XXXXXX", path) >= size)
        return ENAMETOOLONG;
    if (!mkdtemp(temporary))
        return errno;
    int fd = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
        close(fd); /* a file system without locks: the directory's age alone protects it */
    return 0;
}

int tool_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? 0 : errno;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void tool_remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool looks_temporary(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name && strlen(dot + 1) == 6;
}

/* True iff nobody holds the lock, and it is long enough ago that somebody was about to take it. */
static bool abandoned(const char *path)
{
    enum { SECONDS_TO_LOCK = 600 };
    struct stat info;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool old = fstat(fd, &info) == 0 && time(NULL) - info.st_mtime > SECONDS_TO_LOCK;
    bool unused = old && flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return unused;
}

void tool_remove_abandoned(const char *directory)
{
    DIR *entries = opendir(directory);
    if (!entries)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[4096];
        if (looks_temporary(entry->d_name) &&
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < (int)sizeof path &&
            abandoned(path))
            tool_remove_tree(path);
    }
    closedir(entries);
}

int tool_remove_file(const char *path)
{
    return unlink(path) == 0 ? 0 : errno;
}

int tool_self_path(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0)
        return errno;
    path[length] = '\0';
    return 0;
}

int tool_cache_directory(char *path, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;
    if (cache && *cache)
        length = snprintf(path, size, "%s/guestrt", cache);
    else if (home && *home)
        length = snprintf(path, size, "%s/.cache/guestrt", home);
    else
        return ENOENT;
    return (size_t)length < size ? 0 : ENAMETOOLONG;
}
