/*
 * heap.h - the guest heap: one allocator over one range of guest memory.
 *
 * All bookkeeping lives in host memory: no byte that the guest can store to is ever read back by
 * the heap. Addresses are at least 16-byte aligned. A request of 0 bytes counts as 1. Every free is
 * checked, in every build.
 *
 * Unless said otherwise a function may be called from any thread, and a heap is not null; requests
 * alone answer a null heap with NOT_INITIALISED. A process can have about a thousand heaps at once.
 */
#ifndef GUESTRT_HEAP_H
#define GUESTRT_HEAP_H

#include "guestrt/heap_options.h"
#include "guestrt/memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grt_heap grt_heap;

typedef struct grt_heap_config {
    size_t size;      /* sizeof(grt_heap_config), set by the initialiser */
    const char *name; /* "user", "physical"; copied */
    grt_addr first;   /* [first, end), multiples of GRT_PAGE_SIZE */
    uint64_t end;
    uint64_t budget;             /* bytes that may be live; 0 = capacity */
    uint32_t log_failures_above; /* failures of at most this many bytes are not logged (1,024),
                                    but for injected ones */
    grt_log log;
    grt_heap_options options; /* all zero: nothing is on */
} grt_heap_config;

grt_heap_config grt_heap_config_default(void); /* the flat profile's user heap */

/* Why a request was refused. Numbers are stable. */
#define GRT_HEAP_CAUSE_MAP(X)                                                                      \
    X(0, NONE, "the last request was served", "nothing to do")                                     \
    X(1, NOT_INITIALISED, "there is no heap", "create the runtime before guest code allocates")    \
    X(2, ZERO_SIZE, "a size of zero is refused by this entry point", "ask for at least one byte")  \
    X(3, SIZE_OVERFLOW, "the size does not fit once it is rounded up",                             \
      "look at the caller: a negative or wrapped size")                                            \
    X(4, LARGER_THAN_ARENA, "the request is larger than the whole heap",                           \
      "look at the caller's size: a negative one, or a title that probes for the largest block")   \
    X(5, OVER_BUDGET, "the heap's or the memory's budget would be exceeded",                       \
      "raise the budget, or find who holds the memory")                                            \
    X(6, EXHAUSTED, "fewer bytes are free than were asked for",                                    \
      "find who holds the memory: the owners below are sorted by bytes")                           \
    X(7, FRAGMENTED, "enough bytes are free, but not in one run",                                  \
      "see what lies between (grt_heap_walk), or, if cached is large, the small blocks that stay") \
    X(8, BAD_ALIGNMENT, "the alignment is not a power of two or larger than the heap can honour",  \
      "ask for a power of two of at most 16 MiB")                                                  \
    X(9, HOST_REFUSED, "the host refused memory for the pages",                                    \
      "see errno and the limit below (RLIMIT_DATA, overcommit, cgroup)")                           \
    X(10, SHUT_DOWN, "the heap is being destroyed", "stop guest threads before the runtime")       \
    X(11, INJECTED, "a test injected it", "remove the injection")                                  \
    X(12, NO_ROOM_WITHIN, "no free run is long enough between the bounds that were given",         \
      "look at what lies between the bounds, or widen them")

typedef enum grt_heap_cause {
#define GRT_HEAP_CAUSE_ENUM(number, name, sentence, remedy) GRT_HEAP_##name = number,
    GRT_HEAP_CAUSE_MAP(GRT_HEAP_CAUSE_ENUM)
#undef GRT_HEAP_CAUSE_ENUM
        GRT_HEAP_CAUSE_COUNT
} grt_heap_cause;

/* Counters by cause have room for more causes than there are. */
#define GRT_HEAP_CAUSE_ROOM 16

const char *grt_heap_cause_name(grt_heap_cause cause);
const char *grt_heap_cause_sentence(grt_heap_cause cause);
const char *grt_heap_cause_remedy(grt_heap_cause cause);

typedef struct grt_heap_stats {
    uint64_t capacity;          /* bytes of the range; constant */
    uint64_t committed;         /* bytes of the range that the host backs */
    uint64_t live;              /* bytes handed out, as rounded */
    uint64_t live_asked;        /* bytes handed out, as asked for */
    uint64_t cached;            /* bytes neither live nor free: in spans, kept or in quarantine */
    uint64_t cached_by_threads; /* the part of them in the caches of threads */
    uint64_t quarantined;       /* the part of them in quarantine */
    uint64_t free;              /* capacity - live - cached */
    uint64_t largest_free;      /* largest run of free bytes */
    uint64_t live_peak;   /* the most that live, cached_by_threads and quarantined were together;
                             never falls */
    uint64_t blocks;      /* live blocks */
    uint64_t allocations; /* served so far; never falls */
    uint64_t frees;       /* accepted so far; never falls */
    uint64_t bad_frees;   /* refused so far; never falls */
    uint64_t failures;    /* refused requests so far; never falls */
    uint64_t failures_by_cause[GRT_HEAP_CAUSE_ROOM];
    uint64_t guarded;           /* live blocks in guard mode */
    uint64_t overruns;          /* found behind blocks so far; never falls */
    uint64_t writes_after_free; /* found in freed blocks so far; never falls */
    uint64_t sites_lost;        /* sampled blocks that found no room; never falls */
    double fragmentation;       /* 1 - largest_free / free; 0 when nothing is free. What is free
                                   between small blocks is not in it, but in cached */
} grt_heap_stats;

/* The evidence for the calling thread's last refused request. */
typedef struct grt_heap_failure {
    grt_heap_cause cause;
    uint64_t asked;     /* bytes, as the caller gave them */
    uint64_t rounded;   /* bytes, as they would have been taken from the heap; as asked when that
                           cannot be said */
    uint32_t alignment; /* bytes */
    int host_errno;     /* for HOST_REFUSED */
    uint32_t call_site; /* guest return address, 0 when not called by guest code */
    uint64_t would_fit; /* the largest request of this alignment that would have succeeded at that
                           instant; after HOST_REFUSED only what needs nothing of the host */
    grt_heap_stats stats;
} grt_heap_failure;

/* Takes over [config->first, config->end) of [memory], reserving it under the heap's name.
 * The caller owns [*heap].
 * Fails iff: INVALID_ARGUMENT (also for options out of their limits), REGION_OVERLAP,
 * NO_HOST_MEMORY. */
grt_status grt_heap_create(grt_memory *memory, const grt_heap_config *config, grt_heap **heap);

/* Frees every block and gives the range back. No other thread may use the heap, and those that did
 * must have ended or not end during the call. Null is allowed. */
void grt_heap_destroy(grt_heap *heap);

/* Returns a block of at least [size] bytes, or 0 with a grt_heap_failure for the calling thread.
 * The contents are unspecified. O(1) amortised; may make system calls when pages are touched for
 * the first time. */
grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size);

/* As grt_heap_alloc(), and the block is zeroed. Fresh pages are not cleared a second time. */
grt_addr grt_heap_alloc_zeroed(grt_heap *heap, uint32_t size);

/* As grt_heap_alloc(), at a multiple of [alignment]: a power of two of at most 16 MiB; 0 = 16. */
grt_addr grt_heap_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment);

/* Where the pages of a block may lie: from [lowest] to [last], both included. A red zone may lie
 * behind. */
typedef struct grt_heap_bounds {
    grt_addr lowest, last;
    bool top_down; /* look from the top, not from the bottom; runs that the heap keeps at hand are
                      looked at last */
} grt_heap_bounds;

/* As grt_heap_alloc_aligned(), for a block of whole pages between [bounds], which need not lie in
 * the heap. O(blocks between them). */
grt_addr grt_heap_alloc_within(grt_heap *heap, uint32_t size, uint32_t alignment,
                               const grt_heap_bounds *bounds);

/* Changes a block's size, in place when that is possible. [block] 0 allocates. A block that moves
 * keeps its bytes up to the smaller size and is 16-byte aligned; what is beyond is unspecified.
 * Making a block smaller never fails. On failure returns 0 and the old block is untouched; a bad
 * [block] is reported as by grt_heap_free() and leaves no grt_heap_failure. */
grt_addr grt_heap_realloc(grt_heap *heap, grt_addr block, uint32_t size);

/* Gives a block back. 0 is allowed and does nothing. Anything that is not the start of a live block
 * of this heap is refused, reported through the log (equal ones for the 1st, 10th, 100th time), and
 * changes nothing.
 * Fails iff: DOUBLE_FREE, INTERIOR_POINTER, NOT_A_BLOCK, OUT_OF_RANGE. O(1). */
grt_status grt_heap_free(grt_heap *heap, grt_addr block);

/* The size that was asked for; UINT32_MAX for anything that is not the start of a live block
 * (reported like a bad free). O(1). */
uint32_t grt_heap_size(grt_heap *heap, grt_addr block);

/* True iff [address] lies in the heap's range. O(1), no lock. */
bool grt_heap_owns(const grt_heap *heap, grt_addr address);

typedef enum grt_block_state {
    GRT_BLOCK_OUTSIDE, /* not in the heap's range */
    GRT_BLOCK_NEVER,   /* in the range, but no block was ever there */
    GRT_BLOCK_LIVE,
    GRT_BLOCK_FREED,
} grt_block_state;

typedef struct grt_block_neighbour {
    grt_block_state state; /* OUTSIDE at an end of the heap; NEVER: none, or a freed one of more
                              than 1 MiB */
    grt_addr start;
    uint32_t asked;  /* when live */
    uint32_t extent; /* bytes it occupies */
} grt_block_neighbour;

typedef struct grt_block_info {
    grt_block_state state;
    grt_addr start;  /* of the block that holds or held the address */
    uint32_t asked;  /* its size as asked for, when live or when [site_known] */
    uint32_t extent; /* bytes it occupies */
    uint32_t offset; /* address - start; wraps for an address in the pages before a guarded block */
    bool quarantined;
    bool guarded;          /* it is, or was, in pages of its own */
    bool site_known;       /* the option sites kept who asked for it ... */
    bool freed_known;      /* ... and who freed it */
    uint32_t site, thread; /* guest return address and guest thread, 0 = none */
    uint32_t freed_site, freed_thread;
    grt_block_neighbour before, after; /* in address order; for a block that is live or freed */
    char text[192]; /* a sentence: "8 bytes inside the live block 0x00020040 of 64 bytes" */
} grt_block_info;

/* What [address] is, for reports. Never fails. O(1); in free memory O(the run). */
void grt_heap_describe(grt_heap *heap, grt_addr address, grt_block_info *info);

/* Calls [visit] for every live block in address order until it returns false. The heap is locked
 * meanwhile; [visit] must not call it. O(heap). */
typedef bool grt_block_visitor(void *user, grt_addr block, uint32_t asked, uint32_t extent);
void grt_heap_walk(grt_heap *heap, grt_block_visitor *visit, void *user);

/* Walks every record and verifies every invariant, and every pattern that options had written into
 * guest memory. On the first violation returns false and a sentence in [text]. O(heap). */
bool grt_heap_check(grt_heap *heap, char *text, size_t text_size);

void grt_heap_get_stats(const grt_heap *heap, grt_heap_stats *stats);

/* The calling thread's last refused request, on any heap; false if there was none. */
bool grt_heap_last_failure(grt_heap_failure *failure);

/* Gives free committed pages back to the host; returns the bytes given back. O(heap). */
uint64_t grt_heap_trim(grt_heap *heap);

/* Refuses every further request with SHUT_DOWN; blocks can still be freed and looked at. For a
 * runtime that is stopping its guest threads. Cannot be undone. */
void grt_heap_shut_down(grt_heap *heap);

/* For tests of code that allocates: refuses the [nth] request from now on (1 = the next) with
 * INJECTED, and with [sticky] every one after it too. 0 ends it. A grt_heap_realloc() that stays
 * in place is no request. */
void grt_heap_inject_failure(grt_heap *heap, uint32_t nth, bool sticky);

const char *grt_heap_name(const grt_heap *heap);

#ifdef __cplusplus
}
#endif

#endif
