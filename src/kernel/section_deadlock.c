/*
 * section_deadlock.c - threads that wait for each other's critical sections in a circle.
 *
 * Looked for whenever a thread begins to wait, under the lock that all waiters are linked under.
 * The circle, if there is one, is closed by the last of its members that is linked, so it is found
 * once. A member can leave nothing before it gets what it waits for, so what is found stays.
 */
#include "diag/log.h"
#include "kernel/state.h"

#include <stdio.h>
#include <string.h>

/* What the thread with this KTHREAD waits with, for whichever section; null when it does not. */
static const grt_section_waiter *waiter_of(const grt_sections *sections, uint32_t kthread)
{
    for (uint32_t i = 0; i < GRT_SECTION_BUCKETS; i++) {
        const grt_section_waiter *waiter = sections->buckets[i].first;
        while (waiter && waiter->thread->kthread != kthread)
            waiter = waiter->next;
        if (waiter)
            return waiter;
    }
    return NULL;
}

/* The waiter whose thread owns [waiter]'s section; null when that one does not wait. */
static const grt_section_waiter *next_of(grt_runtime *runtime, const grt_section_waiter *waiter)
{
    uint32_t owner;
    if (!grt_guest_load32(runtime, waiter->section + GRT_SECTION_OWNER, &owner) || owner == 0)
        return NULL;
    return waiter_of(&runtime->kernel->sections, owner);
}

uint32_t grt_deadlock_find(grt_runtime *runtime, const grt_section_waiter *waiter,
                           grt_deadlock_member *members)
{
    const grt_section_waiter *at = waiter;
    for (uint32_t count = 0; at && count < GRT_DEADLOCK_MEMBERS;) {
        members[count++] = (grt_deadlock_member){at->thread->id, at->section, at->call_site};
        at = next_of(runtime, at);
        if (at == waiter)
            return count;
    }
    return 0;
}

void grt_deadlock_report(grt_runtime *runtime, const grt_deadlock_member *members, uint32_t count)
{
    char text[900] = "", place[96];
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        grt_call_place(runtime, members[i].call_site, place, sizeof place);
        snprintf(text + used, sizeof text - used,
                 "%s thread %u waits at %s for section 0x%08X, which thread %u owns",
                 i == 0 ? "" : ";", (unsigned)members[i].thread_id, place,
                 (unsigned)members[i].section, (unsigned)members[(i + 1) % count].thread_id);
    }
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "DEADLOCK", "%u threads:%s", (unsigned)count,
                 text);
}
