/* alarm.c - counts what the guest does in vain. */
#include "kernel/alarm.h"

#include "diag/fault.h"
#include "diag/log.h"
#include "kernel/state.h"

#include <stdio.h>

#define PROBES         16u
#define KEY_OF_MISSING 0x80000000u

const bool grt_alarm_sleeps[GRT_INDEX_COUNT] = {
    [GRT_INDEX_KeDelayExecutionThread] = true,
    [GRT_INDEX_Sleep] = true,
    [GRT_INDEX_SleepEx] = true,
    [GRT_INDEX_RtlSleep] = true,
};

/* [first], and from there on every tenfold of it. */
static bool is_due(uint32_t count, uint32_t first)
{
    while (count > first && count % 10 == 0)
        count /= 10;
    return count == first;
}

/* The place's counter after one more; 0 when there is no room for the place. */
static uint32_t count_at(grt_alarms *alarms, uint32_t what, grt_addr call_site)
{
    uint64_t key = (uint64_t)what << 32 | call_site;
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    for (uint32_t i = 0; i < PROBES; i++) {
        grt_alarm_place *place = &alarms->places[((hash >> 32) + i) % GRT_ALARM_PLACES];
        uint64_t found = atomic_load_explicit(&place->key, memory_order_relaxed);
        if (found == 0 && atomic_compare_exchange_strong(&place->key, &found, key))
            found = key;
        if (found == key)
            return atomic_fetch_add_explicit(&place->count, 1, memory_order_relaxed) + 1;
    }
    return 0;
}

static void say(const grt_thread *thread, const char *name, const char *what, uint32_t count,
                grt_addr call_site)
{
    char place[96];
    grt_call_place(thread->runtime, call_site, place, sizeof place);
    grt_log_line(&thread->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                 "%s: %s: %u times at %s (0x%08X), this time on thread " GRT_THREAD_FORMAT, name,
                 what, (unsigned)count, place, (unsigned)call_site, GRT_THREAD_ARGUMENTS(thread));
}

void grt_alarm_failure(grt_call *call, uint32_t status)
{
    uint32_t count = count_at(&call->kernel->alarms, call->row->index + 1u, call->call_site);
    if (!is_due(count, GRT_ALARM_FAILURES))
        return;
    char what[96];
    snprintf(what, sizeof what, "failures go on, %08X %s", (unsigned)status, grt_nt_name(status));
    say(call->thread, call->row->name, what, count, call->call_site);
}

void grt_alarm_missing(grt_thread *thread, uint32_t index, const char *name, grt_addr call_site)
{
    grt_alarms *alarms = &thread->runtime->kernel->alarms;
    uint32_t count = count_at(alarms, KEY_OF_MISSING | index, call_site);
    if (is_due(count, GRT_ALARM_FAILURES))
        say(thread, name, "not implemented, and calls go on", count, call_site);
}

void grt_alarm_sleep(grt_call *call)
{
    grt_thread *thread = call->thread;
    if (thread->sleep_site != call->call_site)
        thread->sleeps = 0;
    thread->sleep_site = call->call_site;
    if (is_due(++thread->sleeps, GRT_ALARM_SLEEPS))
        say(thread, call->row->name, "the thread polls, it makes no other kernel call",
            thread->sleeps, call->call_site);
}
