/*
 * bare.h - blocks that are addresses only: the memory behind them is the caller's business.
 */
#ifndef GRT_HEAP_BARE_H
#define GRT_HEAP_BARE_H

#include "guestrt/heap.h"

/* As grt_heap_alloc_within(), or grt_heap_try_alloc_within() if [quiet], but none of the block's
 * pages is backed: it costs no memory and nothing of a memory budget until the caller commits pages
 * through the memory room. Pages may be in any state when it is freed, as with every block. It has
 * no red zone. [bounds] may be null: anywhere. The heap's statistics count the pages as committed.
 */
grt_addr grt_heap_alloc_bare(grt_heap *heap, uint32_t size, uint32_t alignment,
                             const grt_heap_bounds *bounds, bool quiet);

#endif
