/*
 * fault.c - the page of text about guest code that ended badly.
 *
 * The first and the last line say the same in one sentence, so that either end of a long log is
 * enough to know what happened. In between: what the address is, which thread, where, who called,
 * registers, what to do.
 */
#include "diag/fault.h"
#include "diag/log.h"
#include "thread/layout.h"

#include <stdio.h>

#define TAG "FAULT"

#define LINE(...) grt_log_line(log, GRT_LOG_ERROR, TAG, __VA_ARGS__)

/* ---- one line each ----------------------------------------------------------------------- */

static void report_summary(const grt_log *log, const grt_thread *thread,
                           const grt_fault_facts *facts)
{
    char address[32] = "";
    if (facts->has_address)
        snprintf(address, sizeof address, ": %08X", facts->address);
    LINE("SUMMARY GRT-F%03u %s: thread " GRT_THREAD_FORMAT ": %s%s", (unsigned)facts->id,
         grt_fault_name(facts->id), GRT_THREAD_ARGUMENTS(thread), grt_fault_sentence(facts->id),
         address);
}

static void report_address(const grt_log *log, grt_thread *thread, const grt_fault_facts *facts)
{
    char text[256];
    if (facts->has_address) {
        grt_fault_describe(thread->runtime, facts->address, text, sizeof text);
        LINE("address: %08X is %s", facts->address, text);
    }
    if (facts->text[0] != '\0')
        LINE("detail: %s", facts->text);
}

static void report_thread(const grt_log *log, const grt_thread *thread)
{
    const grt_context_block *context = thread->context;
    char entry[96];
    if (!grt_runtime_symbol(thread->runtime, thread->config.entry, entry, sizeof entry))
        snprintf(entry, sizeof entry, "no code");
    LINE("thread: " GRT_THREAD_FORMAT " cpu %u entry %08X %s argument %08X",
         GRT_THREAD_ARGUMENTS(thread), thread->cpu, thread->config.entry, entry,
         thread->config.argument);
    LINE("stack: %08X-%08X, r1 %08X: %d bytes used", context->stack_limit, context->stack_base,
         (uint32_t)thread->ppc.r[1], (int)(context->stack_base - (uint32_t)thread->ppc.r[1]));
}

/* The translated function whose host code holds [host_pc]: the nearest one below, if there is also
 * one above it, since host code outside of the translation lies elsewhere. */
static const grt_ppc_entry *entry_of_host_pc(const grt_ppc_module *module, uintptr_t host_pc)
{
    const grt_ppc_entry *below = NULL;
    bool above = false;
    for (uint32_t i = 0; i < module->entry_count; i++) {
        uintptr_t host = (uintptr_t)module->entries[i].function;
        above |= host > host_pc;
        if (host <= host_pc && (below == NULL || host > (uintptr_t)below->function))
            below = &module->entries[i];
    }
    return above ? below : NULL;
}

static void report_place(const grt_log *log, const grt_thread *thread, const grt_fault_facts *facts)
{
    const grt_runtime *runtime = thread->runtime;
    char symbol[96];
    if (facts->pc != 0) {
        grt_runtime_symbol(runtime, facts->pc, symbol, sizeof symbol);
        LINE("pc: %08X %s", facts->pc, symbol);
        return;
    }
    const grt_ppc_entry *entry = facts->host_pc == 0 || runtime->module == NULL
                                     ? NULL
                                     : entry_of_host_pc(runtime->module, facts->host_pc);
    if (entry == NULL) {
        LINE("pc: not known; the call chain starts with the last call made");
        return;
    }
    grt_runtime_symbol(runtime, entry->address, symbol, sizeof symbol);
    LINE("pc: not known; by its host address the instruction is in %s (%08X-%08X)", symbol,
         entry->address, entry->address + entry->size);
}

static void report_chain(const grt_log *log, grt_thread *thread)
{
    grt_chain_frame frames[GRT_CHAIN_MAX];
    const char *end;
    uint32_t count = grt_fault_chain(thread, frames, GRT_CHAIN_MAX, &end);
    LINE("call chain, newest first (return addresses):");
    for (uint32_t i = 0; i < count; i++) {
        char symbol[96];
        grt_symbol_of_return(thread->runtime, frames[i].return_address, symbol, sizeof symbol);
        if (frames[i].frame == 0)
            LINE("  #%u %08X %s (link register)", i, frames[i].return_address, symbol);
        else
            LINE("  #%u %08X %s (frame %08X)", i, frames[i].return_address, symbol,
                 frames[i].frame);
    }
    LINE("  end: %s", end);
}

static uint32_t condition_register(const grt_ppc *ppc)
{
    uint32_t value = 0;
    for (int i = 0; i < 32; i++)
        value = value << 1 | (ppc->cr[i] & 1u);
    return value;
}

static void report_registers(const grt_log *log, const grt_ppc *ppc)
{
    LINE("registers as of the last call or trap:");
    for (int i = 0; i < 32; i += 4)
        LINE("  r%-2d %016llX r%-2d %016llX r%-2d %016llX r%-2d %016llX", i,
             (unsigned long long)ppc->r[i], i + 1, (unsigned long long)ppc->r[i + 1], i + 2,
             (unsigned long long)ppc->r[i + 2], i + 3, (unsigned long long)ppc->r[i + 3]);
    LINE("  lr %08X ctr %08X cr %08X xer %c%c%c", (uint32_t)ppc->lr, (uint32_t)ppc->ctr,
         condition_register(ppc), ppc->xer_so ? 'S' : '-', ppc->xer_ov ? 'O' : '-',
         ppc->xer_ca ? 'C' : '-');
}

/* A register that was loaded from memory which the heap had filled says so. */
static void report_patterns(const grt_log *log, const grt_runtime *runtime, const grt_ppc *ppc)
{
    for (int i = 0; i < 32; i++) {
        const char *name = grt_fault_pattern(runtime, (uint32_t)ppc->r[i]);
        if (name != NULL)
            LINE("  r%d is made of %s", i, name);
    }
}

static void report_outcome(const grt_log *log, const grt_thread *thread,
                           const grt_fault_facts *facts)
{
    bool stops = thread->runtime->config.on_guest_fault == GRT_POLICY_STOP;
    LINE("next: %s", grt_fault_remedy(facts->id));
    LINE("policy: the thread ends with exit code %08X%s", grt_fault_exit_code(facts->id),
         stops ? " and the runtime stops" : "; the others go on");
}

/* ---- the page ---------------------------------------------------------------------------- */

void grt_fault_report(grt_thread *thread, const grt_fault_facts *facts)
{
    grt_runtime *runtime = thread->runtime;
    const grt_log *log = &runtime->config.log;
    os_mutex_lock(&runtime->report_lock);
    report_summary(log, thread, facts);
    report_address(log, thread, facts);
    report_thread(log, thread);
    report_place(log, thread, facts);
    report_chain(log, thread);
    report_registers(log, &thread->ppc);
    report_patterns(log, runtime, &thread->ppc);
    report_outcome(log, thread, facts);
    report_summary(log, thread, facts);
    os_mutex_unlock(&runtime->report_lock);
}
