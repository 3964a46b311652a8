/*
 * guest.h - what the benchmarks of threads, locks and waits share: guest functions written in C,
 * and one line a measurement.
 */
#ifndef GUEST_H
#define GUEST_H

#include "guestrt/guestrt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GUEST_FUNCTIONS_MAX 8u
#define GUEST_FUNCTION(n)   (0x82000000u + 4u * (n))
#define GUEST_DATA          0x82010000u /* a page that is zero at first */

static inline double guest_now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* A runtime whose program consists of [functions], each a C function, with every export imported:
 * import i is row i of the table. Ends the program when that fails. */
static inline grt_runtime *guest_runtime(grt_ppc_function *const *functions, uint32_t count)
{
    static grt_ppc_entry entries[GUEST_FUNCTIONS_MAX];
    static uint8_t code[4 * GUEST_FUNCTIONS_MAX];
    static const grt_ppc_segment segments[] = {
        {GUEST_FUNCTION(0), sizeof code, sizeof code, GRT_SEGMENT_READ | GRT_SEGMENT_EXECUTE, code},
        {GUEST_DATA, 0, GRT_PAGE_SIZE, GRT_SEGMENT_READ | GRT_SEGMENT_WRITE, NULL}};
    static grt_ppc_module module = {.abi = GRT_PPC_ABI,
                                    .name = "bench",
                                    .entry = GUEST_FUNCTION(0),
                                    .code_base = GUEST_FUNCTION(0),
                                    .code_size = sizeof code,
                                    .segment_count = 2,
                                    .segments = segments};
    grt_ppc_import *imports = calloc(grt_export_count(), sizeof *imports);
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    for (uint32_t i = 0; i < count && i < GUEST_FUNCTIONS_MAX; i++)
        entries[i] = (grt_ppc_entry){GUEST_FUNCTION(i), 4, functions[i], "guest"};
    for (uint32_t i = 0; imports && i < grt_export_count(); i++) {
        const grt_export *row = grt_export_at(i);
        imports[i] =
            (grt_ppc_import){.library = row->library, .ordinal = row->ordinal, .name = row->name};
    }
    module.entries = entries;
    module.entry_count = count;
    module.imports = imports;
    module.import_count = grt_export_count();
    if (!imports || grt_runtime_create(&config, &runtime) != GRT_OK ||
        grt_runtime_load(runtime, &module) != GRT_OK) {
        fprintf(stderr, "bench: no runtime\n");
        exit(1);
    }
    return runtime;
}

/* The index to import an export by. */
static inline uint32_t guest_import(const char *name)
{
    const grt_export *row = grt_export_find_name(name);
    if (!row) {
        fprintf(stderr, "bench: there is no export %s\n", name);
        exit(1);
    }
    return (uint32_t)(row - grt_export_at(0));
}

/* The export's result for four arguments. */
static inline uint32_t guest_call(grt_ppc *ctx, uint8_t *base, uint32_t import, uint64_t a,
                                  uint64_t b, uint64_t c, uint64_t d)
{
    ctx->r[3] = a;
    ctx->r[4] = b;
    ctx->r[5] = c;
    ctx->r[6] = d;
    grt_ppc_call_import(ctx, base, import);
    return (uint32_t)ctx->r[3];
}

static inline grt_thread *guest_thread(grt_runtime *runtime, uint32_t function, uint32_t argument)
{
    grt_thread_config config = grt_thread_config_default();
    grt_thread *thread;
    config.entry = GUEST_FUNCTION(function);
    config.argument = argument;
    if (grt_thread_create(runtime, &config, &thread) != GRT_OK) {
        fprintf(stderr, "bench: no thread\n");
        exit(1);
    }
    return thread;
}

static inline void guest_join(grt_thread *thread)
{
    grt_thread_join(thread, NULL);
    grt_thread_release(thread);
}

static inline int guest_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double guest_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, guest_compare);
    return values[count / 2];
}

/* One measurement as a line of JSON. */
static inline void guest_report(FILE *file, const char *workload, double ns, const char *peer,
                                double peer_ns)
{
    fprintf(file,
            "{\"workload\": \"%s\", \"ns\": %.2f, \"peer\": \"%s\", \"peer_ns\": %.2f, "
            "\"ratio\": %.4f}\n",
            workload, ns, peer, peer_ns, ns / peer_ns);
}

/* The file for the lines: the first argument, or stdout. */
static inline FILE *guest_report_file(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "w") : stdout;
    if (!file) {
        perror(argv[1]);
        exit(1);
    }
    return file;
}

#endif
