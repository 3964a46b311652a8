/*
 * bad_free.c - says what an address is that was taken for a block and is none.
 */
#include "heap/call_site.h"
#include "heap/internal.h"

#include "diag/log.h"

/* Tells statuses from causes among the keys of the rate limit. */
#define BAD_ADDRESS_KEY 0x100u

grt_status heap_refuse_address_unlock(grt_heap *heap, grt_addr address, grt_status status,
                                      const char *what)
{
    uint32_t site = grt_call_site();
    uint32_t repeat = rate_limit_count(
        &heap->repeats, (rate_key){BAD_ADDRESS_KEY | (uint32_t)status, address, site});
    grt_block_info info = {.state = GRT_BLOCK_OUTSIDE};
    if (repeat > 0) {
        heap_describe_locked(heap, address, &info); /* may look far back, hence only for a line */
    }
    os_mutex_unlock(&heap->lock);
    if (repeat > 0) {
        grt_log_line(&heap->log, GRT_LOG_ERROR, "HEAP-BAD-FREE",
                     "%s address=0x%08X status=%s heap=%s call_site=0x%08X repeat=%u: %s", what,
                     (unsigned)address, grt_status_name(status), heap->name, site, repeat,
                     info.text);
    }
    return status;
}
