/* events.c - opens a file of events. */
#include "events.h"
#include "bench.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const void *map(const char *path, size_t *size)
{
    struct stat status;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0 || fstat(file, &status) != 0)
        bench_fail("the file of events (--trace) cannot be opened");
    *size = (size_t)status.st_size;
    const void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    return bytes == MAP_FAILED ? NULL : bytes;
}

events events_open(const char *path)
{
    size_t size;
    const events_head *head = map(path, &size);
    if (!head || size < sizeof *head ||
        memcmp(head->magic, EVENTS_MAGIC, sizeof head->magic) != 0 ||
        size != sizeof *head + head->count * sizeof(event) || head->count == 0)
        bench_fail("the file of events (--trace) is damaged or of another version");
    return (events){head, (const event *)(head + 1)};
}
