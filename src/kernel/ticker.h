/*
 * ticker.h - the clock that guest code reads from memory: a host thread stores it every
 * millisecond, from the load of a program that imports it to the end of the runtime. On the virtual
 * clock of a seeded run there is no such thread: each kernel call stores the time.
 */
#ifndef GRT_KERNEL_TICKER_H
#define GRT_KERNEL_TICKER_H

#include "thread/core.h"

typedef struct grt_ticker {
    grt_runtime *runtime;
    os_thread *host; /* null: not started */
    grt_addr bundle; /* 0: not started */
    bool by_calls;   /* a seeded run */
    uint32_t ended;  /* 1: asked to end; the thread sleeps on it */
} grt_ticker;

/* Stores the time at guest address [bundle] and goes on doing so. Nothing happens when it was
 * started before. Fails iff: HOST_THREAD_FAILED (logged). */
grt_status grt_ticker_start(grt_ticker *ticker, grt_runtime *runtime, grt_addr bundle);
/* Stores the time; on a guest thread of a seeded run. */
void grt_ticker_call(const grt_ticker *ticker);
/* Joins the thread. Allowed when it was never started. */
void grt_ticker_stop(grt_ticker *ticker);

#endif
