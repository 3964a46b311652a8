/*
 * info.c - facts about threads, for people and for reports.
 */
#include "thread/internal.h"

#include <stdio.h>

#define SNAPSHOT_ROOM 32u

/* ---- names --------------------------------------------------------------------------------- */

void grt_thread_set_name(grt_thread *thread, const char *name)
{
    bool guest = grt_host_begin();
    os_mutex_lock(&thread->lock);
    snprintf(thread->name, sizeof thread->name, "%s", name != NULL ? name : "");
    os_mutex_unlock(&thread->lock);
    if (thread == grt_thread_current() && !thread->foreign) {
        thread->host_named = true;
        os_thread_set_name(thread->name[0] != '\0' ? thread->name : "guestrt");
    }
    grt_host_end(guest);
}

/* ---- one thread ---------------------------------------------------------------------------- */

/* The thread's lock is held. */
static grt_thread_activity activity_of(const grt_thread *thread)
{
    if (thread->state == GRT_THREAD_ENDED)
        return GRT_ACTIVITY_ENDED;
    if (atomic_load(&thread->suspend_count) != 0)
        return GRT_ACTIVITY_SUSPENDED;
    if (thread->state == GRT_THREAD_CREATED && !thread->foreign)
        return GRT_ACTIVITY_CREATED;
    return atomic_load(&thread->parked) ? GRT_ACTIVITY_WAITING : GRT_ACTIVITY_RUNNING;
}

static void fill_state(grt_thread *thread, grt_thread_info *info)
{
    os_mutex_lock(&thread->lock);
    memcpy(info->name, thread->name, sizeof info->name);
    info->activity = activity_of(thread);
    info->suspend_count = atomic_load(&thread->suspend_count);
    info->exit_code = info->activity == GRT_ACTIVITY_ENDED ? thread->exit_code : 0;
    info->cpu = thread->cpu;
    info->affinity = thread->affinity;
    info->priority = thread->priority;
    info->base_increment = thread->base_increment;
    os_mutex_unlock(&thread->lock);
}

static void fill_stack(grt_thread *thread, grt_thread_info *info)
{
    os_mutex_lock(&thread->runtime->threads_lock);
    if (thread->context != NULL) {
        info->stack_limit = thread->context->stack_limit;
        info->stack_base = thread->context->stack_base;
        info->stack_used = grt_stack_used(thread->runtime, thread->context);
    } else {
        info->stack_used = thread->stack_used;
    }
    os_mutex_unlock(&thread->runtime->threads_lock);
}

void grt_thread_get_info(grt_thread *thread, grt_thread_info *info)
{
    bool guest = grt_host_begin();
    *info = (grt_thread_info){
        .id = thread->id,
        .foreign = thread->foreign,
        .entry = thread->config.entry,
        .argument = thread->config.argument,
        .creator = thread->creator_id,
        .creation_site = thread->creation_site,
        .call_site = __atomic_load_n(&thread->call_site, __ATOMIC_RELAXED),
        .pcr = thread->pcr,
        .kthread = thread->kthread,
    };
    fill_state(thread, info);
    fill_stack(thread, info);
    grt_host_end(guest);
}

/* ---- all threads --------------------------------------------------------------------------- */

/* Counts the threads; on return threads_lock is held if there are at most [room]. */
static uint32_t count_if_more(grt_runtime *runtime, uint32_t room)
{
    uint32_t count = 0;
    os_mutex_lock(&runtime->threads_lock);
    for (grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next)
        count++;
    if (count > room)
        os_mutex_unlock(&runtime->threads_lock);
    return count;
}

/* References to every thread, oldest first, in a block of the host's; null when that is refused. */
static grt_thread **snapshot(grt_runtime *runtime, uint32_t *count)
{
    uint32_t room = SNAPSHOT_ROOM, listed;
    grt_thread **all = os_alloc(room * sizeof(grt_thread *));
    while (all != NULL && (listed = count_if_more(runtime, room)) > room) {
        os_free(all);
        room = listed + SNAPSHOT_ROOM;
        all = os_alloc(room * sizeof(grt_thread *));
    }
    if (all == NULL)
        return NULL;
    uint32_t first = listed;
    for (grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next) {
        if (grt_thread_try_acquire(thread)) /* the list begins with the newest */
            all[--first] = thread;
    }
    os_mutex_unlock(&runtime->threads_lock);
    *count = listed - first;
    memmove(all, all + first, *count * sizeof(grt_thread *));
    return all;
}

static grt_status walk(grt_runtime *runtime, grt_thread_visitor *visit, void *user)
{
    uint32_t count = 0;
    grt_thread **all = snapshot(runtime, &count);
    if (all == NULL)
        return GRT_NO_HOST_MEMORY;
    bool more = true;
    for (uint32_t i = 0; i < count; i++) {
        grt_thread_info info;
        grt_thread_get_info(all[i], &info);
        more = more && visit(user, all[i], &info);
        grt_thread_release(all[i]);
    }
    os_free(all);
    return GRT_OK;
}

grt_status grt_runtime_walk_threads(grt_runtime *runtime, grt_thread_visitor *visit, void *user)
{
    bool guest = grt_host_begin();
    grt_status status = walk(runtime, visit, user);
    grt_host_end(guest);
    return status;
}
