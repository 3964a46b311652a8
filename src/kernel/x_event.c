/* x_event.c - exports about events. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

#define AUTO_RESET 1u

static uint32_t set_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)amount;
    *previous = grt_event_set(grt_call_dispatch(call), event);
    return GRT_NT_SUCCESS;
}

static uint32_t clear_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)amount;
    *previous = grt_event_clear(grt_call_dispatch(call), event);
    return GRT_NT_SUCCESS;
}

static uint32_t pulse_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)amount;
    *previous = grt_event_pulse(grt_call_dispatch(call), event);
    return GRT_NT_SUCCESS;
}

/* ---- by handle ------------------------------------------------------------------------------- */

uint32_t grt_export_NtCreateEvent(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                  uint32_t type, uint32_t state)
{
    if (type > AUTO_RESET) {
        grt_call_complain(call, "there is no event type %u", (unsigned)type);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_object model = {
        .kind = GRT_OBJECT_EVENT, .state = state != 0, .auto_reset = type == AUTO_RESET};
    return grt_call_create(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtSetEvent(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return grt_call_act(call, handle, GRT_OBJECT_EVENT, set_event, 0, previous_out);
}

uint32_t grt_export_NtClearEvent(grt_call *call, uint32_t handle)
{
    return grt_call_act(call, handle, GRT_OBJECT_EVENT, clear_event, 0, 0);
}

uint32_t grt_export_NtPulseEvent(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return grt_call_act(call, handle, GRT_OBJECT_EVENT, pulse_event, 0, previous_out);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

static int32_t act_at(grt_call *call, grt_addr event, grt_object_action *action)
{
    int32_t previous;
    grt_call_act_at(call, event, GRT_OBJECT_EVENT, action, 0, &previous);
    return previous;
}

void grt_export_KeInitializeEvent(grt_call *call, grt_addr event, uint32_t type, uint32_t state)
{
    uint8_t bytes[GRT_BODY_HEADER_SIZE] = {0};
    bytes[GRT_BODY_TYPE] =
        type == AUTO_RESET ? GRT_TYPE_BYTE_AUTO_EVENT : GRT_TYPE_BYTE_MANUAL_EVENT;
    if (type > AUTO_RESET)
        grt_call_complain(call, "there is no event type %u", (unsigned)type);
    grt_store32(bytes + GRT_BODY_STATE, state != 0);
    grt_store32(bytes + GRT_BODY_LIST, event + GRT_BODY_LIST);
    grt_store32(bytes + GRT_BODY_LIST + 4, event + GRT_BODY_LIST);
    grt_call_initialise(call, event, bytes, sizeof bytes);
}

int32_t grt_export_KeSetEvent(grt_call *call, grt_addr event, uint32_t increment, uint32_t wait)
{
    (void)increment; /* priorities are the host's */
    (void)wait;      /* a hint that a wait follows */
    return act_at(call, event, set_event);
}

int32_t grt_export_KePulseEvent(grt_call *call, grt_addr event, uint32_t increment, uint32_t wait)
{
    (void)increment;
    (void)wait;
    return act_at(call, event, pulse_event);
}

int32_t grt_export_KeResetEvent(grt_call *call, grt_addr event)
{
    return act_at(call, event, clear_event);
}
