/*
 * call.c - calls from the host into the guest.
 *
 * On a guest thread the callee runs on the same stack, below the frames that are there. Any other
 * host thread becomes a guest thread for the duration of the call.
 */
#include "diag/fault.h"
#include "os/assert.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <fenv.h>

#define ARGUMENTS_MAX 8u

typedef struct call {
    grt_ppc_function *function;
    const uint64_t *arguments;
    uint32_t count;
    uint64_t result;
    void (*prepare)(grt_thread *thread); /* or null; for borrowed contexts */
} guest_call;

static void set_arguments(grt_ppc *ppc, const guest_call *call)
{
    for (uint32_t i = 0; i < call->count; i++)
        ppc->r[3 + i] = call->arguments[i];
    ppc->lr = GRT_RETURN_SENTINEL;
}

static void run(grt_thread *thread, guest_call *call)
{
    set_arguments(&thread->ppc, call);
    grt_thread_enter_guest(thread);
    call->function(&thread->ppc, thread->runtime->base);
    grt_thread_leave_guest(thread);
    call->result = thread->ppc.r[3];
}

/* ---- on a guest thread ------------------------------------------------------------------- */

/* A frame below the current one: a back chain, so that call chains stay whole, and room for what
 * the callee stores into its caller's frame. */
static void push_frame(grt_thread *thread)
{
    uint32_t old = (uint32_t)thread->ppc.r[1];
    uint32_t frame = (old - GRT_LINKAGE_ROOM) & ~15u;
    grt_fault_facts facts = {.has_address = true, .address = old};
    if (old < thread->stack_limit || old >= thread->stack_base)
        facts.id = GRT_FAULT_BAD_STACK_POINTER;
    else if (frame < thread->stack_limit || frame > old)
        facts.id = GRT_FAULT_STACK_OVERFLOW;
    else if (!grt_guest_write32(thread->runtime, frame, old))
        facts.id = GRT_FAULT_WRITE;
    if (facts.id != 0)
        grt_thread_fault(thread, &facts);
    thread->ppc.r[1] = frame;
}

static grt_status call_nested(grt_thread *thread, guest_call *call)
{
    grt_ppc saved = thread->ppc;
    int rounding = fegetround();
    push_frame(thread);
    thread->call_depth++;
    run(thread, call);
    thread->call_depth--;
    fesetround(rounding);
    saved.reserve_size = 0; /* the callee may have stored anywhere */
    thread->ppc = saved;
    return GRT_OK;
}

/* ---- on any other host thread ------------------------------------------------------------ */

static grt_unwind run_protected(grt_thread *thread, guest_call *call)
{
    int unwind = os_mark(&thread->unwind);
    if (unwind == 0)
        run(thread, call);
    return (grt_unwind)unwind;
}

static grt_status outcome(const grt_thread *thread, grt_unwind unwind, guest_call *call)
{
    if (thread->faulted)
        return GRT_GUEST_FAULT;
    if (unwind == GRT_UNWIND_STOP)
        return GRT_STOPPED;
    if (unwind == GRT_UNWIND_EXIT)
        call->result = thread->exit_code;
    return GRT_OK;
}

/* The host thread may have any size of stack: of a small one a quarter is kept. */
static void set_host_stack(grt_thread *thread)
{
    thread->host_stack_low = grt_host_stack_low();
    uintptr_t left = (uintptr_t)__builtin_frame_address(0) - thread->host_stack_low;
    uintptr_t reserve = left / 4 < GRT_HOST_STACK_RESERVE ? left / 4 : GRT_HOST_STACK_RESERVE;
    thread->host_stack_reserve = thread->host_stack_low + reserve;
}

static grt_status run_as_guest_thread(grt_thread *thread, guest_call *call)
{
    grt_thread *before = grt_thread_current();
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    set_host_stack(thread);
    grt_thread_set_current(thread);
    grt_schedule_begin(thread);
    grt_thread_show_byte(thread, GRT_KTHREAD_STATE, GRT_KTHREAD_RUNNING);
    if (call->prepare != NULL)
        call->prepare(thread);
    grt_unwind unwind = run_protected(thread, call);
    if (unwind == GRT_UNWIND_NONE)
        thread->exit_code = (uint32_t)call->result;
    if (call->prepare != NULL)
        thread->irql = 0; /* it was raised for the call and ends with it */
    grt_thread_finish(thread, unwind);
    grt_thread_set_current(before);
    fesetenv(&environment);
    grt_status status = outcome(thread, unwind, call);
    grt_thread_end(thread, NULL);
    return status;
}

static grt_status call_foreign(grt_runtime *runtime, grt_addr function, guest_call *call)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = function;
    config.stack_size = runtime->config.stack_size;
    config.name = "host call";
    if (os_fault_thread_enter() != 0)
        return GRT_NO_HOST_MEMORY;
    grt_thread *thread;
    grt_threads_host_begin(runtime);
    grt_status status = grt_thread_record_create(runtime, &config, true, &thread);
    if (status == GRT_OK)
        status = run_as_guest_thread(thread, call);
    grt_threads_host_end(runtime);
    os_fault_thread_leave();
    return status;
}

static grt_status call_guest(grt_runtime *runtime, grt_addr function, guest_call *call)
{
    call->function = grt_runtime_function(runtime, function);
    if (call->function == NULL)
        return GRT_NOT_A_FUNCTION;
    bool guest = grt_host_begin();
    grt_thread *self = grt_thread_current();
    grt_status status = self != NULL && self->runtime == runtime
                            ? call_nested(self, call)
                            : call_foreign(runtime, function, call);
    grt_host_end(guest);
    return status;
}

grt_status grt_runtime_call(grt_runtime *runtime, grt_addr function, const uint64_t *arguments,
                            uint32_t count, uint64_t *result)
{
    if (count > ARGUMENTS_MAX || (count > 0 && arguments == NULL))
        return GRT_INVALID_ARGUMENT;
    guest_call call = {.arguments = arguments, .count = count};
    grt_status status = call_guest(runtime, function, &call);
    if (status == GRT_OK && result != NULL)
        *result = call.result;
    return status;
}

grt_status grt_thread_call_prepared(grt_runtime *runtime, grt_addr function,
                                    const uint64_t *arguments, uint32_t count,
                                    void (*prepare)(grt_thread *thread))
{
    GRT_ASSERT(count <= ARGUMENTS_MAX);
    guest_call call = {.arguments = arguments, .count = count, .prepare = prepare};
    return call_guest(runtime, function, &call);
}
