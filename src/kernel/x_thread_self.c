/* x_thread_self.c - exports about the calling thread: its stack, process, floating point. */
#include "kernel/state.h"

#include "thread/layout.h"

/* ---- the process --------------------------------------------------------------------------- */

uint32_t grt_export_KeGetCurrentProcessType(grt_call *call)
{
    return atomic_load(&call->thread->process_type);
}

void grt_export_KeSetCurrentProcessType(grt_call *call, uint8_t type)
{
    if (type >= GRT_PROCESS_TYPES) {
        grt_call_complain(call, "there is no process type %u", (unsigned)type);
        return;
    }
    atomic_store(&call->thread->process_type, type);
    grt_thread_show_byte(call->thread, GRT_KTHREAD_PROCESS_TYPE, type);
}

/* ---- stacks -------------------------------------------------------------------------------- */

static void store_pcr(grt_call *call, uint32_t offset, uint32_t value)
{
    grt_call_write_u32(call, call->thread->pcr + offset, value, "the PCR");
}

void grt_export_KeSetCurrentStackPointers(grt_call *call, grt_addr stack_pointer, grt_addr kthread,
                                          grt_addr allocation_base, grt_addr base, grt_addr limit)
{
    grt_thread *thread = call->thread;
    if (kthread != thread->kthread) {
        grt_call_complain(call, "0x%08X is not the calling thread's KTHREAD", (unsigned)kthread);
        return;
    }
    if (limit >= base || stack_pointer < limit || stack_pointer >= base) {
        grt_call_complain(call, "stack pointer 0x%08X is not in the stack 0x%08X-0x%08X",
                          (unsigned)stack_pointer, (unsigned)limit, (unsigned)base);
        return;
    }
    grt_thread_switch_stack(thread, limit, base);
    grt_thread_show_word(thread, GRT_KTHREAD_STACK_ALLOCATION, allocation_base);
    grt_thread_show_word(thread, GRT_KTHREAD_STACK_BASE, base);
    grt_thread_show_word(thread, GRT_KTHREAD_STACK_LIMIT, limit);
    store_pcr(call, GRT_PCR_STACK_BASE, base);
    store_pcr(call, GRT_PCR_STACK_LIMIT, limit);
    call->ctx->r[1] = stack_pointer;
}

void grt_export_RtlGetStackLimits(grt_call *call, grt_addr low_out, grt_addr high_out)
{
    grt_addr pcr = call->thread->pcr;
    uint32_t alternative, low, high;
    if (!grt_call_read_u32(call, pcr + GRT_PCR_USE_ALTERNATIVE, &alternative, "the PCR"))
        return;
    uint32_t offset = alternative ? GRT_PCR_ALTERNATIVE_BASE : GRT_PCR_STACK_BASE;
    if (grt_call_read_u32(call, pcr + offset, &high, "the PCR") &&
        grt_call_read_u32(call, pcr + offset + 4, &low, "the PCR") &&
        grt_call_write_u32(call, low_out, low, "low_out"))
        grt_call_write_u32(call, high_out, high, "high_out");
}

grt_addr grt_export_MmCreateKernelStack(grt_call *call, uint32_t size, uint32_t unused)
{
    (void)unused;
    grt_addr base = grt_stack_create(call->runtime, size);
    if (!base)
        grt_call_complain(call, "a stack of %u bytes cannot be had", (unsigned)size);
    return base;
}

uint32_t grt_export_MmDeleteKernelStack(grt_call *call, grt_addr base, grt_addr limit)
{
    if (grt_stack_destroy(call->runtime, base, limit))
        return GRT_NT_SUCCESS;
    grt_call_complain(call, "0x%08X-0x%08X is no such stack, or a thread runs on it",
                      (unsigned)limit, (unsigned)base);
    return GRT_NT_UNSUCCESSFUL;
}

/* ---- floating point ------------------------------------------------------------------------ */

void grt_export_KeEnableFpuExceptions(grt_call *call, uint32_t enable)
{
    grt_thread_show_byte(call->thread, GRT_KTHREAD_FPU_EXCEPTIONS, enable != 0);
}

void grt_export_KeSaveFloatingPointState(grt_call *call)
{
    (void)call;
}

void grt_export_KeRestoreFloatingPointState(grt_call *call)
{
    (void)call;
}

void grt_export_KeSaveVectorUnitState(grt_call *call)
{
    (void)call;
}

void grt_export_KeRestoreVectorUnitState(grt_call *call)
{
    (void)call;
}
