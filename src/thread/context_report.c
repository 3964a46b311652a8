/*
 * context_report.c - why a thread gets no context: the parts it is made of, the heap's cause, and
 * who has the contexts that there are.
 */
#include "diag/log.h"
#include "thread/internal.h"

/* Call sites that are told apart, for the one that created most. */
#define SITES_MAX 64u

typedef struct holders {
    uint32_t live, ended; /* threads: running or to run; ended, but still referred to */
    uint32_t sites;
    uint32_t created[SITES_MAX]; /* live threads, by call site */
    grt_addr site[SITES_MAX];
} holders;

static void count_site(holders *found, grt_addr site)
{
    uint32_t i = 0;
    while (i < found->sites && found->site[i] != site)
        i++;
    if (i == SITES_MAX)
        return;
    if (i == found->sites) {
        found->site[i] = site;
        found->sites++;
    }
    found->created[i]++;
}

static void count_holders(grt_runtime *runtime, holders *found, grt_thread_stats *stats)
{
    os_mutex_lock(&runtime->threads_lock);
    *stats = runtime->thread_stats;
    for (const grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next) {
        if (thread->process == NULL) {
            found->ended++;
            continue;
        }
        found->live++;
        count_site(found, thread->creation_site);
    }
    os_mutex_unlock(&runtime->threads_lock);
}

static void report_largest_site(const grt_runtime *runtime, const holders *found)
{
    uint32_t largest = 0;
    for (uint32_t i = 1; i < found->sites; i++) {
        if (found->created[i] > found->created[largest])
            largest = i;
    }
    if (found->sites == 0)
        return;
    char place[96] = "the host";
    if (found->site[largest] != 0 &&
        !grt_runtime_symbol(runtime, found->site[largest], place, sizeof place))
        place[0] = '\0';
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "CRITICAL",
                 "%u of the %u live threads were created from %08X %s", found->created[largest],
                 found->live, found->site[largest], place);
}

static void report_holders(grt_runtime *runtime)
{
    holders found = {0};
    grt_thread_stats stats;
    count_holders(runtime, &found, &stats);
    uint32_t contexts = stats.contexts_live + stats.contexts_cached;
    const grt_log *log = &runtime->config.log;
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "%u threads live, %u contexts in use, %u cached, %llu bytes held by contexts",
                 stats.live, stats.contexts_live, stats.contexts_cached,
                 (unsigned long long)stats.context_bytes);
    grt_log_line(log, GRT_LOG_ERROR, "CRITICAL",
                 "%u of %u stacks belong to exited threads; %u threads have exited and are not "
                 "closed, %u stacks were taken from such threads",
                 stats.contexts_ended, contexts, found.ended, found.ended - stats.contexts_ended);
    report_largest_site(runtime, &found);
}

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
                 grt_context_block_size(runtime, stack_size));
    if (status == GRT_OUT_OF_GUEST_MEMORY)
        report_heap_cause(log);
    report_holders(runtime);
}
