/*
 * refusal.h - commits whose refusal is put into words now and written later.
 *
 * For a room that holds a lock of its own while it asks for memory: a slow log must not hold that
 * lock, and a log that asks questions must not meet it.
 */
#ifndef GRT_MEMORY_REFUSAL_H
#define GRT_MEMORY_REFUSAL_H

#include "guestrt/memory.h"

/* A sentence about a refusal; empty text: nothing was refused. */
typedef struct grt_refusal {
    int error; /* the host's, 0 if it was not asked */
    char text[640];
} grt_refusal;

/* As grt_memory_commit(), but writes nothing: [*refusal] is set if the pages are refused, and
 * otherwise left alone. */
grt_status grt_memory_try_commit(grt_memory *memory, grt_addr address, uint64_t size,
                                 grt_refusal *refusal);

/* Writes the sentence, if there is one, and sets errno to the host's error, if there is one. */
void grt_refusal_log(const grt_memory *memory, const grt_refusal *refusal);

#endif
