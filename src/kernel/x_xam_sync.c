/*
 * x_xam_sync.c - the Win32 faces of events, mutants, timers, waits and sleeps. They do what the
 * Nt... exports do, and leave a Win32 error in the thread block when they fail.
 */
#include "kernel/create.h"
#include "kernel/state.h"
#include "kernel/waiting.h"
#include "thread/layout.h"

#include <string.h>

#define INFINITE             0xFFFFFFFFu
#define WAIT_FAILED          0xFFFFFFFFu
#define ERROR_NOT_SUPPORTED  50u
#define ERROR_ALREADY_EXISTS 183u
#define UNITS_PER_MS         10000
#define MODE_USER            1u
#define NAME_MAX_BYTES       260u /* with the terminator */

static void set_last_error(grt_call *call, uint32_t error)
{
    grt_thread_show_word(call->thread, GRT_KTHREAD_LAST_ERROR, error);
}

/* A status as a BOOL. */
static uint32_t succeeded(grt_call *call, uint32_t status)
{
    if (status == GRT_NT_SUCCESS)
        return 1;
    set_last_error(call, grt_export_RtlNtStatusToDosError(call, status));
    return 0;
}

static uint64_t deadline_of(grt_call *call, uint32_t milliseconds)
{
    return milliseconds == INFINITE
               ? UINT64_MAX
               : grt_call_deadline_at(call, -(int64_t)milliseconds * UNITS_PER_MS);
}

/* ---- creation -------------------------------------------------------------------------------- */

/* The caller frees [*name]; null when there is none. */
static uint32_t read_name(grt_call *call, grt_addr from, grt_name **name)
{
    char text[NAME_MAX_BYTES + 1];
    *name = NULL;
    if (from == 0)
        return GRT_NT_SUCCESS;
    if (!grt_guest_read_string(call->runtime, text, sizeof text, from)) {
        grt_call_complain(call, "the name at 0x%08X cannot be read", (unsigned)from);
        return GRT_NT_ACCESS_VIOLATION;
    }
    uint32_t length = (uint32_t)strlen(text);
    if (length == 0)
        return GRT_NT_SUCCESS;
    if (length == NAME_MAX_BYTES)
        return GRT_NT_OBJECT_NAME_INVALID;
    *name = grt_name_create(length, GRT_NAMES_OF_OBJECTS);
    if (!*name)
        return GRT_NT_NO_MEMORY;
    memcpy((*name)->text, text, length);
    grt_name_seal(*name);
    return GRT_NT_SUCCESS;
}

/* A handle of a new object like [model] or of the one that has the name; 0 when there is none. */
static uint32_t create(grt_call *call, const grt_object *model, grt_addr name_at)
{
    grt_name *name;
    uint32_t handle = 0, status = read_name(call, name_at, &name);
    if (status == GRT_NT_SUCCESS)
        status = grt_call_open_handle(call, model, &name, &handle);
    os_free(name);
    if (handle)
        set_last_error(call, status == GRT_NT_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : 0);
    else
        succeeded(call, (int32_t)status < 0 ? status : GRT_NT_INSUFFICIENT_RESOURCES);
    return handle;
}

uint32_t grt_export_CreateEventA(grt_call *call, grt_addr attributes, uint32_t manual,
                                 uint32_t state, grt_addr name)
{
    (void)attributes;
    grt_object model = {.kind = GRT_OBJECT_EVENT, .state = state != 0, .auto_reset = manual == 0};
    return create(call, &model, name);
}

uint32_t grt_export_CreateMutexA(grt_call *call, grt_addr attributes, uint32_t owned, grt_addr name)
{
    (void)attributes;
    grt_object model = {
        .kind = GRT_OBJECT_MUTANT, .state = 1, .owner = owned ? call->thread : NULL};
    return create(call, &model, name);
}

uint32_t grt_export_CreateWaitableTimerA(grt_call *call, grt_addr attributes, uint32_t manual,
                                         grt_addr name)
{
    (void)attributes;
    grt_object model = {.kind = GRT_OBJECT_TIMER, .auto_reset = manual == 0};
    return create(call, &model, name);
}

/* A handle of the object of this kind and name; 0 with a status. */
static uint32_t open_named(grt_dispatch *dispatch, const grt_name *name, grt_object_kind kind,
                           uint32_t *status)
{
    uint32_t handle = 0;
    *status = GRT_NT_OBJECT_NAME_NOT_FOUND;
    grt_dispatch_lock(dispatch);
    grt_object *object = name ? grt_name_find(dispatch, name) : NULL;
    if (object && object->kind != kind) {
        *status = GRT_NT_OBJECT_TYPE_MISMATCH;
    } else if (object) {
        handle = grt_handle_open(dispatch, object);
        object->references += handle != 0;
        *status = GRT_NT_INSUFFICIENT_RESOURCES;
    }
    grt_dispatch_unlock(dispatch);
    return handle;
}

uint32_t grt_export_OpenMutexA(grt_call *call, uint32_t access, uint32_t inherit, grt_addr name_at)
{
    (void)access;
    (void)inherit;
    grt_name *name;
    uint32_t handle = 0, status = read_name(call, name_at, &name);
    if (status == GRT_NT_SUCCESS)
        handle = open_named(grt_call_dispatch(call), name, GRT_OBJECT_MUTANT, &status);
    os_free(name);
    if (!handle)
        succeeded(call, status);
    return handle;
}

/* ---- signals --------------------------------------------------------------------------------- */

uint32_t grt_export_SetEvent(grt_call *call, uint32_t event)
{
    return succeeded(call, grt_export_NtSetEvent(call, event, 0));
}

uint32_t grt_export_ResetEvent(grt_call *call, uint32_t event)
{
    return succeeded(call, grt_export_NtClearEvent(call, event));
}

uint32_t grt_export_ReleaseMutex(grt_call *call, uint32_t mutex)
{
    return succeeded(call, grt_export_NtReleaseMutant(call, mutex, 0));
}

uint32_t grt_export_SetWaitableTimer(grt_call *call, uint32_t timer, grt_addr due, int32_t period,
                                     grt_addr routine, uint32_t argument, uint32_t resume)
{
    uint32_t status =
        grt_export_NtSetTimerEx(call, timer, due, routine, MODE_USER, argument, resume, period, 0);
    if (status != GRT_NT_TIMER_RESUME_IGNORED)
        return succeeded(call, status);
    set_last_error(call, ERROR_NOT_SUPPORTED); /* it is armed all the same */
    return 1;
}

uint32_t grt_export_CancelWaitableTimer(grt_call *call, uint32_t timer)
{
    return succeeded(call, grt_export_NtCancelTimer(call, timer, 0));
}

/* ---- waits ----------------------------------------------------------------------------------- */

uint32_t grt_export_WaitForSingleObjectEx(grt_call *call, uint32_t object, uint32_t milliseconds,
                                          uint32_t alertable)
{
    grt_wait wait;
    grt_wait_init(&wait, call->thread, alertable != 0, deadline_of(call, milliseconds));
    uint32_t status;
    do /* an alert is none of its results */
        status = grt_call_wait_handle(call, object, GRT_OBJECT_WAITABLE, &wait);
    while (status == GRT_NT_ALERTED);
    if ((int32_t)status >= 0)
        return status;
    succeeded(call, status);
    return WAIT_FAILED;
}

uint32_t grt_export_WaitForSingleObject(grt_call *call, uint32_t object, uint32_t milliseconds)
{
    return grt_export_WaitForSingleObjectEx(call, object, milliseconds, 0);
}

uint32_t grt_export_RtlSleep(grt_call *call, uint32_t milliseconds, uint32_t alertable)
{
    uint64_t deadline = deadline_of(call, milliseconds);
    uint32_t status;
    if (milliseconds == 0)
        grt_thread_yield(call->thread);
    do
        status = grt_wait_sleep(grt_call_dispatch(call), call->thread, alertable != 0, deadline);
    while (status == GRT_NT_ALERTED);
    return status;
}

uint32_t grt_export_SleepEx(grt_call *call, uint32_t milliseconds, uint32_t alertable)
{
    return grt_export_RtlSleep(call, milliseconds, alertable);
}

void grt_export_Sleep(grt_call *call, uint32_t milliseconds)
{
    grt_export_RtlSleep(call, milliseconds, 0);
}
