/*
 * internal.h - the heap's record, and what its files share.
 *
 * One lock guards everything but the caches of threads (cache.h), slots (slots.h), and who asked
 * for a medium block. Functions that end in _locked expect it to be held; none of them writes a
 * line, so a slow log never holds it. Guest memory is never touched with the lock held or a cache
 * entered: a page that the guest took away faults, and the fault's report asks the heap.
 */
#ifndef GRT_HEAP_INTERNAL_H
#define GRT_HEAP_INTERNAL_H

#include "guestrt/heap.h"
#include "heap/backing.h"
#include "heap/cache.h"
#include "heap/page_runs.h"
#include "heap/page_table.h"
#include "heap/past.h"
#include "heap/pattern.h"
#include "heap/rate_limit.h"
#include "heap/size_class.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/watch.h"
#include "memory/quick.h"
#include "os/os.h"

#define HEAP_NAME_MAX      32u
#define HEAP_ALIGNMENT_MAX 0x1000000u /* 16 MiB */

/* The spans of a class that no cache owns and that have something to give. */
typedef struct heap_class {
    heap_span *partial; /* with a block that is out */
    heap_span *empty;   /* without */
    uint32_t empties;
} heap_class;

typedef struct heap_counters {
    uint64_t span_bytes;   /* in spans */
    uint64_t taken_blocks; /* small blocks that are out of their spans, and those in no chunk */
    uint64_t taken_bytes;  /* of these, and of chunks */
    uint64_t taken_peak;
    uint64_t bad_frees;
    uint64_t failures;
    uint64_t failures_by_cause[GRT_HEAP_CAUSE_ROOM];
} heap_counters;

/* The refused request before this one, as the limit on equal reports sees it (failure.c). */
typedef struct heap_search {
    rate_key first; /* what it was counted as */
    uint32_t asked;
} heap_search;

_Static_assert(GRT_HEAP_CAUSE_COUNT <= GRT_HEAP_CAUSE_ROOM, "every cause has its counter");

struct grt_heap {
    /* What the common path reads. The first member is found with the least arithmetic. */
    heap_cache *by_thread[OS_THREADS + 1]; /* by os_thread_number(); [shared] for all others */
    uint8_t *base;                         /* host address of guest address 0 */
    const uint8_t *page_records;           /* of the memory, see memory/quick.h */
    heap_slots slots;

    grt_addr first;
    uint32_t last_offset; /* capacity - 1 */
    os_mutex lock;
    char name[HEAP_NAME_MAX];
    uint64_t capacity;
    uint64_t budget;
    uint32_t log_failures_above;
    grt_log log;
    grt_memory *memory;
    bool shut_down;
    uint32_t inject_countdown; /* 1: the next request fails; 0: nothing is injected */
    bool inject_sticky;
    uint32_t stops; /* how many calls of heap_stop_caches_locked() are not undone yet */
    uint32_t gates; /* bits that every cache's gate has while nobody is at it */

    heap_chunk *chunks;   /* a record for every 64 pages, see heap_chunk_at() */
    uint32_t first_group; /* what the address of the first leads to */
    uint32_t odd_pages;   /* between its start and the heap's */

    page_table table;
    page_runs runs;
    heap_backing backing;
    span_pool pool;
    heap_class classes[SIZE_CLASS_COUNT];
    uint32_t spare_spans; /* empty ones, but for one a class */
    heap_counters counters;
    rate_limit repeats;
    heap_search search;

    bool has_slot;
    os_thread_slot slot; /* each thread's cache */
    heap_cache *caches;  /* all of them */
    heap_cache *shared;  /* one of them: for threads that have none, under the lock only */

    heap_watch watch; /* what its options need */

    void *metadata; /* table, maps, bitmaps and span records: one reservation */
    size_t metadata_size;
};

struct heap_request;

/* ---- caches (caches.c, magazine.c) ------------------------------------------------------------
 */

/* The calling thread's cache, or one whose gate is closed for good. O(1). */
static inline heap_cache *heap_cache_at_hand(const grt_heap *heap)
{
    return __atomic_load_n(&heap->by_thread[os_known_thread_number], __ATOMIC_RELAXED);
}

/* The calling thread's cache, made now if need be; the shared one when there can be none. */
heap_cache *heap_own_cache_locked(grt_heap *heap);

/* Closes the gates of all caches but the caller's own and waits until their owners are out. The
 * wait is for a few instructions of theirs. Stops nest: the last start opens the gates. */
void heap_stop_caches_locked(grt_heap *heap);
void heap_start_caches_locked(grt_heap *heap);

/* The same if the cache is not the calling thread's own; true iff it was done, which starting it
 * again must be told. */
static inline bool heap_stop_owner_locked(grt_heap *heap, const heap_cache *cache)
{
    bool stop = cache != heap_cache_at_hand(heap);
    if (stop) {
        heap_stop_caches_locked(heap);
    }
    return stop;
}

static inline void heap_start_owner_locked(grt_heap *heap, bool stopped)
{
    if (stopped) {
        heap_start_caches_locked(heap);
    }
}

/* Makes every call from now on take the long way, or ends that. */
void heap_set_special_locked(grt_heap *heap, bool special);

/* The same, by what the heap's state demands: options, shutting down, an injection. */
void heap_update_gates_locked(grt_heap *heap);

/* Puts blocks of a class into a cache's empty bin: half of what it can hold, less when the span or
 * the budget has less, one at least; false with [request->cause]. O(bin). */
bool heap_refill_locked(grt_heap *heap, heap_cache *cache, struct heap_request *request,
                        uint32_t size_class);

/* Drains a cache whose thread ends or is gone, and keeps it for another thread. */
void heap_forget_owner_locked(grt_heap *heap, heap_cache *cache);

/* Runs when a thread that has a cache ends, with that cache. */
void heap_leave_thread(void *cache);

/* Gives the [count] blocks of a bin that were put there first back to their spans. */
void heap_flush_locked(grt_heap *heap, heap_cache *cache, uint32_t size_class, uint32_t count);

/* Makes sure that a bin has room for a block. */
void heap_make_room_locked(grt_heap *heap, heap_cache *cache, const cache_bin *bin);

/* Gives all that a cache holds back: blocks and spans. True iff there was anything that others can
 * use now. */
bool heap_drain_locked(grt_heap *heap, heap_cache *cache);

/* Gives back all that is merely kept: what caches hold, and spans without blocks. True iff there
 * was anything. */
bool heap_reclaim_locked(grt_heap *heap);

/* ---- requests (allocate.c) --------------------------------------------------------------------
 */

typedef struct heap_request {
    uint32_t asked;     /* as the caller said */
    uint32_t size;      /* at least 1 */
    uint64_t need;      /* bytes, with the red zone */
    uint32_t alignment; /* bytes */
    uint32_t site;      /* guest return address, 0 = none */
    bool bounded;       /* whole pages, between [bounds] */
    page_bounds bounds;
    bool bare;         /* whole pages, which are not backed */
    bool quiet;        /* a refusal is an answer: neither counted nor logged */
    heap_cache *cache; /* whose blocks and counts serve it */

    /* The answer. */
    grt_addr block;
    uint32_t slot;       /* of a small or medium block */
    uint32_t base;       /* see slot_base() */
    uint32_t size_class; /* of a small block, SIZE_CLASS_NONE for others */
    uint64_t extent;     /* bytes that the block occupies */
    uint32_t room;       /* bytes from its start that are its own; less if it is guarded */
    bool filled;         /* of a small block: all of it was the fill of freed blocks */
    stale_ranges stale;  /* of whole pages: what must be cleared to make them zero */

    /* Or the reason why there is none. */
    grt_heap_cause cause;
    uint64_t rounded;
    grt_refusal refusal; /* of the memory, when it is the cause */
} heap_request;

/* Sets a block aside for the request; false with a cause. The block is pending: it counts as
 * cached, and a free of it is refused. */
bool heap_allocate_locked(grt_heap *heap, heap_cache *cache, heap_request *request);

/* Makes the block of a served request live. [cache] is the one it was set aside in. */
void heap_publish_locked(grt_heap *heap, heap_cache *cache, const heap_request *request);

/* Takes a run and backs the first [backed] pages of it; NO_PAGE with [request->cause]. */
uint32_t heap_take_run_locked(grt_heap *heap, heap_request *request, uint32_t length,
                              uint32_t page_alignment, page_kind kind, uint32_t backed);

/* Makes a span that nobody owns and no list has; null with [request->cause]. */
heap_span *heap_add_span_locked(grt_heap *heap, heap_request *request, uint32_t size_class);

/* Bytes that may still leave spans and free runs. */
static inline uint64_t heap_budget_room(const grt_heap *heap)
{
    return heap->budget - heap->counters.taken_bytes;
}

/* Bytes that a large block of [size] bytes occupies. */
static inline uint64_t heap_round_to_pages(uint64_t size)
{
    return (size + GRT_PAGE_SIZE - 1) & ~(uint64_t)(GRT_PAGE_SIZE - 1);
}

static inline uint32_t heap_pages_for(uint64_t size)
{
    return (uint32_t)(heap_round_to_pages(size) >> PAGE_SHIFT);
}

/* ---- blocks (find.c) --------------------------------------------------------------------------
 */

typedef struct heap_block {
    heap_span *span; /* null: a block of whole pages */
    grt_addr address;
    uint32_t page; /* that it starts in */
    uint32_t asked;
    uint32_t extent;
    uint32_t room; /* bytes from its start that are its own; less if it is guarded */
    uint32_t slot; /* of a small or medium block, else NO_SLOT */
    uint32_t base; /* see slot_base() */
} heap_block;

/* What the slot of a block says while it is live. */
static inline heap_slot heap_live_slot(const heap_block *block)
{
    return (heap_slot)(SLOT_LIVE | (block->asked - block->base));
}

/* Finds the block of whole pages whose first is [page], live or not. */
heap_block heap_block_of_pages(const grt_heap *heap, uint32_t page);

/* The part of a heap around or behind a page: a run of the page table, or of a chunk a block or the
 * pages between two. Chunks change unless their owners are stopped. */
typedef enum part_kind {
    PART_FREE,  /* in no block */
    PART_SPAN,  /* small blocks */
    PART_PAGES, /* one block of whole pages, live or not */
} part_kind;

typedef struct heap_part {
    part_kind kind;
    uint32_t page;
    uint32_t length;
} heap_part;

/* The part that starts at [page]; the next one starts [length] pages further on. O(1). */
heap_part heap_part_at(const grt_heap *heap, uint32_t page);

/* For heads of large blocks in use: true iff it is in guard mode, and where in the first page it
 * starts. */
static inline bool heap_is_guarded(const heap_page *head)
{
    return past_get_kind(head->past) == PAST_GUARDED;
}

static inline uint32_t heap_large_gap(const heap_page *head)
{
    return heap_is_guarded(head) ? past_guarded_gap(head->past) : 0;
}

/* False if the guest took away or protected any page of [bytes], at least one, of a block. */
static inline bool heap_is_writable(const grt_heap *heap, grt_addr address, uint32_t bytes)
{
    uint32_t first = address >> PAGE_SHIFT, last = (address + bytes - 1) >> PAGE_SHIFT;
    return grt_quick_allowed(heap->page_records, first, last + 1, GRT_READ_WRITE) ||
           grt_memory_accessible(heap->memory, address, bytes, GRT_READ_WRITE);
}

/* Finds the live block that starts at [address], or says what is wrong with the address. O(1). */
grt_status heap_find_locked(const grt_heap *heap, grt_addr address, heap_block *block);

void heap_describe_locked(const grt_heap *heap, grt_addr address, grt_block_info *info);

static inline page_info *heap_page_info(const grt_heap *heap, uint32_t page)
{
    return &heap->slots.pages[(heap->first >> PAGE_SHIFT) + page];
}

static inline void heap_set_page_info(grt_heap *heap, uint32_t page, page_info info)
{
    __atomic_store_n(heap_page_info(heap, page), info, __ATOMIC_RELEASE);
}

static inline page_info heap_get_page_info(const grt_heap *heap, uint32_t page)
{
    return __atomic_load_n(heap_page_info(heap, page), __ATOMIC_ACQUIRE);
}

static inline grt_addr heap_page_address(const grt_heap *heap, uint32_t page)
{
    return heap->first + (page << PAGE_SHIFT);
}

/* The place of a block of a span. */
static inline block_place heap_place_in_span(const grt_heap *heap, const heap_span *span,
                                             uint32_t block)
{
    grt_addr start = heap_page_address(heap, span->page);
    return (block_place){start + block * span->extent, span->slot + block};
}

/* The page that an address of the heap lies in. */
static inline uint32_t heap_page_of(const grt_heap *heap, grt_addr address)
{
    return (address - heap->first) >> PAGE_SHIFT;
}

/* ---- chunks (chunks.c) -------------------------------------------------------------------------
 */

/* The record of the chunk that an address would lie in; nobody's if there is none. Who uses a cache
 * or stopped all can rely on the owner. */
static inline heap_chunk *heap_chunk_at(const grt_heap *heap, grt_addr address)
{
    return &heap->chunks[(address >> (PAGE_SHIFT + CHUNK_SHIFT)) - heap->first_group];
}

static inline heap_chunk *heap_chunk_of_page(const grt_heap *heap, uint32_t page)
{
    return heap_chunk_at(heap, heap_page_address(heap, page));
}

/* The chunk of a place where a block of so many pages was, and where one could be again; null if
 * the cache knows none. */
static inline heap_chunk *heap_recall(const grt_heap *heap, heap_cache *cache, uint32_t pages,
                                      uint32_t *page)
{
    for (int tries = 0; tries < 2 && chunk_set_recall(&cache->chunks, pages, page); tries++) {
        heap_chunk *chunk = heap_chunk_of_page(heap, *page);
        uint64_t mask = chunk_mask((*page + heap->odd_pages) % CHUNK_PAGES, pages);
        if (chunk_owner(chunk) == cache && (~chunk->free & mask) == 0) {
            return chunk;
        }
    }
    return NULL;
}

/* Cuts a block out of a chunk of the cache; false iff none has room. It is neither pending nor
 * live: its slot still says what was there last. */
static inline bool heap_cut(grt_heap *heap, heap_cache *cache, uint32_t pages, block_place *place)
{
    uint32_t page;
    heap_chunk *chunk = heap_recall(heap, cache, pages, &page);
    if (chunk == NULL) {
        uint32_t first = chunk_set_find(&cache->chunks, pages);
        if (first == CHUNK_PAGES) {
            return false;
        }
        chunk = cache->chunks.current;
        page = chunk->page + first;
    }
    page_info info = medium_info_of(page, pages);
    chunk_take(&cache->chunks, chunk, page - chunk->page, pages);
    cache_count_cut(cache, pages);
    heap_set_page_info(heap, page, info);
    *place = (block_place){heap_page_address(heap, page), info_slot(info)};
    return true;
}

/* Gives a block that is not live back to its chunk, whoever's that is. Its first page goes on to
 * say where it was. Returns the cache whose whole chunks should be given up now, if any. */
static inline heap_cache *heap_uncut(const grt_heap *heap, heap_cache *cache, heap_chunk *chunk,
                                     grt_addr block, uint32_t pages)
{
    uint32_t page = heap_page_of(heap, block);
    uint32_t first = page - chunk->page;
    heap_cache *owner = chunk_owner(chunk);
    cache_count_uncut(cache, pages);
    if (__builtin_expect(owner != cache, 0)) {
        return chunk_return(&owner->chunks, chunk, first, pages) ? owner : NULL;
    }
    chunk_set_remember(&cache->chunks, page, pages);
    return chunk_set_put(&cache->chunks, chunk, first, pages) ? cache : NULL;
}

/* Changes the pages of a block of a chunk that nobody else can free, with its owner stopped. False
 * iff others are in the way. */
bool heap_recut(grt_heap *heap, heap_chunk *chunk, uint32_t page, uint32_t have, uint32_t want);

/* Gives up chunks without blocks of a cache, but for one or a few. */
void heap_shed_chunks(grt_heap *heap, heap_cache *cache);
void heap_shed_chunks_locked(grt_heap *heap, heap_cache *cache);

/* Makes a new chunk the cache's current one. False iff there is no room for one, or the heap is too
 * small to have any. */
bool heap_add_chunk_locked(grt_heap *heap, heap_cache *cache, struct heap_request *request);

/* Makes an end of a chunk, with the caches stopped: its blocks are runs of the page table from now
 * on, and its other pages free runs. */
void heap_dissolve_chunk_locked(grt_heap *heap, heap_chunk *chunk);

/* The same with the caches not stopped yet: when the guest took pages of a block away, or protected
 * them, for only a run can be like that. */
void heap_end_chunk_locked(grt_heap *heap, heap_chunk *chunk);

/* The same for all of a cache; true iff that freed any page. */
bool heap_dissolve_chunks_locked(grt_heap *heap, heap_cache *cache);

/* Of a page of a chunk that is in no block: the first page of the block that was here last, as far
 * as the pages say; NO_PAGE if none was. O(1). */
uint32_t heap_past_of_chunk(const grt_heap *heap, const heap_chunk *chunk, uint32_t page);

/* ---- releasing (release.c) --------------------------------------------------------------------
 */

/* Makes the slot of a live block say that it is not, so that nobody else can free it; false iff
 * another thread freed it since it was found. When that thread got another medium block at the same
 * place, of which the slot says the same, it is that which is claimed, and [block] says so. */
bool heap_claim_slot(const grt_heap *heap, heap_block *block);

/* Makes a live block pending again; otherwise the same. */
bool heap_claim_locked(grt_heap *heap, heap_cache *cache, heap_block *block);

/* Makes a claimed block live again, as it was. */
void heap_unclaim_locked(grt_heap *heap, heap_cache *cache, const heap_block *block);

/* Takes a claimed block from the guest for good: to the quarantine if there is one, else as
 * heap_free_locked(). [filled]: all of it is the fill of freed blocks now. */
void heap_retire_locked(grt_heap *heap, heap_cache *cache, const heap_block *block, bool filled);

/* Gives a claimed block back to its span or to the free runs. */
void heap_free_locked(grt_heap *heap, heap_cache *cache, const heap_block *block);

/* Makes the block of whole pages whose first is [page] live, be it medium or large. Nobody else may
 * be able to free it: it is new or claimed. */
void heap_make_pages_live_locked(grt_heap *heap, uint32_t page, uint32_t size);

/* Lists a span that no cache owns and that has something to give, and takes it from its list. */
void heap_list_span_locked(grt_heap *heap, heap_span *span);
void heap_unlist_span_locked(grt_heap *heap, heap_span *span);

/* Gives up the empty spans of each class but for [kept] of them; true iff there were more. The
 * caches are stopped once for all of them. */
bool heap_release_empty_spans_locked(grt_heap *heap, uint32_t kept);

/* The same for those beside one a class, if there are more than a few: before new pages are taken.
 */
#define SPARE_SPANS_FEW 3u
static inline void heap_release_spare_spans_locked(grt_heap *heap)
{
    if (heap->spare_spans > SPARE_SPANS_FEW) {
        (void)heap_release_empty_spans_locked(heap, 1);
    }
}

/* Gives the pages of a run, of which the guest may have changed some, back to the free runs. */
void heap_give_run_locked(grt_heap *heap, uint32_t page, uint32_t length);

/* Gives the committed pages of all free runs back; returns how many. */
uint32_t heap_trim_locked(grt_heap *heap);

/* Gives a run's pages back at once when the heap keeps too many free ones. */
void heap_trim_run_locked(grt_heap *heap, uint32_t page);

/* ---- options (watch.c, quarantine.c, guard.c) --------------------------------------------------
 */

void heap_watch_init(grt_heap *heap, const grt_heap_options *options);
grt_status heap_watch_create(grt_heap *heap); /* Fails iff: NO_HOST_MEMORY. */
void heap_watch_destroy(grt_heap *heap);

/* True iff fail_nth, fail_every or fail_size wants the request refused. */
bool heap_watch_refuses_locked(grt_heap *heap, const heap_request *request);

/* Takes over a claimed block, after the oldest ones gave way; false if it is too large. */
bool heap_quarantine_add_locked(grt_heap *heap, heap_cache *cache, const heap_block *block);
/* Frees what is held; true iff anything was. */
bool heap_quarantine_empty_locked(grt_heap *heap);

/* Serves the request in guard mode; false if it is not to be guarded, or there is no room: then it
 * is served as any other. */
bool heap_guard_serve_locked(grt_heap *heap, heap_cache *cache, heap_request *request);

/* Makes the pages of a claimed guarded block inaccessible; and what counts when its run is free. */
void heap_guard_close_locked(grt_heap *heap, const heap_block *block);
void heap_guard_end_locked(grt_heap *heap, const heap_block *block);

/* ---- patterns (dress.c, damage.c): without the lock, on blocks that are pending ----------------
 */

/* Verifies that nobody wrote to the memory of a new block since it was freed. */
void heap_verify_freed(grt_heap *heap, const heap_request *request);
void heap_verify_freed_pages(grt_heap *heap, uint32_t page, uint32_t pages, const char *noticed_by);

/* Writes the patterns of a new block: into it, and behind it. */
void heap_fill_new(grt_heap *heap, const heap_request *request);
void heap_write_tail(grt_heap *heap, grt_addr block, uint32_t size, uint32_t room);

/* Verifies what is behind a block, and makes it right, so that damage is reported once. */
void heap_verify_tail(grt_heap *heap, const heap_block *block, const char *noticed_by);

/* The same for a block that is being freed, which is filled if that is wanted; true iff it was. */
bool heap_undress(grt_heap *heap, const heap_block *block, const char *noticed_by);

typedef struct heap_damage {
    bool after_free; /* else behind a block */
    grt_addr block;
    uint32_t size;        /* asked for; what a freed block occupied */
    pattern_damage bytes; /* offsets from the block's start */
    const char *noticed_by;
} heap_damage;

/* Counts the damage and writes a line about it. */
void heap_report_damage(grt_heap *heap, const heap_damage *damage);

/* The part of grt_heap_check() that looks at guest memory (check_patterns.c). */
bool heap_check_patterns_locked(const grt_heap *heap, char *text, size_t text_size);

/* ---- accounting (account.c) -------------------------------------------------------------------
 */

/* Blocks leave spans and free runs, or come back. */
void heap_count_taken(grt_heap *heap, uint64_t blocks, uint64_t bytes);
void heap_count_returned(grt_heap *heap, uint64_t blocks, uint64_t bytes);

/* The caches must be stopped. */
void heap_stats_locked(const grt_heap *heap, grt_heap_stats *stats);

/* ---- reports (failure.c, bad_free.c) ----------------------------------------------------------
 */

/* What is written about a refused request once the lock is released. */
#define HEAP_HOLDERS_MAX 5u

typedef struct heap_holder {
    uint64_t bytes;
    uint32_t blocks;
    uint32_t size; /* bytes a block: asked for a large one, occupied for a small one */
    uint32_t site;
    bool is_small;
} heap_holder;

typedef struct heap_refusal {
    grt_heap_failure failure;
    uint32_t repeat; /* 0: not to be logged */
    uint32_t holders;
    heap_holder holder[HEAP_HOLDERS_MAX];
    site_summary sampled;
} heap_refusal;

/* Collects the evidence and, unless the request is quiet, counts the failure. */
void heap_refuse_locked(grt_heap *heap, const heap_request *request, heap_refusal *refusal);

/* Keeps the failure for the calling thread and writes it. [heap] may be null: there is none. */
void heap_report_refusal(const grt_heap *heap, const heap_refusal *refusal);

/* Those who hold the most bytes, largest first (holders.c). */
uint32_t heap_find_holders_locked(const grt_heap *heap, heap_holder *holders, uint32_t max);

/* Unlocks the heap and reports that [address] is no live block; returns [status]. [what] is the
 * operation's name in the line. */
grt_status heap_refuse_address_unlock(grt_heap *heap, grt_addr address, grt_status status,
                                      const char *what);

#endif
