/*
 * pattern.h - the bytes that the heap writes into memory that is nobody's.
 *
 * Each is a byte repeated. As an address the word lies where neither memory map has anything for a
 * program to reach, so that a pointer made of it faults; as a number it is odd and unlikely.
 */
#ifndef GRT_HEAP_PATTERN_H
#define GRT_HEAP_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Byte, name, what a value made of it is. */
#define HEAP_PATTERN_MAP(X)                                                                        \
    X(0x9A, FRESH, "the heap's fill of new blocks")                                                \
    X(0x9D, FREED, "the heap's fill of freed blocks")                                              \
    X(0x9E, TAIL, "the heap's fill behind blocks")

enum {
#define HEAP_PATTERN_ENUM(byte, name, sentence) PATTERN_##name = byte,
    HEAP_PATTERN_MAP(HEAP_PATTERN_ENUM)
#undef HEAP_PATTERN_ENUM
};

/* What of a pattern was overwritten. */
typedef struct pattern_damage {
    uint32_t first, last; /* offsets of changed bytes */
    uint8_t found[8];     /* the bytes from the first on */
    uint32_t found_count;
} pattern_damage;

/* True iff all [size] bytes are [pattern]; else fills [damage]. O(size). */
bool pattern_intact(const uint8_t *bytes, uint32_t size, uint8_t pattern, pattern_damage *damage);

#endif
