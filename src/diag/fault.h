/*
 * fault.h - the report about guest code that ended badly.
 *
 * Written on the faulting thread, after it has left guest code, so that a report may take locks and
 * use the host's libraries. Nothing that it reads from guest memory is trusted.
 */
#ifndef GRT_DIAG_FAULT_H
#define GRT_DIAG_FAULT_H

#include "guestrt/fault.h"
#include "thread/core.h"

typedef struct grt_fault_facts {
    grt_fault_id id;
    bool has_address;
    grt_addr address;  /* of the datum, or the target of a call */
    grt_addr pc;       /* guest address of the instruction; 0 = not known */
    uintptr_t host_pc; /* in translated code; 0 = not known */
    char text[160];    /* one more sentence of evidence, or empty */
} grt_fault_facts;

/* Logs the report. The caller is [thread] and holds no lock; reports do not interleave. */
void grt_fault_report(grt_thread *thread, const grt_fault_facts *facts);

/* Reports, marks the thread as faulted, applies the policy and ends the thread. The caller is
 * [thread], in host or guest mode, and holds no lock. */
noreturn void grt_thread_fault(grt_thread *thread, const grt_fault_facts *facts);

/* How lines name a thread: its id and, if it has one, its name in quotes. */
#define GRT_THREAD_FORMAT "id %08X%s%s%s"
#define GRT_THREAD_ARGUMENTS(thread)                                                               \
    (thread)->id, (thread)->name[0] != '\0' ? " \"" : "", (thread)->name,                          \
        (thread)->name[0] != '\0' ? "\"" : ""

/* What an access to [address] that the host refused is called. */
grt_fault_id grt_fault_classify(grt_thread *thread, grt_addr address, os_fault_access access);

/* One sentence about what is at [address]. */
void grt_fault_describe(grt_runtime *runtime, grt_addr address, char *text, size_t size);

/* The same for an address that is a thread's own: of its stack, PCR, TLS...; false for any other.
 */
bool grt_fault_describe_context(grt_runtime *runtime, grt_addr address, char *text, size_t size);

/* What a value is when one of the heaps' patterns can have been read; null for any other. */
const char *grt_fault_pattern(const grt_runtime *runtime, uint32_t value);

#define GRT_CHAIN_MAX 64
typedef struct grt_chain_frame {
    grt_addr return_address;
    grt_addr frame; /* the r1 under which it was found; 0 for the link register */
} grt_chain_frame;

/* The guest call chain of the calling thread, newest first: at most [capacity] return addresses
 * from the link register and the r1 back chain. [*end] says in words why the walk stopped. */
uint32_t grt_fault_chain(grt_thread *thread, grt_chain_frame *frames, uint32_t capacity,
                         const char **end);

#endif
