/*
 * pool.c - the host threads on which guest threads run.
 *
 * Making a host thread costs more than everything else about a guest thread, so one that has ended
 * its guest thread sleeps until it is given another, or until too many like it do. Only threads
 * with the same amount of stack stand in for each other: how deep a recursion may go must not
 * depend on who ran before.
 *
 * What is listed here is guarded by threads_lock.
 */
#include "heap/call_site.h"
#include "heap/quiet.h"
#include "thread/internal.h"

#include <errno.h>
#include <fenv.h>

/* More than this many do not wait for work. */
#define IDLE_MAX 16u

/* Translated code needs more host stack than the guest's code needed guest stack: a frame of 16
 * guest bytes becomes a C frame of some hundred. Only address space until it is used. */
#define HOST_STACK_MIN   0x800000u
#define HOST_STACK_RATIO 32u

enum { BUSY = 0, ASLEEP = 1, WORK = 2, QUIT = 3 };

typedef struct grt_worker {
    struct grt_worker *next; /* in pool.idle or pool.gone */
    grt_runtime *runtime;
    os_thread *host;
    size_t stack_size;
    uint32_t word;      /* BUSY: with what follows a guest thread; it sleeps only after that */
    grt_thread *thread; /* to run; written before [word] becomes WORK */
    bool named;
    bool retuned; /* the host schedules it in another way than a new thread */
} grt_worker;

size_t grt_host_stack_size(uint32_t guest_stack)
{
    size_t scaled = (size_t)guest_stack * HOST_STACK_RATIO;
    return scaled > HOST_STACK_MIN ? scaled : HOST_STACK_MIN;
}

/* ---- lists (threads_lock is held) ---------------------------------------------------------- */

static grt_worker *take_idle(grt_runtime *runtime, size_t stack_size)
{
    grt_worker **link = &runtime->pool.idle;
    while (*link != NULL && (*link)->stack_size != stack_size)
        link = &(*link)->next;
    grt_worker *worker = *link;
    if (worker != NULL) {
        *link = worker->next;
        runtime->thread_stats.hosts_idle--;
        runtime->thread_stats.hosts_reused++;
    }
    return worker;
}

/* The one that has been idle longest. */
static grt_worker *take_last_idle(grt_runtime *runtime)
{
    grt_worker **link = &runtime->pool.idle;
    while ((*link)->next != NULL)
        link = &(*link)->next;
    grt_worker *worker = *link;
    *link = NULL;
    runtime->thread_stats.hosts_idle--;
    return worker;
}

/* Listed as gone as soon as it is certain to go: whoever joins it waits for the rest. */
static void go(grt_worker *worker)
{
    grt_pool *pool = &worker->runtime->pool;
    worker->next = pool->gone;
    pool->gone = worker;
    __atomic_fetch_add(&pool->gone_word, 1, __ATOMIC_RELEASE);
    os_wake_all(&pool->gone_word);
}

/* In the seeded scheduler's order every host thread is new: which one is idle first, and what its
 * cache of the heap holds, is for the host's timing. */
static bool may_stay(const grt_worker *worker)
{
    const grt_runtime *runtime = worker->runtime;
    return !worker->retuned && !atomic_load(&runtime->stopping) && runtime->schedule == NULL;
}

grt_worker *grt_pool_settle(grt_worker *worker)
{
    grt_runtime *runtime = worker->runtime;
    if (!may_stay(worker)) {
        __atomic_store_n(&worker->word, QUIT, __ATOMIC_RELAXED);
        go(worker);
        return NULL;
    }
    __atomic_store_n(&worker->word, BUSY, __ATOMIC_RELAXED);
    worker->next = runtime->pool.idle;
    runtime->pool.idle = worker;
    if (++runtime->thread_stats.hosts_idle <= IDLE_MAX)
        return NULL;
    grt_worker *surplus = take_last_idle(runtime);
    go(surplus);
    return surplus;
}

/* ---- handing over -------------------------------------------------------------------------- */

static void tell(grt_worker *worker, uint32_t what)
{
    if (__atomic_exchange_n(&worker->word, what, __ATOMIC_ACQ_REL) == ASLEEP)
        os_wake_one(&worker->word);
}

void grt_pool_dismiss(grt_worker *worker)
{
    tell(worker, QUIT);
}

/* False when the worker is to quit. */
static bool wait_for_work(grt_worker *worker)
{
    uint32_t expected = BUSY;
    __atomic_compare_exchange_n(&worker->word, &expected, ASLEEP, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&worker->word, __ATOMIC_ACQUIRE) == ASLEEP)
        os_wait(&worker->word, ASLEEP, UINT64_MAX);
    return __atomic_load_n(&worker->word, __ATOMIC_ACQUIRE) == WORK;
}

/* ---- the host thread ----------------------------------------------------------------------- */

static void run(grt_worker *worker, bool able)
{
    grt_thread *thread = worker->thread;
    grt_thread_main(thread, able);
    worker->named = thread->host_named;
    worker->retuned = thread->host_retuned;
    grt_thread_end(thread, worker); /* it may have been given work since: see wait_for_work() */
}

/* Nothing of one guest thread is left for the next one. */
static void forget(grt_worker *worker, bool able)
{
    fesetenv(FE_DFL_ENV);
    grt_set_call_site(0);
    grt_heap_forget_failure();
    if (worker->named)
        os_thread_set_name("guestrt");
    if (able)
        os_fault_thread_renew();
}

static void worker_main(void *argument)
{
    grt_worker *worker = argument;
    bool able = os_fault_thread_enter() == 0;
    do {
        run(worker, able);
        forget(worker, able);
    } while (wait_for_work(worker));
    if (able)
        os_fault_thread_leave();
}

/* ---- starting ------------------------------------------------------------------------------ */

static void count_host(grt_runtime *runtime, int change)
{
    os_mutex_lock(&runtime->threads_lock);
    runtime->pool.left += (uint32_t)change;
    runtime->thread_stats.hosts_created += (uint64_t)(int64_t)change;
    os_mutex_unlock(&runtime->threads_lock);
}

static int start_new(grt_thread *thread, size_t stack_size)
{
    grt_worker *worker = os_alloc(sizeof *worker);
    if (worker == NULL)
        return ENOMEM;
    worker->runtime = thread->runtime;
    worker->stack_size = stack_size;
    worker->word = WORK;
    worker->thread = thread;
    count_host(thread->runtime, +1);
    os_mutex_lock(&thread->lock); /* until the record knows its host thread */
    int error = os_thread_create(stack_size, worker_main, worker, &worker->host);
    thread->host = error == 0 ? worker->host : NULL;
    os_mutex_unlock(&thread->lock);
    if (error != 0) {
        count_host(thread->runtime, -1);
        os_free(worker);
    }
    return error;
}

static void start_on(grt_worker *worker, grt_thread *thread)
{
    os_mutex_lock(&thread->lock);
    thread->host = worker->host;
    os_mutex_unlock(&thread->lock);
    worker->thread = thread;
    tell(worker, WORK);
}

int grt_pool_start(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    size_t stack_size = grt_host_stack_size(thread->config.stack_size);
    grt_thread_acquire(thread);
    os_mutex_lock(&runtime->threads_lock);
    grt_worker *worker = take_idle(runtime, stack_size);
    os_mutex_unlock(&runtime->threads_lock);
    if (worker != NULL) {
        start_on(worker, thread);
        return 0;
    }
    int error = start_new(thread, stack_size);
    if (error != 0)
        grt_thread_release(thread);
    return error;
}

/* ---- ending -------------------------------------------------------------------------------- */

static grt_worker *take_gone(grt_runtime *runtime)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_worker *worker = runtime->pool.gone;
    if (worker != NULL)
        runtime->pool.gone = worker->next;
    os_mutex_unlock(&runtime->threads_lock);
    return worker;
}

void grt_pool_reap(grt_runtime *runtime)
{
    grt_worker *worker;
    while ((worker = take_gone(runtime)) != NULL) {
        os_thread_join(worker->host);
        os_free(worker);
        os_mutex_lock(&runtime->threads_lock);
        runtime->pool.left--;
        os_mutex_unlock(&runtime->threads_lock);
    }
}

/* Sends one idle host thread away; false when none is left. */
static bool send_away(grt_runtime *runtime)
{
    grt_worker *worker = NULL;
    os_mutex_lock(&runtime->threads_lock);
    if (runtime->pool.idle != NULL) {
        worker = take_last_idle(runtime);
        go(worker);
    }
    os_mutex_unlock(&runtime->threads_lock);
    if (worker != NULL)
        grt_pool_dismiss(worker);
    return worker != NULL;
}

void grt_pool_drain(grt_runtime *runtime)
{
    while (send_away(runtime)) {
    }
    for (;;) {
        uint32_t word = __atomic_load_n(&runtime->pool.gone_word, __ATOMIC_ACQUIRE);
        grt_pool_reap(runtime);
        os_mutex_lock(&runtime->threads_lock);
        uint32_t left = runtime->pool.left;
        os_mutex_unlock(&runtime->threads_lock);
        if (left == 0)
            return;
        os_wait(&runtime->pool.gone_word, word, UINT64_MAX);
    }
}
