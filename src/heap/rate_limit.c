/*
 * rate_limit.c - counts equal events.
 */
#include "heap/rate_limit.h"

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

/* How often the event happened, itself included. */
static uint32_t count_event(rate_limit *limit, rate_key key)
{
    uint32_t row = row_of(key);
    if (limit->rows[row].count == 0 || !keys_equal(limit->rows[row].key, key)) {
        limit->rows[row].key = key;
        limit->rows[row].count = 0;
    }
    if (limit->rows[row].count < UINT32_MAX) {
        limit->rows[row].count++;
    }
    return limit->rows[row].count;
}

static uint32_t kind_of(rate_key key)
{
    return row_of((rate_key){key.what, 0, key.site}) % RATE_KINDS;
}

/* How many lines there would be of the event's kind, this one included. */
static uint32_t count_line(rate_limit *limit, rate_key key)
{
    uint32_t row = kind_of(key);
    if (limit->kinds[row].what != key.what || limit->kinds[row].site != key.site) {
        limit->kinds[row].what = key.what;
        limit->kinds[row].site = key.site;
        limit->kinds[row].lines = limit->kinds[row].left_out = 0;
    }
    if (limit->kinds[row].lines < UINT32_MAX) {
        limit->kinds[row].lines++;
    }
    return limit->kinds[row].lines;
}

uint32_t rate_limit_count(rate_limit *limit, rate_key key)
{
    uint32_t count = count_event(limit, key);
    if (!rate_is_power_of_ten(count)) {
        return 0;
    }
    if (rate_is_due(count_line(limit, key))) {
        return count;
    }
    limit->kinds[kind_of(key)].left_out++;
    return 0;
}

uint32_t rate_limit_left_out(rate_limit *limit, rate_key key)
{
    uint32_t row = kind_of(key);
    uint32_t left_out = limit->kinds[row].left_out;
    limit->kinds[row].left_out = 0;
    return left_out;
}
