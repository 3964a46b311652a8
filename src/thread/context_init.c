/*
 * context_init.c - what a new thread finds in its PCR, TLS, thread block and registers.
 *
 * The blocks are built in host memory and copied to the guest, because guest code may do anything
 * to the pages meanwhile. They are zero before, so only what is filled is copied; the TLS part and
 * the thread block lie side by side.
 */
#include "diag/log.h"
#include "thread/internal.h"

#include <stdio.h>

/* The value of the console's machine state mask for a thread. */
#define MSR_MASK 0xFDFFD7FFu
/* The timer embedded in a thread block waits with this key. */
#define STATUS_TIMEOUT_KEY 0x102u
#define WAIT_ANY_TYPE      1u
#define SUSPEND_LIMIT      2u

/* 1601-01-01 to 1970-01-01 in units of 100 ns. */
#define FILETIME_OF_1970 116444736000000000ull

uint64_t grt_filetime_now(const grt_runtime *runtime)
{
    return grt_thread_wall_clock_ns(runtime) / 100 + FILETIME_OF_1970;
}

void grt_thread_show_byte(const grt_thread *thread, uint32_t offset, uint8_t value)
{
    grt_guest_write(thread->runtime, thread->kthread + offset, &value, 1);
}

void grt_thread_show_word(const grt_thread *thread, uint32_t offset, uint32_t value)
{
    grt_guest_write32(thread->runtime, thread->kthread + offset, value);
}

/* An empty list: both links point at itself. */
static void fill_list(uint8_t *block, grt_addr address, uint32_t offset)
{
    grt_store32(block + offset, address + offset);
    grt_store32(block + offset + 4, address + offset);
}

static void fill_pcr(uint8_t *pcr, const grt_thread *thread)
{
    const grt_context_block *context = thread->context;
    grt_store32(pcr + GRT_PCR_TLS, context->tls);
    grt_store32(pcr + GRT_PCR_MSR_MASK, MSR_MASK);
    pcr[GRT_PCR_IRQL] = thread->irql;
    grt_store32(pcr + GRT_PCR_SELF, context->pcr);
    grt_store32(pcr + GRT_PCR_STACK_BASE, context->stack_base);
    grt_store32(pcr + GRT_PCR_STACK_LIMIT, context->stack_limit);
    grt_store32(pcr + GRT_PCR_KTHREAD, context->kthread);
    pcr[GRT_PCR_CPU] = (uint8_t)thread->cpu;
    grt_store32(pcr + GRT_PCR_CPU_BIT, 1u << thread->cpu);
    fill_list(pcr, context->pcr, GRT_PCR_DPC_LIST);
    grt_store32(pcr + GRT_PCR_ERROR_SUPPRESSION, thread->runtime->config.error_suppression);
    grt_store32(pcr + GRT_PCR_KPRCB_POINTER, context->pcr + GRT_PCR_KPRCB);
}

static void fill_lists(uint8_t *kthread, grt_addr address)
{
    static const uint16_t lists[] = {
        GRT_KTHREAD_WAIT_LIST,     GRT_KTHREAD_MUTANT_LIST, GRT_KTHREAD_APC_LIST_KERNEL,
        GRT_KTHREAD_APC_LIST_USER, GRT_KTHREAD_TIMER_LIST,  GRT_KTHREAD_IRP_LIST,
        GRT_KTHREAD_PROCESS_LINK,
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fill_list(kthread, address, lists[i]);
}

static void fill_timer(uint8_t *kthread, grt_addr address)
{
    uint8_t *block = kthread + GRT_KTHREAD_TIMER_BLOCK;
    grt_store32(block + 0x0, address + GRT_KTHREAD_TIMER_WAIT_LIST);
    grt_store32(block + 0x4, address + GRT_KTHREAD_TIMER_WAIT_LIST);
    grt_store32(block + 0x8, address);
    grt_store32(block + 0xC, address + GRT_KTHREAD_TIMER);
    grt_store16(block + 0x14, STATUS_TIMEOUT_KEY);
    grt_store16(block + 0x16, WAIT_ANY_TYPE);
}

/* What the console suspends a thread with; here it is only to look at. */
static void fill_suspension(uint8_t *kthread, const grt_thread *thread)
{
    grt_addr address = thread->context->kthread;
    uint8_t *apc = kthread + GRT_KTHREAD_SUSPEND_APC;
    uint8_t *semaphore = kthread + GRT_KTHREAD_SUSPEND_SEMAPHORE;
    grt_store16(apc + GRT_KAPC_TYPE, GRT_OBJECT_APC);
    grt_store32(apc + GRT_KAPC_THREAD, address);
    semaphore[GRT_KSEMAPHORE_TYPE] = GRT_DISPATCHER_SEMAPHORE;
    fill_list(kthread, address, GRT_KTHREAD_SUSPEND_SEMAPHORE + GRT_KSEMAPHORE_WAIT_LIST);
    grt_store32(semaphore + GRT_KSEMAPHORE_LIMIT, SUSPEND_LIMIT);
    kthread[GRT_KTHREAD_SUSPEND_COUNT] = (uint8_t)(thread->config.flags & GRT_THREAD_SUSPENDED);
}

static void fill_scheduling(uint8_t *kthread, const grt_thread *thread)
{
    uint8_t type = atomic_load(&thread->process_type);
    kthread[GRT_KTHREAD_STATE] = GRT_KTHREAD_INITIALISED;
    kthread[GRT_KTHREAD_PRIORITY] = thread->priority;
    kthread[GRT_KTHREAD_PROCESS_TYPE_COPY] = type;
    kthread[GRT_KTHREAD_PROCESS_TYPE] = type;
    grt_store32(kthread + GRT_KTHREAD_PROCESS, thread->runtime->processes[type].block);
    kthread[GRT_KTHREAD_CPU] = (uint8_t)thread->cpu;
}

static void fill_kthread(uint8_t *kthread, const grt_thread *thread)
{
    const grt_context_block *context = thread->context;
    kthread[GRT_KTHREAD_TYPE] = GRT_DISPATCHER_THREAD;
    fill_lists(kthread, context->kthread);
    fill_timer(kthread, context->kthread);
    grt_store32(kthread + GRT_KTHREAD_STACK_BASE, context->stack_base);
    grt_store32(kthread + GRT_KTHREAD_STACK_LIMIT, context->stack_limit);
    grt_store32(kthread + GRT_KTHREAD_KERNEL_STACK, context->stack_base - GRT_LINKAGE_ROOM);
    grt_store32(kthread + GRT_KTHREAD_TLS, context->tls);
    kthread[GRT_KTHREAD_MAY_QUEUE_APC] = 1;
    grt_store32(kthread + GRT_KTHREAD_MSR_MASK, MSR_MASK);
    fill_suspension(kthread, thread);
    fill_scheduling(kthread, thread);
    grt_store32(kthread + GRT_KTHREAD_STACK_ALLOCATION, context->stack_base);
    grt_store64(kthread + GRT_KTHREAD_CREATE_TIME, grt_filetime_now(thread->runtime));
    grt_store32(kthread + GRT_KTHREAD_ID, thread->id);
    grt_store32(kthread + GRT_KTHREAD_START, thread->config.entry);
    grt_store32(kthread + GRT_KTHREAD_FLAGS, thread->config.flags);
    grt_store32(kthread + GRT_KTHREAD_ONE, 1);
}

static void fill_registers(grt_thread *thread)
{
    grt_ppc *ppc = &thread->ppc;
    const grt_runtime *runtime = thread->runtime;
    memset(ppc, 0, sizeof *ppc);
    ppc->r[1] = thread->context->stack_base - GRT_LINKAGE_ROOM;
    ppc->r[13] = thread->context->pcr;
    ppc->r[3] = thread->config.argument;
    if (thread->config.xapi_startup != 0) {
        ppc->r[3] = thread->config.entry;
        ppc->r[4] = thread->config.argument;
    }
    ppc->lr = GRT_RETURN_SENTINEL;
    ppc->code = (grt_ppc_function *const *)runtime->code;
    ppc->imports = (grt_ppc_function *const *)runtime->imports;
    if (runtime->module != NULL) {
        ppc->code_base = runtime->module->code_base;
        ppc->code_words = runtime->module->code_size / 4;
    }
    ppc->thread = thread;
}

bool grt_context_init(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    const grt_context_block *context = thread->context;
    uint8_t pcr[GRT_PCR_USED] = {0}, rest[GRT_TLS_SIZE + GRT_KTHREAD_USED] = {0};
    fill_pcr(pcr, thread);
    grt_tls_init(runtime, rest);
    fill_kthread(rest + GRT_TLS_SIZE, thread);
    if (!grt_guest_write(runtime, context->pcr, pcr, sizeof pcr) ||
        !grt_guest_write(runtime, context->kthread - GRT_TLS_SIZE, rest, sizeof rest) ||
        !grt_tls_init_extra(runtime, context))
        return false;
    fill_registers(thread);
    thread->pcr = context->pcr;
    thread->kthread = context->kthread;
    thread->stack_limit = context->stack_limit;
    thread->stack_base = context->stack_base;
    grt_log_line(&runtime->config.log, GRT_LOG_DEBUG, "GUEST_CTX",
                 "register context set: thread id %08X cpu=%u r13=%08X r1=%08X PCR+0x150=%08X "
                 "context=%p",
                 thread->id, thread->cpu, (uint32_t)thread->ppc.r[13], (uint32_t)thread->ppc.r[1],
                 runtime->config.error_suppression, (void *)&thread->ppc);
    return true;
}
