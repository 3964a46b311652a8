/* title.c - who is told that the title ends, in which order, and by whom. */
#include "kernel/state.h"

/* ---- the list; the lock is held ------------------------------------------------------------ */

static grt_title_notice **link_of(grt_title *title, grt_addr record)
{
    grt_title_notice **link = &title->notices;
    while (*link != NULL && (*link)->record != record)
        link = &(*link)->next;
    return link;
}

static grt_title_notice *unlink_notice(grt_title *title, grt_title_notice **link)
{
    grt_title_notice *notice = *link;
    *link = notice->next;
    title->notice_count--;
    return notice;
}

/* Behind those of the same priority. */
static void insert(grt_title *title, grt_title_notice *notice)
{
    grt_title_notice **link = &title->notices;
    while (*link != NULL && (*link)->priority >= notice->priority)
        link = &(*link)->next;
    notice->next = *link;
    *link = notice;
    title->notice_count++;
}

/* ---- registrations ------------------------------------------------------------------------- */

grt_title_answer grt_title_add(grt_title *title, grt_addr record, grt_addr routine,
                               uint32_t priority)
{
    grt_title_answer answer = GRT_TITLE_OK;
    os_mutex_lock(&title->lock);
    grt_title_notice **link = link_of(title, record), *notice = NULL;
    if (*link != NULL)
        notice = unlink_notice(title, link);
    else if (title->notice_count == GRT_TITLE_NOTICES_MAX)
        answer = GRT_TITLE_TOO_MANY;
    else if ((notice = os_alloc(sizeof *notice)) == NULL)
        answer = GRT_TITLE_NO_MEMORY;
    if (notice != NULL) {
        *notice = (grt_title_notice){NULL, record, routine, priority};
        insert(title, notice);
    }
    os_mutex_unlock(&title->lock);
    return answer;
}

grt_title_answer grt_title_remove(grt_title *title, grt_addr record)
{
    grt_title_notice *notice = NULL;
    os_mutex_lock(&title->lock);
    grt_title_notice **link = link_of(title, record);
    if (*link != NULL)
        notice = unlink_notice(title, link);
    os_mutex_unlock(&title->lock);
    grt_title_answer answer = notice != NULL ? GRT_TITLE_OK : GRT_TITLE_UNKNOWN;
    os_free(notice);
    return answer;
}

void grt_title_destroy(grt_title *title)
{
    while (title->notices != NULL)
        os_free(unlink_notice(title, &title->notices));
}

/* ---- the end ------------------------------------------------------------------------------- */

/* The function of the first notice, which is forgotten; 0 when there is none left. */
static grt_addr take_routine(grt_title *title)
{
    grt_title_notice *notice = NULL;
    os_mutex_lock(&title->lock);
    if (title->notices != NULL)
        notice = unlink_notice(title, &title->notices);
    os_mutex_unlock(&title->lock);
    grt_addr routine = notice != NULL ? notice->routine : 0;
    os_free(notice);
    return routine;
}

grt_status grt_title_notify(grt_runtime *runtime)
{
    grt_status result = GRT_OK;
    grt_addr routine;
    while ((routine = take_routine(&runtime->kernel->title)) != 0) {
        grt_status status = grt_runtime_call(runtime, routine, NULL, 0, NULL);
        if (result == GRT_OK)
            result = status;
    }
    return result;
}

/* True for the first thread, and for this one when it comes back from one of its own functions. */
static bool may_end(grt_title *title, uint32_t thread_id)
{
    os_mutex_lock(&title->lock);
    if (title->ending_thread == 0)
        title->ending_thread = thread_id;
    bool may = title->ending_thread == thread_id;
    os_mutex_unlock(&title->lock);
    return may;
}

static noreturn void wait_for_end(grt_thread *thread)
{
    for (;;) {
        uint32_t token = grt_thread_park_begin(thread);
        grt_thread_check_stop(thread);
        grt_thread_park(thread, token, UINT64_MAX);
    }
}

static void stop_all(grt_runtime *runtime, const char *reason)
{
    if (!atomic_load(&runtime->stopping))
        atomic_store(&runtime->kernel->title.ended, true);
    grt_runtime_stop(runtime, reason);
}

void grt_title_end(grt_thread *thread, const char *reason)
{
    if (!may_end(&thread->runtime->kernel->title, thread->id))
        wait_for_end(thread);
    grt_title_notify(thread->runtime);
    stop_all(thread->runtime, reason);
    grt_thread_exit(thread, 0);
}

void grt_title_thread_ended(grt_runtime *runtime, const grt_thread *thread)
{
    grt_title *title = &runtime->kernel->title;
    os_mutex_lock(&title->lock);
    bool ending = title->ending_thread == thread->id;
    os_mutex_unlock(&title->lock);
    if (ending && !atomic_load(&runtime->stopping))
        stop_all(runtime, "the thread that was ending the title has ended");
}

bool grt_kernel_title_ended(const grt_runtime *runtime)
{
    return atomic_load(&runtime->kernel->title.ended);
}
