/*
 * fuzz_trace.c - the reading of a hostile trace, twice: the second reading must say the same.
 */
#include "guestrt/trace.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grt_trace_reader *reader;
    char error[256];
    grt_status status = grt_trace_reader_create(data, size, &reader, error, sizeof error);
    if (status != GRT_OK) {
        require(status == GRT_INVALID_ARGUMENT && strncmp(error, "byte ", 5) == 0);
        return 0;
    }
    reading first = read_all(reader, size);
    grt_trace_rewind(reader);
    reading second = read_all(reader, size);
    require(first.events == second.events && first.left_out == second.left_out &&
            first.end == second.end);
    grt_trace_reader_destroy(reader);
    return 0;
}
