/*
 * trace_decode.c - one thread's records, one after the other.
 */
#include "diag/trace_read.h"

static uint64_t chunk_end(const trace_cursor *cursor)
{
    return cursor->chunk->offset + cursor->chunk->head.size;
}

static void enter_chunk(trace_cursor *cursor)
{
    cursor->at = cursor->chunk->offset + sizeof(trace_chunk_head);
    cursor->last_block = 0;
}

void trace_cursor_init(trace_cursor *cursor, const trace_chunk *chunk, const trace_chunk *end)
{
    *cursor = (trace_cursor){.chunk = chunk, .end = end};
    enter_chunk(cursor);
}

static bool take_byte(trace_bytes *bytes, trace_cursor *cursor, uint8_t *value)
{
    if (cursor->at >= chunk_end(cursor)) {
        return trace_fail(bytes, cursor->record_at, "the chunk ends inside a record");
    }
    *value = bytes->at[cursor->at++];
    return true;
}

static bool take_varint(trace_bytes *bytes, trace_cursor *cursor, uint64_t *value)
{
    uint64_t start = cursor->at;
    uint8_t byte = 0;
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (!take_byte(bytes, cursor, &byte)) {
            return false;
        }
        if (shift == 63 && byte > 1) {
            break;
        }
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return trace_fail(bytes, start, "a number of more than 64 bits");
}

static bool take_sequence(trace_bytes *bytes, trace_cursor *cursor, uint64_t *sequence)
{
    uint64_t start = cursor->at, step = 0;
    if (!take_varint(bytes, cursor, &step)) {
        return false;
    }
    if (step == 0 || step > UINT64_MAX - cursor->last_sequence) {
        return trace_fail(bytes, start, "a sequence number that does not grow");
    }
    *sequence = cursor->last_sequence += step;
    return true;
}

static bool take_size(trace_bytes *bytes, trace_cursor *cursor)
{
    uint64_t start = cursor->at;
    if (!take_varint(bytes, cursor, &cursor->record.size)) {
        return false;
    }
    return cursor->record.size <= UINT32_MAX ||
           trace_fail(bytes, start, "a size of %llu bytes, which is beyond 32 bits",
                      (unsigned long long)cursor->record.size);
}

static bool take_block(trace_bytes *bytes, trace_cursor *cursor, grt_addr *block)
{
    uint64_t start = cursor->at, value = 0;
    if (!take_varint(bytes, cursor, &value)) {
        return false;
    }
    int64_t difference = trace_unzigzag(value);
    int64_t limit = (int64_t)1 << 32; /* checked first: the product must not overflow */
    int64_t address = difference > -limit && difference < limit
                          ? (int64_t)cursor->last_block + difference * 16
                          : 0;
    if (address <= 0 || address >= limit) {
        return trace_fail(bytes, start, "a block outside of 32-bit addresses");
    }
    *block = cursor->last_block = (grt_addr)address;
    return true;
}

static bool take_given_block(trace_bytes *bytes, trace_cursor *cursor)
{
    uint64_t start = cursor->at, value = 0;
    if (!cursor->record.bad_block) {
        return take_block(bytes, cursor, &cursor->record.block);
    }
    if (!take_varint(bytes, cursor, &value)) {
        return false;
    }
    cursor->record.block = (grt_addr)value;
    return value <= UINT32_MAX || trace_fail(bytes, start, "a block beyond 32 bits");
}

static bool take_alignment(trace_bytes *bytes, trace_cursor *cursor)
{
    uint8_t logarithm = 0;
    if (!take_byte(bytes, cursor, &logarithm)) {
        return false;
    }
    if (logarithm > 31) {
        return trace_fail(bytes, cursor->at - 1, "an alignment of 2 to the power of %u",
                          (unsigned)logarithm);
    }
    cursor->record.alignment = (uint32_t)1 << logarithm;
    return true;
}

static bool take_allocation(trace_bytes *bytes, trace_cursor *cursor)
{
    grt_trace_record *record = &cursor->record;
    if (record->op == GRT_TRACE_ALIGNED && !take_alignment(bytes, cursor)) {
        return false;
    }
    return take_size(bytes, cursor) &&
           (record->failed || take_block(bytes, cursor, &record->block));
}

static bool take_realloc(trace_bytes *bytes, trace_cursor *cursor)
{
    grt_trace_record *record = &cursor->record;
    return take_size(bytes, cursor) && take_given_block(bytes, cursor) &&
           take_sequence(bytes, cursor, &record->sequence_end) &&
           (record->failed || take_block(bytes, cursor, &record->moved_to));
}

static bool take_kind(trace_bytes *bytes, trace_cursor *cursor)
{
    uint8_t kind = bytes->at[cursor->at++];
    grt_trace_op op = (grt_trace_op)(kind & TRACE_OP_MASK);
    bool failed = (kind & TRACE_FAILED) != 0, bad = (kind & TRACE_BAD_BLOCK) != 0;
    bool known = op >= GRT_TRACE_ALLOC && op <= GRT_TRACE_FREE &&
                 (kind & ~(TRACE_OP_MASK | TRACE_FAILED | TRACE_BAD_BLOCK)) == 0;
    /* A bad block cannot be allocated, a realloc of one fails, and a free has nothing to return. */
    bool sane = op == GRT_TRACE_FREE ? !failed : !bad || (op == GRT_TRACE_REALLOC && failed);
    cursor->record = (grt_trace_record){.op = op, .failed = failed, .bad_block = bad};
    return (known && sane) ||
           trace_fail(bytes, cursor->record_at, "no record begins with 0x%02X", (unsigned)kind);
}

static bool take_record(trace_bytes *bytes, trace_cursor *cursor)
{
    cursor->record_at = cursor->at;
    if (!take_kind(bytes, cursor) || !take_sequence(bytes, cursor, &cursor->record.sequence)) {
        return false;
    }
    switch (cursor->record.op) {
    case GRT_TRACE_REALLOC:
        return take_realloc(bytes, cursor);
    case GRT_TRACE_FREE:
        return take_given_block(bytes, cursor);
    case GRT_TRACE_ALLOC:
    case GRT_TRACE_ZEROED:
    case GRT_TRACE_ALIGNED:
        break;
    }
    return take_allocation(bytes, cursor);
}

static bool chunk_has_more(const trace_bytes *bytes, const trace_cursor *cursor)
{
    return cursor->at < chunk_end(cursor) && bytes->at[cursor->at] != 0;
}

trace_found trace_cursor_next(trace_bytes *bytes, trace_cursor *cursor)
{
    while (!chunk_has_more(bytes, cursor)) {
        if (cursor->chunk + 1 >= cursor->end) {
            return TRACE_FOUND_END;
        }
        cursor->chunk++;
        enter_chunk(cursor);
        if (cursor->chunk->head.base != cursor->last_sequence) {
            trace_fail(bytes, cursor->chunk->offset + offsetof(trace_chunk_head, base),
                       "the chunk does not go on where the thread's last one ended");
            return TRACE_FOUND_DAMAGE;
        }
    }
    return take_record(bytes, cursor) ? TRACE_FOUND_RECORD : TRACE_FOUND_DAMAGE;
}
