/* x_debug.c - exports by which a program says that something is wrong with it, and goes on. */
#include "kernel/print.h"
#include "kernel/state.h"

#include "diag/fault.h"
#include <stdio.h>
#include <string.h>

#define CALL_SIZE 4u /* the guest's instruction before the return address */

/* ---- breakpoints --------------------------------------------------------------------------- */

static void break_here(grt_call *call, const char *detail)
{
    if (call->runtime->config.on_breakpoint == GRT_POLICY_CONTINUE) {
        grt_call_complain(call, "the program asks for a debugger%s; it goes on", detail);
        return;
    }
    grt_fault_facts facts = {.id = GRT_FAULT_TRAP, .pc = call->call_site - CALL_SIZE};
    snprintf(facts.text, sizeof facts.text, "%s asks for a debugger%s", call->row->name, detail);
    grt_thread_fault(call->thread, &facts);
}

void grt_export_DbgBreakPoint(grt_call *call)
{
    break_here(call, "");
}

void grt_export_DebugBreak(grt_call *call)
{
    break_here(call, "");
}

void grt_export_DbgBreakPointWithStatus(grt_call *call, uint32_t code)
{
    char detail[32];
    snprintf(detail, sizeof detail, ", with %08X", (unsigned)code);
    break_here(call, detail);
}

/* ---- assertions ---------------------------------------------------------------------------- */

#define QUOTE_SIZE 96

static void print_line(grt_call *call, const char *line)
{
    grt_kernel_output(call->runtime, line, strlen(line));
    grt_kernel_output(call->runtime, "\n", 1);
}

void grt_export_RtlAssert(grt_call *call, grt_addr assertion, grt_addr file, uint32_t line,
                          grt_addr message)
{
    char what[QUOTE_SIZE], where[QUOTE_SIZE], why[QUOTE_SIZE], text[3 * QUOTE_SIZE + 48];
    grt_print_quote(call, assertion, what, sizeof what);
    grt_print_quote(call, file, where, sizeof where);
    grt_print_quote(call, message, why, sizeof why);
    snprintf(text, sizeof text, "assertion failed: %s%s%s (%s, line %u)", why,
             why[0] != '\0' ? ": " : "", what, where, (unsigned)line);
    print_line(call, text);
    grt_call_complain(call, "%s; it goes on", text);
}

/* Two shapes of callers are known: one hands in a number first, one the name of an interface. What
 * follows is a format in the first case and text in the second. */
void grt_export_RtlRip(grt_call *call, uint32_t origin, grt_addr format)
{
    char from[QUOTE_SIZE], what[QUOTE_SIZE];
    grt_print_quote(call, origin, from, sizeof from);
    grt_print_quote(call, format, what, sizeof what);
    if (format != 0)
        grt_print_format(call, format, 2);
    grt_kernel_output(call->runtime, "\n", 1);
    grt_call_complain(call, "%s: %s; it goes on", from, what);
}
