/*
 * trace_format.h - the bytes of a trace, for its writer and its reader.
 *
 * A page with the head, then chunks of whole pages. A chunk belongs to one thread and begins with
 * its own head; records follow until a zero byte or the chunk's end. A record is
 *
 *   kind            op | TRACE_FAILED | TRACE_BAD_BLOCK; stored last, so that a record is there or
 * not sequence        varint, minus the record's before in the chunk (or the chunk's base); at
 * least 1 alignment       ALIGNED: one byte, its binary logarithm size            all but FREE:
 * varint block           unless ALLOC, ZEROED or ALIGNED failed sequence end    REALLOC: varint,
 * minus the sequence moved_to        REALLOC that did not fail
 *
 * A block is (address - the address before in the chunk) / 16, zigzag, as a varint; one that the
 * heap refused may be any number and is a plain varint. Fixed fields are in the host's byte order,
 * which the head tells.
 */
#ifndef GRT_DIAG_TRACE_FORMAT_H
#define GRT_DIAG_TRACE_FORMAT_H

#include "guestrt/trace.h"

#define TRACE_MAGIC       "GRTTRACE"
#define TRACE_ORDER       0x01020304u
#define TRACE_CHUNK_MAGIC 0x4B4E4843u /* "CHNK" */
#define TRACE_PAGE        4096u
#define TRACE_CHUNK_MAX   0x100000u

#define TRACE_OP_MASK   0x07u
#define TRACE_FAILED    0x08u
#define TRACE_BAD_BLOCK 0x10u

#define TRACE_VARINT_MAX 10u /* bytes */
/* Kind, alignment, and five varints at most. */
#define TRACE_RECORD_MAX (2 + 5 * TRACE_VARINT_MAX)

typedef struct trace_head {
    char magic[8];
    uint32_t version;
    uint32_t order;
    uint64_t process;
    uint64_t process_start;
    char program[GRT_TRACE_PROGRAM_MAX + 1];
    uint8_t zero[TRACE_PAGE - 32 - (GRT_TRACE_PROGRAM_MAX + 1)];
} trace_head;

typedef struct trace_chunk_head {
    uint32_t magic;
    uint32_t size;   /* bytes with this head, a multiple of TRACE_PAGE */
    uint32_t thread; /* from 1 */
    uint32_t index;  /* of the thread's chunks, from 0 */
    uint64_t base;   /* the thread's last sequence number before the chunk; 0 at first */
} trace_chunk_head;

_Static_assert(sizeof(trace_head) == TRACE_PAGE, "the head fills a page");
_Static_assert(sizeof(trace_chunk_head) == 24, "a chunk's head has no holes");

/* Blocks are 16-byte aligned; signed differences become small numbers. */
static inline uint64_t trace_zigzag(grt_addr from, grt_addr to)
{
    int64_t difference = ((int64_t)to - (int64_t)from) / 16;
    return ((uint64_t)difference << 1) ^ (uint64_t)(difference >> 63);
}

static inline int64_t trace_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
