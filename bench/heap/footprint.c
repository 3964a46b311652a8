/*
 * footprint.c - how much memory an allocator takes for what was asked: a trace is replayed and
 * every page of every block written. The figure is the largest growth of the process's resident
 * memory, the allocator's own records included, over the most bytes that were live at once.
 *
 * Resident memory is read at the trace's peak and at regular distances, from the page tables
 * themselves: the counters of /proc/self/status may lag behind by megabytes.
 */
#include "bench.h"
#include "events.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 200, PAGE = 4096 };

static uint64_t kilobytes(const char *text, const char *line)
{
    const char *found = strstr(text, line);
    if (!found)
        bench_fail("this host does not tell what is resident (/proc/self/smaps_rollup)");
    return strtoull(found + strlen(line), NULL, 10) * 1024;
}

/* Without the pages of files: code that runs for the first time is nothing the allocator took. */
static uint64_t resident_bytes(void)
{
    char text[4096];
    int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[got > 0 ? got : 0] = 0;
    close(file);
    return kilobytes(text, "\nPss_Anon:") + kilobytes(text, "\nPss_Shmem:");
}

static void *write_pages(void *block, size_t size)
{
    bench_use(block);
    for (size_t i = 0; i < size; i += PAGE)
        ((volatile char *)block)[i] = 1;
    ((volatile char *)block)[size - 1] = 1;
    return block;
}

static void apply(const bench_allocator *allocator, void **slot, const event *e)
{
    if (e->op == EVENT_FREE)
        allocator->free(*slot);
    else if (e->op == EVENT_REALLOC)
        *slot = write_pages(allocator->realloc(*slot, e->size), e->size);
    else if (e->op == EVENT_ZEROED)
        *slot = write_pages(allocator->zalloc(e->size), e->size);
    else
        *slot = write_pages(allocator->alloc(e->size), e->size);
}

static uint64_t peak_resident(const bench_allocator *allocator, const events *trace, void **slots)
{
    uint64_t peak = 0, distance = trace->head->count / SAMPLES + 1;
    for (uint64_t i = 0; i < trace->head->count; i++) {
        apply(allocator, &slots[trace->list[i].slot], &trace->list[i]);
        if (i % distance == 0 || i == trace->head->peak_index) {
            uint64_t now = resident_bytes();
            peak = now > peak ? now : peak;
        }
    }
    return peak;
}

bool bench_footprint(bench_run *run)
{
    events trace = events_open(run->trace);
    void **slots = bench_memory(trace.head->slots * sizeof *slots);
    uint64_t before = resident_bytes();
    bench_start(run);
    uint64_t peak = peak_resident(&run->allocator, &trace, slots);
    bench_report("of live", (double)(peak - before) / (double)trace.head->peak_bytes);
    return true;
}
