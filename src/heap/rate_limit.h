/*
 * rate_limit.h - lets the first of many equal lines through, then the 10th, 100th, 1000th...
 *
 * And of lines that differ in the value alone, say in the address, the first 64, then the 100th,
 * 1000th...: a program that frees everything twice must not drown its log.
 */
#ifndef GRT_HEAP_RATE_LIMIT_H
#define GRT_HEAP_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_ROWS  64u
#define RATE_KINDS 16u
#define RATE_LINES 64u /* of one kind */

static inline bool rate_is_power_of_ten(uint32_t value)
{
    while (value >= 10 && value % 10 == 0) {
        value /= 10;
    }
    return value == 1;
}

/* Of lines of one kind: true iff that of this number is written. */
static inline bool rate_is_due(uint32_t number)
{
    return number <= RATE_LINES || rate_is_power_of_ten(number);
}

typedef struct rate_key {
    uint32_t what; /* a cause or a status, tagged by the user */
    uint32_t value;
    uint32_t site;
} rate_key;

/* Zeroed memory is an empty one. A row that is needed for another key is forgotten: the tables
 * never grow, and a new kind of event is never suppressed. */
typedef struct rate_limit {
    struct {
        rate_key key;
        uint32_t count;
    } rows[RATE_ROWS];
    struct {
        uint32_t what, site;
        uint32_t lines;
        uint32_t left_out; /* since the last one */
    } kinds[RATE_KINDS];
} rate_limit;

/* Counts an event; returns how often it has happened if that is worth a line, else 0. O(1). */
uint32_t rate_limit_count(rate_limit *limit, rate_key key);

/* For a line that is written: how many that differ from it in the value alone were not since the
 * last one that was. O(1). */
uint32_t rate_limit_left_out(rate_limit *limit, rate_key key);

#endif
