/*
 * context.c - the block that every guest thread starts with: 265,872 bytes, zero as the guest sees
 * them; then its first bytes (PCR) and its last page (top of the stack) are written. One operation
 * is one context, from the request to the free.
 *
 *   context fresh          pages that were never used; the allocator zeroes (zalloc)
 *   context reused         the block that was freed just before; the allocator zeroes
 *   context fresh memset   as the reference ports do it: alloc, then the whole block is cleared
 *   context reused memset
 */
#include "bench.h"
#include <string.h>

enum { FRESH = 128, REUSED = 3000, STACK_TOP = CONTEXT_BYTES - 64 };

typedef void *get_context(const bench_allocator *allocator);

static void *zeroed_by_allocator(const bench_allocator *allocator)
{
    return bench_use(allocator->zalloc(CONTEXT_BYTES));
}

static void *zeroed_by_caller(const bench_allocator *allocator)
{
    void *block = bench_use(allocator->alloc(CONTEXT_BYTES));
    memset(block, 0, CONTEXT_BYTES);
    return block;
}

static void touch(void *context)
{
    bench_use(context);
    bench_use((char *)context + STACK_TOP);
}

static uint64_t fresh(const bench_allocator *allocator, get_context *get)
{
    static void *contexts[FRESH];
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < FRESH; i++)
        touch(contexts[i] = get(allocator));
    for (unsigned i = 0; i < FRESH; i++)
        allocator->free(contexts[i]);
    return bench_now_ns() - start;
}

static void reuse(const bench_allocator *allocator, get_context *get, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *context = get(allocator);
        touch(context);
        allocator->free(context);
    }
}

static uint64_t reused(const bench_allocator *allocator, get_context *get, size_t count)
{
    reuse(allocator, get, count / 10);
    uint64_t start = bench_now_ns();
    reuse(allocator, get, count);
    return bench_now_ns() - start;
}

bool bench_context(bench_run *run)
{
    get_context *get = strstr(run->argument, "memset") ? zeroed_by_caller : zeroed_by_allocator;
    size_t count = (size_t)(REUSED * run->scale) + 10;
    bench_start(run);
    if (strstr(run->argument, "fresh"))
        bench_report("ns", (double)fresh(&run->allocator, get) / FRESH);
    else
        bench_report("ns", (double)reused(&run->allocator, get, count) / (double)count);
    return true;
}
