/*
 * peer.h - what a shared object must export to be measured beside guestrt's heap.
 *
 * bench/README.md says how one is made. The benchmark loads one peer into one process, calls
 * peer_init() once, and then the rest from several threads at once: an allocator that is not safe
 * for that brings its own lock. Nothing here may be inlined into the benchmark, so every allocator
 * costs one indirect call.
 */
#ifndef GUESTRT_BENCH_PEER_H
#define GUESTRT_BENCH_PEER_H

#include <stddef.h>

/* What is measured, with its version: "o1heap 2.2.0 + mutex". Optional. */
const char *peer_name(void);

/* Called once, before anything else. [base, base + size) is zeroed private memory, readable and
 * writable, aligned to 64 KiB, no page of it touched yet; blocks should come from it. 0 = ready. */
int peer_init(void *base, size_t size);

/* As malloc(), calloc(1, size), realloc() and free(); sizes are never 0, blocks never null. */
void *peer_alloc(size_t size);
void *peer_zalloc(size_t size);
void *peer_realloc(void *block, size_t size);
void peer_free(void *block);

/* Called by each thread before its first and after its last call. Optional, both or neither. */
void peer_thread_init(void);
void peer_thread_exit(void);

#endif
