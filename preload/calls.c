/*
 * calls.c - the calls as the heap serves them: guard, heap, counts, record.
 *
 * A call leaves errno alone unless it fails. The order of a record's number and of the heap's work
 * is that of grt_trace_sequence(): a block is in the trace before anybody else can have it.
 */
#include "calls.h"

#include <errno.h>
#include <string.h>

#include "heap/rate_limit.h"
#include "os/os.h"
#include "preload.h"

/* Sizes of more than 32 bits are refused like the largest of 32 bits: nothing holds those. */
static uint32_t heap_size(size_t size)
{
    return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* Waiting for a lock, or committing pages, changes errno; success must not. */
static void *finish(void *block, int saved)
{
    preload_inside--;
    errno = block != NULL ? saved : ENOMEM;
    return block;
}

static const preload_count count_of[] = {
    [GRT_TRACE_ALLOC] = COUNT_ALLOC,     [GRT_TRACE_ZEROED] = COUNT_ZEROED,
    [GRT_TRACE_ALIGNED] = COUNT_ALIGNED, [GRT_TRACE_REALLOC] = COUNT_REALLOC,
    [GRT_TRACE_FREE] = COUNT_FREE,
};

static void note(const grt_trace_record *record)
{
    preload_stats_count(count_of[record->op], record->failed, record->bad_block);
    if (preload_recording()) {
        preload_record(record);
    }
}

/* ---- allocating
 * ----------------------------------------------------------------------------------
 */

static void *allocate_inside(size_t size, size_t alignment)
{
    void *block = alignment <= 16 ? os_alloc(size) : NULL;
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

static grt_addr ask_heap(grt_heap *heap, const grt_trace_record *record)
{
    uint32_t size = (uint32_t)record->size;
    switch (record->op) {
    case GRT_TRACE_ZEROED:
        return grt_heap_alloc_zeroed(heap, size);
    case GRT_TRACE_ALIGNED:
        return grt_heap_alloc_aligned(heap, size, record->alignment);
    default:
        return grt_heap_alloc(heap, size);
    }
}

void *call_allocate(grt_trace_op op, size_t size, size_t alignment)
{
    if (preload_inside > 0) {
        return allocate_inside(size, alignment);
    }
    int saved = errno;
    preload_inside++;
    const preload_heap *at = preload_heap_get();
    if (at == NULL) {
        return finish(NULL, saved);
    }
    grt_trace_record record = {.op = op, .size = heap_size(size)};
    record.alignment = alignment < 0x80000000u ? (uint32_t)alignment : 0x80000000u;
    record.block = ask_heap(at->heap, &record);
    record.sequence = preload_record_point();
    record.failed = record.block == 0;
    note(&record);
    return finish(grt_memory_host(at->memory, record.block), saved);
}

/* ---- freeing
 * -------------------------------------------------------------------------------------
 */

/* What the heap would say, had it an address to say it of, and as often as it would. */
static void refuse_outside(const void *block, const char *what)
{
    static uint32_t count;
    uint32_t number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    if (rate_is_due(number)) {
        preload_say("HEAP-BAD-FREE",
                    "%s pointer=%p status=%s heap=preload: outside the guest window, number %u of "
                    "such calls",
                    what, block, grt_status_name(GRT_OUT_OF_RANGE), number);
    }
}

static bool give_back(const preload_heap *at, void *block, grt_addr address)
{
    if (address == 0) {
        refuse_outside(block, "free");
        return false;
    }
    return grt_heap_free(at->heap, address) == GRT_OK;
}

static void free_in_heap(void *block)
{
    const preload_heap *at = preload_heap_get();
    if (at == NULL) {
        return;
    }
    grt_trace_record record = {.op = GRT_TRACE_FREE, .sequence = preload_record_point()};
    record.block = grt_memory_guest(at->memory, block);
    record.bad_block = !give_back(at, block, record.block);
    note(&record);
}

void call_free(void *block)
{
    if (block == NULL) {
        return;
    }
    if (preload_arena_owns(block)) {
        os_free(block);
        return;
    }
    if (preload_inside > 0) {
        return; /* the heap may be locked by this very thread: the block is lost, not the program */
    }
    int saved = errno;
    preload_inside++;
    free_in_heap(block);
    preload_inside--;
    errno = saved;
}

/* ---- changing a size
 * -----------------------------------------------------------------------------
 */

/* Arena blocks go to the heap when that is possible. */
static void *resize_arena_block(void *block, size_t size)
{
    size_t have = preload_arena_size(block);
    void *to = call_allocate(GRT_TRACE_ALLOC, size, 0);
    if (to != NULL) {
        memcpy(to, block, have < size ? have : size);
        os_free(block);
    }
    return to;
}

/* A block that is live still was refused for lack of room. */
static void resize_in_heap(const preload_heap *at, grt_trace_record *record)
{
    record->moved_to = grt_heap_realloc(at->heap, record->block, (uint32_t)record->size);
    record->failed = record->moved_to == 0;
    if (record->failed) {
        grt_block_info info;
        grt_heap_describe(at->heap, record->block, &info);
        record->bad_block = info.state != GRT_BLOCK_LIVE || info.offset != 0;
    }
}

static void *resize(const preload_heap *at, void *block, size_t size)
{
    grt_trace_record record = {.op = GRT_TRACE_REALLOC, .size = heap_size(size)};
    record.sequence = preload_record_point();
    record.block = grt_memory_guest(at->memory, block);
    if (record.block == 0) {
        refuse_outside(block, "realloc");
        record.failed = record.bad_block = true;
    } else {
        resize_in_heap(at, &record);
    }
    record.sequence_end = preload_record_point();
    note(&record);
    return grt_memory_host(at->memory, record.moved_to);
}

void *call_resize(void *block, size_t size)
{
    if (preload_arena_owns(block)) {
        return resize_arena_block(block, size);
    }
    if (preload_inside > 0) {
        errno = ENOMEM;
        return NULL;
    }
    int saved = errno;
    preload_inside++;
    const preload_heap *at = preload_heap_get();
    return finish(at != NULL ? resize(at, block, size) : NULL, saved);
}

/* ---- asking
 * --------------------------------------------------------------------------------------
 */

size_t call_usable_size(void *block)
{
    if (block == NULL) {
        return 0;
    }
    if (preload_arena_owns(block)) {
        return preload_arena_size(block);
    }
    int saved = errno;
    preload_inside++;
    const preload_heap *at = preload_heap_get();
    grt_addr address = at != NULL ? grt_memory_guest(at->memory, block) : 0;
    uint32_t size = address != 0 ? grt_heap_size(at->heap, address) : UINT32_MAX;
    preload_inside--;
    errno = saved;
    return size != UINT32_MAX ? size : 0;
}
