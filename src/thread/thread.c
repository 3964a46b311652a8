/*
 * thread.c - a guest thread's life: created, run, ended, joined.
 */
#include "diag/fault.h"
#include "diag/log.h"
#include "os/assert.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <fenv.h>

/* ---- running ----------------------------------------------------------------------------- */

/* A fact about some titles: they fill in what the new thread reads only after creating it. */
static void delay_start(grt_thread *thread)
{
    uint32_t delay = thread->runtime->config.thread_start_delay_ms;
    if (delay == 0)
        return;
    const grt_runtime *runtime = thread->runtime;
    uint64_t deadline = grt_thread_clock_ns(runtime) + (uint64_t)delay * 1000000u;
    while (grt_thread_clock_ns(runtime) < deadline) {
        uint32_t token = grt_thread_park_begin(thread);
        grt_thread_check_stop(thread);
        grt_thread_park(thread, token, deadline);
    }
}

static void call_entry(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    bool startup = thread->config.xapi_startup != 0;
    grt_addr address = startup ? thread->config.xapi_startup : thread->config.entry;
    grt_ppc_function *function = grt_runtime_function(runtime, address);
    GRT_ASSERT(function != NULL);
    if (runtime->hooks.thread_starting != NULL)
        runtime->hooks.thread_starting(thread);
    grt_thread_enter_guest(thread);
    function(&thread->ppc, runtime->base);
    grt_thread_leave_guest(thread);
    /* The startup routine ends its thread itself; one that returns has no exit code to give. */
    thread->exit_code = startup ? 0 : (uint32_t)thread->ppc.r[3];
    if (runtime->hooks.thread_leaving != NULL)
        runtime->hooks.thread_leaving(thread);
}

/* The outermost frame, to which every early end jumps. */
static grt_unwind run_protected(grt_thread *thread)
{
    int unwind = os_mark(&thread->unwind);
    if (unwind == 0) {
        grt_thread_wait_resumed(thread);
        delay_start(thread);
        grt_thread_announce_start(thread);
        call_entry(thread);
    }
    return (grt_unwind)unwind;
}

/* The record and its host thread get to know each other. */
static void settle_in(grt_thread *thread)
{
    /* The creator holds the lock until the record knows its host thread. */
    os_mutex_lock(&thread->lock);
    thread->state = GRT_THREAD_RUNNING;
    thread->host_id = os_thread_id();
    thread->host_named = thread->name[0] != '\0';
    if (thread->host_named)
        os_thread_set_name(thread->name);
    grt_thread_retune(thread);
    os_mutex_unlock(&thread->lock);
    thread->host_stack_low = grt_host_stack_low();
    thread->host_stack_reserve = thread->host_stack_low + GRT_HOST_STACK_RESERVE;
    fesetenv(FE_DFL_ENV);
}

void grt_thread_main(grt_thread *thread, bool able)
{
    settle_in(thread);
    grt_thread_set_current(thread);
    grt_schedule_begin(thread);
    if (able) {
        grt_thread_finish(thread, run_protected(thread));
    } else {
        grt_log_line(&thread->runtime->config.log, GRT_LOG_ERROR, "THREAD-CTX",
                     "thread id %08X has no stack for fault handling and was not run", thread->id);
        thread->exit_code = GRT_EXIT_STOPPED;
        grt_thread_finish(thread, GRT_UNWIND_NONE);
    }
    grt_thread_set_current(NULL);
}

/* ---- ending ------------------------------------------------------------------------------ */

/* What the guest sees of the end without asking the kernel, the signal state last. The guest may
 * have given the memory away; then there is nobody to tell. */
static void write_end(const grt_thread *thread)
{
    uint8_t now[8];
    grt_store64(now, grt_filetime_now(thread->runtime));
    grt_guest_write(thread->runtime, thread->kthread + GRT_KTHREAD_EXIT_TIME, now, sizeof now);
    grt_thread_show_word(thread, GRT_KTHREAD_EXIT_STATUS, thread->exit_code);
    grt_thread_show_byte(thread, GRT_KTHREAD_STATE, GRT_KTHREAD_TERMINATED_STATE);
    grt_thread_show_byte(thread, GRT_KTHREAD_TERMINATED, 1);
    grt_thread_show_word(thread, GRT_KTHREAD_SIGNAL_STATE, 1);
}

static void count_end(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    os_mutex_lock(&runtime->threads_lock);
    grt_process_unlink(thread);
    runtime->thread_stats.live--;
    runtime->thread_stats.ended++;
    os_mutex_unlock(&runtime->threads_lock);
}

static void set_ended(grt_thread *thread)
{
    os_mutex_lock(&thread->lock);
    thread->state = GRT_THREAD_ENDED;
    os_mutex_unlock(&thread->lock);
}

/* Host threads sleep on the word, guest threads are parked, so that a stop reaches them. */
static void show_end(grt_thread *thread)
{
    os_mutex_lock(&thread->lock);
    __atomic_store_n(&thread->ended_word, 1, __ATOMIC_RELEASE);
    for (grt_joiner *joiner = thread->joiners; joiner != NULL; joiner = joiner->next)
        grt_thread_unpark(joiner->thread);
    os_mutex_unlock(&thread->lock);
}

void grt_thread_end(grt_thread *thread, struct grt_worker *worker)
{
    grt_runtime *runtime = thread->runtime;
    bool had_turn = grt_schedule_leave(thread);
    os_mutex_lock(&runtime->threads_lock);
    /* First the worker is to be had, then joiners go on: so whoever joined and creates the next
     * thread finds it. */
    struct grt_worker *surplus = worker != NULL ? grt_pool_settle(worker) : NULL;
    /* As long as the lock is held the record stays, even if somebody else gives back the last
     * reference meanwhile. */
    bool last = atomic_fetch_sub_explicit(&thread->references, 1, memory_order_acq_rel) == 1;
    if (!last)
        show_end(thread);
    os_mutex_unlock(&runtime->threads_lock);
    if (last)
        grt_thread_free(thread);
    else
        os_wake_all(&thread->ended_word); /* an address: the record may be gone */
    if (surplus != NULL)
        grt_pool_dismiss(surplus);
    if (had_turn)
        grt_schedule_pass(runtime);
}

/* Counting what was used costs a system call, so it is done for whoever reads it only. */
static void log_end(grt_thread *thread)
{
    const grt_log *log = &thread->runtime->config.log;
    if (!grt_log_wants(log, GRT_LOG_DEBUG))
        return;
    grt_log_line(log, GRT_LOG_DEBUG, "THREAD-CTX",
                 "thread id %08X ended with exit code %08X; %u of %u bytes of its stack were used",
                 thread->id, thread->exit_code, grt_stack_used(thread->runtime, thread->context),
                 thread->context->stack_size);
}

void grt_thread_finish(grt_thread *thread, grt_unwind unwind)
{
    grt_runtime *runtime = thread->runtime;
    fesetenv(FE_DFL_ENV); /* the guest's rounding mode must not reach our own arithmetic */
    if (unwind == GRT_UNWIND_FAULT)
        grt_thread_report_host_fault(thread);
    else if (unwind == GRT_UNWIND_STOP)
        thread->exit_code = GRT_EXIT_STOPPED;
    grt_thread_announce_end(thread);
    log_end(thread);
    /* Whoever waited for the thread may create the next one at once and count on this context, so
     * that it is given up before the kernel signals anything. From then on it may be another
     * thread's: all writes to it come first, and the state keeps others from writing to it. */
    set_ended(thread);
    write_end(thread);
    count_end(thread);
    grt_context_keep_ended(thread);
    if (runtime->hooks.thread_ended != NULL)
        runtime->hooks.thread_ended(runtime, thread);
}

/* ---- creating ---------------------------------------------------------------------------- */

static grt_status complete_config(const grt_runtime *runtime, grt_thread_config *config)
{
    if (config->size != sizeof *config)
        return GRT_INVALID_ARGUMENT;
    if (config->stack_size == 0)
        config->stack_size = runtime->config.stack_size;
    if (config->stack_size > GRT_MAX_STACK_SIZE)
        return GRT_INVALID_ARGUMENT;
    config->stack_size = grt_stack_round(config->stack_size);
    if (grt_runtime_function(runtime, config->entry) == NULL && config->xapi_startup == 0)
        return GRT_NOT_A_FUNCTION;
    if (config->xapi_startup != 0 && grt_runtime_function(runtime, config->xapi_startup) == NULL)
        return GRT_NOT_A_FUNCTION;
    return GRT_OK;
}

static void report_bad_entry(grt_runtime *runtime, const grt_thread_config *config)
{
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                 "no thread was created: entry %08X, startup %08X: %s", config->entry,
                 config->xapi_startup, grt_status_sentence(GRT_NOT_A_FUNCTION));
}

grt_status grt_thread_prepare(grt_runtime *runtime, const grt_thread_config *wanted,
                              grt_thread **thread)
{
    grt_thread_config config = *wanted;
    if (atomic_load(&runtime->stopping))
        return GRT_STOPPED;
    grt_status status = complete_config(runtime, &config);
    if (status == GRT_NOT_A_FUNCTION)
        report_bad_entry(runtime, &config);
    if (status != GRT_OK)
        return status;
    grt_pool_reap(runtime);
    return grt_thread_record_create(runtime, &config, false, thread);
}

grt_status grt_thread_launch(grt_thread *thread)
{
    int error = grt_pool_start(thread);
    if (error == 0)
        return GRT_OK;
    char text[128];
    os_error_text(error, text, sizeof text);
    grt_log_line(&thread->runtime->config.log, GRT_LOG_ERROR, "CRITICAL",
                 "the host refused a thread for thread id %08X: %s; %s", thread->id, text,
                 grt_status_remedy(GRT_HOST_THREAD_FAILED));
    return GRT_HOST_THREAD_FAILED;
}

/* Nobody has seen the thread do anything: undone as if it had never been. */
void grt_thread_abandon(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    set_ended(thread);
    os_mutex_lock(&runtime->threads_lock);
    runtime->thread_stats.live--;
    runtime->thread_stats.created--;
    __atomic_store_n(&thread->ended_word, 1, __ATOMIC_RELEASE);
    grt_process_unlink(thread);
    os_mutex_unlock(&runtime->threads_lock);
    if (grt_schedule_leave(thread))
        grt_schedule_pass(runtime);
    grt_context_keep_ended(thread);
    /* Somebody may have found it by its id and wait for its end. */
    if (runtime->hooks.thread_ended != NULL)
        runtime->hooks.thread_ended(runtime, thread);
}

static grt_status create(grt_runtime *runtime, const grt_thread_config *config, grt_thread **result)
{
    grt_thread *thread;
    grt_status status = grt_thread_prepare(runtime, config, &thread);
    if (status != GRT_OK)
        return status;
    status = grt_thread_launch(thread);
    if (status == GRT_OK) {
        *result = thread;
    } else {
        grt_thread_abandon(thread);
        grt_thread_release(thread);
    }
    return status;
}

grt_status grt_thread_create(grt_runtime *runtime, const grt_thread_config *config,
                             grt_thread **thread)
{
    bool guest = grt_host_begin();
    grt_status status = create(runtime, config, thread);
    grt_host_end(guest);
    return status;
}

/* ---- joining ----------------------------------------------------------------------------- */

static bool has_ended(const grt_thread *thread)
{
    return __atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE) != 0;
}

static void add_joiner(grt_thread *thread, grt_joiner *joiner)
{
    os_mutex_lock(&thread->lock);
    joiner->next = thread->joiners;
    thread->joiners = joiner;
    os_mutex_unlock(&thread->lock);
}

static void remove_joiner(grt_thread *thread, const grt_joiner *joiner)
{
    os_mutex_lock(&thread->lock);
    grt_joiner **link = &thread->joiners;
    while (*link != joiner)
        link = &(*link)->next;
    *link = joiner->next;
    os_mutex_unlock(&thread->lock);
}

/* A guest thread parks, so that it stays reachable for a stop request. */
static grt_status wait_parked(grt_thread *self, grt_thread *thread)
{
    grt_joiner joiner = {.thread = self};
    add_joiner(thread, &joiner);
    for (;;) {
        uint32_t token = grt_thread_park_begin(self);
        if (has_ended(thread) || atomic_load(&self->stop_requested))
            break;
        grt_thread_park(self, token, UINT64_MAX);
    }
    remove_joiner(thread, &joiner);
    return has_ended(thread) ? GRT_OK : GRT_STOPPED;
}

/* A guest thread of another runtime looks up now and then: its own scheduler, if it has one, must
 * not take it for one that nobody can wake. */
static grt_status wait_polling(const grt_thread *self, const grt_thread *thread)
{
    while (!has_ended(thread)) {
        if (self != NULL && atomic_load(&self->stop_requested))
            return GRT_STOPPED;
        os_wait(&thread->ended_word, 0, self == NULL ? UINT64_MAX : os_clock_ns() + 10000000u);
    }
    return GRT_OK;
}

static grt_status wait_ended(grt_thread *thread)
{
    grt_thread *self = grt_thread_current();
    if (self != NULL && self->runtime == thread->runtime)
        return wait_parked(self, thread);
    grt_schedule_host_begin(thread);
    grt_status status = wait_polling(self, thread);
    grt_schedule_host_end(thread);
    return status;
}

grt_status grt_thread_join(grt_thread *thread, uint32_t *exit_code)
{
    if (thread == grt_thread_current())
        return GRT_WRONG_STATE;
    bool guest = grt_host_begin();
    grt_status status = wait_ended(thread);
    if (status == GRT_OK && exit_code != NULL)
        *exit_code = thread->exit_code;
    grt_host_end(guest);
    return status;
}
