/* notice.c - who is told that threads begin and end, and in which order. */
#include "kernel/state.h"

#include "diag/log.h"

/* ---- the list; the lock is held ------------------------------------------------------------ */

static grt_notice **link_of(grt_notices *notices, grt_addr record)
{
    grt_notice **link = &notices->first;
    while (*link && (*link)->record != record)
        link = &(*link)->next;
    return link;
}

static bool comes_before(const grt_notice *one, const grt_notice *other)
{
    return one->priority != other->priority ? one->priority > other->priority
                                            : one->order < other->order;
}

static void insert(grt_notices *notices, grt_notice *notice)
{
    grt_notice **link = &notices->first;
    while (*link && comes_before(*link, notice))
        link = &(*link)->next;
    notice->next = *link;
    *link = notice;
}

/* ---- registrations ------------------------------------------------------------------------- */

/* The place for a registration: that of the same record, or a new one. */
static grt_notice_answer place_for(grt_notices *notices, grt_addr record, grt_notice **notice)
{
    grt_notice **link = link_of(notices, record);
    *notice = *link;
    if (*link) {
        *link = (*link)->next;
        return GRT_NOTICE_OK;
    }
    if (atomic_load(&notices->count) == GRT_NOTICES_MAX)
        return GRT_NOTICE_TOO_MANY;
    *notice = os_alloc(sizeof **notice);
    if (!*notice)
        return GRT_NOTICE_NO_MEMORY;
    atomic_fetch_add(&notices->count, 1);
    return GRT_NOTICE_OK;
}

grt_notice_answer grt_notice_add(grt_notices *notices, const grt_notice *model)
{
    grt_notice *notice;
    os_mutex_lock(&notices->lock);
    grt_notice_answer answer = place_for(notices, model->record, &notice);
    if (answer == GRT_NOTICE_OK) {
        *notice = *model;
        notice->order = ++notices->order;
        insert(notices, notice);
    }
    os_mutex_unlock(&notices->lock);
    return answer;
}

grt_notice_answer grt_notice_remove(grt_notices *notices, grt_addr record)
{
    os_mutex_lock(&notices->lock);
    grt_notice **link = link_of(notices, record), *notice = *link;
    if (notice) {
        *link = notice->next;
        atomic_fetch_sub(&notices->count, 1);
    }
    os_mutex_unlock(&notices->lock);
    os_free(notice);
    return notice ? GRT_NOTICE_OK : GRT_NOTICE_UNKNOWN;
}

void grt_notices_destroy(grt_notices *notices)
{
    while (notices->first) {
        grt_notice *next = notices->first->next;
        os_free(notices->first);
        notices->first = next;
    }
}

/* ---- telling ------------------------------------------------------------------------------- */

/* The number of the latest registration. */
static uint64_t latest(grt_notices *notices)
{
    os_mutex_lock(&notices->lock);
    uint64_t order = notices->order;
    os_mutex_unlock(&notices->lock);
    return order;
}

/* [*last] was told last; the next one of those up to number [end], if there is one. */
static bool next_after(grt_notices *notices, grt_notice *last, uint64_t end)
{
    os_mutex_lock(&notices->lock);
    const grt_notice *notice = notices->first;
    while (notice && (notice->order > end || !comes_before(last, notice)))
        notice = notice->next;
    if (notice)
        *last = *notice;
    os_mutex_unlock(&notices->lock);
    return notice != NULL;
}

/* A fault has its own report, and at a stop nothing runs any more. */
static void tell(grt_thread *thread, const grt_notice *notice, bool creating)
{
    const uint64_t full[] = {notice->record, thread->kthread, creating}, plain[] = {creating};
    grt_status status = grt_runtime_call(thread->runtime, notice->routine,
                                         notice->plain ? plain : full, notice->plain ? 1 : 3, NULL);
    if (status != GRT_OK && status != GRT_GUEST_FAULT && status != GRT_STOPPED)
        grt_log_line(&thread->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                     "the routine 0x%08X of the registration at 0x%08X was not called: %s",
                     (unsigned)notice->routine, (unsigned)notice->record,
                     grt_status_sentence(status));
}

void grt_notice_tell(grt_thread *thread, bool creating)
{
    grt_notices *notices = &thread->runtime->kernel->notices;
    grt_notice last = {.priority = UINT32_MAX};
    if (atomic_load(&notices->count) == 0 || (!creating && thread->kernel.end_told))
        return;
    thread->kernel.end_told = !creating;
    /* A routine may register its own record again: without an end to the numbers it would come
     * after itself for ever. */
    uint64_t end = latest(notices);
    while (next_after(notices, &last, end))
        tell(thread, &last, creating);
}
