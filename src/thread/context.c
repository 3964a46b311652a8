/*
 * context.c - the guest memory of a thread: where it comes from and where it goes.
 *
 * Contexts are recycled. One in the cache is all zero: whoever puts it there sees to that, so that
 * a new thread finds its stack ready and has only the fields of its blocks to write.
 */
#include "diag/log.h"
#include "heap/quiet.h"
#include "thread/internal.h"

/* Kept for reuse; more go back to the heap. */
#define CACHED_MAX 32u
/* Contexts of ended threads whose record is still referenced. */
#define ENDED_MAX 64u

static const grt_layout layouts[] = {
#define LAYOUT_ROW(name, pcr, kthread, text) [GRT_LAYOUT_##name] = {pcr, kthread, text},
    GRT_LAYOUT_MAP(LAYOUT_ROW)
#undef LAYOUT_ROW
};

const grt_layout *grt_layout_of(const grt_runtime *runtime)
{
    return &layouts[runtime->config.layout];
}

uint32_t grt_context_block_size(const grt_runtime *runtime, uint32_t stack_size)
{
    return GRT_GUARD_SIZE + stack_size + GRT_GUARD_SIZE + GRT_PARTS_SIZE + runtime->tls.extra;
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
    if (runtime->tls.extra != 0) /* behind the thread block: the part in between is too small */
        context->tls = context->pcr + GRT_PARTS_SIZE;
}

static grt_status set_guards(grt_runtime *runtime, const grt_context_block *context,
                             grt_access access)
{
    return grt_stack_guard(runtime, context->block, context->stack_base, access);
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
    context->block =
        request(runtime->user_heap, grt_context_block_size(runtime, stack_size), GRT_PAGE_SIZE);
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
        runtime->thread_stats.context_bytes -= grt_context_block_size(runtime, context->stack_size);
    }
    return context;
}

/* The context is on its way into the cache or the heap: recycle() must follow. */
static void leave_thread(grt_runtime *runtime)
{
    runtime->thread_stats.contexts_live--;
    runtime->contexts_cleaning++;
}

static bool put_cached(grt_runtime *runtime, grt_context_block *context)
{
    grt_thread_stats *stats = &runtime->thread_stats;
    if (stats->contexts_cached >= CACHED_MAX)
        return false;
    context->next = runtime->context_cache;
    runtime->context_cache = context;
    stats->contexts_cached++;
    return true;
}

/* Without the lock: cleans the context and puts it into the cache, or back into the heap. */
static void recycle(grt_runtime *runtime, grt_context_block *context)
{
    bool clean = grt_stack_clean(runtime, context);
    os_mutex_lock(&runtime->threads_lock);
    bool kept = clean && put_cached(runtime, context);
    if (!kept)
        runtime->thread_stats.context_bytes -= grt_context_block_size(runtime, context->stack_size);
    os_mutex_unlock(&runtime->threads_lock);
    if (!kept)
        free_block(runtime, context);
    os_mutex_lock(&runtime->threads_lock);
    runtime->contexts_cleaning--;
    os_mutex_unlock(&runtime->threads_lock);
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
    runtime->thread_stats.contexts_ended--;
}

/* What the stack was used for is remembered if somebody may ask: its record stays. */
static grt_context_block *detach_ended(grt_runtime *runtime, grt_thread *thread, bool measure)
{
    grt_context_block *context = thread->context;
    if (measure)
        thread->stack_used = grt_stack_used(runtime, context);
    unlist_ended(runtime, thread);
    grt_index_lose_kthread(thread);
    thread->context = NULL;
    leave_thread(runtime);
    return context;
}

/* The one that ended first of those that the guest has no pointers to; null if there is none.
 * O(those that it has). */
static grt_thread *first_unpinned(const grt_runtime *runtime)
{
    grt_thread *thread = runtime->ended_first;
    while (thread != NULL && atomic_load(&thread->pointed_at))
        thread = thread->ended_next;
    return thread;
}

/* Those that the guest points to do not count: a thread that has just ended must not lose its block
 * to their number before its creator has looked at it. */
static bool too_many_ended(const grt_runtime *runtime)
{
    uint32_t count = 0;
    for (const grt_thread *thread = runtime->ended_first; thread != NULL;
         thread = thread->ended_next)
        count += !atomic_load(&thread->pointed_at);
    return count > ENDED_MAX;
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
    runtime->thread_stats.contexts_ended++;
    if (too_many_ended(runtime))
        surplus = detach_ended(runtime, first_unpinned(runtime), true);
    os_mutex_unlock(&runtime->threads_lock);
    if (surplus != NULL)
        recycle(runtime, surplus);
}

void grt_context_detach(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    grt_context_block *context = NULL;
    os_mutex_lock(&runtime->threads_lock);
    if (thread->context != NULL)
        context = detach_ended(runtime, thread, false);
    os_mutex_unlock(&runtime->threads_lock);
    if (context != NULL)
        recycle(runtime, context);
}

/* ---- taking and giving ------------------------------------------------------------------- */

/* Takes a context that no thread runs on away, so that another size fits; what others are just
 * cleaning is waited for. False when there is none. */
static bool reclaim_one(grt_runtime *runtime)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_context_block *context = take_any_cached(runtime);
    grt_thread *oldest = context == NULL ? first_unpinned(runtime) : NULL;
    if (oldest != NULL) {
        context = detach_ended(runtime, oldest, true);
        runtime->contexts_cleaning--;
        runtime->thread_stats.context_bytes -= grt_context_block_size(runtime, context->stack_size);
    }
    bool others = runtime->contexts_cleaning != 0;
    os_mutex_unlock(&runtime->threads_lock);
    if (context != NULL)
        free_block(runtime, context);
    else if (others)
        os_thread_yield();
    return context != NULL || others;
}

static grt_context_block *obtain_new(grt_runtime *runtime, uint32_t stack_size, grt_status *failure)
{
    grt_context_block *context =
        allocate_block(runtime, stack_size, grt_heap_try_alloc_aligned, failure);
    while (context == NULL && *failure == GRT_OUT_OF_GUEST_MEMORY && reclaim_one(runtime))
        context = allocate_block(runtime, stack_size, grt_heap_try_alloc_aligned, failure);
    if (context == NULL && *failure == GRT_OUT_OF_GUEST_MEMORY) /* now the heap shall say why */
        context = allocate_block(runtime, stack_size, grt_heap_alloc_aligned, failure);
    if (context != NULL && !grt_stack_clean(runtime, context)) {
        free_block(runtime, context);
        context = NULL;
        *failure = GRT_HOST_REFUSED_COMMIT;
    }
    return context;
}

grt_context_block *grt_context_acquire(grt_runtime *runtime, uint32_t stack_size,
                                       grt_status *failure)
{
    grt_thread_stats *stats = &runtime->thread_stats;
    os_mutex_lock(&runtime->threads_lock);
    grt_context_block *context = take_cached(runtime, stack_size);
    if (context != NULL)
        stats->contexts_live++;
    os_mutex_unlock(&runtime->threads_lock);
    if (context != NULL)
        return context;
    context = obtain_new(runtime, stack_size, failure);
    os_mutex_lock(&runtime->threads_lock);
    if (context != NULL) {
        stats->contexts_live++;
        stats->context_bytes += grt_context_block_size(runtime, stack_size);
    } else {
        stats->context_failures++;
    }
    os_mutex_unlock(&runtime->threads_lock);
    return context;
}

void grt_context_release(grt_runtime *runtime, grt_context_block *context)
{
    os_mutex_lock(&runtime->threads_lock);
    leave_thread(runtime);
    os_mutex_unlock(&runtime->threads_lock);
    recycle(runtime, context);
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
