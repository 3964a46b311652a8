// The call chain as the program sees it: newest first, some skipped, no more than asked for.
// expect: inner is called by outer, outer by main
// expect: skipping and counting
// expect: bad pointers store nothing
// stderr: RtlCaptureStackBackTrace: trace_out leads to 0x00000010, which cannot be written
#include "check.h"

static void *trace[16];
static uint32_t hash;

static __attribute__((noinline)) uint32_t inner(uint32_t skip, uint32_t count, void **to)
{
    uint32_t found = RtlCaptureStackBackTrace(skip, count, to, &hash);
    __asm__ volatile("");
    return found;
}

static __attribute__((noinline)) uint32_t outer(uint32_t skip, uint32_t count, void **to)
{
    uint32_t found = inner(skip, count, to);
    __asm__ volatile("");
    return found;
}

static int within(const void *address, const void *function)
{
    return (uint32_t)address - (uint32_t)function < 0x100;
}

int main(void)
{
    uint32_t sum = 0, found = outer(0, 16, trace);
    CHECK(found >= 4 && found <= 16);
    CHECK(within(trace[0], inner) && within(trace[1], outer));
    for (uint32_t i = 0; i < found; i++)
        sum += (uint32_t)trace[i];
    CHECK(hash == sum);
    printf("inner is called by outer, outer by main\n");
    void *second = trace[1];
    CHECK(outer(1, 2, trace) == 2 && trace[0] == second);
    CHECK(outer(found, 16, trace) == 0 && hash == 0);
    CHECK(outer(0xFFFFFFFF, 0xFFFFFFFF, trace) == 0);
    CHECK(outer(0, 0, (void **)0x10) == 0);
    CHECK(RtlCaptureStackBackTrace(0, 1, trace, 0) == 1);
    printf("skipping and counting\n");
    CHECK(outer(0, 16, (void **)0x10) == 0);
    printf("bad pointers store nothing\n");
    return 0;
}
