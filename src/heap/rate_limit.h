/*
 * rate_limit.h - lets the first of many equal lines through, then the 10th, 100th, 1000th...
 */
#ifndef GRT_HEAP_RATE_LIMIT_H
#define GRT_HEAP_RATE_LIMIT_H

#include <stdint.h>

#define RATE_ROWS 64u

typedef struct rate_key {
    uint32_t what; /* a cause or a status, tagged by the user */
    uint32_t value;
    uint32_t site;
} rate_key;

/* Zeroed memory is an empty one. A row that is needed for another key is forgotten, so distinct
 * events are never suppressed, and the table never grows. */
typedef struct rate_limit {
    struct {
        rate_key key;
        uint32_t count;
    } rows[RATE_ROWS];
} rate_limit;

/* Counts an event; returns how often it has happened if that is worth a line, else 0. O(1). */
uint32_t rate_limit_count(rate_limit *limit, rate_key key);

#endif
