/*
 * check.h - what the parts of the heap's check share.
 */
#ifndef GRT_HEAP_CHECK_H
#define GRT_HEAP_CHECK_H

#include "heap/internal.h"

/* What was met so far. */
typedef struct heap_checker {
    const grt_heap *heap;
    char *text;
    size_t text_size;
    bool failed;

    uint32_t free_runs;
    uint32_t free_pages;
    uint32_t runs;
    uint64_t live;
    uint64_t asked;
    uint64_t blocks;
    uint64_t span_bytes;
    uint32_t spans;
    uint64_t taken_bytes;
    uint64_t taken_blocks;
    uint32_t empties[SIZE_CLASS_COUNT];
    uint64_t chunk_pages; /* in chunks, and in none of their blocks */
    uint32_t chunks;
    uint32_t returned; /* chunks with pages that other threads returned */
    uint32_t cached;   /* small blocks that are out of their spans, and medium ones, not live */
    uint32_t held;     /* large blocks in quarantine */
    uint64_t guarded;
    uint32_t bare;
} heap_checker;

/* Returns [condition]; the first that is false leaves its sentence. */
bool heap_require(heap_checker *check, bool condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A block of whole pages. */
bool heap_check_pages(heap_checker *check, const heap_block *block);

/* The span that starts at [page], and, after all of them, the records of spans. */
bool heap_check_span(heap_checker *check, uint32_t page, const heap_page *head);
bool heap_check_span_records(heap_checker *check);

/* The chunk that starts at [page], and the chunks that a cache says it has. */
bool heap_check_chunk(heap_checker *check, uint32_t page, const heap_page *head);
bool heap_check_chunk_set(heap_checker *check, const heap_cache *cache);

/* What caches and the quarantine hold. After the runs: those counted what that must be. */
bool heap_check_caches(heap_checker *check);
bool heap_check_quarantine(heap_checker *check);

#endif
