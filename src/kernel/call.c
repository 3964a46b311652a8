/* call.c - the work that every export call shares: arguments, trace, guest pointers, complaints. */
#include "kernel/state.h"

#include "diag/log.h"
#include <stdio.h>
#include <string.h>

/* From 1601 to 1970, in units of 100 ns. */
#define EPOCH_1970         116444736000000000ull
#define COMPLAINTS_SPELLED 16u

/* ---- begin and end ------------------------------------------------------------------------- */

void grt_call_begin(grt_call *call, grt_ppc *ctx, const grt_export *row)
{
    grt_thread *thread = ctx->thread;
    call->ctx = ctx;
    call->thread = thread;
    call->runtime = thread->runtime;
    call->kernel = thread->runtime->kernel;
    call->row = row;
    call->call_site = (grt_addr)ctx->lr;
    grt_thread_enter_host(thread, call->call_site);
    grt_alarm_enter(call);
    call->traced = grt_log_wants(&call->runtime->config.log, GRT_LOG_DEBUG);
    if (__builtin_expect(thread->irql > row->callers, 0))
        grt_call_complain(call, "called at IRQL %u, which is allowed up to %u",
                          (unsigned)thread->irql, (unsigned)row->callers);
    for (uint32_t i = 0; call->traced && i < row->parameter_count; i++)
        grt_call_slot(call, i, &call->arguments[i]);
}

static void trace_argument(const grt_call *call, uint32_t index, char *text, size_t size)
{
    const grt_export_parameter *parameter = &call->row->parameters[index];
    uint64_t value = call->arguments[index];
    const char *comma = index == 0 ? "" : ", ";
    if (parameter->type == GRT_TYPE_S32 || parameter->type == GRT_TYPE_S64)
        snprintf(text, size, "%s%s=%lld", comma, parameter->name,
                 parameter->type == GRT_TYPE_S32 ? (long long)(int32_t)value : (long long)value);
    else if (parameter->type == GRT_TYPE_U64)
        snprintf(text, size, "%s%s=%016llX", comma, parameter->name, (unsigned long long)value);
    else if (parameter->type == GRT_TYPE_U8 || parameter->type == GRT_TYPE_BOOLEAN)
        snprintf(text, size, "%s%s=%02X", comma, parameter->name, (unsigned)(uint8_t)value);
    else
        snprintf(text, size, "%s%s=%08X", comma, parameter->name, (unsigned)value);
}

static void trace(const grt_call *call, const char *result)
{
    const grt_export *row = call->row;
    char text[512] = "";
    for (uint32_t i = 0; i < row->parameter_count; i++) {
        size_t used = strlen(text);
        trace_argument(call, i, text + used, sizeof text - used);
    }
    grt_log_line(&call->runtime->config.log, GRT_LOG_DEBUG, "EXPORT", "%s(%s%s)%s", row->name, text,
                 row->variadic ? ", ..." : "", result);
}

static void leave(const grt_call *call)
{
    if (__builtin_expect(call->kernel->variables.ticker.by_calls, 0))
        grt_ticker_call(&call->kernel->variables.ticker);
    grt_thread_leave_host(call->thread);
}

void grt_call_end(grt_call *call)
{
    if (call->traced)
        trace(call, "");
    leave(call);
}

void grt_call_end_u32(grt_call *call, uint32_t result)
{
    call->ctx->r[3] = result;
    grt_alarm_leave(call, result);
    if (call->traced) {
        char text[24];
        snprintf(text, sizeof text, " -> %08X", (unsigned)result);
        trace(call, text);
    }
    leave(call);
}

void grt_call_end_u64(grt_call *call, uint64_t result)
{
    call->ctx->r[3] = result;
    if (call->traced) {
        char text[24];
        snprintf(text, sizeof text, " -> %016llX", (unsigned long long)result);
        trace(call, text);
    }
    leave(call);
}

void grt_call_end_s32(grt_call *call, int32_t result)
{
    call->ctx->r[3] = (uint64_t)(int64_t)result;
    if (call->traced) {
        char text[24];
        snprintf(text, sizeof text, " -> %d", (int)result);
        trace(call, text);
    }
    leave(call);
}

/* ---- complaints ---------------------------------------------------------------------------- */

void grt_call_place(const grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    if (!grt_symbol_of_return(runtime, address, text, size))
        snprintf(text, size, "0x%08X", (unsigned)address);
}

void grt_call_complain(grt_call *call, const char *format, ...)
{
    uint32_t number = atomic_fetch_add(&call->kernel->complaints[call->row->index], 1) + 1;
    if (number > COMPLAINTS_SPELLED && (number & (number - 1)) != 0)
        return;
    char text[320], place[96], count[48] = "";
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    grt_call_place(call->runtime, call->call_site, place, sizeof place);
    if (number >= COMPLAINTS_SPELLED)
        snprintf(count, sizeof count, " (complaint %u of this export)", (unsigned)number);
    grt_log_line(&call->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                 "%s: %s; called by thread %u from %s%s", call->row->name, text,
                 (unsigned)call->thread->id, place, count);
}

static void complain_closed(grt_call *call, const grt_handle_trouble *trouble)
{
    char place[96];
    grt_call_place(call->runtime, trouble->closed_at, place, sizeof place);
    grt_call_complain(call, "handle %08X was closed by thread %u at %s, %llu ms ago",
                      (unsigned)trouble->handle, (unsigned)trouble->closed_by, place,
                      (unsigned long long)(trouble->closed_ago / 1000000));
}

uint32_t grt_call_handle_trouble(grt_call *call, const grt_handle_trouble *trouble)
{
    unsigned handle = trouble->handle;
    const char *what = handle >= GRT_HANDLE_BASE ? "handle" : "object";
    switch (trouble->why) {
    case GRT_TROUBLE_NEVER_OPENED:
        grt_call_complain(call, "handle %08X was never opened", handle);
        break;
    case GRT_TROUBLE_CLOSED:
        complain_closed(call, trouble);
        break;
    case GRT_TROUBLE_WRONG_KIND:
        grt_call_complain(call, "%s %08X is of a%s %s", what, handle,
                          trouble->found == GRT_OBJECT_EVENT ? "n" : "",
                          grt_object_kind_name(trouble->found));
        break;
    case GRT_TROUBLE_NO_MEMORY:
        grt_call_complain(call, "no host memory for the record of %s %08X", what, handle);
        break;
    case GRT_TROUBLE_UNREADABLE:
        grt_call_complain(call, "object %08X is in memory that cannot be read", handle);
        break;
    case GRT_TROUBLE_NO_OBJECT:
        grt_call_complain(call, "there is no dispatcher object at %08X: its type byte is %u",
                          handle, (unsigned)trouble->type_byte);
        break;
    }
    return trouble->status;
}

/* ---- guest memory -------------------------------------------------------------------------- */

static bool refuse(grt_call *call, grt_addr address, const char *name, const char *what)
{
    grt_call_complain(call, "%s leads to 0x%08X, which cannot be %s", name, (unsigned)address,
                      what);
    return false;
}

bool grt_call_read(grt_call *call, void *to, grt_addr from, uint32_t size, const char *name)
{
    return grt_guest_read(call->runtime, to, from, size) || refuse(call, from, name, "read");
}

bool grt_call_write(grt_call *call, grt_addr to, const void *from, uint32_t size, const char *name)
{
    return grt_guest_write(call->runtime, to, from, size) || refuse(call, to, name, "written");
}

bool grt_call_read_u32(grt_call *call, grt_addr from, uint32_t *value, const char *name)
{
    uint8_t bytes[4];
    *value = 0;
    if (!grt_call_read(call, bytes, from, sizeof bytes, name))
        return false;
    *value = grt_load32(bytes);
    return true;
}

bool grt_call_write_u32(grt_call *call, grt_addr to, uint32_t value, const char *name)
{
    uint8_t bytes[4];
    grt_store32(bytes, value);
    return grt_call_write(call, to, bytes, sizeof bytes, name);
}

bool grt_call_read_u64(grt_call *call, grt_addr from, uint64_t *value, const char *name)
{
    uint8_t bytes[8];
    *value = 0;
    if (!grt_call_read(call, bytes, from, sizeof bytes, name))
        return false;
    *value = grt_load64(bytes);
    return true;
}

bool grt_call_write_u64(grt_call *call, grt_addr to, uint64_t value, const char *name)
{
    uint8_t bytes[8];
    grt_store64(bytes, value);
    return grt_call_write(call, to, bytes, sizeof bytes, name);
}

bool grt_call_probe(grt_call *call, grt_addr to, const char *name)
{
    return to == 0 || grt_call_write_u32(call, to, 0, name);
}

bool grt_call_fill(grt_call *call, grt_addr to, uint32_t size, uint32_t pattern, const char *name)
{
    uint8_t piece[1024];
    for (uint32_t i = 0; i < sizeof piece; i += 4)
        grt_store32(piece + i, pattern);
    for (uint32_t done = 0; done < size;) {
        uint32_t part = size - done < sizeof piece ? size - done : (uint32_t)sizeof piece;
        if (!grt_call_write(call, to + done, piece, part, name))
            return false;
        done += part;
    }
    return true;
}

bool grt_call_slot(grt_call *call, uint32_t index, uint64_t *value)
{
    *value = 0;
    if (index < 8) {
        *value = call->ctx->r[3 + index];
        return true;
    }
    grt_addr slot = (grt_addr)call->ctx->r[1] + 0x50 + 8 * (index - 8);
    return grt_call_read_u64(call, slot, value, "the stack argument");
}

/* ---- time ---------------------------------------------------------------------------------- */

grt_dispatch *grt_call_dispatch(const grt_call *call)
{
    return &call->kernel->dispatch;
}

uint64_t grt_kernel_time(const grt_runtime *runtime)
{
    return grt_thread_wall_clock_ns(runtime) / 100 + EPOCH_1970;
}

/* The deadline [units] of 100 ns from now; beyond what the clock can count it is never. */
static uint64_t deadline_after(const grt_runtime *runtime, uint64_t units)
{
    uint64_t now = grt_thread_clock_ns(runtime);
    return units > (UINT64_MAX - now) / 100 ? UINT64_MAX : now + units * 100;
}

uint64_t grt_call_deadline_at(grt_call *call, int64_t timeout)
{
    if (timeout < 0)
        return deadline_after(call->runtime, 0 - (uint64_t)timeout);
    uint64_t now = grt_kernel_time(call->runtime);
    return (uint64_t)timeout <= now ? 0 : deadline_after(call->runtime, (uint64_t)timeout - now);
}

bool grt_call_deadline(grt_call *call, grt_addr timeout, uint64_t *deadline)
{
    uint64_t raw;
    *deadline = UINT64_MAX;
    if (timeout == 0)
        return true;
    if (!grt_call_read_u64(call, timeout, &raw, "timeout"))
        return false;
    *deadline = grt_call_deadline_at(call, (int64_t)raw);
    return true;
}
