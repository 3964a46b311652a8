/* x_mutant.c - exports about mutants. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

static uint32_t release_mutant(grt_call *call, grt_object *mutant, int32_t amount,
                               int32_t *previous)
{
    (void)amount;
    if (mutant->owner != call->thread)
        return GRT_NT_MUTANT_NOT_OWNED;
    *previous = grt_mutant_release(grt_call_dispatch(call), mutant);
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtCreateMutant(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                   uint32_t owned)
{
    grt_object model = {
        .kind = GRT_OBJECT_MUTANT, .state = 1, .owner = owned ? call->thread : NULL};
    return grt_call_create(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtReleaseMutant(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return grt_call_act(call, handle, GRT_OBJECT_MUTANT, release_mutant, 0, previous_out);
}
