/*
 * host.h - what both ways of running the translated stubs share.
 */
#ifndef ISA_HOST_H
#define ISA_HOST_H

#include "guestrt/ppc_float.h"

enum {
    ISA_VECTORS = 0x30000000, /* where the records lie, and the size of their buffer */
    ISA_VECTORS_SIZE = 0x10000000,
};

/* Runs every record in guest memory and leaves the results there. */
void isa_run(grt_ppc *ctx, uint8_t *base);

/* Where traps are noted, as in harness.s. */
extern grt_addr isa_trap_word;

#endif
