/*
 * test_heap_model.c - the heap against a model of a few lines (heap_world.h): every short sequence
 * of calls on a tiny arena, then long ones at random, by one thread and by two. A sequence that
 * fails is shortened before it is printed.
 */
#include "heap_fixture.h"

#include "heap_sequence.h"

static baton other;

/* ---- every short sequence on a tiny arena -------------------------------------------------------
 */

#define DEPTH_MAX 6

/* Under a sanitizer, which makes each call several times slower, sequences are one call shorter. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define DEPTH_LESS 1
#else
#    define DEPTH_LESS 0
#endif

typedef struct alphabet {
    uint32_t pages;
    uint32_t depth;
    uint32_t count;
    heap_call calls[12];
} alphabet;

typedef struct enumeration {
    const alphabet *letters;
    heap_world world;
    uint32_t at[DEPTH_MAX]; /* letter of each place */
} enumeration;

/* Advances the last place first; returns the first place that changed, the depth when all are done.
 */
static uint32_t next_sequence(enumeration *all)
{
    uint32_t place = all->letters->depth;
    while (place > 0) {
        if (++all->at[--place] < all->letters->count) {
            return place;
        }
        all->at[place] = 0;
    }
    return all->letters->depth;
}

static void fail_sequence(const enumeration *all, uint32_t length)
{
    static sequence calls;
    sequence_result result = {.made = length};
    memcpy(result.complaint, all->world.complaint, sizeof result.complaint);
    calls.count = length;
    for (uint32_t i = 0; i < length; i++) {
        calls.calls[i] = all->letters->calls[all->at[i]];
    }
    sequence_print(&calls, &result);
    fail();
}

/* A request takes the first slot of three that is free. */
static heap_call letter_call(const enumeration *all, uint32_t place)
{
    heap_call call = all->letters->calls[all->at[place]];
    while (call.kind <= CALL_ALIGNED && call.slot < 3 && all->world.blocks[call.slot].start != 0) {
        call.slot++;
    }
    return call;
}

/* Makes the heap forget: a request that is too large takes all that is merely kept away before it
 * is refused. Only the pages stay committed, which is quicker than trimming. */
static void start_over(heap_world *world)
{
    heap_call too_large = {.kind = CALL_ALLOC, .slot = WORLD_SLOTS - 1, .value = 0x10000000};
    free_all(world);
    world_call(world, &too_large);
}

/* Everything is checked after each call that follows a beginning not seen before. Afterwards all
 * is freed, so that the next sequence starts where this one did. */
static void run_sequence(enumeration *all, uint32_t fresh)
{
    heap_world *world = &all->world;
    for (uint32_t place = 0; place < all->letters->depth; place++) {
        heap_call call = letter_call(all, place);
        world_call(world, &call);
        if (place >= fresh) {
            world_check(world);
        }
        if (world->complaint[0] != '\0') {
            fail_sequence(all, place + 1);
        }
    }
    start_over(world);
}

static void enumerate(const alphabet *letters, baton *second)
{
    static enumeration all;
    all = (enumeration){.letters = letters};
    assert_true(world_open(&all.world, letters->pages, 0, second));
    uint32_t fresh = 0;
    uint64_t sequences = 0, expected = 1;
    do {
        run_sequence(&all, fresh);
        fresh = next_sequence(&all);
        sequences++;
    } while (fresh < letters->depth);
    for (uint32_t i = 0; i < letters->depth; i++) {
        expected *= letters->count;
    }
    assert_int_equal(sequences, expected);
    world_close(&all.world);
    assert_string_equal(all.world.complaint, "");
}

static void test_every_sequence_of_five_calls(void **state)
{
    static const alphabet letters = {.pages = 20,
                                     .depth = 5 - DEPTH_LESS,
                                     .count = 10,
                                     .calls = {{.kind = CALL_ALLOC, .value = 16},
                                               {.kind = CALL_ALLOC, .value = 8000},
                                               {.kind = CALL_ZEROED, .value = 20000},
                                               {.kind = CALL_ALIGNED, .value = 36000, .power = 14},
                                               {.kind = CALL_FREE_TWICE, .slot = 0},
                                               {.kind = CALL_FREE, .slot = 1},
                                               {.kind = CALL_FREE, .slot = 2},
                                               {.kind = CALL_REALLOC, .slot = 0, .value = 30000},
                                               {.kind = CALL_REALLOC, .slot = 1, .value = 10},
                                               {.kind = CALL_FREE_STALE, .value = 0}}};
    (void)state;
    enumerate(&letters, NULL);
}

static void test_every_sequence_of_six_calls(void **state)
{
    static const alphabet letters = {.pages = 16,
                                     .depth = 6 - DEPTH_LESS,
                                     .count = 6,
                                     .calls = {{.kind = CALL_ALLOC, .value = 7000},
                                               {.kind = CALL_ALLOC, .value = 17000},
                                               {.kind = CALL_FREE, .slot = 0},
                                               {.kind = CALL_FREE_TWICE, .slot = 1},
                                               {.kind = CALL_REALLOC, .slot = 0, .value = 33000},
                                               {.kind = CALL_TRIM}}};
    (void)state;
    enumerate(&letters, NULL);
}

/* The same calls by two threads: who has what in a cache decides what the next one gets. */
static void test_every_sequence_of_two_threads(void **state)
{
    static const alphabet letters = {
        .pages = 16,
        .depth = 5 - DEPTH_LESS,
        .count = 7,
        .calls = {{.kind = CALL_ALLOC, .value = 7000},
                  {.kind = CALL_ALLOC, .value = 7000, .elsewhere = true},
                  {.kind = CALL_ALLOC, .value = 50000, .elsewhere = true},
                  {.kind = CALL_FREE, .slot = 0},
                  {.kind = CALL_FREE, .slot = 0, .elsewhere = true},
                  {.kind = CALL_FREE_TWICE, .slot = 1, .elsewhere = true},
                  {.kind = CALL_REALLOC, .slot = 0, .value = 300, .elsewhere = true}}};
    (void)state;
    enumerate(&letters, &other);
}

/* ---- long sequences at random -------------------------------------------------------------------
 */

typedef struct drawing {
    uint32_t max_size;
    uint32_t max_power;
    uint32_t slots;
    bool two_threads;
    bool failures; /* injected, and the host's */
} drawing;

static call_kind draw_kind(test_random *random, const drawing *draw)
{
    static const call_kind often[] = {CALL_ALLOC,   CALL_ALLOC,     CALL_ZEROED,    CALL_ALIGNED,
                                      CALL_REALLOC, CALL_FREE,      CALL_FREE,      CALL_FREE_TWICE,
                                      CALL_FREE,    CALL_FREE_WILD, CALL_FREE_STALE};
    static const call_kind seldom[] = {CALL_TRIM,       CALL_SPRAY,  CALL_FREE_INSIDE,
                                       CALL_TAKE_PAGES, CALL_INJECT, CALL_HOST};
    if (random_below(random, 20) == 0) {
        return seldom[random_below(random, draw->failures ? 6 : 4)];
    }
    return random_below(random, 12) == 0 ? CALL_DESCRIBE : often[random_below(random, 11)];
}

static void draw_calls(test_random *random, const drawing *draw, uint32_t count, sequence *calls)
{
    calls->count = count;
    for (uint32_t i = 0; i < count; i++) {
        heap_call *call = &calls->calls[i];
        *call = (heap_call){.kind = draw_kind(random, draw)};
        call->slot = random_below(random, draw->slots);
        call->power = random_below(random, draw->max_power + 1);
        call->value = random_size(random, draw->max_size);
        call->elsewhere = draw->two_threads && random_below(random, 3) == 0;
        if (call->kind == CALL_FREE_WILD || call->kind == CALL_DESCRIBE) {
            call->value = GRT_FLAT_USER_FIRST - 0x1000 + random_below(random, 0x410000);
        }
    }
}

static void run_random(const char *name, const sequence_setting *setting, const drawing *draw,
                       uint32_t count)
{
    static sequence calls;
    test_random random = random_from_environment(name);
    sequence_result result;
    draw_calls(&random, draw, count, &calls);
    sequence_run(setting, &calls, &result);
    if (result.complaint[0] != '\0') {
        fprintf(stderr, "%u calls, then: %s\n", result.made, result.complaint);
        sequence_shorten(setting, &calls, &result);
        sequence_print(&calls, &result);
        fail();
    }
}

#define RANDOM(test, pages_, budget_, size, power, slots_, threads, injected, count)               \
    static void test(void **state)                                                                 \
    {                                                                                              \
        sequence_setting setting = {.pages = pages_, .budget = budget_, .check_every = 1};         \
        drawing draw = {size, power, slots_, threads, injected};                                   \
        (void)state;                                                                               \
        setting.other = threads ? &other : NULL;                                                   \
        /* One thread at a time is nothing new to the thread sanitizer. */                         \
        run_random(#test, &setting, &draw, rounds_of(count, threads ? 2 : 8));                     \
    }

RANDOM(test_small_sizes, 256, 0, 3000, 12, 64, false, false, 12000)
RANDOM(test_crowded, 96, 0, 60000, 13, 64, false, false, 12000)
RANDOM(test_tiny, 16, 0, 9000, 12, 24, false, false, 12000)
RANDOM(test_with_budget, 512, 500000, 100000, 14, 64, false, false, 8000)
RANDOM(test_roomy, 2048, 0, 300000, 24, 64, false, false, 4000)
RANDOM(test_chunks, 1100, 0, 131000, 13, 64, false, false, 6000)
RANDOM(test_chunks_with_budget, 1100, 1500000, 131000, 13, 64, false, false, 6000)
RANDOM(test_with_failures, 128, 0, 60000, 13, 64, false, true, 8000)
RANDOM(test_two_threads_small_sizes, 128, 0, 2000, 12, 64, true, false, 8000)
RANDOM(test_two_threads_crowded, 48, 0, 30000, 13, 64, true, false, 8000)
RANDOM(test_two_threads_with_budget, 256, 200000, 9000, 12, 64, true, false, 6000)
RANDOM(test_two_threads_chunks, 1100, 0, 131000, 13, 64, true, false, 6000)
RANDOM(test_two_threads_with_failures, 96, 0, 20000, 12, 64, true, true, 8000)
RANDOM(test_two_threads_chunks_with_failures, 1100, 0, 131000, 13, 64, true, true, 6000)

/* ---- the harness itself -------------------------------------------------------------------------
 */

/* A promise that no heap keeps: no block of 1,000 bytes or more lives beside one of slot 3 that has
 * less than 100. */
static void break_promise(heap_world *world, const heap_call *call)
{
    uint32_t size = world->blocks[3].start != 0 ? world->blocks[3].size : 100;
    (void)call;
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        if (world->blocks[i].start != 0 && world->blocks[i].size >= 1000 && size < 100) {
            complain(world, "the promise is broken");
        }
    }
}

static void test_a_failing_sequence_is_shortened(void **state)
{
    static sequence calls;
    sequence_setting setting = {.pages = 256, .check_every = 64, .promise = break_promise};
    drawing draw = {3000, 12, 8, false, false};
    test_random random = {1};
    sequence_result result;
    (void)state;
    draw_calls(&random, &draw, 3000, &calls);
    sequence_run(&setting, &calls, &result);
    assert_string_equal(result.complaint, "the promise is broken");
    assert_true(result.made > 2);
    sequence_shorten(&setting, &calls, &result);
    assert_string_equal(result.complaint, "the promise is broken");
    assert_int_equal(calls.count, 2);
}

static int start_other(void **state)
{
    (void)state;
    return baton_start(&other) ? 0 : -1;
}

static int stop_other(void **state)
{
    (void)state;
    baton_stop(&other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sequence_of_five_calls),
        cmocka_unit_test(test_every_sequence_of_six_calls),
        cmocka_unit_test(test_every_sequence_of_two_threads),
        cmocka_unit_test(test_small_sizes),
        cmocka_unit_test(test_crowded),
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_with_budget),
        cmocka_unit_test(test_roomy),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_chunks_with_budget),
        cmocka_unit_test(test_with_failures),
        cmocka_unit_test(test_two_threads_small_sizes),
        cmocka_unit_test(test_two_threads_crowded),
        cmocka_unit_test(test_two_threads_with_budget),
        cmocka_unit_test(test_two_threads_chunks),
        cmocka_unit_test(test_two_threads_with_failures),
        cmocka_unit_test(test_two_threads_chunks_with_failures),
        cmocka_unit_test(test_a_failing_sequence_is_shortened),
    };
    return cmocka_run_group_tests(tests, start_other, stop_other);
}
