/*
 * ppc_host.c - the host's part of ppc.h: what generated code calls when it cannot go on.
 */
#include "diag/fault.h"
#include "thread/internal.h"

#include <stdio.h>

#define TIME_BASE_NS 20u /* 50 MHz */

static grt_fault_id fault_of_trap(grt_ppc_trap_kind kind)
{
    switch (kind) {
    case GRT_TRAP_UNTRANSLATED:
        return GRT_FAULT_UNTRANSLATED;
    case GRT_TRAP_SYSTEM_CALL:
        return GRT_FAULT_SYSTEM_CALL;
    case GRT_TRAP_RETURN:
        return GRT_FAULT_BAD_RETURN;
    case GRT_TRAP_UNALIGNED_RESERVE:
        return GRT_FAULT_UNALIGNED_RESERVE;
    case GRT_TRAP_FELL_OFF:
        return GRT_FAULT_FELL_OFF;
    case GRT_TRAP_JUMP:
        return GRT_FAULT_BAD_JUMP;
    case GRT_TRAP_INSTRUCTION:
        break;
    }
    return GRT_FAULT_TRAP;
}

/* A jump within its function used a table that the translation misunderstood. Any other was the
 * last call of its function. */
static void bad_jump(grt_ppc *ctx, uint8_t *base, grt_addr site, grt_addr target)
{
    grt_thread *thread = ctx->thread;
    grt_fault_facts facts = {
        .id = GRT_FAULT_BAD_JUMP, .has_address = true, .address = target, .pc = site};
    if (!grt_symbol_same_function(thread->runtime, site, target))
        grt_ppc_bad_call(ctx, base, target, site);
    snprintf(facts.text, sizeof facts.text,
             "the table of the jump through CTR was not understood; --jump-anywhere=0x%08X gets it "
             "right",
             site);
    grt_thread_fault(thread, &facts);
}

void grt_ppc_trap(grt_ppc *ctx, uint8_t *base, grt_ppc_trap_kind kind, grt_addr address,
                  uint32_t detail)
{
    grt_fault_facts facts = {.id = fault_of_trap(kind), .pc = address};
    if (kind == GRT_TRAP_JUMP)
        bad_jump(ctx, base, address, detail);
    if (kind == GRT_TRAP_RETURN) {
        facts.has_address = true;
        facts.address = detail;
    } else if (detail != 0) {
        snprintf(facts.text, sizeof facts.text, "the instruction word is %08X", detail);
    }
    grt_thread_fault(ctx->thread, &facts);
}

void grt_ppc_bad_call(grt_ppc *ctx, uint8_t *base, grt_addr target, grt_addr site)
{
    (void)base;
    grt_fault_facts facts = {
        .id = target == 0 ? GRT_FAULT_NULL_CALL : GRT_FAULT_BAD_CALL,
        .has_address = true,
        .address = target,
        .pc = site,
    };
    if (target % 4 != 0)
        snprintf(facts.text, sizeof facts.text, "code addresses are multiples of 4");
    grt_thread_fault(ctx->thread, &facts);
}

uint64_t grt_ppc_time_base(grt_ppc *ctx)
{
    grt_runtime *runtime = ctx->thread->runtime;
    grt_thread_clock_tick(runtime);
    return grt_thread_clock_ns(runtime) / TIME_BASE_NS;
}
