/* span.c - see span.h. */
#include "span.h"

static grc_span smaller(grc_span a, grc_span b)
{
    return a.more <= b.more ? a : b;
}

/* The range from the start of [a] that ends where [b] ends, or the whole of [a] if that comes
 * first. */
static grc_span up_to_end_of(grc_span a, grc_span b)
{
    uint32_t more = grc_span_last(b) - a.first;
    return (grc_span){a.first, more < a.more ? more : a.more};
}

grc_span grc_span_both(grc_span a, grc_span b)
{
    bool b_begins_in_a = grc_span_has(a, b.first), a_begins_in_b = grc_span_has(b, a.first);
    if (b_begins_in_a == a_begins_in_b)
        return smaller(a, b);
    return b_begins_in_a ? up_to_end_of(b, a) : up_to_end_of(a, b);
}

/* From the start of [a] to the end of whichever ends last. */
static grc_span joined(grc_span a, grc_span b)
{
    uint32_t gap = b.first - a.first, more = gap + b.more;
    if (more < gap)
        return grc_span_all();
    return (grc_span){a.first, more > a.more ? more : a.more};
}

grc_span grc_span_either(grc_span a, grc_span b)
{
    return smaller(joined(a, b), joined(b, a));
}
