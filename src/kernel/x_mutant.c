/* x_mutant.c - exports about mutants. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

static uint32_t release_mutant(grt_call *call, grt_object *mutant, int32_t amount,
                               int32_t *previous)
{
    (void)amount;
    *previous = mutant->state;
    if (mutant->owner != call->thread)
        return GRT_NT_MUTANT_NOT_OWNED;
    *previous = grt_mutant_release(grt_call_dispatch(call), mutant);
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtCreateMutant(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                   bool owned)
{
    grt_object model = {
        .kind = GRT_OBJECT_MUTANT, .state = 1, .owner = owned ? call->thread : NULL};
    return grt_call_create(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtReleaseMutant(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    uint32_t status =
        grt_call_act(call, handle, GRT_OBJECT_MUTANT, release_mutant, 0, previous_out);
    if (status == GRT_NT_MUTANT_NOT_OWNED)
        grt_call_complain(call, "mutant %08X: %s", (unsigned)handle, grt_nt_sentence(status));
    return status;
}

static void query_mutant(grt_call *call, grt_object *mutant, uint8_t *bytes)
{
    grt_store32(bytes, (uint32_t)mutant->state);
    bytes[4] = mutant->owner == call->thread;
    bytes[5] = mutant->abandoned;
}

uint32_t grt_export_NtQueryMutant(grt_call *call, uint32_t handle, grt_addr record_out)
{
    return grt_call_query(call, handle, GRT_OBJECT_MUTANT, query_mutant, record_out, 8);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

static uint32_t take_first(grt_call *call, grt_object *mutant, int32_t amount, int32_t *previous)
{
    (void)amount;
    *previous = mutant->state;
    if (!mutant->owner) /* else the body said so when it was adopted */
        grt_mutant_take(grt_call_dispatch(call), mutant, call->thread);
    return GRT_NT_SUCCESS;
}

void grt_export_KeInitializeMutant(grt_call *call, grt_addr mutant, bool owned)
{
    uint8_t bytes[GRT_BODY_MUTANT_SIZE] = {0};
    int32_t previous;
    grt_body_fill_header(bytes, mutant, GRT_TYPE_BYTE_MUTANT);
    grt_store32(bytes + GRT_BODY_STATE, !owned);
    /* Whoever looks before the next call finds it owned already. */
    grt_store32(bytes + GRT_BODY_OWNER, owned ? call->thread->kthread : 0);
    if (grt_call_initialise(call, mutant, bytes, sizeof bytes) && owned)
        grt_call_act_at(call, mutant, GRT_OBJECT_MUTANT, take_first, 0, &previous);
}

static uint32_t abandon_mutant(grt_call *call, grt_object *mutant, int32_t amount,
                               int32_t *previous)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    (void)amount;
    *previous = mutant->state;
    if (mutant->owner) {
        grt_mutant_abandon(dispatch, mutant);
    } else {
        mutant->abandoned = true;
        grt_object_store(dispatch, mutant);
    }
    return GRT_NT_SUCCESS;
}

int32_t grt_export_KeReleaseMutant(grt_call *call, grt_addr mutant, uint32_t increment,
                                   bool abandoned, bool wait)
{
    (void)increment;
    (void)wait;
    int32_t previous;
    uint32_t status = grt_call_act_at(call, mutant, GRT_OBJECT_MUTANT,
                                      abandoned ? abandon_mutant : release_mutant, 0, &previous);
    if (status == GRT_NT_MUTANT_NOT_OWNED) /* the console raises it as an exception */
        grt_call_complain(call, "mutant %08X: %s", (unsigned)mutant, grt_nt_sentence(status));
    return previous;
}
