/* x_raise.c - bug checks, exceptions, and the call chain for those who ask for it. */
#include "kernel/print.h"
#include "kernel/state.h"

#include "diag/fault.h"
#include <stdio.h>

/* ---- bug checks ---------------------------------------------------------------------------- */

#define BUG_CHECK_WORDS 5u

/* For whoever looks at the variable, in a dump or on another thread. */
static void keep_bug_check(grt_call *call, const uint32_t words[BUG_CHECK_WORDS])
{
    grt_addr data = grt_variables_address(call->runtime, GRT_VARIABLE_KiBugCheckData);
    uint8_t bytes[4 * BUG_CHECK_WORDS];
    for (uint32_t i = 0; i < BUG_CHECK_WORDS; i++)
        grt_store32(bytes + 4 * i, words[i]);
    if (data != 0)
        grt_guest_write(call->runtime, data, bytes, sizeof bytes);
}

void grt_export_KeBugCheck(grt_call *call, uint32_t code)
{
    grt_export_KeBugCheckEx(call, code, 0, 0, 0, 0);
}

void grt_export_KeBugCheckEx(grt_call *call, uint32_t code, uint32_t parameter1,
                             uint32_t parameter2, uint32_t parameter3, uint32_t parameter4)
{
    const uint32_t words[BUG_CHECK_WORDS] = {code, parameter1, parameter2, parameter3, parameter4};
    grt_fault_facts facts = {.id = GRT_FAULT_BUG_CHECK};
    snprintf(facts.text, sizeof facts.text,
             "bug check 0x%08X, parameters 0x%08X 0x%08X 0x%08X 0x%08X", (unsigned)code,
             (unsigned)parameter1, (unsigned)parameter2, (unsigned)parameter3,
             (unsigned)parameter4);
    keep_bug_check(call, words);
    grt_thread_fault(call->thread, &facts);
}

/* ---- exceptions ---------------------------------------------------------------------------- */

#define RECORD_SIZE       0x50u
#define RECORD_CODE       0x00u
#define RECORD_ADDRESS    0x0Cu
#define RECORD_COUNT      0x10u
#define RECORD_PARAMETERS 0x14u
#define PARAMETERS_MAX    15u
#define PARAMETERS_SHOWN  6u

#define CODE_THREAD_NAME  0x406D1388u
#define CODE_CPP_THROW    0xE06D7363u
#define THREAD_NAME_TYPE  0x1000u
#define THREAD_NAME_WORDS 3u /* type, name, thread id; flags may follow */
#define THREAD_ID_CURRENT 0xFFFFFFFFu

typedef struct exception {
    uint32_t code, address, count;
    uint32_t parameters[PARAMETERS_MAX];
} exception;

static bool read_exception(grt_call *call, grt_addr record, exception *raised)
{
    uint8_t bytes[RECORD_SIZE];
    if (!grt_call_read(call, bytes, record, sizeof bytes, "record"))
        return false;
    raised->code = grt_load32(bytes + RECORD_CODE);
    raised->address = grt_load32(bytes + RECORD_ADDRESS);
    raised->count = grt_load32(bytes + RECORD_COUNT);
    if (raised->count > PARAMETERS_MAX)
        raised->count = PARAMETERS_MAX;
    for (uint32_t i = 0; i < PARAMETERS_MAX; i++)
        raised->parameters[i] = grt_load32(bytes + RECORD_PARAMETERS + 4 * i);
    return true;
}

static void name_thread(grt_call *call, const exception *raised)
{
    char name[32];
    grt_addr text = raised->parameters[1];
    uint32_t id = raised->parameters[2];
    bool self = id == THREAD_ID_CURRENT || id == call->thread->id;
    grt_thread *thread = self ? call->thread : grt_thread_find_id(call->runtime, id);
    if (raised->count < THREAD_NAME_WORDS || raised->parameters[0] != THREAD_NAME_TYPE)
        grt_call_complain(call, "the record names no thread: %u parameters, the first is %08X",
                          (unsigned)raised->count, (unsigned)raised->parameters[0]);
    else if (!grt_guest_read_string(call->runtime, name, sizeof name, text))
        grt_call_complain(call, "the name leads to 0x%08X, which cannot be read", (unsigned)text);
    else if (thread == NULL)
        grt_call_complain(call, "no thread has the id %08X", (unsigned)id);
    else {
        grt_print_keep_printable(name);
        grt_thread_set_name(thread, name);
    }
    if (!self)
        grt_thread_release(thread);
}

static void describe(const exception *raised, char *text, size_t size)
{
    int used = snprintf(text, size, "%s %08X at %08X, %u parameters:",
                        raised->code == CODE_CPP_THROW ? "C++ throw" : "exception",
                        (unsigned)raised->code, (unsigned)raised->address, (unsigned)raised->count);
    for (uint32_t i = 0; i < raised->count && i < PARAMETERS_SHOWN; i++)
        used +=
            snprintf(text + used, size - (size_t)used, " %08X", (unsigned)raised->parameters[i]);
}

static void unhandled(grt_call *call, const exception *raised)
{
    grt_fault_facts facts = {.id = GRT_FAULT_EXCEPTION};
    describe(raised, facts.text, sizeof facts.text);
    grt_thread_fault(call->thread, &facts);
}

void grt_export_RtlRaiseException(grt_call *call, grt_addr record)
{
    exception raised;
    if (!read_exception(call, record, &raised))
        return;
    if (raised.code == CODE_THREAD_NAME)
        name_thread(call, &raised);
    else
        unhandled(call, &raised);
}

void grt_export_RtlRaiseStatus(grt_call *call, uint32_t code)
{
    const exception raised = {.code = code, .address = call->call_site};
    unhandled(call, &raised);
}

/* ---- the call chain ------------------------------------------------------------------------ */

uint32_t grt_export_RtlCaptureStackBackTrace(grt_call *call, uint32_t skip, uint32_t count,
                                             grt_addr trace_out, grt_addr hash_out)
{
    grt_chain_frame frames[GRT_CHAIN_MAX];
    const char *end;
    uint32_t found = grt_fault_chain(call->thread, frames, GRT_CHAIN_MAX, &end);
    uint32_t stored = 0, hash = 0;
    for (uint32_t i = skip; i < found && stored < count; i++, stored++) {
        if (!grt_call_write_u32(call, trace_out + 4 * stored, frames[i].return_address,
                                "trace_out"))
            return 0;
        hash += frames[i].return_address;
    }
    if (hash_out != 0)
        grt_call_write_u32(call, hash_out, hash, "hash_out");
    return stored;
}

/* ---- APCs without a routine ---------------------------------------------------------------- */

uint32_t grt_export_KiApcNormalRoutineNop(grt_call *call, uint32_t argument1, uint32_t argument2)
{
    (void)call;
    (void)argument1;
    (void)argument2;
    return 0;
}

uint32_t grt_export_KiApcNormalRoutineNop_(grt_call *call, uint32_t argument1, uint32_t argument2)
{
    return grt_export_KiApcNormalRoutineNop(call, argument1, argument2);
}
