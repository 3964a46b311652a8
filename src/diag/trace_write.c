/*
 * trace_write.c - records heap calls into a file, a stream a thread.
 */
#include "diag/trace_format.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "os/os_file.h"

struct grt_trace_writer {
    _Atomic uint64_t sequence; /* the last number given out */
    _Atomic uint32_t threads;
    _Atomic bool stopped; /* the file could not grow */
    os_mutex lock;        /* of [file] */
    os_file file;
};

grt_trace_config grt_trace_config_default(void)
{
    return (grt_trace_config){.size = sizeof(grt_trace_config), .program = ""};
}

static void init_head(trace_head *head, const grt_trace_config *config)
{
    memcpy(head->magic, TRACE_MAGIC, sizeof head->magic);
    head->version = GRT_TRACE_VERSION;
    head->order = TRACE_ORDER;
    head->process = config->process;
    head->process_start = config->process_start;
    snprintf(head->program, sizeof head->program, "%s", config->program);
}

grt_status grt_trace_writer_create(const grt_trace_config *config, grt_trace_writer **writer,
                                   int *host_errno)
{
    *writer = NULL;
    *host_errno = 0;
    if (config->size != sizeof *config || config->path == NULL || config->program == NULL) {
        return GRT_INVALID_ARGUMENT;
    }
    grt_trace_writer *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return GRT_NO_HOST_MEMORY;
    }
    trace_head head = {.version = 0};
    init_head(&head, config);
    *host_errno = os_file_create(config->path, &head, sizeof head, &made->file);
    if (*host_errno != 0) {
        os_free(made);
        return GRT_NOT_SUPPORTED;
    }
    *writer = made;
    return GRT_OK;
}

void grt_trace_writer_destroy(grt_trace_writer *writer)
{
    os_free(writer);
}

void grt_trace_stream_open(grt_trace_writer *writer, grt_trace_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    stream->writer = writer;
    stream->thread = atomic_fetch_add(&writer->threads, 1) + 1;
}

void grt_trace_stream_close(grt_trace_stream *stream)
{
    if (stream->chunk != NULL) {
        os_file_unmap(stream->chunk, stream->chunk_size);
        stream->chunk = NULL;
    }
}

uint64_t grt_trace_sequence(grt_trace_writer *writer)
{
    return atomic_fetch_add_explicit(&writer->sequence, 1, memory_order_acq_rel) + 1;
}

/* Small at first, for there may be many threads that hardly allocate. */
static uint32_t next_chunk_size(const grt_trace_stream *stream)
{
    uint32_t size = TRACE_PAGE;
    for (uint32_t i = 0; i < stream->chunks && size < TRACE_CHUNK_MAX; i++) {
        size *= 4;
    }
    return size;
}

/* The head is written under the lock: only the file's last chunk can lack one. */
static int take_chunk_locked(grt_trace_stream *stream, uint32_t size)
{
    void *pages;
    int error = os_file_grow(&stream->writer->file, size, &pages);
    if (error != 0) {
        return error;
    }
    trace_chunk_head head = {TRACE_CHUNK_MAGIC, size, stream->thread, stream->chunks,
                             stream->last_sequence};
    memcpy(pages, &head, sizeof head);
    stream->chunk = pages;
    stream->chunk_size = size;
    stream->used = sizeof head;
    stream->chunks++;
    stream->last_block = 0;
    return 0;
}

static int take_chunk(grt_trace_stream *stream)
{
    grt_trace_writer *writer = stream->writer;
    grt_trace_stream_close(stream);
    os_mutex_lock(&writer->lock);
    bool stopped = atomic_load(&writer->stopped);
    int error = stopped ? 0 : take_chunk_locked(stream, next_chunk_size(stream));
    if (error != 0) {
        atomic_store(&writer->stopped, true);
    }
    os_mutex_unlock(&writer->lock);
    return error;
}

static uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_block(grt_trace_stream *stream, uint8_t *to, grt_addr block)
{
    to = put_varint(to, trace_zigzag(stream->last_block, block));
    stream->last_block = block;
    return to;
}

static uint8_t *put_given_block(grt_trace_stream *stream, uint8_t *to,
                                const grt_trace_record *record)
{
    return record->bad_block ? put_varint(to, record->block) : put_block(stream, to, record->block);
}

static uint8_t *put_allocation(grt_trace_stream *stream, uint8_t *to,
                               const grt_trace_record *record)
{
    if (record->op == GRT_TRACE_ALIGNED) {
        *to++ = record->alignment != 0 ? (uint8_t)__builtin_ctz(record->alignment) : 0;
    }
    to = put_varint(to, record->size);
    return record->failed ? to : put_block(stream, to, record->block);
}

static uint8_t *put_realloc(grt_trace_stream *stream, uint8_t *to, const grt_trace_record *record)
{
    to = put_varint(to, record->size);
    to = put_given_block(stream, to, record);
    to = put_varint(to, record->sequence_end - record->sequence);
    stream->last_sequence = record->sequence_end;
    return record->failed ? to : put_block(stream, to, record->moved_to);
}

static uint8_t *put_body(grt_trace_stream *stream, uint8_t *to, const grt_trace_record *record)
{
    to = put_varint(to, record->sequence - stream->last_sequence);
    stream->last_sequence = record->sequence;
    switch (record->op) {
    case GRT_TRACE_REALLOC:
        return put_realloc(stream, to, record);
    case GRT_TRACE_FREE:
        return put_given_block(stream, to, record);
    case GRT_TRACE_ALLOC:
    case GRT_TRACE_ZEROED:
    case GRT_TRACE_ALIGNED:
        break;
    }
    return put_allocation(stream, to, record);
}

int grt_trace_write(grt_trace_stream *stream, const grt_trace_record *record)
{
    if (atomic_load_explicit(&stream->writer->stopped, memory_order_relaxed)) {
        return 0;
    }
    if (stream->chunk == NULL || stream->chunk_size - stream->used < TRACE_RECORD_MAX) {
        int error = take_chunk(stream);
        if (error != 0 || stream->chunk == NULL) {
            return error;
        }
    }
    uint8_t *kind = stream->chunk + stream->used;
    uint8_t *end = put_body(stream, kind + 1, record);
    stream->used += (uint32_t)(end - kind);
    /* Only now is the record there: a process that is killed leaves no half of one. */
    uint8_t value = (uint8_t)(record->op | (record->failed ? TRACE_FAILED : 0) |
                              (record->bad_block ? TRACE_BAD_BLOCK : 0));
    atomic_store_explicit((_Atomic uint8_t *)kind, value, memory_order_release);
    return 0;
}
