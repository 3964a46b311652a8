/*
 * test_heap_race.c - a guest thread that wrongly frees a block while another one works on it.
 *
 * The guest's mistake is reported; the host does not fault, whoever comes first.
 */
#include "heap_fixture.h"

#include <stdatomic.h>

#include "os/os.h"

#define MIB    0x100000u
#define ROUNDS 40

static heap_fixture fixture;

/* The intruder frees [address] once in every round; the rounds are numbered from 1. */
static struct {
    atomic_uint started;
    atomic_uint finished;
    grt_addr address;
    uint32_t tries; /* at most so many, until one is accepted */
    grt_status status;
} intruder;

static void await(atomic_uint *counter, unsigned value)
{
    while (atomic_load(counter) < value) {
        os_thread_yield();
    }
}

static void intrude(void *arg)
{
    (void)arg;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        await(&intruder.started, round);
        intruder.status = GRT_NOT_A_BLOCK;
        for (uint32_t i = 0; i < intruder.tries && intruder.status != GRT_OK; i++) {
            intruder.status = grt_heap_free(fixture.heap, intruder.address);
        }
        grt_heap_trim(fixture.heap);
        atomic_store(&intruder.finished, round);
    }
}

static os_thread *start_intruder(uint32_t tries)
{
    os_thread *thread;
    atomic_store(&intruder.started, 0);
    atomic_store(&intruder.finished, 0);
    intruder.tries = tries;
    assert_int_equal(os_thread_create(0x20000, intrude, NULL, &thread), 0);
    return thread;
}

static void test_free_while_a_block_moves(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    os_thread *thread = start_intruder(1);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        grt_addr block = grt_heap_alloc(fixture.heap, 8 * MIB);
        grt_addr wall = grt_heap_alloc(fixture.heap, MIB); /* so that the block has to move */
        intruder.address = block;
        atomic_store(&intruder.started, round);
        grt_addr moved = grt_heap_realloc(fixture.heap, block, 9 * MIB);
        await(&intruder.finished, round);
        assert_int_not_equal(moved, block);
        /* One of the two was first, and the other one was refused. */
        assert_int_equal(intruder.status, moved != 0 ? GRT_DOUBLE_FREE : GRT_OK);
        assert_int_equal(grt_heap_free(fixture.heap, moved), GRT_OK);
        assert_int_equal(grt_heap_free(fixture.heap, wall), GRT_OK);
    }
    os_thread_join(thread);
    assert_int_equal(stats_of(fixture.heap).live, 0);
    assert_int_equal(stats_of(fixture.heap).bad_frees, ROUNDS);
    fixture_close(&fixture);
}

static void test_free_while_a_block_is_cleared(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    os_thread *thread = start_intruder(2000);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        /* Pages that were used before are the ones to be cleared. */
        grt_addr used = grt_heap_alloc(fixture.heap, 8 * MIB);
        assert_int_equal(grt_heap_free(fixture.heap, used), GRT_OK);
        intruder.address = used;
        atomic_store(&intruder.started, round);
        grt_addr block = grt_heap_alloc_zeroed(fixture.heap, 8 * MIB);
        await(&intruder.finished, round);
        assert_int_equal(block, used);
        if (intruder.status != GRT_OK) {
            assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
        }
    }
    os_thread_join(thread);
    assert_int_equal(stats_of(fixture.heap).live, 0);
    fixture_close(&fixture);
}

static void test_a_move_keeps_the_bytes(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_addr block = grt_heap_alloc(fixture.heap, MIB);
    grt_addr wall = grt_heap_alloc(fixture.heap, MIB);
    memset(grt_memory_host(fixture.memory, block), 0x5A, MIB);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 2 * MIB);
    assert_int_not_equal(moved, block);
    const uint8_t *bytes = grt_memory_host(fixture.memory, moved);
    for (uint32_t i = 0; i < MIB; i++) {
        assert_int_equal(bytes[i], 0x5A);
    }
    assert_int_equal(grt_heap_free(fixture.heap, moved), GRT_OK);
    assert_int_equal(grt_heap_free(fixture.heap, wall), GRT_OK);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_while_a_block_moves),
        cmocka_unit_test(test_free_while_a_block_is_cleared),
        cmocka_unit_test(test_a_move_keeps_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
