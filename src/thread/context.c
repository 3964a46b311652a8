/*
 * context.c - the guest memory of a thread: where it comes from and where it goes.
 *
 * Contexts are recycled. A context in the cache is dirty; it is cleaned when it is taken, and then
 * only where that costs something: pages that no thread touched are never touched here either.
 */
#include "diag/log.h"
#include "heap/quiet.h"
#include "thread/internal.h"

/* Kept for reuse; more go back to the heap. */
#define CACHED_MAX 32u
/* Contexts of ended threads whose record is still referenced. */
#define ENDED_MAX 64u
/* The top of a used stack is certainly dirty: clearing it by hand is cheaper than giving it back to
 * the host and faulting it in again. */
#define CLEARED_BY_HAND 0x2000u

static const grt_layout layouts[] = {
#define LAYOUT_ROW(name, pcr, kthread, text) [GRT_LAYOUT_##name] = {pcr, kthread, text},
    GRT_LAYOUT_MAP(LAYOUT_ROW)
#undef LAYOUT_ROW
};

const grt_layout *grt_layout_of(const grt_runtime *runtime)
{
    return &layouts[runtime->config.layout];
}

static uint32_t block_size(uint32_t stack_size)
{
    return GRT_GUARD_SIZE + stack_size + GRT_GUARD_SIZE + GRT_PARTS_SIZE;
}

/* ---- one block --------------------------------------------------------------------------- */

static void place_parts(const grt_runtime *runtime, grt_context_block *context)
{
    const grt_layout *layout = grt_layout_of(runtime);
    context->stack_limit = context->block + GRT_GUARD_SIZE;
    context->stack_base = context->stack_limit + context->stack_size;
    context->pcr = context->stack_base + GRT_GUARD_SIZE;
    context->tls = context->pcr + layout->pcr_size;
    context->kthread = context->tls + GRT_TLS_SIZE;
}

static grt_status set_guards(grt_runtime *runtime, const grt_context_block *context,
                             grt_access access)
{
    grt_status below = grt_memory_protect(runtime->memory, context->block, GRT_GUARD_SIZE, access);
    grt_status above =
        grt_memory_protect(runtime->memory, context->stack_base, GRT_GUARD_SIZE, access);
    return below != GRT_OK ? below : above;
}

static void free_block(grt_runtime *runtime, grt_context_block *context)
{
    set_guards(runtime, context, GRT_READ_WRITE);
    grt_heap_free(runtime->user_heap, context->block);
    os_free(context);
}

typedef grt_addr heap_request(grt_heap *heap, uint32_t size, uint32_t alignment);

static grt_context_block *allocate_block(grt_runtime *runtime, uint32_t stack_size,
                                         heap_request *request, grt_status *failure)
{
    *failure = GRT_NO_HOST_MEMORY;
    grt_context_block *context = os_alloc(sizeof *context);
    if (context == NULL)
        return NULL;
    context->stack_size = stack_size;
    *failure = GRT_OUT_OF_GUEST_MEMORY;
    context->block = request(runtime->user_heap, block_size(stack_size), GRT_PAGE_SIZE);
    if (context->block == 0) {
        os_free(context);
        return NULL;
    }
    place_parts(runtime, context);
    *failure = set_guards(runtime, context, GRT_NO_ACCESS);
    if (*failure != GRT_OK) {
        free_block(runtime, context);
        return NULL;
    }
    return context;
}

/* Zeroes the stack. The parts are written as a whole later. */
static bool clean(grt_runtime *runtime, const grt_context_block *context)
{
    static const uint8_t zeros[CLEARED_BY_HAND];
    uint32_t rest = context->stack_size - CLEARED_BY_HAND;
    return os_discard(runtime->base + context->stack_limit, rest) == 0 &&
           grt_guest_write(runtime, context->stack_limit + rest, zeros, sizeof zeros);
}

/* ---- the cache (threads_lock is held) ---------------------------------------------------- */

static grt_context_block *take_cached(grt_runtime *runtime, uint32_t stack_size)
{
    grt_context_block **link = &runtime->context_cache;
    while (*link != NULL && (*link)->stack_size != stack_size)
        link = &(*link)->next;
    grt_context_block *context = *link;
    if (context != NULL) {
        *link = context->next;
        runtime->thread_stats.contexts_cached--;
        runtime->thread_stats.contexts_reused++;
    }
    return context;
}

static grt_context_block *take_any_cached(grt_runtime *runtime)
{
    grt_context_block *context = runtime->context_cache;
    if (context != NULL) {
        runtime->context_cache = context->next;
        runtime->thread_stats.contexts_cached--;
        runtime->thread_stats.context_bytes -= block_size(context->stack_size);
    }
    return context;
}

/* Returns the context if it has no place in the cache: the caller frees it without the lock. */
static grt_context_block *put_cached(grt_runtime *runtime, grt_context_block *context)
{
    grt_thread_stats *stats = &runtime->thread_stats;
    stats->contexts_live--;
    if (stats->contexts_cached >= CACHED_MAX) {
        stats->context_bytes -= block_size(context->stack_size);
        return context;
    }
    context->next = runtime->context_cache;
    runtime->context_cache = context;
    stats->contexts_cached++;
    return NULL;
}

/* ---- contexts of ended threads (threads_lock is held) ------------------------------------ */

static void unlist_ended(grt_runtime *runtime, grt_thread *thread)
{
    if (thread->ended_previous != NULL)
        thread->ended_previous->ended_next = thread->ended_next;
    else
        runtime->ended_first = thread->ended_next;
    if (thread->ended_next != NULL)
        thread->ended_next->ended_previous = thread->ended_previous;
    else
        runtime->ended_last = thread->ended_previous;
    thread->ended_next = thread->ended_previous = NULL;
    runtime->ended_count--;
}

static grt_context_block *detach_ended(grt_runtime *runtime, grt_thread *thread)
{
    grt_context_block *context = thread->context;
    unlist_ended(runtime, thread);
    thread->context = NULL;
    return put_cached(runtime, context);
}

static void free_outside_lock(grt_runtime *runtime, grt_context_block *context)
{
    if (context != NULL)
        free_block(runtime, context);
}

void grt_context_keep_ended(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    grt_context_block *surplus = NULL;
    os_mutex_lock(&runtime->threads_lock);
    thread->ended_previous = runtime->ended_last;
    if (runtime->ended_last != NULL)
        runtime->ended_last->ended_next = thread;
    else
        runtime->ended_first = thread;
    runtime->ended_last = thread;
    if (++runtime->ended_count > ENDED_MAX)
        surplus = detach_ended(runtime, runtime->ended_first);
    os_mutex_unlock(&runtime->threads_lock);
    free_outside_lock(runtime, surplus);
}

void grt_context_detach(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    grt_context_block *surplus = NULL;
    os_mutex_lock(&runtime->threads_lock);
    if (thread->context != NULL)
        surplus = detach_ended(runtime, thread);
    os_mutex_unlock(&runtime->threads_lock);
    free_outside_lock(runtime, surplus);
}

/* ---- taking and giving ------------------------------------------------------------------- */

/* Gives one context that nobody needs back to the heap, so that another size fits. */
static bool reclaim_one(grt_runtime *runtime)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_context_block *context = take_any_cached(runtime);
    if (context == NULL && runtime->ended_first != NULL) {
        context = detach_ended(runtime, runtime->ended_first);
        if (context == NULL)
            context = take_any_cached(runtime);
    }
    os_mutex_unlock(&runtime->threads_lock);
    free_outside_lock(runtime, context);
    return context != NULL;
}

static grt_context_block *obtain(grt_runtime *runtime, uint32_t stack_size, grt_status *failure)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_context_block *context = take_cached(runtime, stack_size);
    os_mutex_unlock(&runtime->threads_lock);
    if (context != NULL)
        return context;
    context = allocate_block(runtime, stack_size, grt_heap_try_alloc_aligned, failure);
    while (context == NULL && *failure == GRT_OUT_OF_GUEST_MEMORY && reclaim_one(runtime))
        context = allocate_block(runtime, stack_size, grt_heap_try_alloc_aligned, failure);
    if (context == NULL && *failure == GRT_OUT_OF_GUEST_MEMORY) /* now the heap shall say why */
        context = allocate_block(runtime, stack_size, grt_heap_alloc_aligned, failure);
    if (context != NULL) {
        os_mutex_lock(&runtime->threads_lock);
        runtime->thread_stats.context_bytes += block_size(stack_size);
        os_mutex_unlock(&runtime->threads_lock);
    }
    return context;
}

grt_context_block *grt_context_acquire(grt_runtime *runtime, uint32_t stack_size,
                                       grt_status *failure)
{
    grt_context_block *context = obtain(runtime, stack_size, failure);
    bool cleaned = context != NULL && clean(runtime, context);
    os_mutex_lock(&runtime->threads_lock);
    if (cleaned) {
        runtime->thread_stats.contexts_live++;
    } else {
        runtime->thread_stats.context_failures++;
        if (context != NULL) {
            *failure = GRT_HOST_REFUSED_COMMIT;
            runtime->thread_stats.context_bytes -= block_size(stack_size);
        }
    }
    os_mutex_unlock(&runtime->threads_lock);
    if (cleaned)
        return context;
    free_outside_lock(runtime, context);
    return NULL;
}

void grt_context_release(grt_runtime *runtime, grt_context_block *context)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_context_block *surplus = put_cached(runtime, context);
    os_mutex_unlock(&runtime->threads_lock);
    free_outside_lock(runtime, surplus);
}

void grt_context_cache_clear(grt_runtime *runtime)
{
    for (;;) {
        os_mutex_lock(&runtime->threads_lock);
        grt_context_block *context = take_any_cached(runtime);
        os_mutex_unlock(&runtime->threads_lock);
        if (context == NULL)
            return;
        free_block(runtime, context);
    }
}

/* ---- saying why not ---------------------------------------------------------------------- */

static void report_heap_cause(const grt_log *log)
{
    grt_heap_failure failure;
    if (!grt_heap_last_failure(&failure))
        return;
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "cause %s: %s; asked for %llu bytes, the largest request that would have fitted "
                 "is %llu; %s",
                 grt_heap_cause_name(failure.cause), grt_heap_cause_sentence(failure.cause),
                 (unsigned long long)failure.asked, (unsigned long long)failure.would_fit,
                 grt_heap_cause_remedy(failure.cause));
}

void grt_context_report_failure(grt_runtime *runtime, uint32_t stack_size, uint32_t thread_id,
                                grt_status status)
{
    const grt_layout *layout = grt_layout_of(runtime);
    const grt_log *log = &runtime->config.log;
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(runtime, &stats);
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "Failed to allocate thread context memory (%u bytes) for thread id %08X: %s: %s",
                 GRT_PARTS_SIZE + stack_size, thread_id, grt_status_name(status),
                 grt_status_sentence(status));
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "PCR=%u (0x%X) TLS=%u (0x%X) %s=%u (0x%X) STACK=%u (0x%X) total=%u (0x%X), with "
                 "guard pages %u",
                 layout->pcr_size, layout->pcr_size, GRT_TLS_SIZE, GRT_TLS_SIZE,
                 layout->kthread_name, layout->kthread_size, layout->kthread_size, stack_size,
                 stack_size, GRT_PARTS_SIZE + stack_size, GRT_PARTS_SIZE + stack_size,
                 block_size(stack_size));
    if (status == GRT_OUT_OF_GUEST_MEMORY)
        report_heap_cause(log);
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "%u threads live, %u contexts in use, %u cached, %llu bytes held by contexts",
                 stats.live, stats.contexts_live, stats.contexts_cached,
                 (unsigned long long)stats.context_bytes);
}
