/*
 * sizes.c - the mix of request sizes: mostly small, a few large, now and then a thread context.
 */
#include "bench.h"
#include "random.h"

static const struct {
    uint32_t per_10000; /* of all requests */
    uint32_t first, last;
} mix[] = {
    {7000, 16, 127},    {2000, 128, 511},     {740, 512, 4095},
    {255, 4096, 65536}, {4, 262144, 4194304}, {1, CONTEXT_BYTES, CONTEXT_BYTES},
};

uint32_t bench_size(uint64_t *random)
{
    uint32_t dice = bench_between(random, 0, 9999);
    unsigned i = 0;
    while (dice >= mix[i].per_10000)
        dice -= mix[i++].per_10000;
    return bench_between(random, mix[i].first, mix[i].last);
}

bench_op *bench_ops(size_t count, uint32_t slots, uint64_t seed)
{
    bench_op *ops = bench_memory(count * sizeof *ops);
    for (size_t i = 0; i < count; i++) {
        ops[i].slot = bench_between(&seed, 0, slots - 1);
        ops[i].size = bench_size(&seed);
    }
    return ops;
}
