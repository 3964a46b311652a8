/* test_kernel_owners.c - the table of created heaps' blocks, against a plain array. */
#include "heap_fixture.h"

#include "kernel/block_owners.h"
#include "os/os_inject.h"

#define BLOCKS 600u
#define HEAPS  4u

typedef struct world {
    grt_block_owners owners;
    uint32_t heap[BLOCKS]; /* 0: not entered */
    uint32_t used;
    test_random random;
} world;

static grt_addr address_of(uint32_t i)
{
    return 0x20000 + i * 16;
}

static void put(world *w, uint32_t i, uint32_t heap)
{
    grt_block_owner owner = {address_of(i), heap, i};
    assert_true(grt_block_owners_promise(&w->owners));
    grt_block_owners_put(&w->owners, &owner);
    w->used += w->heap[i] == 0;
    w->heap[i] = heap;
}

static void take_all(world *w, uint32_t heap)
{
    grt_addr blocks[7];
    uint32_t cursor = 0, taken;
    do {
        taken = grt_block_owners_take(&w->owners, heap, blocks, 7, &cursor);
        for (uint32_t i = 0; i < taken; i++) {
            uint32_t index = (blocks[i] - 0x20000) / 16;
            assert_int_equal(w->heap[index], heap);
            w->heap[index] = 0;
            w->used--;
        }
    } while (taken == 7);
    for (uint32_t i = 0; i < BLOCKS; i++)
        assert_int_not_equal(w->heap[i], heap);
}

static void compare(const world *w, uint32_t i)
{
    const grt_block_owner *owner = grt_block_owners_find(&w->owners, address_of(i));
    assert_int_equal(owner != NULL, w->heap[i] != 0);
    if (owner) {
        assert_int_equal(owner->heap, w->heap[i]);
        assert_int_equal(owner->size, i);
    }
}

static void test_model(void **state)
{
    (void)state;
    world w = {.random = random_from_environment("test_kernel_owners")};
    assert_null(grt_block_owners_find(&w.owners, 0x20000));
    for (int step = 0; step < 100000; step++) {
        uint32_t i = random_below(&w.random, BLOCKS);
        if (w.heap[i] == 0 || random_below(&w.random, 8) == 0) {
            put(&w, i, 1 + random_below(&w.random, HEAPS));
        } else {
            grt_block_owners_remove(&w.owners, address_of(i));
            w.heap[i] = 0;
            w.used--;
        }
        if (random_below(&w.random, 2000) == 0)
            take_all(&w, 1 + random_below(&w.random, HEAPS));
        compare(&w, random_below(&w.random, BLOCKS));
        for (uint32_t j = 0; step % 1000 == 0 && j < BLOCKS; j++)
            compare(&w, j);
        assert_int_equal(w.owners.used, w.used);
        assert_int_equal(w.owners.promised, 0);
    }
    grt_block_owners_destroy(&w.owners);
}

/* A promise is kept whatever others do meanwhile. */
static void test_promises(void **state)
{
    (void)state;
    world w = {.used = 0};
    for (uint32_t i = 0; i < 300; i++)
        assert_true(grt_block_owners_promise(&w.owners));
    os_inject_failure(1, true);
    for (uint32_t i = 0; i < 300; i++) {
        grt_block_owner owner = {address_of(i), 1, i};
        grt_block_owners_put(&w.owners, &owner);
    }
    uint32_t more = 0;
    while (grt_block_owners_promise(&w.owners))
        more++;
    assert_true(more < 1000);
    os_inject_failure(0, false);
    for (uint32_t i = 0; i < 300; i++)
        assert_non_null(grt_block_owners_find(&w.owners, address_of(i)));
    while (more--)
        grt_block_owners_withdraw(&w.owners);
    grt_block_owners_destroy(&w.owners);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
