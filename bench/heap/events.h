/*
 * events.h - a recorded program's allocations, made ready for replay: one word an event that needs
 * no decoding, blocks named by slots. bench_events makes such a file from a trace.
 */
#ifndef GUESTRT_BENCH_EVENTS_H
#define GUESTRT_BENCH_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#define EVENTS_MAGIC "GRTEVNT1"

typedef enum event_op { EVENT_ALLOC, EVENT_ZEROED, EVENT_REALLOC, EVENT_FREE } event_op;

typedef struct event {
    uint32_t op : 2;
    uint32_t slot : 30; /* empty before ALLOC and ZEROED and after FREE */
    uint32_t size;      /* bytes, at least 1; unused by FREE */
} event;

typedef struct events_head {
    char magic[8];
    uint64_t count;      /* events that follow; every block is freed by the last of them */
    uint64_t slots;      /* more than any slot's number */
    uint64_t peak_bytes; /* most bytes that were live at once, as asked for */
    uint64_t peak_index; /* the event that reached it */
} events_head;

typedef struct events {
    const events_head *head;
    const event *list;
} events;

/* Maps a file; stops the program when it is none of ours. */
events events_open(const char *path);

#endif
