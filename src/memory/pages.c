/*
 * pages.c - backing pages with memory, taking it away, changing their access.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memory/memory_impl.h"
#include "os/assert.h"

/* ---- page records ---------------------------------------------------------------------------- */

uint64_t grt_page_run(const grt_memory *memory, uint64_t from, uint64_t end)
{
    grt_page record = grt_page_get(memory, from);
    do {
        from += GRT_PAGE_SIZE;
    } while (from < end && grt_page_get(memory, from) == record);
    return from;
}

void grt_page_fill(grt_memory *memory, uint64_t from, uint64_t end, grt_page record)
{
    for (uint64_t page = from >> GRT_PAGE_SHIFT; page < end >> GRT_PAGE_SHIFT; page++) {
        __atomic_store_n(&memory->pages[page], record, __ATOMIC_RELAXED);
    }
}

static uint32_t count_uncommitted(const grt_memory *memory, uint64_t from, uint64_t end)
{
    uint32_t count = 0;
    for (; from < end; from += GRT_PAGE_SIZE) {
        count += grt_page_get(memory, from) == GRT_PAGE_NONE;
    }
    return count;
}

static void account(grt_memory *memory, grt_region *region, int64_t pages)
{
    region->committed = (uint32_t)(region->committed + pages);
    memory->committed_pages = (uint64_t)((int64_t)memory->committed_pages + pages);
    if (memory->committed_pages > memory->committed_peak) {
        memory->committed_peak = memory->committed_pages;
    }
    GRT_ASSERT(region->committed <= region->pages);
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* Appends the regions that hold most, largest first. */
static void append_largest(const grt_memory *memory, char *text, size_t size)
{
    const grt_region *above = NULL;
    for (int rank = 0; rank < 3; rank++) {
        const grt_region *largest = NULL;
        for (uint32_t i = 0; i < memory->region_count; i++) {
            const grt_region *region = &memory->regions[i];
            /* Equal sizes rank by address, so that each region is named once. */
            bool below = above == NULL || region->committed < above->committed ||
                         (region->committed == above->committed && region > above);
            if (below && (largest == NULL || region->committed > largest->committed)) {
                largest = region;
            }
        }
        if (largest == NULL || largest->committed == 0) {
            return;
        }
        size_t length = strlen(text);
        snprintf(text + length, size - length, "%s '%s' at 0x%08x %" PRIu64,
                 rank == 0 ? "; most is held by" : ",", largest->owner, largest->first,
                 (uint64_t)largest->committed << GRT_PAGE_SHIFT);
        above = largest;
    }
}

static void describe_over_budget(const grt_memory *memory, const grt_region *region, grt_addr first,
                                 uint32_t wanted, grt_refusal *refusal)
{
    snprintf(refusal->text, sizeof refusal->text,
             "'%s' cannot commit %" PRIu64 " bytes at 0x%08x: %" PRIu64 " of the budget of %" PRIu64
             " bytes are committed",
             region->owner, (uint64_t)wanted << GRT_PAGE_SHIFT, first,
             memory->committed_pages << GRT_PAGE_SHIFT, memory->budget_pages << GRT_PAGE_SHIFT);
    append_largest(memory, refusal->text, sizeof refusal->text);
}

static void describe_host_refusal(const grt_region *region, const char *what, uint64_t first,
                                  uint64_t size, int error, grt_refusal *refusal)
{
    char reason[96];
    char limit[128];
    os_error_text(error, reason, sizeof reason);
    os_memory_limit_text(limit, sizeof limit);
    refusal->error = error;
    snprintf(refusal->text, sizeof refusal->text,
             "the host refused to %s %" PRIu64 " bytes at 0x%08" PRIx64 " of '%s': %s%s%s; %s",
             what, size, first, region->owner, reason, limit[0] != '\0' ? "; " : "", limit,
             grt_status_remedy(GRT_HOST_REFUSED_COMMIT));
}

/* ---- commit ---------------------------------------------------------------------------------- */

static int commit_runs(grt_memory *memory, uint64_t first, uint64_t end, uint64_t *failed_at)
{
    uint64_t next;
    for (uint64_t from = first; from < end; from = next) {
        next = grt_page_run(memory, from, end);
        if (grt_page_get(memory, from) != GRT_PAGE_NONE) {
            continue;
        }
        int error = grt_views_commit(memory, (grt_addr)from, next - from);
        if (error != 0) {
            *failed_at = next; /* the run that failed may be committed in part */
            return error;
        }
    }
    return 0;
}

/* The records still say which pages were committed before the attempt. */
static void take_back_runs(grt_memory *memory, uint64_t first, uint64_t end)
{
    uint64_t next;
    for (uint64_t from = first; from < end; from = next) {
        next = grt_page_run(memory, from, end);
        if (grt_page_get(memory, from) == GRT_PAGE_NONE) {
            grt_views_decommit(memory, (grt_addr)from, next - from);
        }
    }
}

static void record_commit(grt_memory *memory, uint64_t first, uint64_t end)
{
    for (; first < end; first += GRT_PAGE_SIZE) {
        if (grt_page_get(memory, first) == GRT_PAGE_NONE) {
            grt_page_fill(memory, first, first + GRT_PAGE_SIZE, grt_page_make(GRT_READ_WRITE, 0));
        }
    }
}

static grt_status commit_locked(grt_memory *memory, grt_addr first, uint64_t size,
                                grt_refusal *refusal)
{
    grt_region *region = grt_region_holding(memory, first, size);
    if (region == NULL) {
        return GRT_NOT_RESERVED;
    }
    uint64_t end = first + size;
    uint32_t wanted = count_uncommitted(memory, first, end);
    if (memory->budget_pages != 0 && memory->committed_pages + wanted > memory->budget_pages) {
        describe_over_budget(memory, region, first, wanted, refusal);
        return GRT_OVER_BUDGET;
    }
    uint64_t failed_at = first;
    int error = commit_runs(memory, first, end, &failed_at);
    if (error != 0) {
        describe_host_refusal(region, "back", first, size, error, refusal);
        take_back_runs(memory, first, failed_at);
        return GRT_HOST_REFUSED_COMMIT;
    }
    record_commit(memory, first, end);
    account(memory, region, wanted);
    return GRT_OK;
}

grt_status grt_memory_try_commit(grt_memory *memory, grt_addr address, uint64_t size,
                                 grt_refusal *refusal)
{
    grt_addr first;
    if (grt_view_range(memory, address, size, &first) != GRT_OK ||
        (first == 0 && !memory->map_page_zero)) {
        return GRT_INVALID_ARGUMENT;
    }
    os_mutex_lock(&memory->lock);
    grt_status status = commit_locked(memory, first, size, refusal);
    os_mutex_unlock(&memory->lock);
    return status;
}

grt_status grt_memory_commit(grt_memory *memory, grt_addr address, uint64_t size)
{
    grt_refusal refusal = {.text = ""};
    grt_status status = grt_memory_try_commit(memory, address, size, &refusal);
    grt_refusal_log(memory, &refusal);
    return status;
}

/* ---- decommit -------------------------------------------------------------------------------- */

void grt_pages_decommit(grt_memory *memory, grt_region *region, grt_addr first, uint64_t size)
{
    uint64_t end = first + size;
    int64_t given = 0;
    for (uint64_t from = first; from < end;) {
        if (grt_page_get(memory, from) == GRT_PAGE_NONE) {
            from = grt_page_run(memory, from, end);
            continue;
        }
        uint64_t to = from; /* one host call for neighbours of different access */
        while (to < end && grt_page_get(memory, to) != GRT_PAGE_NONE) {
            to += GRT_PAGE_SIZE;
        }
        grt_page_fill(memory, from, to, GRT_PAGE_NONE);
        grt_views_decommit(memory, (grt_addr)from, to - from);
        given += (int64_t)((to - from) >> GRT_PAGE_SHIFT);
        from = to;
    }
    account(memory, region, -given);
}

grt_status grt_memory_decommit(grt_memory *memory, grt_addr address, uint64_t size)
{
    grt_addr first;
    if (grt_view_range(memory, address, size, &first) != GRT_OK) {
        return GRT_INVALID_ARGUMENT;
    }
    os_mutex_lock(&memory->lock);
    grt_region *region = grt_region_holding(memory, first, size);
    if (region != NULL) {
        grt_pages_decommit(memory, region, first, size);
    }
    os_mutex_unlock(&memory->lock);
    return region != NULL ? GRT_OK : GRT_NOT_RESERVED;
}

/* ---- protect --------------------------------------------------------------------------------- */

/* Puts the host back to what the records say. The host may refuse that too, but then pages have
 * more or less access than recorded, never other contents. */
static void restore_access(grt_memory *memory, uint64_t first, uint64_t end)
{
    uint64_t next;
    for (uint64_t from = first; from < end; from = next) {
        next = grt_page_run(memory, from, end);
        grt_access access = grt_page_access(grt_page_get(memory, from));
        grt_views_protect(memory, (grt_addr)from, next - from, access);
    }
}

static grt_status protect_locked(grt_memory *memory, grt_addr first, uint64_t size,
                                 grt_access access, uint8_t note, grt_refusal *refusal)
{
    grt_region *region = grt_region_holding(memory, first, size);
    uint64_t end = first + size;
    if (region == NULL || count_uncommitted(memory, first, end) != 0) {
        return GRT_NOT_RESERVED;
    }
    int error = grt_views_protect(memory, first, size, access);
    if (error != 0) {
        describe_host_refusal(region, "protect", first, size, error, refusal);
        restore_access(memory, first, end);
        return GRT_HOST_REFUSED_COMMIT;
    }
    grt_page_fill(memory, first, end, grt_page_make(access, note));
    return GRT_OK;
}

grt_status grt_memory_protect(grt_memory *memory, grt_addr address, uint64_t size,
                              grt_access access)
{
    return grt_memory_protect_noted(memory, address, size, access, 0);
}

grt_status grt_memory_protect_noted(grt_memory *memory, grt_addr address, uint64_t size,
                                    grt_access access, uint8_t note)
{
    grt_addr first;
    if (grt_view_range(memory, address, size, &first) != GRT_OK ||
        (unsigned)access > GRT_READ_WRITE || note > GRT_PAGE_NOTE_MAX) {
        return GRT_INVALID_ARGUMENT;
    }
    grt_refusal refusal = {.text = ""};
    os_mutex_lock(&memory->lock);
    grt_status status = protect_locked(memory, first, size, access, note, &refusal);
    os_mutex_unlock(&memory->lock);
    grt_refusal_log(memory, &refusal);
    return status;
}
