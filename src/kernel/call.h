/*
 * call.h - one call of an export by the guest: its arguments, its guest pointers, its complaints.
 *
 * Every handler gets a grt_call. All reads and writes of guest memory go through it, so that a bad
 * pointer becomes one log line that names the export and a status, never a host fault.
 */
#ifndef GRT_KERNEL_CALL_H
#define GRT_KERNEL_CALL_H

#include "kernel/object.h"

typedef struct grt_call {
    grt_ppc *ctx;
    grt_thread *thread;
    grt_runtime *runtime;
    struct grt_kernel *kernel;
    const grt_export *row;
    grt_addr call_site; /* guest return address */
    bool traced;
    uint64_t arguments[10]; /* kept for the trace, which is written when the result is known */
} grt_call;

/* What a thunk does before and after the handler. */
void grt_call_begin(grt_call *call, grt_ppc *ctx, const grt_export *row);
void grt_call_end(grt_call *call);                      /* r3 stays as it is */
void grt_call_end_u32(grt_call *call, uint32_t result); /* r3 zero-extended */
void grt_call_end_u64(grt_call *call, uint64_t result);
void grt_call_end_s32(grt_call *call, int32_t result); /* r3 sign-extended */

/* The 64-bit argument position [index]: r3 to r10, then stack slots. False (and 0) when the slot is
 * in inaccessible memory. */
bool grt_call_slot(grt_call *call, uint32_t index, uint64_t *value);

/* Guest memory. [name] is the parameter's, for the report. False: reported. */
bool grt_call_read(grt_call *call, void *to, grt_addr from, uint32_t size, const char *name);
bool grt_call_write(grt_call *call, grt_addr to, const void *from, uint32_t size, const char *name);
bool grt_call_read_u32(grt_call *call, grt_addr from, uint32_t *value, const char *name);
bool grt_call_write_u32(grt_call *call, grt_addr to, uint32_t value, const char *name);
bool grt_call_read_u64(grt_call *call, grt_addr from, uint64_t *value, const char *name);
bool grt_call_write_u64(grt_call *call, grt_addr to, uint64_t value, const char *name);
/* For a pointer that may be null: true when it is, or when it can be written (0 is stored). Used
 * before the work, so that a bad result pointer means that nothing happened. */
bool grt_call_probe(grt_call *call, grt_addr to, const char *name);
bool grt_call_fill(grt_call *call, grt_addr to, uint32_t size, uint32_t pattern, const char *name);

/* One WARN line: "NtClose: <text>; called from main+0x24". After the 16th complaint of an export
 * only every one whose number is a power of two is written, with the number. */
void grt_call_complain(grt_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Complains about a refused handle; returns the status for the guest. */
uint32_t grt_call_handle_trouble(grt_call *call, const grt_handle_trouble *trouble);

/* The kernel's dispatcher, for short. */
grt_dispatch *grt_call_dispatch(const grt_call *call);

/* The kernel's current time for the guest: units of 100 ns since 1601. */
uint64_t grt_kernel_time(const grt_runtime *runtime);

/* The deadline (grt_thread_clock_ns()) of a guest timeout: null = UINT64_MAX; *timeout 0 or past =
 * 0. */
bool grt_call_deadline(grt_call *call, grt_addr timeout, uint64_t *deadline);
/* The same for the timeout itself: below 0 relative, else absolute, in units of 100 ns. */
uint64_t grt_call_deadline_at(grt_call *call, int64_t timeout);

/* A return address as "main+0x24", or the plain number. */
void grt_call_place(const grt_runtime *runtime, grt_addr address, char *text, size_t size);

#endif
