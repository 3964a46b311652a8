/*
 * host.c - the smallest host of generated code: memory, a trap that only takes note, and nothing of
 * the runtime. Reads the records from standard input and writes them to standard output.
 *
 * usage: host TRAP_WORD     (its guest address, hexadecimal)
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

grt_addr isa_trap_word;

static void fail(const char *what)
{
    fprintf(stderr, "isa host: %s\n", what);
    exit(1);
}

/* ---- what generated code expects
 * ------------------------------------------------------------------ */

void grt_ppc_trap(grt_ppc *ctx, uint8_t *base, grt_ppc_trap_kind kind, grt_addr address,
                  uint32_t detail)
{
    (void)ctx;
    if (kind != GRT_TRAP_INSTRUCTION && kind != GRT_TRAP_SYSTEM_CALL) {
        fprintf(stderr, "isa host: trap %d at %08x, detail %08x\n", (int)kind, address, detail);
        exit(1);
    }
    grt_st32(base, isa_trap_word, (uint32_t)kind + 1);
}

void grt_ppc_bad_call(grt_ppc *ctx, uint8_t *base, grt_addr target, grt_addr site)
{
    (void)ctx;
    (void)base;
    fprintf(stderr, "isa host: call of %08x at %08x\n", target, site);
    exit(1);
}

uint64_t grt_ppc_time_base(grt_ppc *ctx)
{
    (void)ctx;
    static uint64_t ticks;
    return ++ticks;
}

jmp_buf *grt_ppc_setjmp_slot(grt_ppc *ctx, uint8_t *base, grt_addr buffer)
{
    (void)ctx;
    (void)base;
    (void)buffer;
    fail("setjmp");
    return NULL;
}

void grt_ppc_longjmp(grt_ppc *ctx, uint8_t *base, grt_addr buffer, uint32_t value)
{
    (void)ctx;
    (void)base;
    (void)buffer;
    (void)value;
    fail("longjmp");
}

/* ---- the program
 * ---------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    if (argc != 2)
        fail("usage: host TRAP_WORD");
    isa_trap_word = (grt_addr)strtoul(argv[1], NULL, 16);
    uint8_t *base = mmap(NULL, (size_t)1 << 32, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        fail("no 4 GiB of address space");
    size_t size = fread(base + ISA_VECTORS, 1, ISA_VECTORS_SIZE, stdin);
    grt_ppc *ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL)
        fail("no memory");
    isa_run(ctx, base);
    if (fwrite(base + ISA_VECTORS, 1, size, stdout) != size || fflush(stdout) != 0)
        fail("the results could not be written");
    free(ctx);
    return 0;
}
