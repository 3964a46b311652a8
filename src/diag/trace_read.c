/*
 * trace_read.c - brings the threads' records into one order and names their blocks.
 *
 * The threads wait in a binary heap, the one with the smallest next number on top. Every number
 * there is was given out once, so the next event's is known: a smaller one was there before, and a
 * larger one means that a record is missing.
 */
#include "diag/trace_read.h"

#include <stdio.h>
#include <string.h>

#include "os/os.h"

struct grt_trace_reader {
    trace_bytes bytes;
    trace_head head;
    trace_chunk *chunks;
    uint32_t chunk_count;
    trace_cursor *cursors;
    uint32_t cursor_count;
    trace_cursor **queue; /* the binary heap */
    uint32_t queued;
    trace_slots slots;
    uint64_t last_sequence; /* of all threads */
    uint64_t left_out;
};

/* ---- the order of threads
 * ------------------------------------------------------------------------
 */

static uint64_t key_of(const trace_cursor *cursor)
{
    return cursor->begun ? cursor->record.sequence_end : cursor->record.sequence;
}

static void sink(grt_trace_reader *reader, uint32_t place)
{
    trace_cursor **queue = reader->queue;
    for (uint32_t child; (child = 2 * place + 1) < reader->queued; place = child) {
        if (child + 1 < reader->queued && key_of(queue[child + 1]) < key_of(queue[child])) {
            child++;
        }
        if (key_of(queue[place]) <= key_of(queue[child])) {
            return;
        }
        trace_cursor *lower = queue[place];
        queue[place] = queue[child];
        queue[child] = lower;
    }
}

static void drop_top(grt_trace_reader *reader)
{
    reader->queue[0] = reader->queue[--reader->queued];
    sink(reader, 0);
}

/* The thread on top goes on to its next record. False: damaged. */
static bool advance_top(grt_trace_reader *reader)
{
    switch (trace_cursor_next(&reader->bytes, reader->queue[0])) {
    case TRACE_FOUND_RECORD:
        sink(reader, 0);
        return true;
    case TRACE_FOUND_END:
        drop_top(reader);
        return true;
    case TRACE_FOUND_DAMAGE:
        break;
    }
    return false;
}

static void queue_cursors(grt_trace_reader *reader)
{
    reader->queued = 0;
    for (uint32_t i = 0; i < reader->cursor_count; i++) {
        trace_found found = trace_cursor_next(&reader->bytes, &reader->cursors[i]);
        if (found == TRACE_FOUND_RECORD) {
            reader->queue[reader->queued++] = &reader->cursors[i];
        }
    }
    for (uint32_t i = reader->queued / 2; i-- > 0;) {
        sink(reader, i);
    }
}

/* ---- making and unmaking
 * -------------------------------------------------------------------------
 */

static void init_cursors(grt_trace_reader *reader)
{
    const trace_chunk *chunks = reader->chunks;
    reader->cursor_count = 0;
    for (uint32_t i = 0, end; i < reader->chunk_count; i = end) {
        for (end = i + 1; end < reader->chunk_count; end++) {
            if (chunks[end].head.thread != chunks[i].head.thread) {
                break;
            }
        }
        trace_cursor_init(&reader->cursors[reader->cursor_count++], chunks + i, chunks + end);
    }
}

static grt_status damaged(const grt_trace_reader *reader, char *error, size_t size)
{
    snprintf(error, size, "%s", reader->bytes.error);
    return GRT_INVALID_ARGUMENT;
}

/* As many cursors as chunks are always enough. */
static bool allocate(grt_trace_reader *reader)
{
    uint32_t count = reader->chunk_count;
    reader->chunks = os_alloc(count * sizeof reader->chunks[0]);
    reader->cursors = os_alloc(count * sizeof reader->cursors[0]);
    reader->queue = os_alloc(count * sizeof reader->queue[0]);
    return reader->chunks != NULL && reader->cursors != NULL && reader->queue != NULL;
}

static grt_status load(grt_trace_reader *reader, char *error, size_t error_size)
{
    if (!trace_check_head(&reader->bytes, &reader->head) ||
        !trace_find_chunks(&reader->bytes, NULL, &reader->chunk_count)) {
        return damaged(reader, error, error_size);
    }
    if (!allocate(reader)) {
        return GRT_NO_HOST_MEMORY;
    }
    trace_find_chunks(&reader->bytes, reader->chunks, &reader->chunk_count);
    if (!trace_sort_chunks(&reader->bytes, reader->chunks, reader->chunk_count)) {
        return damaged(reader, error, error_size);
    }
    grt_trace_rewind(reader);
    return GRT_OK;
}

grt_status grt_trace_reader_create(const void *bytes, size_t size, grt_trace_reader **reader,
                                   char *error, size_t error_size)
{
    *reader = NULL;
    snprintf(error, error_size, "%s", "");
    grt_trace_reader *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return GRT_NO_HOST_MEMORY;
    }
    made->bytes.at = bytes;
    made->bytes.size = size;
    grt_status status = load(made, error, error_size);
    if (status != GRT_OK) {
        grt_trace_reader_destroy(made);
        return status;
    }
    *reader = made;
    return GRT_OK;
}

void grt_trace_reader_destroy(grt_trace_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    trace_slots_clear(&reader->slots);
    os_free(reader->chunks);
    os_free(reader->cursors);
    os_free(reader->queue);
    os_free(reader);
}

void grt_trace_rewind(grt_trace_reader *reader)
{
    trace_slots_clear(&reader->slots);
    reader->bytes.error[0] = '\0';
    reader->last_sequence = 0;
    reader->left_out = 0;
    init_cursors(reader);
    queue_cursors(reader);
}

void grt_trace_reader_info(const grt_trace_reader *reader, grt_trace_info *info)
{
    memcpy(info->program, reader->head.program, sizeof info->program);
    info->process = reader->head.process;
    info->version = reader->head.version;
    info->threads = reader->cursor_count;
    info->chunks = reader->chunk_count;
}

const char *grt_trace_reader_error(const grt_trace_reader *reader)
{
    return reader->bytes.error;
}

uint64_t grt_trace_left_out(const grt_trace_reader *reader)
{
    return reader->left_out;
}

/* ---- blocks
 * --------------------------------------------------------------------------------------
 */

static bool out_of_memory(grt_trace_reader *reader, const trace_cursor *cursor)
{
    return trace_fail(&reader->bytes, cursor->record_at, "no memory to keep another live block");
}

static bool bind(grt_trace_reader *reader, trace_cursor *cursor, grt_addr block, uint32_t slot)
{
    if (trace_slots_find(&reader->slots, block) != GRT_TRACE_NO_SLOT) {
        return trace_fail(&reader->bytes, cursor->record_at,
                          "block 0x%08X is returned while it is live", (unsigned)block);
    }
    return trace_slots_bind(&reader->slots, block, slot) || out_of_memory(reader, cursor);
}

/* The given block's slot into the cursor; its address may be somebody else's from now on. */
static bool unbind(grt_trace_reader *reader, trace_cursor *cursor)
{
    const char *what = cursor->record.op == GRT_TRACE_FREE ? "free" : "realloc";
    cursor->slot = GRT_TRACE_NO_SLOT;
    if (cursor->record.bad_block) {
        return true;
    }
    cursor->slot = trace_slots_find(&reader->slots, cursor->record.block);
    if (cursor->slot == GRT_TRACE_NO_SLOT) {
        return trace_fail(&reader->bytes, cursor->record_at, "%s of block 0x%08X, which is unknown",
                          what, (unsigned)cursor->record.block);
    }
    trace_slots_unbind(&reader->slots, cursor->record.block);
    return true;
}

static bool follow_allocation(grt_trace_reader *reader, trace_cursor *cursor)
{
    cursor->slot = GRT_TRACE_NO_SLOT;
    if (cursor->record.failed) {
        return true;
    }
    cursor->slot = trace_slots_take(&reader->slots);
    return cursor->slot != GRT_TRACE_NO_SLOT
               ? bind(reader, cursor, cursor->record.block, cursor->slot)
               : out_of_memory(reader, cursor);
}

static bool follow_free(grt_trace_reader *reader, trace_cursor *cursor)
{
    if (!unbind(reader, cursor)) {
        return false;
    }
    if (cursor->slot != GRT_TRACE_NO_SLOT) {
        trace_slots_give(&reader->slots, cursor->slot);
    }
    return true;
}

/* The second half: the block has a new address, or kept its own. */
static bool follow_realloc(grt_trace_reader *reader, trace_cursor *cursor)
{
    const grt_trace_record *record = &cursor->record;
    cursor->begun = false;
    return record->bad_block ||
           bind(reader, cursor, record->failed ? record->block : record->moved_to, cursor->slot);
}

static bool follow(grt_trace_reader *reader, trace_cursor *cursor)
{
    switch (cursor->record.op) {
    case GRT_TRACE_REALLOC:
        return follow_realloc(reader, cursor);
    case GRT_TRACE_FREE:
        return follow_free(reader, cursor);
    case GRT_TRACE_ALLOC:
    case GRT_TRACE_ZEROED:
    case GRT_TRACE_ALIGNED:
        break;
    }
    return follow_allocation(reader, cursor);
}

/* ---- events
 * --------------------------------------------------------------------------------------
 */

static void init_event(grt_trace_event *event, const trace_cursor *cursor)
{
    const grt_trace_record *record = &cursor->record;
    bool moves = record->op == GRT_TRACE_REALLOC;
    *event = (grt_trace_event){
        .op = record->op,
        .thread = cursor->chunk->head.thread,
        .sequence = moves ? record->sequence_end : record->sequence,
        .size = (uint32_t)record->size,
        .alignment = record->alignment,
        .block = moves ? record->moved_to : record->block,
        .slot = cursor->slot,
        .failed = record->failed,
        .bad_block = record->bad_block,
    };
}

/* What is left is read all the same: damage is damage. */
static grt_trace_step leave_out(grt_trace_reader *reader)
{
    while (reader->queued > 0) {
        reader->left_out++;
        if (!advance_top(reader)) {
            return GRT_TRACE_BAD;
        }
    }
    return GRT_TRACE_END;
}

static bool begins_realloc(const trace_cursor *cursor)
{
    return cursor->record.op == GRT_TRACE_REALLOC && !cursor->begun;
}

static bool begin_realloc(grt_trace_reader *reader, trace_cursor *cursor)
{
    if (!unbind(reader, cursor)) {
        return false;
    }
    cursor->begun = true;
    sink(reader, 0);
    return true;
}

static bool take_top(grt_trace_reader *reader, trace_cursor *top, grt_trace_event *event)
{
    if (!follow(reader, top)) {
        return false;
    }
    init_event(event, top);
    return advance_top(reader);
}

grt_trace_step grt_trace_next(grt_trace_reader *reader, grt_trace_event *event)
{
    while (reader->bytes.error[0] == '\0') {
        trace_cursor *top = reader->queue != NULL && reader->queued > 0 ? reader->queue[0] : NULL;
        if (top == NULL) {
            return GRT_TRACE_END;
        }
        if (key_of(top) <= reader->last_sequence) {
            trace_fail(&reader->bytes, top->record_at, "sequence number %llu is there twice",
                       (unsigned long long)key_of(top));
            break;
        }
        if (key_of(top) != reader->last_sequence + 1) {
            return leave_out(reader);
        }
        reader->last_sequence++;
        bool begins = begins_realloc(top);
        if (begins ? !begin_realloc(reader, top) : !take_top(reader, top, event)) {
            break;
        }
        if (!begins) {
            return GRT_TRACE_EVENT;
        }
    }
    return GRT_TRACE_BAD;
}
