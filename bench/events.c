/*
 * events.c - makes a file of events (heap/events.h) from an allocation trace, so that a replay has
 * nothing to decode.
 *
 * usage: bench_events TRACE EVENTS [MOST]
 *
 * At most MOST events are taken; then every block that is still live is freed, so that the events
 * can be gone through again. What failed when it was recorded is left out.
 */
#include "guestrt/trace.h"
#include "heap/events.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct maker {
    event *list;
    uint64_t room;
    uint32_t *live; /* bytes of the block in each slot; 0: none */
    uint64_t live_room;
    uint64_t live_bytes;
    events_head head;
} maker;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_events: %s: %s\n", what, why);
    exit(1);
}

static void *grow(void *memory, uint64_t *room, uint64_t wanted, size_t each)
{
    uint64_t old = *room;
    if (wanted < old)
        return memory;
    *room = wanted * 2 + 1024;
    memory = realloc(memory, *room * each);
    if (!memory)
        fail("memory", "there is not enough");
    memset((char *)memory + old * each, 0, (*room - old) * each);
    return memory;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(path, "cannot be read");
    *size = (size_t)ftell(file);
    void *bytes = malloc(*size + 1);
    rewind(file);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

static void append(maker *self, event_op op, uint32_t slot, uint32_t size)
{
    self->list = grow(self->list, &self->room, self->head.count, sizeof *self->list);
    self->list[self->head.count++] = (event){.op = op, .slot = slot & 0x3FFFFFFF, .size = size};
}

/* Keeps the sum of live bytes, and where it was largest. */
static void account(maker *self, uint32_t slot, uint32_t size)
{
    self->live = grow(self->live, &self->live_room, slot, sizeof *self->live);
    self->live_bytes += (uint64_t)size - self->live[slot];
    self->live[slot] = size;
    if (slot >= self->head.slots)
        self->head.slots = slot + 1;
    if (self->live_bytes > self->head.peak_bytes) {
        self->head.peak_bytes = self->live_bytes;
        self->head.peak_index = self->head.count - 1;
    }
}

static event_op op_of(const grt_trace_event *from)
{
    switch (from->op) {
    case GRT_TRACE_FREE:
        return EVENT_FREE;
    case GRT_TRACE_REALLOC:
        return EVENT_REALLOC;
    case GRT_TRACE_ZEROED:
        return EVENT_ZEROED;
    default:
        return EVENT_ALLOC; /* the alignment is the same work for none of the peers */
    }
}

static void take(maker *self, const grt_trace_event *from)
{
    event_op op = op_of(from);
    uint32_t size = op == EVENT_FREE ? 0 : from->size ? from->size : 1;
    if (from->slot == GRT_TRACE_NO_SLOT || from->failed || from->bad_block)
        return;
    append(self, op, from->slot, size);
    account(self, from->slot, size);
}

static void take_all(maker *self, grt_trace_reader *reader, uint64_t most)
{
    grt_trace_event from;
    grt_trace_step step = GRT_TRACE_EVENT;
    while (self->head.count < most && (step = grt_trace_next(reader, &from)) == GRT_TRACE_EVENT)
        take(self, &from);
    if (step == GRT_TRACE_BAD)
        fail("the trace", grt_trace_reader_error(reader));
}

static void free_the_rest(maker *self)
{
    for (uint64_t slot = 0; slot < self->head.slots; slot++) {
        if (self->live[slot])
            append(self, EVENT_FREE, (uint32_t)slot, 0);
    }
}

static void write_file(const char *path, const maker *self)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(&self->head, sizeof self->head, 1, file) != 1 ||
        fwrite(self->list, sizeof(event), self->head.count, file) != self->head.count ||
        fclose(file) != 0)
        fail(path, "cannot be written");
}

int main(int count, char **arguments)
{
    maker made = {.head = {.magic = EVENTS_MAGIC}};
    char error[200];
    size_t size;
    grt_trace_reader *reader;
    if (count < 3)
        fail("usage", "bench_events TRACE EVENTS [MOST]");
    void *bytes = read_file(arguments[1], &size);
    if (grt_trace_reader_create(bytes, size, &reader, error, sizeof error) != GRT_OK)
        fail(arguments[1], error);
    take_all(&made, reader, count > 3 ? strtoull(arguments[3], NULL, 10) : UINT64_MAX);
    if (made.head.count == 0)
        fail(arguments[1], "nothing was allocated");
    free_the_rest(&made);
    write_file(arguments[2], &made);
    grt_trace_reader_destroy(reader);
    free(bytes);
    free(made.list);
    free(made.live);
    return 0;
}
