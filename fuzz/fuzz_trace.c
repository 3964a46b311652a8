/*
 * fuzz_trace.c - the reading of a hostile trace, twice: the second reading must say the same.
 *
 * The first byte decides: the rest is the file, or it is the records of three threads, around which
 * sound heads are made, so that inputs are short and most of them get as far as the records.
 */
#include "diag/trace_format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct reading {
    uint64_t events, left_out;
    grt_trace_step end;
} reading;

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* What every event promises, however the file came about. */
static void check_event(const grt_trace_event *event, uint64_t before)
{
    bool has_block = !event->bad_block && !(event->failed && event->op != GRT_TRACE_REALLOC);
    require(event->op >= GRT_TRACE_ALLOC && event->op <= GRT_TRACE_FREE);
    require(event->thread != 0 && event->sequence > before);
    require(has_block == (event->slot != GRT_TRACE_NO_SLOT));
    require((event->alignment & (event->alignment - 1)) == 0);
}

static reading read_all(grt_trace_reader *reader, size_t size)
{
    reading all = {.events = 0};
    grt_trace_event event;
    uint64_t sequence = 0;
    while ((all.end = grt_trace_next(reader, &event)) == GRT_TRACE_EVENT) {
        check_event(&event, sequence);
        require(event.slot == GRT_TRACE_NO_SLOT || event.slot < size);
        sequence = event.sequence;
        all.events++;
        require(all.events < size);
    }
    require((all.end == GRT_TRACE_BAD) == (grt_trace_reader_error(reader)[0] != '\0'));
    all.left_out = grt_trace_left_out(reader);
    return all;
}

enum { THREADS = 3, PART_MAX = TRACE_PAGE - sizeof(trace_chunk_head) };

/* A third of the records for each thread. */
static void make_file(uint8_t *file, const uint8_t *records, size_t size)
{
    static const trace_head head = {TRACE_MAGIC, GRT_TRACE_VERSION, TRACE_ORDER, 0, 0, "", {0}};
    memset(file, 0, (THREADS + 1) * TRACE_PAGE);
    memcpy(file, &head, sizeof head);
    for (size_t i = 0; i < THREADS; i++) {
        trace_chunk_head chunk = {TRACE_CHUNK_MAGIC, TRACE_PAGE, (uint32_t)i + 1, 0, 0};
        size_t first = size * i / THREADS, part = size * (i + 1) / THREADS - first;
        uint8_t *at = file + (i + 1) * TRACE_PAGE;
        memcpy(at, &chunk, sizeof chunk);
        memcpy(at + sizeof chunk, records + first, part < PART_MAX ? part : PART_MAX);
    }
}

static void read_file(const uint8_t *data, size_t size)
{
    grt_trace_reader *reader;
    char error[256];
    grt_status status = grt_trace_reader_create(data, size, &reader, error, sizeof error);
    if (status != GRT_OK) {
        require(status == GRT_INVALID_ARGUMENT && strncmp(error, "byte ", 5) == 0);
        return;
    }
    reading first = read_all(reader, size);
    grt_trace_rewind(reader);
    reading second = read_all(reader, size);
    require(first.events == second.events && first.left_out == second.left_out &&
            first.end == second.end);
    grt_trace_reader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[(THREADS + 1) * TRACE_PAGE];
    if (size == 0)
        return 0;
    if (data[0] & 1) {
        read_file(data + 1, size - 1);
    } else {
        make_file(file, data + 1, size - 1);
        read_file(file, sizeof file);
    }
    return 0;
}
