/*
 * trace_read.h - what the files of the trace reader share.
 *
 * Nothing in a trace is trusted: every number is checked before it is used, and the first thing
 * that cannot be ends the reading with the byte where it is.
 */
#ifndef GRT_DIAG_TRACE_READ_H
#define GRT_DIAG_TRACE_READ_H

#include "diag/trace_format.h"

typedef struct trace_bytes {
    const uint8_t *at;
    uint64_t size;
    char error[160]; /* the first one; empty: none so far */
} trace_bytes;

/* Notes what is wrong at [offset], unless something was before; false. */
bool trace_fail(trace_bytes *bytes, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- where things are (trace_index.c) -------------------------------------------------------- */

typedef struct trace_chunk {
    uint64_t offset; /* of its head */
    trace_chunk_head head;
} trace_chunk;

bool trace_check_head(trace_bytes *bytes, trace_head *head);

/* Calls for each chunk in file order; with [chunks] null only counts. False: damaged. */
bool trace_find_chunks(trace_bytes *bytes, trace_chunk *chunks, uint32_t *count);

/* Sorts by thread; each thread's chunks must be complete. */
bool trace_sort_chunks(trace_bytes *bytes, trace_chunk *chunks, uint32_t count);

/* ---- one thread's records (trace_decode.c) --------------------------------------------------- */

typedef struct trace_cursor {
    const trace_chunk *chunk, *end; /* of this thread; chunk == end: no more */
    uint64_t at;                    /* offset of the next byte */
    uint64_t record_at;             /* offset of [record] */
    uint64_t last_sequence;
    grt_addr last_block;
    bool begun; /* [record] is a REALLOC that has begun and waits for its second number */
    uint32_t slot;
    grt_trace_record record;
} trace_cursor;

void trace_cursor_init(trace_cursor *cursor, const trace_chunk *chunk, const trace_chunk *end);

typedef enum trace_found { TRACE_FOUND_RECORD, TRACE_FOUND_END, TRACE_FOUND_DAMAGE } trace_found;

/* Decodes the next record of the thread. */
trace_found trace_cursor_next(trace_bytes *bytes, trace_cursor *cursor);

/* ---- addresses of live blocks (trace_slots.c) ------------------------------------------------ */

typedef struct trace_binding {
    grt_addr block; /* 0: empty */
    uint32_t slot;
} trace_binding;

typedef struct trace_slots {
    trace_binding *table;
    uint32_t table_size; /* a power of two */
    uint32_t bound;
    uint32_t *unused; /* slots given back; has room for all there are */
    uint32_t unused_count, unused_room;
    uint32_t next; /* the first slot that was never used */
} trace_slots;

void trace_slots_clear(trace_slots *slots); /* frees what it holds */

/* GRT_TRACE_NO_SLOT when the address is not bound. */
uint32_t trace_slots_find(const trace_slots *slots, grt_addr block);
/* The address is not bound. False without memory. */
bool trace_slots_bind(trace_slots *slots, grt_addr block, uint32_t slot);
/* The address is bound. Its slot stays in use. */
void trace_slots_unbind(trace_slots *slots, grt_addr block);

/* A slot that is not in use; GRT_TRACE_NO_SLOT without memory. */
uint32_t trace_slots_take(trace_slots *slots);
void trace_slots_give(trace_slots *slots, uint32_t slot);

#endif
