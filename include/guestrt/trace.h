/*
 * trace.h - allocation traces: every heap call of a program, in a compact file that can be
 * replayed.
 *
 * A writer owns one file; each recording thread has a stream of its own and meets the others only
 * to take a sequence number and, now and then, a new piece of the file. The file is written through
 * mappings: what was recorded is in it when the process ends, however it ends. The reader brings
 * the streams into the order of the sequence again, checks everything, and names blocks by slots.
 * docs/reference.md describes the bytes.
 *
 * Unless said otherwise a function may be called from any thread.
 */
#ifndef GUESTRT_TRACE_H
#define GUESTRT_TRACE_H

#include "guestrt/status.h"
#include "guestrt/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_TRACE_VERSION     1u
#define GRT_TRACE_PROGRAM_MAX 255u /* bytes of a program's name; longer ones are cut */

/* Numbers are stable: they are in the files. */
typedef enum grt_trace_op {
    GRT_TRACE_ALLOC = 1,
    GRT_TRACE_ZEROED = 2,
    GRT_TRACE_ALIGNED = 3,
    GRT_TRACE_REALLOC = 4,
    GRT_TRACE_FREE = 5,
} grt_trace_op;

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct grt_trace_writer grt_trace_writer;

typedef struct grt_trace_config {
    size_t size;            /* sizeof(grt_trace_config), set by the initialiser */
    const char *path;       /* the file, made or replaced; copied */
    const char *program;    /* whose calls these are; copied */
    uint64_t process;       /* opaque to the reader: tells the recorder from other processes */
    uint64_t process_start; /* likewise */
} grt_trace_config;

grt_trace_config grt_trace_config_default(void);

/* Makes the file. The caller owns [*writer]. Fails iff: INVALID_ARGUMENT (a size that is not this
 * version's, no path), NO_HOST_MEMORY, NOT_SUPPORTED (the file cannot be made or mapped: the host's
 * errno in [*host_errno]). Makes a few system calls. */
grt_status grt_trace_writer_create(const grt_trace_config *config, grt_trace_writer **writer,
                                   int *host_errno);

/* No stream of it may be used any more. Null is allowed. */
void grt_trace_writer_destroy(grt_trace_writer *writer);

/* One thread's part of a trace. The caller keeps it, zeroed at first, and only one thread at a time
 * uses it. */
typedef struct grt_trace_stream {
    grt_trace_writer *writer;
    uint32_t thread; /* from 1 */
    uint32_t chunks; /* taken so far */
    uint8_t *chunk;  /* null: none is mapped */
    uint32_t chunk_size;
    uint32_t used;
    uint64_t last_sequence;
    grt_addr last_block;
} grt_trace_stream;

/* Gives [stream] a thread number of [writer]. Any thread. O(1), no lock. */
void grt_trace_stream_open(grt_trace_writer *writer, grt_trace_stream *stream);

/* Unmaps the piece in use. The stream may be written again, in another piece. */
void grt_trace_stream_close(grt_trace_stream *stream);

/* A point in the order of all threads' calls. A block is known between two of them: take the number
 * of an allocation after the call, that of a free before it, and of a realloc both. Each number
 * taken must be written. Any thread. O(1), no lock. */
uint64_t grt_trace_sequence(grt_trace_writer *writer);

typedef struct grt_trace_record {
    grt_trace_op op;
    uint64_t sequence;
    uint64_t sequence_end; /* REALLOC: taken after the call */
    uint64_t size;         /* bytes asked for; unused by FREE */
    uint32_t alignment;    /* ALIGNED: a power of two */
    grt_addr block;        /* what was returned; REALLOC, FREE: what was given */
    grt_addr moved_to;     /* REALLOC: what was returned */
    bool failed;           /* nothing was returned */
    bool bad_block;        /* REALLOC, FREE: the heap refused [block], which is no live block */
} grt_trace_record;

/* Appends a record. Its sequence numbers are larger than those written to the stream before.
 * Returns 0, or the host's errno when the file cannot grow: this and everything after it, on any
 * stream, is not recorded, and only the first call to notice says so. O(1); maps a new piece of the
 * file now and then. */
int grt_trace_write(grt_trace_stream *stream, const grt_trace_record *record);

/* ---- reading ------------------------------------------------------------------------------- */

#define GRT_TRACE_NO_SLOT UINT32_MAX

typedef struct grt_trace_event {
    grt_trace_op op;
    uint32_t thread;
    uint64_t sequence;  /* REALLOC: the second */
    uint32_t size;      /* bytes asked for; 0 for FREE */
    uint32_t alignment; /* ALIGNED: a power of two; else 0 */
    grt_addr block;     /* as recorded: what was returned, or for FREE given; 0 = nothing */
    uint32_t slot;      /* which block: the same from its allocation to its free, moved or not, then
                           used again; smaller than the most blocks that live at once.
                           GRT_TRACE_NO_SLOT when an allocation failed and for a bad block */
    bool failed;
    bool bad_block;
} grt_trace_event;

typedef struct grt_trace_info {
    char program[GRT_TRACE_PROGRAM_MAX + 1];
    uint64_t process; /* as the writer was told */
    uint32_t version;
    uint32_t threads; /* that recorded anything */
    uint32_t chunks;
} grt_trace_info;

typedef enum grt_trace_step {
    GRT_TRACE_EVENT, /* there is one */
    GRT_TRACE_END,
    GRT_TRACE_BAD, /* the trace is damaged; it stays so */
} grt_trace_step;

typedef struct grt_trace_reader grt_trace_reader;

/* Reads a trace from memory, which must stay. The caller owns [*reader]; one thread at a time uses
 * it. Fails iff: INVALID_ARGUMENT (the bytes are no trace of this version, or damaged: [error] says
 * at which byte and what is wrong), NO_HOST_MEMORY. O(chunks log chunks). Its memory is bounded by
 * a small multiple of [size]. */
grt_status grt_trace_reader_create(const void *bytes, size_t size, grt_trace_reader **reader,
                                   char *error, size_t error_size);
void grt_trace_reader_destroy(grt_trace_reader *reader); /* null is allowed */

void grt_trace_reader_info(const grt_trace_reader *reader, grt_trace_info *info);

/* The next call in the order of the program. O(log threads). */
grt_trace_step grt_trace_next(grt_trace_reader *reader, grt_trace_event *event);

/* Back to the first event. */
void grt_trace_rewind(grt_trace_reader *reader);

/* After GRT_TRACE_BAD: at which byte of the file, and what is wrong. */
const char *grt_trace_reader_error(const grt_trace_reader *reader);

/* After GRT_TRACE_END: records behind the first missing sequence number. They are not events,
 * because they may depend on the call that is missing. 0 unless the program was killed, or the
 * file could not grow. */
uint64_t grt_trace_left_out(const grt_trace_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
