/*
 * bound.h - which numbers a term can be at a place, from the branches that lead there.
 */
#ifndef GRC_BOUND_H
#define GRC_BOUND_H

#include "span.h"
#include "term.h"

enum { GRC_BOUND_LIMIT = 1 << 17 }; /* more numbers than this are no bound */

/* The numbers that [t], less its constant, can be just before [at]; they may wrap around. True:
 * comparisons on every way to [at] say so. False: it is only what the mask leaves. Root and [at]
 * must belong together: [t] is what the code computed on its way to [at]. */
bool grc_bound_of(grc_flow_graph *flow, grc_place at, const grc_term *t, grc_span *span);

#endif
