/*
 * raise.c - from something that went wrong to a report, a policy and the end of the thread.
 */
#include "diag/fault.h"
#include "thread/internal.h"

#include <stdio.h>

static void conclude(grt_thread *thread, const grt_fault_facts *facts)
{
    grt_runtime *runtime = thread->runtime;
    thread->faulted = true;
    thread->exit_code = grt_fault_exit_code(facts->id);
    int none = GRT_FAULT_NONE;
    atomic_compare_exchange_strong(&runtime->first_fault, &none, (int)facts->id);
    grt_fault_report(thread, facts);
    if (runtime->config.on_guest_fault == GRT_POLICY_STOP) {
        char reason[96];
        snprintf(reason, sizeof reason, "GRT-F%03u %s in thread id %08X", (unsigned)facts->id,
                 grt_fault_name(facts->id), thread->id);
        grt_runtime_stop(runtime, reason);
    }
}

grt_fault_id grt_runtime_first_fault(const grt_runtime *runtime)
{
    return (grt_fault_id)atomic_load(&runtime->first_fault);
}

void grt_thread_fault(grt_thread *thread, const grt_fault_facts *facts)
{
    grt_thread_leave_guest(thread);
    conclude(thread, facts);
    grt_thread_exit(thread, thread->exit_code);
}

/* ---- faults that the host's handler caught ----------------------------------------------- */

static void window_fault(grt_thread *thread, const os_fault *fault, grt_fault_facts *facts)
{
    uint64_t offset = fault->address - (uintptr_t)thread->runtime->base;
    bool past_end = offset >= GRT_WINDOW_SIZE;
    facts->has_address = true;
    facts->address = past_end ? UINT32_MAX : (grt_addr)offset;
    facts->id = grt_fault_classify(thread, facts->address, fault->access);
    if (past_end)
        snprintf(facts->text, sizeof facts->text,
                 "the access runs past the end of the 4 GiB address space");
}

static void other_fault(const os_fault *fault, grt_fault_facts *facts)
{
    if (fault->kind == OS_FAULT_ARITHMETIC) {
        facts->id = GRT_FAULT_ARITHMETIC;
    } else if (fault->kind == OS_FAULT_ILLEGAL) {
        facts->id = GRT_FAULT_ILLEGAL;
    } else {
        facts->id = GRT_FAULT_HOST_STACK_OVERFLOW;
        snprintf(facts->text, sizeof facts->text,
                 "the host stack is in proportion to the guest stack; the recursion is too deep "
                 "for both");
    }
}

void grt_thread_report_host_fault(grt_thread *thread)
{
    const os_fault *fault = &thread->host_fault;
    grt_fault_facts facts = {.host_pc = fault->pc};
    if (fault->kind == OS_FAULT_ACCESS && grt_in_window(thread->runtime, fault->address))
        window_fault(thread, fault, &facts);
    else
        other_fault(fault, &facts);
    conclude(thread, &facts);
}
