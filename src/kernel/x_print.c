/* x_print.c - exports that print: what the guest wants to say goes to the embedder. */
#include "kernel/format.h"
#include "kernel/print.h"
#include "kernel/state.h"

#include <stdio.h>
#include <string.h>

/* Text of one call up to this many bytes reaches the embedder in one piece. */
#define PRINT_PIECE 4096u

typedef struct print_state {
    grt_call *call;
    uint32_t position; /* of the next argument */
    size_t used;
    char text[PRINT_PIECE];
} print_state;

static bool next_argument(void *user, uint64_t *value)
{
    print_state *print = user;
    return grt_call_slot(print->call, print->position++, value);
}

static void flush(print_state *print)
{
    if (print->used > 0)
        grt_kernel_output(print->call->runtime, print->text, print->used);
    print->used = 0;
}

static void put(void *user, const char *text, size_t size)
{
    print_state *print = user;
    while (size > 0) {
        size_t part = PRINT_PIECE - print->used;
        if (part > size)
            part = size;
        memcpy(print->text + print->used, text, part);
        print->used += part;
        text += part;
        size -= part;
        if (print->used == PRINT_PIECE)
            flush(print);
    }
}

static grt_format begin(print_state *print, grt_call *call, uint32_t position)
{
    print->call = call;
    print->position = position;
    print->used = 0;
    return (grt_format){
        .runtime = call->runtime, .argument = next_argument, .put = put, .user = print};
}

static bool finish(print_state *print, bool readable, const char *name, grt_addr address)
{
    flush(print);
    if (!readable)
        grt_call_complain(print->call, "%s leads to 0x%08X, which cannot be read to its end", name,
                          (unsigned)address);
    return readable;
}

bool grt_print_format(grt_call *call, grt_addr format, uint32_t position)
{
    print_state print;
    grt_format state = begin(&print, call, position);
    return finish(&print, grt_format_guest(&state, format), "format", format);
}

/* Prints the guest's string at [text], of 16-bit characters if [wide]; nothing for address 0.
 * [name] is the parameter's. */
static void print_text(grt_call *call, grt_addr text, bool wide, const char *name)
{
    print_state print;
    if (text == 0)
        return;
    grt_format state = begin(&print, call, 0);
    finish(&print, grt_format_string(&state, text, wide), name, text);
}

void grt_print_keep_printable(char *text)
{
    for (; *text != '\0'; text++)
        *text = *text < ' ' || *text > '~' ? '?' : *text;
}

void grt_print_quote(grt_call *call, grt_addr from, char *text, size_t size)
{
    text[0] = '\0';
    if (from != 0 && !grt_guest_read_string(call->runtime, text, size, from))
        snprintf(text, size, "0x%08X", (unsigned)from);
    grt_print_keep_printable(text);
}

/* ---- exports ------------------------------------------------------------------------------- */

uint32_t grt_export_DbgPrint(grt_call *call, grt_addr format)
{
    return grt_print_format(call, format, 1) ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

void grt_export_RtlDebugPrint(grt_call *call, grt_addr format)
{
    grt_print_format(call, format, 1);
}

void grt_export_OutputDebugStringA(grt_call *call, grt_addr text)
{
    print_text(call, text, false, "text");
}

void grt_export_OutputDebugStringW(grt_call *call, grt_addr text)
{
    print_text(call, text, true, "text");
}

void grt_export_RtlOutputDebugString(grt_call *call, grt_addr text)
{
    print_text(call, text, false, "text");
}

void grt_export_RtlDebugTrace(grt_call *call, grt_addr text)
{
    print_text(call, text, false, "text");
}

uint32_t grt_export_DbgPrompt(grt_call *call, grt_addr prompt, grt_addr answer_out, uint32_t size)
{
    const char nothing = '\0';
    print_text(call, prompt, false, "prompt");
    if (size > 0 && answer_out != 0)
        grt_call_write(call, answer_out, &nothing, 1, "answer_out");
    return 0;
}
