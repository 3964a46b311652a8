/*
 * preload.h - what the parts of libguestrt-preload.so share.
 *
 * The library takes the place of the C library's heap in a program that knows nothing of it. Every
 * block comes from one guest heap, with one exception: what is asked for while the calling thread
 * is already inside the library (its own records, a thread-specific slot that the C library
 * allocates on its behalf, a signal handler) comes from a small arena of host memory, so that
 * nothing here can wait for itself.
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "guestrt/heap.h"
#include "guestrt/trace.h"

#define PRELOAD_EXPORT __attribute__((visibility("default")))

/* ---- the heap (heap.c) ----------------------------------------------------------------------- */

typedef struct preload_heap {
    grt_memory *memory;
    grt_heap *heap;
    bool has_patterns; /* its options fill or mark blocks */
} preload_heap;

/* The heap, made by the first call; null when it cannot be made, which is said once. Any thread. */
const preload_heap *preload_heap_get(void);

/* How deep the calling thread is inside the library. */
extern _Thread_local unsigned preload_inside;

/* ---- the arena (arena.c): os_alloc() and os_free() of this library -----------------------------
 */

/* True iff [block] came from the arena, live or not. O(1), no lock. */
bool preload_arena_owns(const void *block);
size_t preload_arena_size(const void *block);
/* For fork: nobody may be inside the arena while the process is copied. */
void preload_arena_lock(void);
void preload_arena_unlock(void);

/* ---- what is said (report.c) --------------------------------------------------------------------
 */

/* A log for the heap and for this library's own lines. */
grt_log preload_log(void);
void preload_say(const char *tag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The program's name, without its directory. */
const char *preload_program(void);

/* An environment variable, null when it is not set or empty. */
const char *preload_variable(const char *name);

/* ---- counting (stats.c) -------------------------------------------------------------------------
 */

typedef enum preload_count {
    COUNT_ALLOC,
    COUNT_ZEROED,
    COUNT_ALIGNED,
    COUNT_REALLOC,
    COUNT_FREE,
    COUNT_FAILED,    /* of the above: nothing was returned */
    COUNT_BAD_BLOCK, /* of REALLOC and FREE: refused */
    COUNT_KINDS
} preload_count;

void preload_stats_start(void);
void preload_stats_count(preload_count kind, bool failed, bool bad_block);

/* ---- recording (record.c) -----------------------------------------------------------------------
 */

/* Starts a trace when GUESTRT_TRACE asks for one. */
void preload_record_start(void);
/* In a forked child: it records nothing, for the trace is its parent's. */
void preload_record_forget(void);
bool preload_recording(void);

/* The order of calls; see grt_trace_sequence(). 0 when nothing is recorded. */
uint64_t preload_record_point(void);

void preload_record(const grt_trace_record *record);

/* ---- forks (fork.c)
 * ------------------------------------------------------------------------------ */

void preload_fork_start(grt_heap *heap);

#endif
