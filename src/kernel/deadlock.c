/* deadlock.c - circles of threads that wait for each other's locks: found, and said. */
#include "kernel/deadlock.h"

#include "diag/log.h"
#include "kernel/state.h"

#include <stdio.h>

/* ---- the table; its lock is held ----------------------------------------------------------- */

static grt_blocked **bucket_of(grt_deadlocks *deadlocks, grt_addr kthread)
{
    uint32_t hash = kthread * 2654435761u;
    return &deadlocks->buckets[hash >> 24];
}

static const grt_blocked *find(grt_deadlocks *deadlocks, const grt_holder *holder)
{
    const grt_blocked *blocked = *bucket_of(deadlocks, holder->kthread);
    while (blocked && (blocked->thread->kthread != holder->kthread ||
                       (holder->thread_id != 0 && blocked->thread->id != holder->thread_id)))
        blocked = blocked->next;
    return blocked;
}

/* The one behind [holder] if it holds what [blocked] waits for, and waits itself; or null. */
static grt_blocked *waiting_holder(grt_deadlocks *deadlocks, const grt_blocked *blocked,
                                   const grt_holder *holder)
{
    const grt_blocked *found = find(deadlocks, holder);
    if (found && blocked->kind->holds && !blocked->kind->holds(blocked, found->thread))
        return NULL;
    return (grt_blocked *)found;
}

/* ---- circles; the table's lock is held ----------------------------------------------------- */

typedef struct circle {
    uint32_t count;
    grt_blocked *members[GRT_DEADLOCK_MEMBERS]; /* each waits for what the next one has */
} circle;

/* Who waits for what [first] has, and is waited for by way of others: the last member of the
 * smallest circle, or null. Those near come before those further on, so each is reached by its
 * shortest way, and the limit hides nobody whom a way within it leads to. */
static grt_blocked *way_back(grt_runtime *runtime, grt_blocked *first)
{
    grt_deadlocks *deadlocks = &runtime->kernel->deadlocks;
    uint64_t search = ++deadlocks->searches;
    grt_blocked *end = first;
    first->steps = 1;
    first->found_next = NULL;
    for (grt_blocked *one = first; one && one->steps <= GRT_DEADLOCK_MEMBERS;
         one = one->found_next) {
        grt_holders holders = {.count = 0};
        one->kind->holders(runtime, one, &holders);
        for (uint32_t i = 0; i < holders.count; i++) {
            grt_blocked *next = waiting_holder(deadlocks, one, &holders.list[i]);
            if (next == first)
                return one;
            if (!next || next->looked_at == search)
                continue;
            next->looked_at = search;
            next->from = one;
            next->steps = one->steps + 1;
            next->found_next = NULL;
            end = end->found_next = next;
        }
    }
    return NULL;
}

static bool find_circle(grt_runtime *runtime, grt_blocked *first, circle *found)
{
    grt_blocked *one = way_back(runtime, first);
    if (!one)
        return false;
    found->count = one->steps;
    for (uint32_t i = found->count - 1; i > 0; i--, one = one->from)
        found->members[i] = one;
    found->members[0] = first;
    return true;
}

static bool waits_for(grt_runtime *runtime, const grt_blocked *one, const grt_blocked *other)
{
    grt_holders holders = {.count = 0};
    one->kind->holders(runtime, one, &holders);
    for (uint32_t i = 0; i < holders.count; i++) {
        if (waiting_holder(&runtime->kernel->deadlocks, one, &holders.list[i]) == other)
            return true;
    }
    return false;
}

/* The second look. */
static bool is_still(grt_runtime *runtime, const circle *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        if (!waits_for(runtime, found->members[i], found->members[(i + 1) % found->count]))
            return false;
    }
    return true;
}

/* ---- the report ---------------------------------------------------------------------------- */

/* Copied, so that nothing is written under a lock. */
typedef struct member {
    uint32_t thread_id;
    const grt_lock_kind *kind;
    grt_addr lock, call_site;
} member;

/* A line for each: one for all would be too long for the log. Lines of several circles may mix, so
 * each says whose it is. */
static void report(grt_runtime *runtime, const member *members, uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++) {
        const member *one = &members[i];
        char place[GRT_LOG_LINE_MAX / 2], lock[16] = "";
        grt_call_place(runtime, one->call_site, place, sizeof place);
        if (one->lock)
            snprintf(lock, sizeof lock, " 0x%08X", (unsigned)one->lock);
        grt_log_line(&runtime->config.log, GRT_LOG_WARN, "DEADLOCK",
                     "circle %u, %u thread%s: thread %u waits at %s %s%s, which thread %u %s",
                     (unsigned)number, (unsigned)count, count == 1 ? "" : "s",
                     (unsigned)one->thread_id, place, one->kind->waits, lock,
                     (unsigned)members[(i + 1) % count].thread_id, one->kind->has);
    }
}

/* ---- entering and leaving ------------------------------------------------------------------ */

void grt_deadlock_enter(grt_blocked *blocked)
{
    grt_runtime *runtime = blocked->thread->runtime;
    grt_deadlocks *deadlocks = &runtime->kernel->deadlocks;
    member members[GRT_DEADLOCK_MEMBERS];
    circle way;
    os_mutex_lock(&deadlocks->lock);
    grt_blocked **bucket = bucket_of(deadlocks, blocked->thread->kthread);
    blocked->next = *bucket;
    *bucket = blocked;
    deadlocks->count++;
    bool found = find_circle(runtime, blocked, &way) && is_still(runtime, &way);
    bool news = found && !blocked->said;
    uint32_t number = deadlocks->circles += news;
    for (uint32_t i = 0; found && i < way.count; i++) {
        grt_blocked *one = way.members[i];
        members[i] = (member){one->thread->id, one->kind, one->lock, one->call_site};
        one->said = true;
    }
    os_mutex_unlock(&deadlocks->lock);
    if (news)
        report(runtime, members, way.count, number);
}

void grt_deadlock_leave(grt_blocked *blocked)
{
    grt_deadlocks *deadlocks = &blocked->thread->runtime->kernel->deadlocks;
    os_mutex_lock(&deadlocks->lock);
    grt_blocked **link = bucket_of(deadlocks, blocked->thread->kthread);
    while (*link != blocked)
        link = &(*link)->next;
    *link = blocked->next;
    deadlocks->count--;
    os_mutex_unlock(&deadlocks->lock);
}
