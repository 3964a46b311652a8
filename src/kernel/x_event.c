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
                                  uint32_t type, bool state)
{
    if (type > AUTO_RESET) {
        grt_call_complain(call, "there is no event type %u", (unsigned)type);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_object model = {.kind = GRT_OBJECT_EVENT, .state = state, .auto_reset = type == AUTO_RESET};
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

static void query_event(grt_call *call, grt_object *event, uint8_t *bytes)
{
    (void)call;
    grt_store32(bytes, event->auto_reset ? AUTO_RESET : 0);
    grt_store32(bytes + 4, (uint32_t)event->state);
}

uint32_t grt_export_NtQueryEvent(grt_call *call, uint32_t handle, grt_addr record_out)
{
    return grt_call_query(call, handle, GRT_OBJECT_EVENT, query_event, record_out, 8);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

static int32_t act_at(grt_call *call, grt_addr event, grt_object_action *action)
{
    int32_t previous;
    grt_call_act_at(call, event, GRT_OBJECT_EVENT, action, 0, &previous);
    return previous;
}

void grt_export_KeInitializeEvent(grt_call *call, grt_addr event, uint32_t type, bool state)
{
    uint8_t bytes[GRT_BODY_HEADER_SIZE] = {0};
    grt_body_fill_header(
        bytes, event, type == AUTO_RESET ? GRT_TYPE_BYTE_AUTO_EVENT : GRT_TYPE_BYTE_MANUAL_EVENT);
    if (type > AUTO_RESET)
        grt_call_complain(call, "there is no event type %u", (unsigned)type);
    grt_store32(bytes + GRT_BODY_STATE, state);
    grt_call_initialise(call, event, bytes, sizeof bytes);
}

int32_t grt_export_KeSetEvent(grt_call *call, grt_addr event, uint32_t increment, bool wait)
{
    (void)increment; /* priorities are the host's */
    (void)wait;      /* a hint that a wait follows */
    return act_at(call, event, set_event);
}

int32_t grt_export_KePulseEvent(grt_call *call, grt_addr event, uint32_t increment, bool wait)
{
    (void)increment;
    (void)wait;
    return act_at(call, event, pulse_event);
}

int32_t grt_export_KeResetEvent(grt_call *call, grt_addr event)
{
    return act_at(call, event, clear_event);
}

/* [*previous] is the KTHREAD of who was let through, 0 for nobody. */
static uint32_t hand_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)amount;
    grt_addr first = event->first ? event->first->wait->thread->kthread : 0;
    grt_event_set(grt_call_dispatch(call), event);
    *previous = event->state == 0 ? (int32_t)first : 0;
    return GRT_NT_SUCCESS;
}

void grt_export_KeSetEventBoostPriority(grt_call *call, grt_addr event, grt_addr thread_out)
{
    if (!grt_call_probe(call, thread_out, "thread_out"))
        return;
    grt_addr thread = (grt_addr)act_at(call, event, hand_event);
    if (thread && thread_out)
        grt_call_write_u32(call, thread_out, thread, "thread_out");
}
