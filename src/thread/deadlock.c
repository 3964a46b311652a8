/* deadlock.c - what is said when every guest thread waits and nothing can end that. */
#include "diag/log.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <stdio.h>

#define LINES_MAX 64u

/* What a line says about a thread, copied so that nothing is written under a lock. */
typedef struct waiting {
    uint32_t id;
    char name[sizeof((grt_thread *)0)->name];
    grt_addr call_site;
    uint32_t suspend_count;
} waiting;

/* The thread with the lowest id above [id]. */
static bool next_waiting(struct grt_schedule *schedule, uint32_t id, waiting *found)
{
    const grt_thread *next = NULL;
    os_mutex_lock(&schedule->lock);
    for (const grt_thread *thread = schedule->first; thread != NULL; thread = thread->seat.next) {
        if (thread->id > id && (next == NULL || thread->id < next->id))
            next = thread;
    }
    if (next != NULL) {
        *found = (waiting){.id = next->id,
                           .call_site = next->call_site,
                           .suspend_count = atomic_load(&next->suspend_count)};
        snprintf(found->name, sizeof found->name, "%s", next->name);
    }
    os_mutex_unlock(&schedule->lock);
    return next != NULL;
}

static void report_one(const grt_runtime *runtime, const waiting *thread)
{
    char place[96], suspended[48] = "";
    if (thread->call_site == 0)
        snprintf(place, sizeof place, "before its first kernel call");
    else if (!grt_runtime_symbol(runtime, thread->call_site, place, sizeof place))
        snprintf(place, sizeof place, "0x%08X", thread->call_site);
    if (thread->suspend_count > 0)
        snprintf(suspended, sizeof suspended, ", suspended %u times", thread->suspend_count);
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "SCHEDULE", "  thread id %08X \"%s\": %s%s%s",
                 thread->id, thread->name, thread->call_site == 0 ? "" : "in a kernel call from ",
                 place, suspended);
}

void grt_schedule_report_deadlock(grt_runtime *runtime)
{
    struct grt_schedule *schedule = runtime->schedule;
    const grt_log *log = &runtime->config.log;
    waiting thread = {.id = 0};
    uint32_t count = 0;
    grt_log_line(log, GRT_LOG_ERROR, "SCHEDULE",
                 "deadlock: every guest thread waits, without a timeout, for another one (seed "
                 "%llu)",
                 (unsigned long long)runtime->config.schedule_seed);
    for (; next_waiting(schedule, thread.id, &thread); count++) {
        if (count < LINES_MAX)
            report_one(runtime, &thread);
    }
    if (count > LINES_MAX)
        grt_log_line(log, GRT_LOG_ERROR, "SCHEDULE", "  and %u more", count - LINES_MAX);
    grt_runtime_stop(runtime, "deadlock");
}
