/* x_timer.c - exports about timers. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

#define AUTO_RESET   1u
#define MODE_USER    1u
#define NS_PER_MS    1000000ull
#define UNITS_NS     100
#define PROCESS_TYPE 0x02u
/* Bytes of a KTIMER that its initialisation writes, but for the period. */
#define INITIALISED 0x18u

/* Timers need the clock thread. */
static bool start_clock(grt_call *call)
{
    int error = grt_clock_start(grt_call_dispatch(call));
    if (error)
        grt_call_complain(call, "the clock thread cannot be started: the host says %d", error);
    return error == 0;
}

/* ---- by handle ------------------------------------------------------------------------------- */

uint32_t grt_export_NtCreateTimer(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                  uint32_t type)
{
    if (type > AUTO_RESET) {
        grt_call_complain(call, "there is no timer type %u", (unsigned)type);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_object model = {.kind = GRT_OBJECT_TIMER, .auto_reset = type == AUTO_RESET};
    return grt_call_create(call, &model, attributes, handle_out);
}

/* What a call says about its timer. */
typedef struct timer_terms {
    uint64_t due, period;
    grt_addr routine;
    uint32_t context, mode;
} timer_terms;

/* Arms the timer of [handle]; returns a status. */
static uint32_t arm(grt_call *call, uint32_t handle, const timer_terms *terms, int32_t *previous)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    if (!start_clock(call))
        return GRT_NT_INSUFFICIENT_RESOURCES;
    grt_dispatch_lock(dispatch);
    grt_object *timer =
        grt_handle_object(dispatch, call->thread, handle, GRT_OBJECT_TIMER, &trouble);
    if (timer) {
        grt_object_load(dispatch, timer);
        *previous = timer->state;
        timer->timer.dpc = 0;
        grt_timer_set_apc(dispatch, timer, call->thread, terms->routine, terms->context,
                          terms->mode);
        grt_timer_set(dispatch, timer, terms->due, terms->period);
        grt_object_release(dispatch, timer);
    }
    grt_dispatch_unlock(dispatch);
    return timer ? GRT_NT_SUCCESS : grt_call_handle_trouble(call, &trouble);
}

uint32_t grt_export_NtSetTimerEx(grt_call *call, uint32_t handle, grt_addr due, grt_addr routine,
                                 uint8_t mode, uint32_t context, bool resume, int32_t period,
                                 grt_addr previous_out)
{
    timer_terms terms = {.routine = routine, .context = context, .mode = mode};
    int32_t previous = 0;
    if (period < 0 || terms.mode > MODE_USER) {
        grt_call_complain(call, "period %d with mode %u", (int)period, (unsigned)terms.mode);
        return GRT_NT_INVALID_PARAMETER;
    }
    if (due == 0) {
        grt_call_complain(call, "due is null");
        return GRT_NT_ACCESS_VIOLATION;
    }
    if (!grt_call_deadline(call, due, &terms.due) ||
        !grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    terms.period = (uint64_t)period * NS_PER_MS;
    uint32_t status = arm(call, handle, &terms, &previous);
    if (status != GRT_NT_SUCCESS)
        return status;
    if (previous_out && !grt_call_write_u32(call, previous_out, (uint32_t)previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return resume ? GRT_NT_TIMER_RESUME_IGNORED : GRT_NT_SUCCESS;
}

static uint32_t cancel_timer(grt_call *call, grt_object *timer, int32_t amount, int32_t *previous)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    (void)amount;
    grt_object_load(dispatch, timer);
    *previous = timer->state;
    grt_timer_cancel(dispatch, timer);
    grt_timer_set_apc(dispatch, timer, NULL, 0, 0, 0); /* also one that is queued */
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtCancelTimer(grt_call *call, uint32_t handle, grt_addr state_out)
{
    return grt_call_act(call, handle, GRT_OBJECT_TIMER, cancel_timer, 0, state_out);
}

static void query_timer(grt_call *call, grt_object *timer, uint8_t *bytes)
{
    uint64_t now = grt_dispatch_clock(grt_call_dispatch(call));
    int64_t left = timer->timer.due ? (int64_t)(timer->timer.due - now) / UNITS_NS : 0;
    if (timer->timer.due == UINT64_MAX) /* never */
        left = INT64_MAX;
    grt_store64(bytes, (uint64_t)left);
    bytes[8] = timer->state > 0;
}

uint32_t grt_export_NtQueryTimer(grt_call *call, uint32_t handle, grt_addr record_out)
{
    return grt_call_query(call, handle, GRT_OBJECT_TIMER, query_timer, record_out, 16);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

void grt_export_KeInitializeTimerEx(grt_call *call, grt_addr timer, uint32_t type,
                                    uint8_t process_type)
{
    uint8_t bytes[INITIALISED] = {0};
    if (type > AUTO_RESET)
        grt_call_complain(call, "there is no timer type %u", (unsigned)type);
    grt_body_fill_header(
        bytes, timer, type == AUTO_RESET ? GRT_TYPE_BYTE_AUTO_TIMER : GRT_TYPE_BYTE_MANUAL_TIMER);
    bytes[PROCESS_TYPE] = process_type;
    if (grt_call_initialise(call, timer, bytes, sizeof bytes))
        grt_call_write_u32(call, timer + GRT_BODY_PERIOD, 0, "timer");
}

uint32_t grt_export_KeSetTimer(grt_call *call, grt_addr timer, int64_t due, grt_addr dpc)
{
    return grt_export_KeSetTimerEx(call, timer, due, 0, dpc);
}

/* The guest's own record of what it asked for. */
static void show_terms(grt_dispatch *dispatch, const grt_object *timer, int32_t period)
{
    uint8_t bytes[8];
    grt_store32(bytes, timer->timer.dpc);
    grt_store32(bytes + 4, (uint32_t)period);
    if (timer->body)
        grt_guest_write(dispatch->runtime, timer->body + GRT_BODY_DPC, bytes, sizeof bytes);
}

uint32_t grt_export_KeSetTimerEx(grt_call *call, grt_addr timer, int64_t due, int32_t period,
                                 grt_addr dpc)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    bool was_armed = false;
    if (period < 0) {
        grt_call_complain(call, "a period of %d ms counts as none", (int)period);
        period = 0;
    }
    uint64_t deadline = grt_call_deadline_at(call, due);
    if (!start_clock(call))
        return 0;
    grt_object *object = grt_object_at(dispatch, timer, GRT_OBJECT_TIMER, &trouble);
    if (object) {
        object->timer.dpc = dpc;
        show_terms(dispatch, object, period);
        was_armed = grt_timer_set(dispatch, object, deadline, (uint64_t)period * NS_PER_MS);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        grt_call_handle_trouble(call, &trouble);
    return was_armed;
}

uint32_t grt_export_KeCancelTimer(grt_call *call, grt_addr timer)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    bool was_armed = false;
    grt_object *object = grt_object_at(dispatch, timer, GRT_OBJECT_TIMER, &trouble);
    if (object) {
        was_armed = grt_timer_cancel(dispatch, object);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        grt_call_handle_trouble(call, &trouble);
    return was_armed;
}
