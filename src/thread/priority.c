/*
 * priority.c - priorities and processors, as the guest sets them.
 *
 * They are facts that the guest can ask for. The host schedules as it does, unless the
 * configuration says to pass them on: most hosts let nobody but an administrator raise a priority.
 */
#include "diag/log.h"
#include "thread/internal.h"

/* The console's, for threads of a title. */
#define BASE_PRIORITY   10
#define LOWEST_DYNAMIC  1
#define HIGHEST_DYNAMIC 17
#define INCREMENT_MAX   16
#define PRIORITY_MAX    31u

/* ---- the host's part ----------------------------------------------------------------------- */

static int nice_of(uint8_t priority)
{
    int nice = BASE_PRIORITY - (int)priority;
    return nice < -20 ? -20 : nice > 19 ? 19 : nice;
}

static uint64_t host_mask(uint8_t affinity)
{
    uint64_t mask = 0;
    for (uint32_t cpu = 0; cpu < GRT_CPU_COUNT; cpu++) {
        if (affinity >> cpu & 1)
            mask |= 1ull << cpu % os_processor_count() % 64;
    }
    return mask;
}

static void note_refusal(grt_thread *thread, const char *what, int error)
{
    grt_runtime *runtime = thread->runtime;
    if (error == 0 || atomic_exchange(&runtime->scheduling_refused, true))
        return;
    char text[128];
    os_error_text(error, text, sizeof text);
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                 "the host refused a %s for thread id %08X: %s; this is said once", what,
                 thread->id, text);
}

/* The lock of the thread keeps its host thread from running another one meanwhile. */
void grt_thread_retune(grt_thread *thread)
{
    uint32_t wanted = thread->runtime->config.host_scheduling;
    if (wanted == 0 || thread->host_id == 0 || thread->foreign || thread->state == GRT_THREAD_ENDED)
        return;
    int nice = nice_of(thread->priority);
    if (wanted & GRT_HOST_PRIORITY && (nice != 0 || thread->host_retuned))
        note_refusal(thread, "priority", os_thread_set_nice(thread->host_id, nice));
    if (wanted & GRT_HOST_AFFINITY)
        note_refusal(thread, "processor",
                     os_thread_set_processors(thread->host_id, host_mask(thread->affinity)));
    thread->host_retuned = true;
}

/* ---- what the guest asks for --------------------------------------------------------------- */

uint8_t grt_priority_of(int32_t increment)
{
    int32_t priority = BASE_PRIORITY + increment;
    if (priority < LOWEST_DYNAMIC || increment == -INCREMENT_MAX)
        return LOWEST_DYNAMIC;
    return priority > HIGHEST_DYNAMIC ? HIGHEST_DYNAMIC : (uint8_t)priority;
}

static void show_priority(grt_thread *thread)
{
    if (thread->state != GRT_THREAD_ENDED)
        grt_thread_show_byte(thread, GRT_KTHREAD_PRIORITY, thread->priority);
    grt_thread_retune(thread);
}

void grt_thread_set_base_priority(grt_thread *thread, int32_t increment, int32_t *previous)
{
    if (increment > INCREMENT_MAX)
        increment = INCREMENT_MAX;
    if (increment < -INCREMENT_MAX)
        increment = -INCREMENT_MAX;
    bool guest = grt_host_begin();
    os_mutex_lock(&thread->lock);
    if (previous != NULL)
        *previous = thread->base_increment;
    thread->base_increment = increment;
    thread->priority = grt_priority_of(increment);
    show_priority(thread);
    os_mutex_unlock(&thread->lock);
    grt_host_end(guest);
}

grt_status grt_thread_set_priority(grt_thread *thread, uint32_t priority, uint32_t *previous)
{
    if (priority == 0 || priority > PRIORITY_MAX)
        return GRT_INVALID_ARGUMENT;
    bool guest = grt_host_begin();
    os_mutex_lock(&thread->lock);
    if (previous != NULL)
        *previous = thread->priority;
    thread->priority = (uint8_t)priority;
    show_priority(thread);
    os_mutex_unlock(&thread->lock);
    grt_host_end(guest);
    return GRT_OK;
}

/* ---- processors ---------------------------------------------------------------------------- */

uint32_t grt_cpu_of(uint32_t mask)
{
    return 31u - (uint32_t)__builtin_clz(mask);
}

/* The thread's lock is held. */
static void show_cpu(const grt_thread *thread)
{
    uint8_t cpu = (uint8_t)thread->cpu;
    if (thread->state == GRT_THREAD_ENDED)
        return;
    grt_guest_write(thread->runtime, thread->pcr + GRT_PCR_CPU, &cpu, 1);
    grt_guest_write32(thread->runtime, thread->pcr + GRT_PCR_CPU_BIT, 1u << cpu);
    grt_thread_show_byte(thread, GRT_KTHREAD_CPU, cpu);
}

grt_status grt_thread_set_affinity(grt_thread *thread, uint32_t mask, uint32_t *previous)
{
    if (mask == 0 || (mask & ~GRT_CPU_ALL) != 0)
        return GRT_INVALID_ARGUMENT;
    bool guest = grt_host_begin();
    os_mutex_lock(&thread->lock);
    if (previous != NULL)
        *previous = thread->affinity;
    thread->affinity = (uint8_t)mask;
    thread->cpu = grt_cpu_of(mask);
    show_cpu(thread);
    grt_thread_retune(thread);
    os_mutex_unlock(&thread->lock);
    grt_host_end(guest);
    return GRT_OK;
}
