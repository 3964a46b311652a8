/*
 * rate_limit.c - counts equal events.
 */
#include "heap/rate_limit.h"

#include <stdbool.h>

static uint32_t row_of(rate_key key)
{
    uint64_t mixed = ((uint64_t)key.value << 32 | key.site) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ key.what) * 0xD6E8FEB86659FD93u;
    return (uint32_t)(mixed >> 32) % RATE_ROWS;
}

static bool keys_equal(rate_key a, rate_key b)
{
    return a.what == b.what && a.value == b.value && a.site == b.site;
}

static bool is_power_of_ten(uint32_t value)
{
    while (value >= 10 && value % 10 == 0) {
        value /= 10;
    }
    return value == 1;
}

uint32_t rate_limit_count(rate_limit *limit, rate_key key)
{
    uint32_t row = row_of(key);
    if (limit->rows[row].count == 0 || !keys_equal(limit->rows[row].key, key)) {
        limit->rows[row].key = key;
        limit->rows[row].count = 0;
    }
    if (limit->rows[row].count == UINT32_MAX) {
        return 0;
    }
    uint32_t count = ++limit->rows[row].count;
    return is_power_of_ten(count) ? count : 0;
}
