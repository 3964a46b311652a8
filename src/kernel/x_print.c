/* x_print.c - DbgPrint. */
#include "kernel/format.h"
#include "kernel/state.h"

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

uint32_t grt_export_DbgPrint(grt_call *call, grt_addr format)
{
    print_state print;
    print.call = call;
    print.position = 1;
    print.used = 0;
    grt_format state = {
        .runtime = call->runtime, .argument = next_argument, .put = put, .user = &print};
    bool readable = grt_format_guest(&state, format);
    flush(&print);
    if (readable)
        return GRT_NT_SUCCESS;
    grt_call_complain(call, "format leads to 0x%08X, which cannot be read to its end",
                      (unsigned)format);
    return GRT_NT_ACCESS_VIOLATION;
}
