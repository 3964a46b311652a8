/*
 * pattern.c - names of patterns, and what was changed in them.
 */
#include "heap/pattern.h"

#include <string.h>

#include "guestrt/heap_options.h"

#define WORD(byte) ((uint32_t)(byte)*0x01010101u)

const char *grt_heap_pattern_name(uint32_t value)
{
    switch (value) {
#define PATTERN_NAME(byte, name, sentence)                                                         \
    case WORD(byte):                                                                               \
        return sentence;
        HEAP_PATTERN_MAP(PATTERN_NAME)
#undef PATTERN_NAME
    default:
        return NULL;
    }
}

/* Intact patterns are the rule, hence eight bytes at a time. */
static uint32_t intact_bytes(const uint8_t *bytes, uint32_t size, uint8_t pattern)
{
    uint64_t right = UINT64_C(0x0101010101010101) * pattern;
    uint32_t at = 0;
    for (uint64_t word; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        if (word != right) {
            break;
        }
    }
    while (at < size && bytes[at] == pattern) {
        at++;
    }
    return at;
}

static uint32_t last_changed(const uint8_t *bytes, uint32_t size, uint8_t pattern)
{
    uint32_t last = size - 1;
    while (bytes[last] == pattern) {
        last--;
    }
    return last;
}

bool pattern_intact(const uint8_t *bytes, uint32_t size, uint8_t pattern, pattern_damage *damage)
{
    uint32_t first = intact_bytes(bytes, size, pattern);
    if (first == size) {
        return true;
    }
    uint32_t rest = size - first;
    damage->first = first;
    damage->last = last_changed(bytes, size, pattern);
    damage->found_count = rest < sizeof damage->found ? rest : (uint32_t)sizeof damage->found;
    memcpy(damage->found, bytes + first, damage->found_count);
    return false;
}
