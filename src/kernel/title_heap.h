/*
 * title_heap.h - the heaps of RtlCreateHeap.
 *
 * Every block comes from the user heap; a created heap is a record of the blocks that belong to it.
 * So its blocks die with it, a block is only taken back by its own heap, and its size is limited if
 * the program wanted that. The process heap is number 0 and keeps no record.
 *
 * A program's number for a heap (0xFA000000 and on) has the slot and a generation in it, so that
 * one that was destroyed is recognised. The slot that has been free for longest is used next, so
 * that who destroyed a heap is known for as long as possible. Anything else stands for the process
 * heap: titles bring heaps of their own along, whose addresses mean nothing here.
 *
 * All functions: any thread, no lock held by the caller. The mutex is never held while the user
 * heap is asked, or while a thread sleeps.
 */
#ifndef GRT_KERNEL_TITLE_HEAP_H
#define GRT_KERNEL_TITLE_HEAP_H

#include "kernel/block_owners.h"
#include "kernel/deadlock.h"

#define GRT_TITLE_HEAPS_MAX    256u /* the process heap is one of them */
#define GRT_PROCESS_HEAP       0xFA000000u
#define GRT_TITLE_HEAP_END     0xFB000000u /* of the numbers */
#define GRT_TITLE_HEAP_NO_LOCK 0x1u
#define GRT_TITLE_HEAP_GROWS   0x2u

/* A thread that waits for a heap that another one has locked; on its host stack. */
typedef struct grt_title_waiter {
    struct grt_title_waiter *next;
    grt_thread *thread;
    struct grt_title_lock *lock;
    uint32_t number; /* of the heap */
    bool take;       /* the lock; else it only waits until the heap is free */
    bool entered;    /* it waits no more; no longer linked then */
    bool gone;       /* the heap was destroyed; likewise */
} grt_title_waiter;

/* What RtlLockHeap locks. */
typedef struct grt_title_lock {
    grt_holder owner; /* id 0: free */
    bool owner_ended;
    uint32_t depth;            /* how often the owner has it */
    grt_title_waiter *waiters; /* first come first */
} grt_title_lock;

typedef struct grt_title_heap {
    bool live, dying;
    uint32_t generation;
    uint32_t flags;
    uint64_t limit; /* bytes that may be live; 0 = none */
    uint64_t bytes; /* live, as asked for */
    uint32_t blocks;
    grt_addr destroyed_at;
    uint32_t destroyed_by; /* thread id; 0: never */
    uint64_t order;        /* in which heaps were destroyed; 0: never */
    grt_title_lock lock;
} grt_title_heap;

typedef struct grt_title_heaps {
    os_mutex lock;
    grt_title_heap slots[GRT_TITLE_HEAPS_MAX];
    uint64_t order; /* of the heap that was destroyed last */
    grt_block_owners owners;
    atomic_uint created; /* that still have blocks; while there are none, no lock is taken */
    atomic_uint locked;  /* heaps that threads have locked; while there are none, nobody waits */
} grt_title_heaps;

/* Why a heap or a block was refused. */
typedef struct grt_title_trouble {
    enum {
        GRT_TITLE_HEAP_OK,
        GRT_TITLE_DESTROYED,      /* [by], [at] */
        GRT_TITLE_NEVER,          /* no heap ever had this number */
        GRT_TITLE_WRONG_HEAP,     /* the block is [owner]'s */
        GRT_TITLE_FULL,           /* [size] bytes beside [bytes] of others: more than [limit] */
        GRT_TITLE_HEAP_NO_MEMORY, /* the user heap refused, and has said so */
        GRT_TITLE_NO_HOST,        /* the host has no memory for the records */
        GRT_TITLE_NO_BLOCK,       /* the user heap has no such block, and has said so */
    } reason;
    uint32_t by;
    grt_addr at;
    uint32_t owner; /* the number of a heap */
    uint64_t limit, bytes;
    uint32_t size;
} grt_title_trouble;

static inline bool grt_title_heap_is_process(uint32_t number)
{
    return number <= GRT_PROCESS_HEAP || number >= GRT_TITLE_HEAP_END;
}

/* The number of a new heap, 0 when there are too many. [limit] 0: none. */
uint32_t grt_title_heap_create(grt_title_heaps *heaps, uint32_t flags, uint64_t limit);

/* Frees every block; false with [*trouble] when there is no such heap, or it is the process heap.
 * O(blocks of all created heaps). */
bool grt_title_heap_destroy(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                            grt_title_trouble *trouble);

/* What a number means: a copy of the record. */
bool grt_title_heap_find(grt_title_heaps *heaps, uint32_t number, grt_title_heap *heap,
                         grt_title_trouble *trouble);

/* 0 with [*trouble] on failure. */
grt_addr grt_title_heap_allocate(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                                 uint32_t size, bool zeroed, grt_title_trouble *trouble);
grt_addr grt_title_heap_resize(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                               grt_addr block, uint32_t size, grt_title_trouble *trouble);
bool grt_title_heap_free(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                         grt_addr block, grt_title_trouble *trouble);

/* ---- title_lock.c: RtlLockHeap. On the call's thread, in host. They do not return when the thread
 * is asked to stop. Who waits in a circle, or for a thread that has ended, says so. ---- */

/* Waits until no other thread has the heap locked, or there is no such heap. */
void grt_title_heap_wait(grt_call *call, uint32_t number);
/* Then locks it, once more if the thread has it already. False with [*trouble]: no such heap. */
bool grt_title_heap_lock(grt_call *call, uint32_t number, grt_title_trouble *trouble);
/* Undoes that once. False: it is not [thread]'s. */
bool grt_title_heap_unlock(grt_title_heaps *heaps, const grt_thread *thread, uint32_t number);
/* The heap has ended: whoever waits goes on, and nobody has it locked. The mutex is held. */
void grt_title_lock_end(grt_title_heaps *heaps, grt_title_lock *lock);
/* [thread] has ended: says which heaps it has locked. On that thread. O(heaps) while any is locked.
 */
void grt_title_heaps_thread_ended(grt_runtime *runtime, const grt_thread *thread);

/* The slot of a heap, 0 for the process heap; GRT_TITLE_HEAPS_MAX with [*trouble] when there is no
 * such heap. The mutex is held. For the files of the heaps. */
uint32_t grt_title_heap_index(const grt_title_heaps *heaps, uint32_t number,
                              grt_title_trouble *trouble);
uint32_t grt_title_heap_number(const grt_title_heaps *heaps, uint32_t index);

/* Whether the heap is the one that owns [block], if anybody does. */
bool grt_title_heap_is_owner(grt_runtime *runtime, grt_title_heaps *heaps, uint32_t number,
                             grt_addr block, grt_title_trouble *trouble);

void grt_title_heaps_destroy(grt_title_heaps *heaps);

#endif
