/*
 * test_heap_threads.c - many threads on one heap, blocks freed by others than who took them.
 */
#include "heap_fixture.h"

#include "heap/call_site.h"
#include "os/os.h"

#define THREADS 4
#define SHARED  64
#define STEPS   4000

static heap_fixture fixture;

/* Blocks in flight between threads: whoever takes one out owns it. */
static struct {
    os_mutex lock;
    grt_addr blocks[SHARED];
} exchange;

static grt_addr swap(uint32_t slot, grt_addr block)
{
    os_mutex_lock(&exchange.lock);
    grt_addr taken = exchange.blocks[slot];
    exchange.blocks[slot] = block;
    os_mutex_unlock(&exchange.lock);
    return taken;
}

typedef struct worker {
    os_thread *thread;
    uint32_t seed;
    uint32_t mistakes;
} worker;

static void step(worker *self, test_random *random)
{
    grt_heap *heap = fixture.heap;
    grt_addr block = grt_heap_alloc(heap, 8 + random_size(random, 90000));
    if (block != 0) {
        uint32_t size = grt_heap_size(heap, block);
        grt_store32(grt_memory_host(fixture.memory, block), size);
        grt_store32(grt_memory_host(fixture.memory, block + size - 4), size);
    }
    block = swap(random_below(random, SHARED), block);
    if (block == 0) {
        return;
    }
    uint32_t size = grt_heap_size(heap, block);
    self->mistakes += grt_load32(grt_memory_host(fixture.memory, block)) != size;
    self->mistakes += grt_load32(grt_memory_host(fixture.memory, block + size - 4)) != size;
    if (random_below(random, 4) == 0) {
        grt_addr moved = grt_heap_realloc(heap, block, 4 + random_size(random, 90000));
        block = moved != 0 ? moved : block;
    }
    self->mistakes += grt_heap_free(heap, block) != GRT_OK;
}

static void work(void *arg)
{
    worker *self = arg;
    test_random random = {self->seed};
    for (int i = 0; i < STEPS; i++) {
        step(self, &random);
        if (i % 500 == 0) {
            char text[128];
            self->mistakes += !grt_heap_check(fixture.heap, text, sizeof text);
            grt_heap_trim(fixture.heap);
        }
    }
}

static void let_blocks_travel(uint32_t pages)
{
    grt_heap_config config = fixture_config(&fixture, pages);
    config.log_failures_above = UINT32_MAX; /* the fixture's log is for one thread */
    fixture_open_with(&fixture, &config);   /* tight enough that some requests are refused */
    test_random random = random_from_environment("threads");
    worker workers[THREADS] = {{0}};
    for (int i = 0; i < THREADS; i++) {
        workers[i].seed = random_next(&random);
        assert_int_equal(os_thread_create(0x20000, work, &workers[i], &workers[i].thread), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(workers[i].thread);
        assert_int_equal(workers[i].mistakes, 0);
    }
    for (uint32_t i = 0; i < SHARED; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, swap(i, 0)), GRT_OK);
    }
    assert_int_equal(stats_of(fixture.heap).live, 0);
    assert_int_equal(stats_of(fixture.heap).bad_frees, 0);
    fixture_close(&fixture);
}

static void test_blocks_travel_between_threads(void **state)
{
    (void)state;
    let_blocks_travel(700);
}

/* A heap that has chunks. */
static void test_medium_blocks_travel_between_threads(void **state)
{
    (void)state;
    let_blocks_travel(1100);
}

static void fail_with_own_size(void *arg)
{
    worker *self = arg;
    grt_heap_failure failure;
    self->mistakes += grt_heap_last_failure(&failure); /* a new thread has none */
    (void)grt_set_call_site(self->seed);
    for (int i = 0; i < 200; i++) {
        self->mistakes += grt_heap_alloc(fixture.heap, 0x10000000u + self->seed) != 0;
        self->mistakes += !grt_heap_last_failure(&failure);
        self->mistakes += failure.asked != 0x10000000u + self->seed;
        self->mistakes += failure.call_site != self->seed;
    }
}

static void test_each_thread_keeps_its_own_failure(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 16);
    config.log_failures_above = UINT32_MAX; /* the fixture's log is for one thread */
    fixture_open_with(&fixture, &config);
    worker workers[THREADS] = {{0}};
    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i].seed = 1 + i;
        assert_int_equal(
            os_thread_create(0x20000, fail_with_own_size, &workers[i], &workers[i].thread), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(workers[i].thread);
        assert_int_equal(workers[i].mistakes, 0);
    }
    assert_int_equal(stats_of(fixture.heap).failures, THREADS * 200);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_travel_between_threads),
        cmocka_unit_test(test_medium_blocks_travel_between_threads),
        cmocka_unit_test(test_each_thread_keeps_its_own_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
