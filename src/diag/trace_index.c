/*
 * trace_index.c - the head of a trace, and where its chunks are.
 */
#include "diag/trace_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool trace_fail(trace_bytes *bytes, uint64_t offset, const char *format, ...)
{
    if (bytes->error[0] != '\0') {
        return false;
    }
    int length =
        snprintf(bytes->error, sizeof bytes->error, "byte %llu: ", (unsigned long long)offset);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(bytes->error + length, sizeof bytes->error - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

bool trace_check_head(trace_bytes *bytes, trace_head *head)
{
    if (bytes->size < sizeof head->magic ||
        memcmp(bytes->at, TRACE_MAGIC, sizeof head->magic) != 0) {
        return trace_fail(bytes, 0, "this is not a trace: it does not begin with " TRACE_MAGIC);
    }
    if (bytes->size < sizeof *head) {
        return trace_fail(bytes, bytes->size, "the file ends inside the head of %u bytes",
                          (unsigned)sizeof *head);
    }
    memcpy(head, bytes->at, sizeof *head);
    if (head->order != TRACE_ORDER) {
        return trace_fail(bytes, offsetof(trace_head, order),
                          "the trace was made on a machine with another byte order");
    }
    if (head->version != GRT_TRACE_VERSION) {
        return trace_fail(bytes, offsetof(trace_head, version),
                          "the trace has version %u, and only version %u can be read",
                          (unsigned)head->version, GRT_TRACE_VERSION);
    }
    if (memchr(head->program, '\0', sizeof head->program) == NULL) {
        return trace_fail(bytes, offsetof(trace_head, program), "the program's name has no end");
    }
    return true;
}

/* A chunk that was made but whose head was never written can only be the last thing. */
static bool check_unwritten(trace_bytes *bytes, uint64_t offset)
{
    for (uint64_t i = offset; i < bytes->size; i++) {
        if (bytes->at[i] != 0) {
            return trace_fail(bytes, offset, "there should be a chunk, but it has no head");
        }
    }
    return true;
}

static bool check_chunk(trace_bytes *bytes, const trace_chunk *chunk)
{
    uint32_t size = chunk->head.size;
    if (chunk->head.magic != TRACE_CHUNK_MAGIC) {
        return trace_fail(bytes, chunk->offset, "there should be a chunk");
    }
    if (size == 0 || size % TRACE_PAGE != 0 || size > TRACE_CHUNK_MAX) {
        return trace_fail(bytes, chunk->offset + offsetof(trace_chunk_head, size),
                          "a chunk cannot have %u bytes", (unsigned)size);
    }
    if (size > bytes->size - chunk->offset) {
        return trace_fail(bytes, chunk->offset,
                          "the file ends inside a chunk of %u bytes: it was cut short",
                          (unsigned)size);
    }
    if (chunk->head.thread == 0) {
        return trace_fail(bytes, chunk->offset + offsetof(trace_chunk_head, thread),
                          "thread numbers begin at 1");
    }
    return true;
}

bool trace_find_chunks(trace_bytes *bytes, trace_chunk *chunks, uint32_t *count)
{
    uint64_t offset = sizeof(trace_head);
    for (*count = 0; offset < bytes->size; (*count)++) {
        trace_chunk chunk = {.offset = offset};
        if (bytes->size - offset < sizeof chunk.head) {
            return trace_fail(bytes, offset, "the file ends inside the head of a chunk");
        }
        memcpy(&chunk.head, bytes->at + offset, sizeof chunk.head);
        if (chunk.head.magic == 0) {
            return check_unwritten(bytes, offset);
        }
        if (!check_chunk(bytes, &chunk)) {
            return false;
        }
        if (chunks != NULL) {
            chunks[*count] = chunk;
        }
        offset += chunk.head.size;
    }
    return true;
}

static int compare_chunks(const void *left, const void *right)
{
    const trace_chunk *a = left, *b = right;
    if (a->head.thread != b->head.thread) {
        return a->head.thread < b->head.thread ? -1 : 1;
    }
    return a->head.index < b->head.index ? -1 : a->head.index > b->head.index;
}

bool trace_sort_chunks(trace_bytes *bytes, trace_chunk *chunks, uint32_t count)
{
    qsort(chunks, count, sizeof *chunks, compare_chunks);
    for (uint32_t i = 0; i < count; i++) {
        bool first = i == 0 || chunks[i - 1].head.thread != chunks[i].head.thread;
        uint32_t wanted = first ? 0 : chunks[i - 1].head.index + 1;
        if (chunks[i].head.index != wanted) {
            return trace_fail(
                bytes, chunks[i].offset, "chunk %u of thread %u, where chunk %u should be",
                (unsigned)chunks[i].head.index, (unsigned)chunks[i].head.thread, (unsigned)wanted);
        }
    }
    return true;
}
