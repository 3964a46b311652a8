/*
 * test_heap_sites.c - who asked for a block, who freed it, and what lies beside it.
 */
#include "heap_fixture.h"

#include "heap/call_site.h"
#include "heap/sites.h"
#include "os/os.h"

static heap_fixture fixture;

static grt_addr alloc_from(uint32_t site, uint32_t thread, uint32_t size)
{
    grt_set_call_site(site);
    grt_set_calling_thread(thread);
    grt_addr block = grt_heap_alloc(fixture.heap, size);
    grt_set_call_site(0);
    grt_set_calling_thread(0);
    return block;
}

static grt_status free_from(uint32_t site, uint32_t thread, grt_addr block)
{
    grt_set_call_site(site);
    grt_set_calling_thread(thread);
    grt_status status = grt_heap_free(fixture.heap, block);
    grt_set_call_site(0);
    grt_set_calling_thread(0);
    return status;
}

static grt_block_info describe(grt_addr address)
{
    grt_block_info info;
    grt_heap_describe(fixture.heap, address, &info);
    return info;
}

static void test_a_live_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=1");
    grt_addr block = alloc_from(0x82001234u, 3, 60);
    grt_block_info info = describe(block + 8);
    assert_true(info.site_known);
    assert_int_equal(info.site, 0x82001234u);
    assert_int_equal(info.thread, 3);
    assert_false(info.freed_known);
    assert_string_equal(info.text, "8 bytes inside the live block 0x00020000 of 60 bytes, asked "
                                   "for by call site 0x82001234 on thread 3");
    fixture_close(&fixture);
}

static void test_a_freed_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=1");
    grt_addr block = alloc_from(0x82001234u, 3, 60);
    assert_int_equal(free_from(0x82005678u, 4, block), GRT_OK);
    grt_block_info info = describe(block);
    assert_true(info.site_known && info.freed_known);
    assert_int_equal(info.asked, 60);
    assert_int_equal(info.site, 0x82001234u);
    assert_int_equal(info.thread, 3);
    assert_int_equal(info.freed_site, 0x82005678u);
    assert_int_equal(info.freed_thread, 4);
    assert_string_equal(info.text, "the start of a freed block that occupied 64 bytes, freed by "
                                   "call site 0x82005678 on thread 4");
    assert_int_equal(free_from(0x82009999u, 5, block), GRT_DOUBLE_FREE);
    assert_string_equal(
        fixture.line[0],
        "[HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user "
        "call_site=0x82009999 repeat=1: the start of a freed block that occupied 64 bytes, freed "
        "by call site 0x82005678 on thread 4");
    fixture_close(&fixture);
}

/* Large blocks too, zeroed and aligned ones, and those that were moved. */
static void test_every_kind_of_request(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 1024, "sites=1");
    grt_set_call_site(0x82001234u);
    assert_int_equal(describe(grt_heap_alloc(fixture.heap, 200000)).site, 0x82001234u);
    assert_int_equal(describe(grt_heap_alloc_zeroed(fixture.heap, 50)).site, 0x82001234u);
    grt_addr block = grt_heap_alloc_aligned(fixture.heap, 50, 8192);
    assert_int_equal(describe(block).site, 0x82001234u);
    grt_set_call_site(0x82005678u);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 100);
    assert_int_not_equal(moved, block);
    assert_int_equal(describe(moved).site, 0x82005678u);
    assert_int_equal(describe(block).freed_site, 0x82005678u);
    assert_int_equal(describe(block).asked, 50);
    grt_set_call_site(0x82009999u);
    assert_int_equal(grt_heap_realloc(fixture.heap, moved, 90), moved);
    assert_int_equal(describe(moved).site, 0x82005678u); /* it did not change hands */
    grt_set_call_site(0);
    fixture_close(&fixture);
}

static void test_one_request_in_so_many(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=3");
    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(describe(alloc_from(0x82001234u, 1, 60)).site_known, i % 3 == 0);
    }
    fixture_close(&fixture);
}

/* Nothing is said about a block that somebody else had at the same address before. */
static void test_what_was_before_is_forgotten(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=2");
    grt_addr block = alloc_from(0x82001234u, 3, 60);
    assert_int_equal(free_from(0x82005678u, 4, block), GRT_OK);
    assert_int_equal(alloc_from(0x82009999u, 5, 60), block); /* not sampled */
    assert_false(describe(block).site_known);
    assert_int_equal(free_from(0x82009999u, 5, block), GRT_OK);
    assert_false(describe(block).freed_known);
    assert_string_equal(describe(block).text, "the start of a freed block that occupied 64 bytes");
    fixture_close(&fixture);
}

static void test_damage_names_who(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=1,fill,slack");
    grt_addr block = alloc_from(0x82001234u, 3, 60);
    uint8_t *bytes = grt_memory_host(fixture.memory, block);
    bytes[60] = 0;
    assert_int_equal(free_from(0x82005678u, 4, block), GRT_OK);
    assert_string_equal(fixture.line[0],
                        "[HEAP-DAMAGE] overrun block=0x00020000 asked=60 damage=60-60 "
                        "found=009E9E9E noticed_by=free heap=user call_site=0x82005678 repeat=1: "
                        "bytes behind the block were written to; asked for by call site 0x82001234 "
                        "on thread 3");
    bytes[8] = 1;
    alloc_from(0x82009999u, 5, 60);
    assert_string_equal(fixture.line[1],
                        "[HEAP-DAMAGE] write-after-free block=0x00020000 occupied=64 damage=8-8 "
                        "found=019D9D9D9D9D9D9D noticed_by=alloc heap=user call_site=0x82009999 "
                        "repeat=1: a freed block was written to; freed by call site 0x82005678 on "
                        "thread 4");
    fixture_close(&fixture);
}

/* ---- who holds the memory -----------------------------------------------------------------------
 */

static bool said(const char *text)
{
    for (uint32_t i = 0; i < fixture.lines && i < LOG_LINES; i++) {
        if (strcmp(fixture.line[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void test_a_refusal_names_sites_and_threads(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=2");
    for (uint32_t i = 0; i < 20; i++) {
        alloc_from(i % 4 < 2 ? 0x82001000u : 0x82002000u, 1 + i % 4 / 2, i % 4 < 2 ? 1000 : 500);
    }
    assert_int_equal(grt_heap_alloc(fixture.heap, 0x7FFFFFFFu), 0);
    assert_true(said("[HEAP-DIAG] owner 1 by call site 0x82001000: about 10000 bytes in 10 blocks "
                     "(sampled, 1 request in 2)"));
    assert_true(said("[HEAP-DIAG] owner 2 by call site 0x82002000: about 5000 bytes in 10 blocks "
                     "(sampled, 1 request in 2)"));
    assert_true(said("[HEAP-DIAG] owner 1 by thread 1: about 10000 bytes in 10 blocks (sampled, 1 "
                     "request in 2)"));
    assert_true(said("[HEAP-DIAG] owner 2 by thread 2: about 5000 bytes in 10 blocks (sampled, 1 "
                     "request in 2)"));
    fixture_close(&fixture);
}

static void test_freed_blocks_hold_nothing(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "sites=1");
    free_from(1, 1, alloc_from(0x82001000u, 1, 1000));
    alloc_from(0x82002000u, 2, 10);
    assert_int_equal(grt_heap_alloc(fixture.heap, 0x7FFFFFFFu), 0);
    assert_true(said("[HEAP-DIAG] owner 1 by call site 0x82002000: about 10 bytes in 1 blocks "
                     "(sampled, 1 request in 1)"));
    for (uint32_t i = 0; i < fixture.lines; i++) {
        assert_null(strstr(fixture.line[i], "0x82001000"));
    }
    fixture_close(&fixture);
}

/* ---- the table ----------------------------------------------------------------------------------
 */

/* As large as one window: every entry can be anywhere. */
static void test_a_full_table(void **state)
{
    (void)state;
    site_entry entries[SITE_WINDOW] = {{0}};
    site_table table = {.entries = entries, .count = SITE_WINDOW, .every = 1};
    for (uint32_t i = 0; i < SITE_WINDOW; i++) {
        site_table_add(&table, 0x20000 + 16 * i, 10 + i, i, i);
    }
    assert_int_equal(table.lost, 0);
    for (uint32_t i = 0; i < SITE_WINDOW; i++) {
        assert_int_equal(site_table_find(&table, 0x20000 + 16 * i, SITE_LIVE)->site, i);
    }
    site_table_add(&table, 0x30000, 1, 99, 99);
    assert_int_equal(table.lost, 1);
    assert_null(site_table_find(&table, 0x30000, SITE_LIVE));
    site_table_free(&table, 0x20050, 7, 7); /* the first to be freed is the first to go */
    site_table_free(&table, 0x20030, 8, 8);
    site_table_add(&table, 0x30000, 1, 99, 99);
    assert_int_equal(table.lost, 1);
    assert_int_equal(site_table_find(&table, 0x30000, SITE_LIVE)->site, 99);
    assert_null(site_table_find(&table, 0x20050, SITE_FREED));
    assert_int_equal(site_table_find(&table, 0x20030, SITE_FREED)->freed_site, 8);
    assert_null(site_table_find(&table, 0x20030, SITE_LIVE));
}

static void test_more_kinds_than_are_named(void **state)
{
    (void)state;
    static site_entry entries[1024];
    site_table table = {.entries = entries, .count = 1024, .every = 4};
    for (uint32_t i = 0; i < 4 * 200; i++) {
        site_table_add(&table, 0x20000 + 16 * i, 1 + i / 4, i / 4, 1);
    }
    site_summary summary;
    site_table_sum_up(&table, &summary);
    assert_int_equal(summary.every, 4);
    assert_int_equal(summary.sites, SITE_TOP);
    for (uint32_t i = 0; i < SITE_TOP; i++) {
        assert_int_equal(summary.site[i].key, 199 - i);
        assert_int_equal(summary.site[i].bytes, 200 - i);
    }
    assert_int_equal(summary.threads, 1);
    assert_int_equal(summary.thread[0].blocks, 200);
}

/* ---- neighbours ---------------------------------------------------------------------------------
 */

static void test_neighbours(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr blocks[4];
    for (int i = 0; i < 3; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 60);
    }
    grt_heap_free(fixture.heap, blocks[0]);
    grt_block_info info = describe(blocks[1] + 4);
    assert_int_equal(info.before.state, GRT_BLOCK_FREED);
    assert_int_equal(info.before.start, blocks[0]);
    assert_int_equal(info.before.extent, 64);
    assert_int_equal(info.after.state, GRT_BLOCK_LIVE);
    assert_int_equal(info.after.start, blocks[2]);
    assert_int_equal(info.after.asked, 60);
    info = describe(blocks[0]);
    assert_int_equal(info.before.state, GRT_BLOCK_OUTSIDE);
    info = describe(blocks[2]);
    assert_int_equal(info.after.state, GRT_BLOCK_NEVER);
    grt_addr large = grt_heap_alloc(fixture.heap, 200000);
    info = describe(large + 100000);
    assert_int_equal(info.before.state, GRT_BLOCK_NEVER); /* the span has only three blocks */
    assert_int_equal(info.after.state, GRT_BLOCK_NEVER);
    fixture_close(&fixture);
}

/* The last page of a freed block: it is looked for as far back as 256 pages. */
static void test_freed_neighbours(void **state)
{
    (void)state;
    for (uint32_t pages = 256; pages <= 258; pages++) {
        fixture_open(&fixture, 1024);
        grt_addr freed = grt_heap_alloc(fixture.heap, pages * 4096);
        grt_addr live = grt_heap_alloc(fixture.heap, 200000);
        grt_heap_free(fixture.heap, freed);
        grt_block_info info = describe(live);
        assert_int_equal(info.before.state, pages <= 257 ? GRT_BLOCK_FREED : GRT_BLOCK_NEVER);
        assert_int_equal(info.before.start, pages <= 257 ? freed : 0);
        assert_int_equal(describe(live - 1).start, freed);
        fixture_close(&fixture);
    }
}

/* ---- threads ------------------------------------------------------------------------------------
 */

#define WORKERS 4
#define ROUNDS  2000

static grt_addr handed[WORKERS];

/* Each asks from a site of its own and frees what the one before it asked for. */
static void work(void *arg)
{
    uint32_t number = (uint32_t)(uintptr_t)arg;
    grt_set_call_site(0x82000000u + number);
    grt_set_calling_thread(number);
    for (int i = 0; i < ROUNDS; i++) {
        grt_addr block = grt_heap_alloc(fixture.heap, 100 + number);
        assert_int_not_equal(block, 0);
        grt_block_info info = describe(block);
        assert_true(info.site_known && info.site == 0x82000000u + number);
        block = __atomic_exchange_n(&handed[number % WORKERS], block, __ATOMIC_ACQ_REL);
        grt_addr other = __atomic_exchange_n(&handed[(number + 1) % WORKERS], 0, __ATOMIC_ACQ_REL);
        assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
        assert_int_equal(grt_heap_free(fixture.heap, other), GRT_OK);
    }
}

static void test_threads(void **state)
{
    (void)state;
    os_thread *threads[WORKERS];
    fixture_open_options(&fixture, 1024,
                         "sites=1,fill,redzone=16,quarantine=8K,guard=102,guard_sample=5");
    for (uint32_t i = 0; i < WORKERS; i++) {
        void *number = (void *)(uintptr_t)(i + 1);
        assert_int_equal(os_thread_create(0x20000, work, number, &threads[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_heap_sound(fixture.heap);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        os_thread_join(threads[i]);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, handed[i]), GRT_OK);
        handed[i] = 0;
    }
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.blocks, 0);
    assert_int_equal(stats.allocations, WORKERS * ROUNDS);
    assert_int_equal(stats.overruns + stats.writes_after_free + stats.bad_frees, 0);
    assert_int_equal(fixture.lines, 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_live_block),
        cmocka_unit_test(test_a_freed_block),
        cmocka_unit_test(test_every_kind_of_request),
        cmocka_unit_test(test_one_request_in_so_many),
        cmocka_unit_test(test_what_was_before_is_forgotten),
        cmocka_unit_test(test_damage_names_who),
        cmocka_unit_test(test_a_refusal_names_sites_and_threads),
        cmocka_unit_test(test_freed_blocks_hold_nothing),
        cmocka_unit_test(test_a_full_table),
        cmocka_unit_test(test_more_kinds_than_are_named),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_freed_neighbours),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
