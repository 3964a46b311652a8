/*
 * find.c - threads by their id and by the address of their thread block: two hash tables, so that
 * it does not matter how many there are.
 */
#include "thread/internal.h"

#include "os/assert.h"

static grt_thread **by_id(grt_runtime *runtime, uint32_t id)
{
    return &runtime->index.by_id[id % GRT_THREAD_BUCKETS];
}

static grt_thread **by_kthread(grt_runtime *runtime, grt_addr kthread)
{
    uint32_t hash = kthread * 2654435761u;
    return &runtime->index.by_kthread[hash >> GRT_THREAD_BUCKETS_SHIFT];
}

/* ---- the tables; threads_lock is held ------------------------------------------------------ */

void grt_index_add(grt_thread *thread)
{
    grt_thread **ids = by_id(thread->runtime, thread->id);
    grt_thread **blocks = by_kthread(thread->runtime, thread->kthread);
    thread->next_by_id = *ids;
    *ids = thread;
    thread->next_by_kthread = *blocks;
    *blocks = thread;
}

void grt_index_lose_kthread(grt_thread *thread)
{
    grt_thread **link = by_kthread(thread->runtime, thread->kthread);
    for (; *link != thread; link = &(*link)->next_by_kthread)
        GRT_ASSERT(*link != NULL); /* a thread keeps the block that it was entered with */
    *link = thread->next_by_kthread;
}

void grt_index_remove(grt_thread *thread)
{
    grt_thread **link = by_id(thread->runtime, thread->id);
    for (; *link != thread; link = &(*link)->next_by_id)
        GRT_ASSERT(*link != NULL);
    *link = thread->next_by_id;
}

/* ---- finding ------------------------------------------------------------------------------- */

grt_thread *grt_thread_find_kthread(grt_runtime *runtime, grt_addr kthread)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_thread *thread = *by_kthread(runtime, kthread);
    for (; thread != NULL; thread = thread->next_by_kthread) {
        runtime->index.steps++;
        if (thread->kthread == kthread && grt_thread_try_acquire(thread))
            break;
    }
    os_mutex_unlock(&runtime->threads_lock);
    return thread;
}

grt_thread *grt_thread_find_id(grt_runtime *runtime, uint32_t id)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_thread *thread = *by_id(runtime, id);
    for (; thread != NULL; thread = thread->next_by_id) {
        runtime->index.steps++;
        if (thread->id == id && grt_thread_try_acquire(thread))
            break;
    }
    os_mutex_unlock(&runtime->threads_lock);
    return thread;
}
