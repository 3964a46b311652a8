/*
 * test_kernel_virtual_random.c - random calls about virtual memory against a model with one small
 * record a page; and several threads at once. GUESTRT_SEED repeats a run.
 */
#include "memory_fixture.h"

#define PAGES 48u
#define STEPS 6000

typedef struct model_page {
    uint32_t region; /* 0: free; else 1 + the region's first page */
    uint32_t made_with;
    bool committed;
    uint32_t protect;
    uint32_t value;
} model_page;

typedef struct world {
    grt_ppc *ctx;
    uint8_t *base;
    grt_addr first;
    uint64_t random;
    model_page pages[PAGES];
} world;

static bool one_region(const world *w, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        if (i >= PAGES || w->pages[i].region == 0 || w->pages[i].region != w->pages[first].region)
            return false;
    }
    return true;
}

static bool all_committed(const world *w, uint32_t first, uint32_t count)
{
    bool all = true;
    for (uint32_t i = first; i < first + count; i++)
        all = all && w->pages[i].committed;
    return all;
}

static bool is_kind(uint32_t bits)
{
    bits &= 0xFF;
    return bits != 0 && (bits & (bits - 1)) == 0;
}

static uint32_t model_reserve(world *w, uint32_t first, uint32_t count, uint32_t bits)
{
    for (uint32_t i = first; i < first + count; i++) {
        if (w->pages[i].region)
            return GRT_NT_CONFLICTING_ADDRESSES;
    }
    for (uint32_t i = first; i < first + count; i++)
        w->pages[i] = (model_page){.region = 1 + first, .made_with = bits};
    return GRT_NT_SUCCESS;
}

static uint32_t model_commit(world *w, uint32_t first, uint32_t count, uint32_t bits)
{
    if (!one_region(w, first, count))
        return GRT_NT_MEMORY_NOT_ALLOCATED;
    for (uint32_t i = first; i < first + count; i++) {
        if (!w->pages[i].committed)
            w->pages[i].value = 0;
        w->pages[i].committed = true;
        w->pages[i].protect = bits;
    }
    return GRT_NT_SUCCESS;
}

static uint32_t model_allocate(world *w, uint32_t first, uint32_t count, uint32_t type,
                               uint32_t bits)
{
    if (!is_kind(bits))
        return GRT_NT_INVALID_PAGE_PROTECTION;
    uint32_t status = type & RESERVE ? model_reserve(w, first, count, bits) : GRT_NT_SUCCESS;
    return status == GRT_NT_SUCCESS && (type & COMMIT) ? model_commit(w, first, count, bits)
                                                       : status;
}

static uint32_t model_protect(world *w, uint32_t first, uint32_t count, uint32_t bits)
{
    if (!is_kind(bits))
        return GRT_NT_INVALID_PAGE_PROTECTION;
    if (!one_region(w, first, count) || !all_committed(w, first, count))
        return GRT_NT_ACCESS_DENIED;
    for (uint32_t i = first; i < first + count; i++)
        w->pages[i].protect = bits;
    return GRT_NT_SUCCESS;
}

static uint32_t model_decommit(world *w, uint32_t first, uint32_t count)
{
    if (!one_region(w, first, count))
        return GRT_NT_MEMORY_NOT_ALLOCATED;
    for (uint32_t i = first; i < first + count; i++)
        w->pages[i].committed = false;
    return GRT_NT_SUCCESS;
}

static uint32_t model_release(world *w, uint32_t first)
{
    uint32_t region = w->pages[first].region;
    if (region == 0)
        return GRT_NT_MEMORY_NOT_ALLOCATED;
    if (region != 1 + first)
        return GRT_NT_UNSUCCESSFUL;
    for (uint32_t i = first; i < PAGES && w->pages[i].region == region; i++)
        w->pages[i] = (model_page){0};
    return GRT_NT_SUCCESS;
}

static uint32_t random_bits(world *w)
{
    static const uint32_t kinds[] = {1, 2, 4, 4, 4, 8, 0x10, 0x20, 0x40, 0x80, 0, 6};
    return kinds[random_below(&w->random, 12)] | random_below(&w->random, 8) << 8;
}

static void step(world *w)
{
    grt_ppc *ctx = w->ctx;
    uint8_t *base = w->base;
    uint32_t first = random_below(&w->random, PAGES);
    uint32_t count = 1 + random_below(&w->random, PAGES - first < 9 ? PAGES - first : 9);
    /* Somewhere in the first page, to somewhere in the last. */
    uint32_t skip = random_below(&w->random, 0x1000);
    uint32_t cut = random_below(&w->random, count > 1 ? 0x1000 : 0x1000 - skip);
    grt_addr at = w->first + first * 0x1000 + skip;
    uint32_t size = count * 0x1000 - skip - cut;
    uint32_t bits = random_bits(w), before = w->pages[first].protect, status;
    switch (random_below(&w->random, 8)) {
    case 0:
        status = release(ctx, base, at, size, RELEASE);
        CHECK_EQUAL(status, model_release(w, first));
        return;
    case 1:
        status = release(ctx, base, at, size, DECOMMIT);
        CHECK_EQUAL(status, model_decommit(w, first, count));
        break;
    case 2:
    case 3:
        status = protect(ctx, base, at, size, bits);
        CHECK_EQUAL(status, model_protect(w, first, count, bits));
        if (status == GRT_NT_SUCCESS)
            CHECK_EQUAL(peek(base, scratch(ctx) + 8), before);
        break;
    default: {
        uint32_t type = (1 + random_below(&w->random, 3)) << 12; /* COMMIT, RESERVE, both */
        status = allocate_as(ctx, base, at, size, type, bits);
        CHECK_EQUAL(status, model_allocate(w, first, count, type, bits));
        break;
    }
    }
    if (status == GRT_NT_SUCCESS) {
        CHECK_EQUAL(peek(base, scratch(ctx)), w->first + first * 0x1000);
        CHECK_EQUAL(peek(base, scratch(ctx) + 4), count * 0x1000);
    }
}

/* Pages from [page] on that give the same answer. */
static uint32_t run_of(const world *w, uint32_t page)
{
    const model_page *p = &w->pages[page];
    uint32_t run = 1;
    while (page + run < PAGES && w->pages[page + run].region == p->region &&
           w->pages[page + run].committed == p->committed &&
           (!p->committed || w->pages[page + run].protect == p->protect))
        run++;
    return run;
}

static void compare(world *w, uint32_t page)
{
    uint8_t *base = w->base;
    model_page *p = &w->pages[page];
    grt_addr at = w->first + page * 0x1000;
    basic_information info = query(w->ctx, base, at + random_below(&w->random, 0x1000));
    CHECK_EQUAL(info.base, at);
    uint32_t run = run_of(w, page) * 0x1000;
    if (p->region == 0) {
        CHECK(page + run / 0x1000 == PAGES ? info.size >= run : info.size == run);
        CHECK(info.state != COMMIT);
        return;
    }
    CHECK_EQUAL(info.allocation, w->first + (p->region - 1) * 0x1000);
    CHECK_EQUAL(info.made_with, p->made_with);
    CHECK_EQUAL(info.size, run);
    CHECK_EQUAL(info.state, p->committed ? COMMIT : RESERVE);
    CHECK_EQUAL(info.protect, p->committed ? p->protect : 0);
    bool readable = p->committed && (p->protect & 0xFF) != 1;
    CHECK_EQUAL(accessible(w->ctx, at, 0x1000, GRT_READ_ONLY), readable);
    if (readable)
        CHECK_EQUAL(peek(base, at), p->value);
    if (readable && (p->protect & 0xCC)) {
        p->value = random_below(&w->random, 1000);
        poke(base, at, p->value);
    }
}

static uint64_t seed;

static void run_world(grt_ppc *ctx, uint8_t *base, grt_addr first)
{
    static world w;
    w = (world){.ctx = ctx, .base = base, .first = first, .random = seed};
    for (int i = 0; i < STEPS && atomic_load(&check_failures) == 0; i++) {
        step(&w);
        compare(&w, random_below(&w.random, PAGES));
        for (uint32_t page = 0; i % 100 == 0 && page < PAGES; page++)
            compare(&w, page);
    }
    char text[192];
    CHECK(grt_heap_check(ctx->thread->runtime->user_heap, text, sizeof text));
}

static void both_worlds(grt_ppc *ctx, uint8_t *base)
{
    run_world(ctx, base, FREE_RANGE);
    run_world(ctx, base, 0x40000000); /* inside the user heap */
}

static void test_model(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(both_worlds);
}

static void test_model_with_options(void **state)
{
    (void)state;
    seed = test_seed();
    grt_runtime_config config = quiet_config();
    assert_int_equal(grt_heap_options_parse("fill,slack,redzone=16,quarantine=64K",
                                            &config.heap_options, NULL, 0),
                     GRT_OK);
    grt_ppc_function *const functions[] = {both_worlds};
    run_guest_with(&config, functions, 1);
}

/* ---- threads ------------------------------------------------------------------------------- */

#define WORKERS 3u

/* What one thread does another undoes; only the runtime must stay whole. */
static void disturb(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed + (uint32_t)ctx->r[3];
    grt_addr s = scratch(ctx);
    for (int i = 0; i < (UNDER_TSAN ? 300 : 1500); i++) {
        grt_addr at = 0x40000000 + random_below(&random, 8) * 0x10000;
        switch (random_below(&random, 8)) {
        case 0:
            release(ctx, base, at, 0, RELEASE);
            break;
        case 1:
            KCALL(RtlFreeHeap, 0, 0, at);
            break;
        case 2:
            protect(ctx, base, at, 0x3000, 2);
            break;
        case 3:
            query(ctx, base, at);
            break;
        case 4:
            KCALL(RtlFillMemoryUlong, at, 0x8000, 7);
            break;
        case 5:
            if (allocate(ctx, base, 0, 0x30000, RESERVE | COMMIT) == GRT_NT_SUCCESS)
                release(ctx, base, peek(base, s), 0, RELEASE);
            break;
        default:
            allocate(ctx, base, at, 0x10000, RESERVE | COMMIT);
            break;
        }
    }
}

static void start_workers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t handles[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        handles[i] = peek(base, s);
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, handles[i], 0, 0, 0), GRT_NT_SUCCESS);
    for (uint32_t i = 0; i < 8; i++)
        release(ctx, base, 0x40000000 + i * 0x10000, 0, RELEASE);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
    char text[192];
    CHECK(grt_heap_check(ctx->thread->runtime->user_heap, text, sizeof text));
}

static void test_threads(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(start_workers, disturb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_model_with_options),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
