/* print.h - text of the guest on its way to the embedder. */
#ifndef GRT_KERNEL_PRINT_H
#define GRT_KERNEL_PRINT_H

#include "kernel/call.h"

/* Prints by the guest's [format], with the call's argument positions from [position] on. False:
 * reported that the format cannot be read to its end; what was readable is printed. */
bool grt_print_format(grt_call *call, grt_addr format, uint32_t position);

/* The guest's string for a line of the log: cut to [size] - 1 characters, its address when it
 * cannot be read, empty for address 0. */
void grt_print_quote(grt_call *call, grt_addr from, char *text, size_t size);
/* Makes a '?' of each character that could end a line, or worse. */
void grt_print_keep_printable(char *text);

#endif
