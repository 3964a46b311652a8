/*
 * bad_free.c - says what an address is that was taken for a block and is none.
 */
#include "heap/call_site.h"
#include "heap/internal.h"

#include <stdio.h>

#include "diag/log.h"

/* Tells statuses from causes among the keys of the rate limit. */
#define BAD_ADDRESS_KEY 0x100u

/* What the heap knows. The owner is asked for only where it is somebody else. */
typedef struct address_report {
    uint32_t site;
    uint32_t repeat;   /* 0: not to be logged */
    uint32_t left_out; /* of lines about other addresses */
    grt_block_info info;
    char owner[48];  /* " owner=physical", empty inside the heap */
    char region[80]; /* the end of the sentence */
} address_report;

/* An address outside of the heap belongs to another heap, to an image, or to nobody. The memory
 * knows, and has a lock of its own, hence without the heap's. */
static void find_owner(const grt_heap *heap, grt_addr address, address_report *report)
{
    grt_page_info page;
    grt_memory_query(heap->memory, address, &page);
    if (page.region_size == 0) {
        snprintf(report->owner, sizeof report->owner, " owner=none");
        snprintf(report->region, sizeof report->region, ", in no region");
        return;
    }
    snprintf(report->owner, sizeof report->owner, " owner=%s", page.owner);
    snprintf(report->region, sizeof report->region, ", %u bytes inside the region 0x%08X of %s",
             (unsigned)(address - page.region_first), (unsigned)page.region_first, page.owner);
}

/* Behind the last of the lines about many addresses. */
static const char *left_out_text(const address_report *report, char *text, size_t size)
{
    snprintf(text, size, "; %u lines about other addresses were left out before this one",
             report->left_out);
    return report->left_out > 0 ? text : "";
}

static void write_report(const grt_heap *heap, grt_addr address, grt_status status,
                         const char *what, const address_report *report)
{
    char others[80];
    grt_log_line(&heap->log, GRT_LOG_ERROR, "HEAP-BAD-FREE",
                 "%s address=0x%08X status=%s heap=%s call_site=0x%08X repeat=%u%s: %s%s%s", what,
                 (unsigned)address, grt_status_name(status), heap->name, report->site,
                 report->repeat, report->owner, report->info.text, report->region,
                 left_out_text(report, others, sizeof others));
}

grt_status heap_refuse_address_unlock(grt_heap *heap, grt_addr address, grt_status status,
                                      const char *what)
{
    address_report report = {.site = grt_call_site()};
    rate_key key = {BAD_ADDRESS_KEY | (uint32_t)status, address, report.site};
    report.repeat = rate_limit_count(&heap->repeats, key);
    if (report.repeat > 0) { /* may look far back, hence only for a line */
        report.left_out = rate_limit_left_out(&heap->repeats, key);
        heap_describe_locked(heap, address, &report.info);
    }
    os_mutex_unlock(&heap->lock);
    if (report.repeat == 0) {
        return status;
    }
    if (status == GRT_OUT_OF_RANGE) {
        find_owner(heap, address, &report);
    }
    write_report(heap, address, status, what, &report);
    return status;
}
