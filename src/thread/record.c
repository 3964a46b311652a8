/*
 * record.c - thread records: made, listed, counted, freed.
 */
#include "diag/log.h"
#include "heap/call_site.h"
#include "os/assert.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <stdio.h>

grt_thread_config grt_thread_config_default(void)
{
    return (grt_thread_config){.size = sizeof(grt_thread_config)};
}

grt_runtime *grt_thread_runtime(const grt_thread *thread)
{
    return thread->runtime;
}

uint32_t grt_thread_id(const grt_thread *thread)
{
    return thread->id;
}

grt_addr grt_thread_pcr(const grt_thread *thread)
{
    return thread->pcr;
}

grt_addr grt_thread_kthread(const grt_thread *thread)
{
    return thread->kthread;
}

const char *grt_thread_name(const grt_thread *thread)
{
    return thread->name;
}

void grt_runtime_get_thread_stats(grt_runtime *runtime, grt_thread_stats *stats)
{
    os_mutex_lock(&runtime->threads_lock);
    *stats = runtime->thread_stats;
    os_mutex_unlock(&runtime->threads_lock);
}

/* ---- making ------------------------------------------------------------------------------ */

/* The highest processor asked for; without one the parent's, and in turn for host threads. */
static uint32_t choose_cpu(const grt_runtime *runtime, uint32_t mask, uint32_t id)
{
    if (mask != 0)
        return grt_cpu_of(mask);
    const grt_thread *parent = grt_thread_current();
    if (parent != NULL && parent->runtime == runtime)
        return parent->cpu;
    return (id - 1) % GRT_CPU_COUNT;
}

/* 0x20 asks for a little more than usual. */
static void set_scheduling(grt_thread *thread)
{
    uint32_t flags = thread->config.flags;
    uint32_t mask = flags >> GRT_THREAD_AFFINITY_SHIFT & GRT_CPU_ALL;
    thread->cpu = choose_cpu(thread->runtime, mask, thread->id);
    thread->affinity = (uint8_t)(mask != 0 ? mask : 1u << thread->cpu);
    thread->base_increment = flags & GRT_THREAD_PRIORITY_HINT ? 1 : 0;
    thread->priority = grt_priority_of(thread->base_increment);
    bool system = (flags & GRT_THREAD_SYSTEM) != 0;
    atomic_init(&thread->process_type, system ? GRT_PROCESS_SYSTEM : GRT_PROCESS_TITLE);
}

static void set_origin(grt_thread *thread)
{
    const grt_thread *creator = grt_thread_current();
    if (creator == NULL || creator->runtime != thread->runtime)
        return;
    thread->creator_id = creator->id;
    thread->creation_site = grt_call_site();
}

static uint32_t take_id(grt_runtime *runtime)
{
    os_mutex_lock(&runtime->threads_lock);
    uint32_t id = ++runtime->next_thread_id;
    if (id == 0)
        id = ++runtime->next_thread_id;
    os_mutex_unlock(&runtime->threads_lock);
    return id;
}

static grt_thread *allocate_record(grt_runtime *runtime, const grt_thread_config *config,
                                   bool foreign)
{
    grt_thread *thread = os_alloc(sizeof *thread);
    if (thread == NULL)
        return NULL;
    thread->runtime = runtime;
    thread->config = *config;
    thread->config.name = NULL; /* the caller's; ours is the copy */
    thread->foreign = foreign;
    thread->host_id = foreign ? os_thread_id() : 0;
    atomic_init(&thread->references, 1);
    atomic_init(&thread->suspend_count, config->flags & GRT_THREAD_SUSPENDED);
    unsigned suspended = config->flags & GRT_THREAD_SUSPENDED ? GRT_ATTEND_SUSPEND : 0;
    bool always = runtime->schedule != NULL || runtime->config.lock_order ||
                  grt_log_wants(&runtime->config.log, GRT_LOG_DEBUG);
    atomic_init(&thread->attention, suspended | (always ? GRT_ATTEND_ALWAYS : 0));
    thread->id = take_id(runtime);
    set_scheduling(thread);
    set_origin(thread);
    snprintf(thread->name, sizeof thread->name, "%s", config->name != NULL ? config->name : "");
    return thread;
}

static void list_record(grt_runtime *runtime, grt_thread *thread)
{
    grt_thread_stats *stats = &runtime->thread_stats;
    thread->next = runtime->threads;
    if (thread->next != NULL)
        thread->next->previous = thread;
    runtime->threads = thread;
    grt_index_add(thread);
    stats->created++;
    if (++stats->live > stats->live_peak)
        stats->live_peak = stats->live;
}

static void unlist_record(grt_runtime *runtime, grt_thread *thread)
{
    if (thread->previous != NULL)
        thread->previous->next = thread->next;
    else
        runtime->threads = thread->next;
    if (thread->next != NULL)
        thread->next->previous = thread->previous;
    grt_index_remove(thread);
}

/* The first look of guest and runtime at the new thread, as one step: from here on a stop request
 * and a TLS slot's clearing reach it. */
static grt_status publish(grt_runtime *runtime, grt_thread *thread)
{
    grt_status status = GRT_OK;
    os_mutex_lock(&runtime->threads_lock);
    if (atomic_load(&runtime->stopping))
        status = GRT_STOPPED;
    else if (!grt_context_init(thread))
        status = GRT_HOST_REFUSED_COMMIT;
    else
        list_record(runtime, thread);
    if (status == GRT_OK)
        grt_process_link(thread);
    if (status == GRT_OK)
        grt_schedule_enrol(thread);
    os_mutex_unlock(&runtime->threads_lock);
    return status;
}

static void log_context(const grt_thread *thread)
{
    const grt_context_block *context = thread->context;
    grt_log_line(&thread->runtime->config.log, GRT_LOG_DEBUG, "THREAD-CTX",
                 "allocated context for thread id %08X: block %08X at host %p, stack %08X-%08X",
                 thread->id, context->block, (void *)(thread->runtime->base + context->block),
                 context->stack_limit, context->stack_base);
}

grt_status grt_thread_record_create(grt_runtime *runtime, const grt_thread_config *config,
                                    bool foreign, grt_thread **result)
{
    grt_thread *thread = allocate_record(runtime, config, foreign);
    if (thread == NULL)
        return GRT_NO_HOST_MEMORY;
    grt_log_line(&runtime->config.log, GRT_LOG_DEBUG, "THREAD-CTX",
                 "allocating context for thread id %08X: %u bytes", thread->id,
                 GRT_PARTS_SIZE + config->stack_size);
    grt_status status;
    thread->context = grt_context_acquire(runtime, config->stack_size, &status);
    if (thread->context == NULL) {
        grt_context_report_failure(runtime, config->stack_size, thread->id, status);
        os_free(thread);
        if (runtime->config.on_context_failure == GRT_POLICY_STOP)
            grt_runtime_stop(runtime, "a thread context could not be allocated");
        return status;
    }
    log_context(thread);
    status = publish(runtime, thread);
    if (status != GRT_OK) {
        grt_context_release(runtime, thread->context);
        os_free(thread);
        return status;
    }
    *result = thread;
    return GRT_OK;
}

/* ---- counting ---------------------------------------------------------------------------- */

void grt_thread_acquire(grt_thread *thread)
{
    atomic_fetch_add_explicit(&thread->references, 1, memory_order_relaxed);
}

void grt_thread_free(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    grt_context_detach(thread);
    os_mutex_lock(&runtime->threads_lock);
    grt_process_unlink(thread);
    unlist_record(runtime, thread);
    os_mutex_unlock(&runtime->threads_lock);
    grt_setjmp_free(thread);
    os_free(thread);
}

/* A search of the list may meet a record whose last reference is just going away: it must not be
 * brought back to life. */
bool grt_thread_try_acquire(grt_thread *thread)
{
    unsigned count = atomic_load_explicit(&thread->references, memory_order_relaxed);
    while (count != 0) {
        if (atomic_compare_exchange_weak(&thread->references, &count, count + 1))
            return true;
    }
    return false;
}

void grt_thread_release(grt_thread *thread)
{
    if (thread == NULL)
        return;
    unsigned before = atomic_fetch_sub_explicit(&thread->references, 1, memory_order_acq_rel);
    GRT_ASSERT(before != 0);
    if (before == 1)
        grt_thread_free(thread);
}

bool grt_thread_has_ended(grt_thread *thread)
{
    os_mutex_lock(&thread->lock);
    bool ended = thread->state == GRT_THREAD_ENDED;
    os_mutex_unlock(&thread->lock);
    return ended;
}

bool grt_thread_owns_block(grt_runtime *runtime, grt_addr block)
{
    if (block % GRT_PAGE_SIZE != 0)
        return false;
    os_mutex_lock(&runtime->threads_lock);
    bool owns = false;
    for (grt_thread *thread = runtime->threads; thread != NULL && !owns; thread = thread->next)
        owns = thread->context != NULL && thread->context->block == block;
    for (grt_context_block *cached = runtime->context_cache; cached != NULL && !owns;
         cached = cached->next)
        owns = cached->block == block;
    owns = owns || grt_stack_is(runtime, block);
    os_mutex_unlock(&runtime->threads_lock);
    return owns;
}
