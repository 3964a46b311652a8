/* test_kernel_heap.c - the title's heaps: the process heap, those it creates, other names. */
#include "memory_fixture.h"

#define GROWABLE 2u

static void title_heap(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 1, 0, 100);
    CHECK(block != 0 && block % 16 == 0);
    memset(base + block, 0x77, 100);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, block), 100);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0x10, block, 200), 0); /* in place only */
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0x10, block, 50), block);
    block = KCALL(RtlReAllocateHeap, 1, 0, block, 50);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, block), 50);
    grt_addr grown = KCALL(RtlReAllocateHeap, 1, 8, block, 5000);
    CHECK(grown != 0);
    for (uint32_t i = 0; i < 5000; i++)
        CHECK_EQUAL(base[grown + i], i < 50 ? 0x77 : 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, grown), 5000);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, grown, 0x7FFFFFFFu), 0);
    CHECK_EQUAL(base[grown], 0x77); /* still there */
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, 0, 10), 0);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 1, 0, grown + 16, 10), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, grown), 1);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, grown), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, 0x1234), 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, 1, 0, 0x1234), UINT32_MAX);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, 0), 1);
    for (int i = 0; i < 32; i++) {
        grt_addr zeroed = KCALL(RtlAllocateHeap, 1, 8, 333);
        for (uint32_t j = 0; j < 333; j++)
            CHECK_EQUAL(base[zeroed + j], 0);
        memset(base + zeroed, 0xFF, 333);
        CHECK_EQUAL(KCALL(RtlFreeHeap, 1, 0, zeroed), 1);
    }
}

static void test_title_heap(void **state)
{
    (void)state;
    RUN_GUEST(title_heap);
}

static void xalloc(grt_ppc *ctx, uint8_t *base)
{
    grt_addr plain = KCALL(XAllocMem, 100, 0);
    CHECK(plain != 0 && plain < GRT_FLAT_USER_END);
    memset(base + plain, 0xFF, 100);
    KCALL(XFreeMem, plain, 0);
    grt_addr zeroed = KCALL(XAllocMem, 100, 0x40000000u | 12u << 24);
    CHECK(zeroed % 0x1000 == 0);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_EQUAL(base[zeroed + i], 0);
    KCALL(XFreeMem, zeroed, 0x40000000u);
    grt_addr physical_block = KCALL(XAllocMem, 0x5000, 0x80000000u | 15u << 24);
    CHECK(physical_block >= GRT_FLAT_PHYSICAL_FIRST && physical_block % 0x8000 == 0);
    KCALL(XFreeMem, physical_block, 0x80000000u);
    CHECK_EQUAL(KCALL(XAllocMem, 0xF0000000u, 0), 0);
    grt_heap_stats stats;
    grt_heap_get_stats(ctx->thread->runtime->user_heap, &stats);
    CHECK_EQUAL(stats.bad_frees, 0);
}

static void test_xalloc(void **state)
{
    (void)state;
    RUN_GUEST(xalloc);
}

/* ---- created heaps --------------------------------------------------------------------------- */

static uint64_t blocks_of(const grt_ppc *ctx)
{
    grt_heap_stats stats;
    grt_heap_get_stats(ctx->thread->runtime->user_heap, &stats);
    return stats.blocks;
}

static void created(grt_ppc *ctx, uint8_t *base)
{
    uint32_t process = KCALL0(GetProcessHeap);
    uint64_t before = blocks_of(ctx);
    uint32_t one = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    uint32_t two = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK(process != 0 && one != 0 && two != 0 && one != two && one != process);
    grt_addr block = KCALL(RtlAllocateHeap, one, 8, 100);
    CHECK_EQUAL(KCALL(RtlSizeHeap, one, 0, block), 100);
    CHECK_EQUAL(peek(base, block), 0);
    /* Nobody else takes it. */
    CHECK_EQUAL(KCALL(RtlFreeHeap, two, 0, block), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, process, 0, block), 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, two, 0, block), UINT32_MAX);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, 0, 0, block, 10), 0);
    CHECK_EQUAL(KCALL(RtlValidateHeap, two, 0, block), 0);
    CHECK_EQUAL(KCALL(RtlValidateHeap, one, 0, block), 1);
    KCALL(ExFreePool, block);
    CHECK_EQUAL(KCALL(LocalFree, block), block);
    grt_addr plain = KCALL(RtlAllocateHeap, process, 0, 50);
    CHECK_EQUAL(KCALL(RtlFreeHeap, one, 0, plain), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeapSlowly, process, 0, plain), 1);
    CHECK_EQUAL(KCALL(RtlFreeHeap, one, 0, plain), 0); /* no block at all by now */
    /* It moves with its owner. */
    poke(base, block, 7);
    grt_addr moved = KCALL(RtlReAllocateHeap, one, 8, block, 100000);
    CHECK(moved != block && peek(base, moved) == 7 && peek(base, moved + 99996) == 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, two, 0, moved), 0);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, one, 0, moved, 0x7FFFFFFF), 0);
    CHECK_EQUAL(KCALL(RtlSizeHeap, one, 0, moved), 100000);
    CHECK_EQUAL(KCALL(RtlFreeHeap, one, 0, moved), 1);
    CHECK_EQUAL(KCALL(RtlFreeHeap, one, 0, moved), 0);
    /* Its blocks die with it, and only they. */
    for (int i = 0; i < 1000; i++)
        CHECK(KCALL(RtlAllocateHeapSlowly, one, 0, 16 + i) != 0);
    grt_addr other = KCALL(RtlAllocateHeap, two, 0, 10);
    CHECK_EQUAL(blocks_of(ctx), before + 1001);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, one), 0);
    CHECK_EQUAL(blocks_of(ctx), before + 1);
    CHECK_EQUAL(KCALL(RtlSizeHeap, two, 0, other), 10);
    /* Its number is not forgotten. */
    uint32_t three = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK(three != one);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, one, 0, 10), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, one, 0, other), 0);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, one), one);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, 0xFAFFFFFF, 0, 10), 0);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, process), process);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, 0), 0); /* the process heap, too: its own number comes back */
    /* A title's own heap stands for the process heap. */
    grt_addr foreign = KCALL(RtlAllocateHeap, 0x40010000, 0, 10);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0x40010000, 0, foreign), 1);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, two), 0);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, three), 0);
    CHECK_EQUAL(blocks_of(ctx), before);
}

static void test_created(void **state)
{
    (void)state;
    RUN_GUEST(created);
    assert_logged("RtlFreeHeap: GRT_WRONG_HEAP: 0x");
    assert_logged("is a block of heap FA000404, not of FA000408");
    assert_logged("ExFreePool: GRT_WRONG_HEAP");
    assert_logged("is a block of heap FA000000, not of FA000404");
    assert_logged("heap FA000404 was destroyed");
    assert_logged("heap FAFFFFFF was never created");
    assert_logged("status=GRT_DOUBLE_FREE heap=user");
}

static void bounded(grt_ppc *ctx, uint8_t *base)
{
    uint32_t heap = KCALL(RtlCreateHeap, 0, 0, 10000, 4000, 0, 0);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 0, 10001), 0);
    grt_addr half = KCALL(RtlAllocateHeap, heap, 0, 6000);
    CHECK(half != 0);
    CHECK_EQUAL(KCALL(RtlCompactHeap, heap, 0), 4000);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 0, 4001), 0);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 0, 0xFFFFFFFF), 0);
    half = KCALL(RtlReAllocateHeap, heap, 0, half, 10000);
    CHECK(half != 0);
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, heap, 0, half, 10001), 0);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 0, 1), 0);
    half = KCALL(RtlReAllocateHeap, heap, 0, half, 100);
    CHECK(half != 0);
    grt_addr rest = KCALL(RtlAllocateHeap, heap, 0, 9900);
    CHECK(rest != 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, heap, 0, half), 1);
    CHECK_EQUAL(KCALL(RtlFreeHeap, heap, 0, rest), 1);
    CHECK_EQUAL(KCALL(RtlDebugCompactHeap, heap, 0), 10000);
    CHECK(KCALL(RtlCompactHeap, 0, 0) > 0x10000000);
    CHECK_EQUAL(KCALL(RtlDestroyHeap, heap), 0);
    CHECK_EQUAL(KCALL(RtlCompactHeap, heap, 0), 0);
}

static void test_bounded(void **state)
{
    (void)state;
    RUN_GUEST(bounded);
    assert_logged("RtlAllocateHeap: 10001 bytes do not fit into heap FA000404: it may have 10000, "
                  "and its other blocks have 0 of them");
    assert_logged("RtlAllocateHeap: 4001 bytes do not fit into heap FA000404: it may have 10000, "
                  "and its other blocks have 6000 of them");
    assert_logged("RtlReAllocateHeap: 10001 bytes do not fit into heap FA000404: it may have "
                  "10000, and its other blocks have 0 of them");
}

/* The places of the dead are used as late as can be: first those that nobody had, then the one that
 * died first. */
static void turns(grt_ppc *ctx, uint8_t *base)
{
    uint32_t first = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    uint32_t second = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    KCALL(RtlDestroyHeap, second);
    KCALL(RtlDestroyHeap, first);
    for (uint32_t i = 3; i < GRT_TITLE_HEAPS_MAX; i++)
        KCALL(RtlDestroyHeap, KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0));
    CHECK_EQUAL(KCALL(RtlAllocateHeap, second, 0, 10), 0);
    CHECK_EQUAL(times_logged("heap FA000408 was destroyed by thread 1 at fn0+0x4"), 1);
    CHECK(KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0) != 0);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, second, 0, 10), 0);
    CHECK_EQUAL(times_logged("heap FA000408 was destroyed;"), 1);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, first, 0, 10), 0);
    CHECK_EQUAL(times_logged("heap FA000404 was destroyed by thread 1 at fn0+0x4"), 1);
}

static void test_turns(void **state)
{
    (void)state;
    RUN_GUEST(turns);
}

static void many(grt_ppc *ctx, uint8_t *base)
{
    uint32_t heaps[GRT_TITLE_HEAPS_MAX];
    for (uint32_t i = 1; i < GRT_TITLE_HEAPS_MAX; i++) {
        heaps[i] = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
        CHECK(heaps[i] != 0 && KCALL(RtlAllocateHeap, heaps[i], 0, 10) != 0);
    }
    CHECK_EQUAL(KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0), 0);
    for (uint32_t i = 1; i < GRT_TITLE_HEAPS_MAX; i++)
        CHECK_EQUAL(KCALL(RtlDestroyHeap, heaps[i]), 0);
    CHECK(KCALL(RtlCreateHeap, GROWABLE, 0x40000000, 0, 0, 0, 0) != 0);
}

static void test_many(void **state)
{
    (void)state;
    RUN_GUEST(many);
    assert_logged("there are 256 heaps, and cannot be more");
    assert_logged("blocks will not come from 0x40000000");
}

static void without_host(grt_ppc *ctx, uint8_t *base)
{
    uint32_t heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    os_inject_failure(1, true);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 0, 10), 0);
    os_inject_failure(0, false);
    grt_addr block = KCALL(RtlAllocateHeap, heap, 0, 10);
    CHECK(block != 0);
    grt_heap_inject_failure(ctx->thread->runtime->user_heap, 1, true);
    CHECK_EQUAL(KCALL(RtlAllocateHeap, heap, 8, 10), 0); /* zeroing must not touch null */
    CHECK_EQUAL(KCALL(RtlReAllocateHeap, heap, 8, block, 5000), 0);
    grt_heap_inject_failure(ctx->thread->runtime->user_heap, 0, false);
    CHECK_EQUAL(KCALL(RtlSizeHeap, heap, 0, block), 10);
    CHECK_EQUAL(KCALL(RtlFreeHeap, heap, 0, block), 1);
    CHECK_EQUAL(ctx->thread->runtime->kernel->heaps.owners.used, 0);
    CHECK_EQUAL(ctx->thread->runtime->kernel->heaps.owners.promised, 0);
}

static void test_without_host(void **state)
{
    (void)state;
    RUN_GUEST(without_host);
    assert_logged("no host memory for the records of heap FA000404");
}

/* ---- validity -------------------------------------------------------------------------------- */

static void validity(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 0, 0, 100);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, block), 1);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, block + 16), 0);
    base[block + 100] = 1; /* behind the block */
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, 0), 0);
    CHECK_EQUAL(KCALL(RtlFreeHeap, 0, 0, block), 1); /* found and repaired */
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, 0), 1);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, block), 0);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0xFA000404, 0, 0), 0);
}

static void test_validity(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    config.heap_options.slack = true;
    grt_ppc_function *const functions[] = {validity};
    run_guest_with(&config, functions, 1);
    assert_logged("RtlValidateHeap: the block 0x");
    assert_logged("RtlValidateHeap: 0x");
}

/* ---- locks ----------------------------------------------------------------------------------- */

static atomic_uint allocated;

static void allocate_one(grt_ppc *ctx, uint8_t *base)
{
    uint32_t heap = (uint32_t)ctx->r[3];
    CHECK(KCALL(RtlAllocateHeap, heap, 0, 10) != 0);
    atomic_store(&allocated, 1);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, heap), 0); /* not its own */
}

/* How many threads wait for heaps. */
static uint32_t waiting(grt_runtime *runtime)
{
    grt_title_heaps *heaps = &runtime->kernel->heaps;
    uint32_t count = 0;
    os_mutex_lock(&heaps->lock);
    for (uint32_t i = 0; i < GRT_TITLE_HEAPS_MAX; i++) {
        const grt_title_waiter *waiter = heaps->slots[i].lock.waiters;
        for (; waiter; waiter = waiter->next)
            count++;
    }
    os_mutex_unlock(&heaps->lock);
    return count;
}

static void locks(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, heap), 0);
    CHECK_EQUAL(KCALL(RtlLockHeap, heap), 1);
    CHECK_EQUAL(KCALL(RtlLockHeap, heap), 1);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), heap, 0), GRT_NT_SUCCESS);
    uint32_t thread = peek(base, s);
    while (waiting(ctx->thread->runtime) == 0 && !atomic_load(&allocated))
        os_sleep_ns(100000);
    CHECK_EQUAL(atomic_load(&allocated), 0);
    CHECK(KCALL(RtlAllocateHeap, heap, 0, 10) != 0); /* the owner may */
    CHECK(KCALL(RtlAllocateHeap, 0, 0, 10) != 0);    /* and other heaps go on */
    CHECK_EQUAL(KCALL(RtlUnlockHeap, heap), 1);
    CHECK_EQUAL(atomic_load(&allocated), 0);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, heap), 1);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(atomic_load(&allocated), 1);
    CHECK_EQUAL(atomic_load(&ctx->thread->runtime->kernel->heaps.locked), 0);
    /* One lock for all numbers of the process heap. */
    CHECK_EQUAL(KCALL(RtlLockHeap, 0), 1);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, KCALL0(GetProcessHeap)), 1);
    uint32_t unlocked = KCALL(RtlCreateHeap, GROWABLE | 1, 0, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(RtlLockHeap, unlocked), 1);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, unlocked), 1);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, unlocked), 1);
    CHECK_EQUAL(KCALL(RtlLockHeap, 0xFA0FFFF4), 0);
}

static void test_locks(void **state)
{
    (void)state;
    atomic_store(&allocated, 0);
    RUN_GUEST(locks, allocate_one);
    assert_logged("the calling thread has not locked heap FA000404");
}

static void allocates_in_vain(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(RtlAllocateHeap, (uint32_t)ctx->r[3], 0, 10), 0);
}

static void locks_in_vain(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(RtlLockHeap, (uint32_t)ctx->r[3]), 0);
}

/* A heap that is destroyed takes its lock along: who waits for it is told, and the next heap in its
 * place is not locked. */
static void destroyed_inside(grt_ppc *ctx, uint8_t *base)
{
    grt_runtime *runtime = ctx->thread->runtime;
    grt_addr s = scratch(ctx);
    uint32_t heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(RtlLockHeap, heap), 1);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1 + i % 2), heap, 0),
                    GRT_NT_SUCCESS);
        while (waiting(runtime) != i + 1)
            os_sleep_ns(100000);
    }
    CHECK_EQUAL(KCALL(RtlDestroyHeap, heap), 0);
    uint32_t next = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, next), 0);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 4 * i), 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, heap), 0);
    CHECK_EQUAL(atomic_load(&runtime->kernel->heaps.locked), 0);
    CHECK_EQUAL(waiting(runtime), 0);
}

static void test_destroyed_while_locked(void **state)
{
    (void)state;
    RUN_GUEST(destroyed_inside, allocates_in_vain, locks_in_vain);
    assert_logged("RtlAllocateHeap: heap FA000404 was destroyed");
    assert_logged("RtlLockHeap: heap FA000404 was destroyed");
    assert_logged("RtlUnlockHeap: heap FA000404 was destroyed");
}

static void allocates(grt_ppc *ctx, uint8_t *base)
{
    CHECK(KCALL(RtlAllocateHeap, (uint32_t)ctx->r[3], 0, 10) != 0);
}

/* One unlock lets all go on that wait to allocate. */
static void lets_all_go_on(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(RtlLockHeap, 0), 1);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
        while (waiting(ctx->thread->runtime) != i + 1)
            os_sleep_ns(100000);
    }
    CHECK_EQUAL(KCALL(RtlUnlockHeap, 0), 1);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 4 * i), 0, 0, 0), GRT_NT_SUCCESS);
}

static void test_all_go_on(void **state)
{
    (void)state;
    RUN_GUEST(lets_all_go_on, allocates);
}

static void ends_inside(grt_ppc *ctx, uint8_t *base)
{
    uint32_t heap = (uint32_t)ctx->r[3];
    CHECK_EQUAL(KCALL(RtlLockHeap, heap), 1);
    CHECK_EQUAL(KCALL(RtlLockHeap, 0), 1);
    CHECK_EQUAL(KCALL(RtlUnlockHeap, 0), 1);
}

static void waits_for_ever(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlAllocateHeap, (uint32_t)ctx->r[3], 0, 10);
    CHECK(!"it is locked");
}

static void left_locked(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), heap, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(2), heap, 0), GRT_NT_SUCCESS);
    for (int i = 0; i < 10000 && times_logged("which has ended") == 0; i++)
        os_sleep_ns(1000000);
    CHECK(KCALL(RtlAllocateHeap, 0, 0, 10) != 0); /* other heaps go on */
}

static void test_left_locked(void **state)
{
    (void)state;
    RUN_GUEST(left_locked, ends_inside, waits_for_ever);
    assert_logged(
        "[THREAD-CTX] thread id 00000002 ended inside 1 locked heap, among them FA000404");
    assert_logged(
        "RtlAllocateHeap: heap FA000404 is locked by thread 2, which has ended; called by "
        "thread 3");
    assert_int_equal(times_logged("\n"), 2);
}

/* ---- other names ----------------------------------------------------------------------------- */

static void names(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    grt_addr local = KCALL(LocalAlloc, 0x40, 100);
    CHECK(local != 0 && peek(base, local) == 0);
    CHECK_EQUAL(KCALL(LocalFree, local), 0);
    CHECK_EQUAL(KCALL(LocalFree, local), local);
    CHECK_EQUAL(KCALL(LocalFree, 0), 0);
    local = KCALL(LocalAlloc, 2, 8);
    CHECK(local != 0);
    for (int i = 0; i < 16; i++) {
        CHECK_EQUAL(KCALL(XamAlloc, 0, 64, s), 0);
        CHECK_EQUAL(peek(base, peek(base, s) + 60), 0);
        memset(base + peek(base, s), 0xFF, 64);
        CHECK_EQUAL(KCALL(XamAllocSize, peek(base, s)), 64);
        CHECK_EQUAL(KCALL(XamFree, peek(base, s)), 0);
    }
    CHECK_EQUAL(KCALL(XamFree, peek(base, s)), 0x80070057);
    CHECK_EQUAL(KCALL(XamAllocSize, peek(base, s)), 0);
    CHECK_EQUAL(KCALL(XamAlloc, 0, 64, 0), 0x80070057);
    CHECK_EQUAL(KCALL(XamAlloc, 0x100000, 0xF0000000, s), 0x8007000E);
    CHECK_EQUAL(peek(base, s), 0);
    CHECK_EQUAL(KCALL(XamAllocEx, 0x80000000u, 0, 64, s), 0);
    CHECK(peek(base, s) < GRT_FLAT_USER_END);
    CHECK_EQUAL(KCALL(XamAllocEx, 0x70000000u, 0x40000000u, 0x1800, s), 0);
    grt_addr physical = peek(base, s);
    CHECK(physical >= GRT_FLAT_PHYSICAL_FIRST && peek(base, physical) == 0);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, physical), 0x404);
    CHECK_EQUAL(KCALL(XamAllocSize, physical), 0x2000);
    CHECK_EQUAL(KCALL(XamAllocSize, physical + 0x1000), 0);
    CHECK_EQUAL(KCALL(XamFree, physical + 0x1000), 0x80070057);
    CHECK_EQUAL(KCALL(XamFree, physical), 0);
    CHECK_EQUAL(KCALL(XamAllocEx, 0, 0x40000000u, 0, s), 0x8007000E);
    CHECK_EQUAL(KCALL(XamAllocEx, 0, 0x40000000u, 0x1000, BAD), 0x80070057);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
    grt_addr block = KCALL(XMemAlloc, 100, 8u << 24);
    CHECK(block % 256 == 0 && KCALL(XMemSize, block, 0) == 100);
    KCALL(XMemFree, block, 0);
    CHECK_EQUAL(KCALL(XMemSize, block, 0), 0);
    block = KCALL(XMemAlloc, 100, 0xD0000000u | 15u << 24);
    CHECK(block % 0x8000 == 0 && KCALL(XMemSize, block, 0x80000000u) == 0x1000);
    CHECK_EQUAL(KCALL(MmQueryAddressProtect, block), 0x204);
    KCALL(XMemFree, block, 0x80000000u);
    CHECK_EQUAL(ctx->thread->runtime->kernel->vm.count, 0);
}

static void test_names(void **state)
{
    (void)state;
    RUN_GUEST(names);
    assert_logged("LocalAlloc: a block that may move is not known here");
}

/* ---- threads --------------------------------------------------------------------------------- */

static uint64_t seed;
static uint32_t shared_heap;

/* Blocks of a heap that everybody shares, and of heaps that come and go. */
static void churn(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed + (uint32_t)ctx->r[3];
    grt_addr blocks[16] = {0};
    uint32_t own = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    for (int i = 0; i < (UNDER_TSAN ? 500 : 5000); i++) {
        grt_addr *block = &blocks[random_below(&random, 16)];
        uint32_t size = 1 + random_below(&random, 3000);
        if (*block == 0) {
            *block = KCALL(RtlAllocateHeap, shared_heap, 0, size);
            CHECK(*block != 0);
        } else if (random_below(&random, 3) == 0) {
            *block = KCALL(RtlReAllocateHeap, shared_heap, 0, *block, size);
            CHECK(*block != 0);
        } else {
            CHECK_EQUAL(KCALL(RtlFreeHeap, shared_heap, 0, *block), 1);
            *block = 0;
        }
        CHECK(KCALL(RtlAllocateHeap, own, 0, 40) != 0);
        if (i % 100 == 0) {
            CHECK_EQUAL(KCALL(RtlDestroyHeap, own), 0);
            own = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
        }
        if (i % 64 == 0) {
            CHECK_EQUAL(KCALL(RtlLockHeap, shared_heap), 1);
            CHECK_EQUAL(KCALL(RtlUnlockHeap, shared_heap), 1);
        }
    }
    CHECK_EQUAL(KCALL(RtlDestroyHeap, own), 0);
}

static void many_threads(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t handles[4];
    shared_heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
        handles[i] = peek(base, s);
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, handles[i], 0, 0, 0), GRT_NT_SUCCESS);
        CHECK_EQUAL(KCALL(NtClose, handles[i]), GRT_NT_SUCCESS);
    }
    CHECK_EQUAL(KCALL(RtlDestroyHeap, shared_heap), 0);
    grt_title_heaps *heaps = &ctx->thread->runtime->kernel->heaps;
    CHECK_EQUAL(heaps->owners.used, 0);
    CHECK_EQUAL(heaps->owners.promised, 0);
    CHECK_EQUAL(atomic_load(&heaps->created), 0);
    CHECK_EQUAL(KCALL(RtlValidateHeap, 0, 0, 0), 1);
}

static void test_threads(void **state)
{
    (void)state;
    seed = test_seed();
    RUN_GUEST(many_threads, churn);
}

/* ---- a heap is destroyed while others get blocks of it: none is left ---------------------------
 */

#define USERS 2u
#define LIVES 400u
#define DONE  1u

static atomic_uint passing_heap, served;

static void uses_what_passes(grt_ppc *ctx, uint8_t *base)
{
    atomic_fetch_add(&served, 1);
    for (uint32_t heap = 0; heap != DONE; heap = atomic_load(&passing_heap)) {
        if (heap == 0)
            continue;
        grt_addr block = KCALL(RtlAllocateHeap, heap, 8, 50000);
        if (block)
            KCALL(RtlReAllocateHeap, heap, 0, block, 100000);
        atomic_fetch_add(&served, 1);
    }
}

static void wait_until_served(uint32_t count)
{
    while (atomic_load(&served) < count)
        os_thread_yield();
}

static void passes(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    const grt_block_owners *owners = &ctx->thread->runtime->kernel->heaps.owners;
    for (uint32_t i = 0; i < USERS; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
    wait_until_served(USERS);
    uint64_t before = blocks_of(ctx);
    for (uint32_t i = 0; i < LIVES; i++) {
        uint32_t heap = KCALL(RtlCreateHeap, GROWABLE, 0, 0, 0, 0, 0);
        uint32_t count = atomic_load(&served);
        atomic_store(&passing_heap, heap);
        wait_until_served(count + 1 + i % 3);
        CHECK_EQUAL(KCALL(RtlDestroyHeap, heap), 0);
    }
    atomic_store(&passing_heap, DONE);
    for (uint32_t i = 0; i < USERS; i++)
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 4 * i), 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(blocks_of(ctx), before);
    CHECK(owners->used == 0 && owners->promised == 0);
}

static void test_destroyed_while_used(void **state)
{
    (void)state;
    atomic_store(&passing_heap, 0);
    atomic_store(&served, 0);
    RUN_GUEST(passes, uses_what_passes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_title_heap),
        cmocka_unit_test(test_xalloc),
        cmocka_unit_test(test_created),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_without_host),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_destroyed_while_locked),
        cmocka_unit_test(test_all_go_on),
        cmocka_unit_test(test_left_locked),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_destroyed_while_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
