/*
 * What happens at the edges: budget, limits of the host, the N-th failing host call, accesses past
 * the window, and a thousand lives without growth.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestrt/memory.h"
#include "log_capture.h"
#include "memory/memory_impl.h"
#include "os/os.h"
#include "os/os_inject.h"

#define K(n) ((uint64_t)(n) << 10)
#define M(n) ((uint64_t)(n) << 20)

static log_capture capture;

static grt_memory_config config_of(grt_profile profile, uint64_t budget)
{
    grt_memory_config config = grt_memory_config_default();
    config.profile = profile;
    config.budget = budget;
    config.log = log_capture_log(&capture);
    return config;
}

static grt_memory *create(grt_profile profile, uint64_t budget)
{
    grt_memory_config config = config_of(profile, budget);
    grt_memory *memory;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_OK);
    return memory;
}

static uint64_t committed(const grt_memory *memory)
{
    grt_memory_stats stats;
    grt_memory_get_stats(memory, &stats);
    return stats.committed;
}

/* ---- asking the host itself ------------------------------------------------------------------ */

static os_jump_buffer way_out;
static uintptr_t fault_address;

static bool on_fault(const os_fault *fault)
{
    fault_address = fault->address;
    os_jump(&way_out, 1);
}

static void on_interrupt(void)
{
}

static bool faults_at(volatile const uint8_t *byte)
{
    if (os_mark(&way_out) != 0) {
        return fault_address == (uintptr_t)byte;
    }
    (void)*byte;
    return false;
}

static bool write_faults_at(volatile uint8_t *byte)
{
    if (os_mark(&way_out) != 0) {
        return fault_address == (uintptr_t)byte;
    }
    *byte = *byte;
    return false;
}

static void catch_faults(void)
{
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    assert_int_equal(os_fault_thread_enter(), 0);
}

static void stop_catching_faults(void)
{
    os_fault_thread_leave();
    os_fault_uninstall();
}

/* ---- budget ---------------------------------------------------------------------------------- */

static void test_budget_is_exact(void **state)
{
    (void)state;
    grt_memory *memory = create(GRT_PROFILE_FLAT, K(64));
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "image"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0x40000, K(64), "user heap"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x10000, K(24)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x40000, K(36)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x40000, K(44)), GRT_OVER_BUDGET);
    assert_int_equal(committed(memory), K(60));
    assert_string_equal(capture.line,
                        "'user heap' cannot commit 8192 bytes at 0x00040000: 61440 of the budget "
                        "of 65536 bytes are committed; most is held by 'user heap' at 0x00040000 "
                        "36864, 'image' at 0x00010000 24576");
    assert_int_equal(grt_memory_commit(memory, 0x40000, K(40)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x40000, K(40)), GRT_OK); /* again costs nothing */
    assert_int_equal(grt_memory_commit(memory, 0x1F000, K(4)), GRT_OVER_BUDGET);
    assert_int_equal(grt_memory_release(memory, 0x40000), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x1F000, K(4)), GRT_OK);
    assert_null(grt_memory_check(memory));
    grt_memory_destroy(memory);
}

/* ---- the host says no ------------------------------------------------------------------------ */

static uint64_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (uint64_t)pages * os_page_size();
}

/* Runs [body] in a child under a limit, which could not be taken back here. */
static void with_limit(int resource, uint64_t limit, bool (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit value = {limit, limit};
        bool set = setrlimit((__rlimit_resource_t)resource, &value) == 0;
        bool good = set && body();
        if (!good) {
            fprintf(stderr, "last line: %s\n", capture.line);
        }
        _exit(good ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static bool create_is_refused(void)
{
    grt_memory *memory = NULL;
    grt_memory_config config = config_of(GRT_PROFILE_FLAT, 0);
    return grt_memory_create(&config, &memory) == GRT_NO_ADDRESS_SPACE && memory == NULL &&
           capture.lines == 1 && strstr(capture.line, "Cannot allocate memory (errno 12)") &&
           strstr(capture.line, "RLIMIT_AS is") && strstr(capture.line, "ulimit -v unlimited");
}

static void test_no_address_space(void **state)
{
    (void)state;
    with_limit(RLIMIT_AS, mapped_bytes() + M(1024), create_is_refused);
}

static bool commit_is_refused(void)
{
    grt_memory *memory = create(GRT_PROFILE_FLAT, 0);
    bool good = grt_memory_reserve(memory, 0x10000000, M(1024), "user heap") == GRT_OK &&
                grt_memory_commit(memory, 0x10000000, K(64)) == GRT_OK &&
                grt_memory_commit(memory, 0x10000000, M(1024)) == GRT_HOST_REFUSED_COMMIT &&
                strstr(capture.line, "of 'user heap': Cannot allocate memory (errno 12)") &&
                strstr(capture.line, "RLIMIT_DATA is") && committed(memory) == K(64) &&
                grt_memory_check(memory) == NULL;
    grt_memory_destroy(memory);
    return good;
}

static void test_commit_refused_by_the_host(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizer's own shadow exceeds any limit on data */
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    skip();
#    endif
#endif
    with_limit(RLIMIT_DATA, M(256), commit_is_refused);
}

/* ---- the N-th host call fails ---------------------------------------------------------------- */

static grt_addr physical_or_user(grt_profile profile)
{
    return profile == GRT_PROFILE_CONSOLE ? 0xA0010000u : 0x00100000u;
}

/* A range with holes, so that a commit of it takes several host calls. */
static void make_holes(grt_memory *memory, grt_profile profile)
{
    grt_addr at = physical_or_user(profile);
    assert_int_equal(grt_memory_reserve(memory, at, K(64), "holes"), GRT_OK);
    for (grt_addr i = 0; i < 16; i += 4) {
        assert_int_equal(grt_memory_commit(memory, at + i * 0x1000, K(4)), GRT_OK);
        *(volatile uint8_t *)grt_memory_host(memory, at + i * 0x1000) = 1;
    }
    assert_int_equal(grt_memory_protect(memory, at, K(4), GRT_READ_ONLY), GRT_OK);
}

static void commit_with_failures(grt_profile profile, bool sticky)
{
    grt_memory *memory = create(profile, 0);
    make_holes(memory, profile);
    grt_addr at = physical_or_user(profile);
    grt_status status = GRT_INTERNAL;
    unsigned nth;
    for (nth = 1; status != GRT_OK; nth++) {
        os_inject_failure(nth, sticky);
        status = grt_memory_commit(memory, at, K(64));
        bool fired = os_inject_fired() != 0;
        os_inject_failure(0, false);
        assert_int_equal(status, fired ? GRT_HOST_REFUSED_COMMIT : GRT_OK);
        assert_int_equal(committed(memory), status == GRT_OK ? K(64) : K(16));
        assert_null(grt_memory_check(memory));
        uint8_t *host = grt_memory_host(memory, at);
        assert_true(write_faults_at(host)); /* it was read-only, and a commit is no change */
        /* While the host refuses everything, what it half did cannot be taken back either. */
        for (size_t i = 0x1000; !sticky && i < K(64); i += 0x1000) {
            assert_int_equal(faults_at(host + i), i % 0x4000 != 0 && status != GRT_OK);
        }
    }
    assert_true(nth > 4);
    for (uint32_t i = 0; i < 16; i++) { /* what was there stayed, what is new is zero */
        const volatile uint8_t *byte = grt_memory_host(memory, at + i * 0x1000);
        assert_int_equal(*byte, i % 4 == 0);
    }
    grt_memory_destroy(memory);
}

static void test_nth_failure_of_commit(void **state)
{
    (void)state;
    catch_faults();
    for (int i = 0; i < 4; i++) {
        commit_with_failures(i < 2 ? GRT_PROFILE_FLAT : GRT_PROFILE_CONSOLE, i % 2 != 0);
    }
    stop_catching_faults();
}

static void protect_with_failures(grt_profile profile)
{
    grt_memory *memory = create(profile, 0);
    make_holes(memory, profile);
    grt_addr at = physical_or_user(profile);
    assert_int_equal(grt_memory_commit(memory, at, K(64)), GRT_OK);
    grt_status status = GRT_INTERNAL;
    for (unsigned nth = 1; status != GRT_OK; nth++) {
        os_inject_failure(nth, false);
        status = grt_memory_protect(memory, at, K(64), GRT_NO_ACCESS);
        bool fired = os_inject_fired() != 0;
        os_inject_failure(0, false);
        assert_int_equal(status, fired ? GRT_HOST_REFUSED_COMMIT : GRT_OK);
        grt_access expected = fired ? GRT_READ_WRITE : GRT_NO_ACCESS;
        assert_int_equal(grt_memory_accessible(memory, at + 0x1000, 1, GRT_READ_WRITE), fired);
        grt_page_info info;
        grt_memory_query(memory, at + 0x1000, &info);
        assert_int_equal(info.access, expected);
        if (fired) {
            *(volatile uint8_t *)grt_memory_host(memory, at + 0x1000) = 2; /* really accessible */
        }
    }
    grt_memory_destroy(memory);
}

static void test_nth_failure_of_protect(void **state)
{
    (void)state;
    protect_with_failures(GRT_PROFILE_FLAT);
    protect_with_failures(GRT_PROFILE_CONSOLE);
}

static void create_with_failures(grt_profile profile)
{
    grt_status status = GRT_INTERNAL;
    for (unsigned nth = 1; status != GRT_OK; nth++) {
        grt_memory *memory = NULL;
        grt_memory_config config = config_of(profile, 0);
        os_inject_failure(nth, false);
        status = grt_memory_create(&config, &memory);
        bool fired = os_inject_fired() != 0;
        os_inject_failure(0, false);
        assert_int_equal(status == GRT_OK, memory != NULL);
        /* A wish that is refused is no failure: the window may lie anywhere. */
        assert_true(fired || status == GRT_OK);
        assert_true(status == GRT_OK || status == GRT_NO_ADDRESS_SPACE ||
                    status == GRT_NO_HOST_MEMORY);
        grt_memory_destroy(memory);
    }
}

static void test_nth_failure_of_create(void **state)
{
    (void)state;
    create_with_failures(GRT_PROFILE_FLAT);
    create_with_failures(GRT_PROFILE_CONSOLE);
}

static void test_failure_of_reserve(void **state)
{
    (void)state;
    grt_memory *memory = create(GRT_PROFILE_FLAT, 0);
    grt_addr at = 0;
    for (uint32_t i = 0; i < 100; i++) {
        os_inject_failure(1, true);
        grt_status status =
            grt_memory_reserve_anywhere(memory, 0, GRT_WINDOW_SIZE, K(4), 0x1000, "x", &at);
        if (os_inject_fired() != 0) {
            assert_int_equal(status, GRT_NO_HOST_MEMORY);
            os_inject_failure(0, false);
            assert_int_equal(grt_memory_reserve(memory, (i + 1) * 0x1000, K(4), "x"), GRT_OK);
        } else {
            assert_int_equal(status, GRT_OK);
        }
        os_inject_failure(0, false);
    }
    assert_null(grt_memory_check(memory));
    grt_memory_destroy(memory);
}

static void test_decommit_never_fails_towards_the_guest(void **state)
{
    (void)state;
    const grt_profile profiles[] = {GRT_PROFILE_FLAT, GRT_PROFILE_CONSOLE};
    for (int i = 0; i < 2; i++) {
        grt_memory *memory = create(profiles[i], 0);
        make_holes(memory, profiles[i]);
        grt_addr at = physical_or_user(profiles[i]);
        os_inject_failure(1, true);
        assert_int_equal(grt_memory_decommit(memory, at, K(64)), GRT_OK);
        os_inject_failure(0, false);
        assert_int_equal(capture.level, GRT_LOG_WARN);
        assert_int_equal(committed(memory), 0);
        assert_int_equal(grt_memory_commit(memory, at, K(64)), GRT_OK);
        assert_int_equal(*(volatile uint8_t *)grt_memory_host(memory, at), 0);
        assert_null(grt_memory_check(memory));
        grt_memory_destroy(memory);
    }
}

/* ---- the window's end ------------------------------------------------------------------------ */

static void test_edges_trap(void **state)
{
    (void)state;
    catch_faults();
    for (int i = 0; i < 2; i++) {
        grt_memory *memory = create(i == 0 ? GRT_PROFILE_FLAT : GRT_PROFILE_CONSOLE, 0);
        const uint8_t *base = grt_memory_base(memory);
        assert_int_equal(grt_memory_reserve(memory, 0xFFFFF000, K(4), "last page"), GRT_OK);
        assert_int_equal(grt_memory_commit(memory, 0xFFFFF000, K(4)), GRT_OK);
        assert_false(faults_at(base + 0xFFFFFFFF));
        assert_true(faults_at(base + GRT_WINDOW_SIZE));
        assert_true(faults_at(base + GRT_WINDOW_SIZE + 7));
        assert_true(faults_at(base));
        assert_true(faults_at(base + 0x00123456));
        assert_true(faults_at(base + 0xA0000000u));
        assert_int_equal(grt_memory_decommit(memory, 0xFFFFF000, K(4)), GRT_OK);
        assert_true(faults_at(base + 0xFFFFFFFF));
        grt_memory_destroy(memory);
    }
    stop_catching_faults();
}

/* ---- no growth ------------------------------------------------------------------------------- */

static unsigned mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    assert_non_null(file);
    unsigned lines = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        lines += c == '\n';
    }
    fclose(file);
    return lines;
}

/* The lowest free file descriptor. */
static int next_file(void)
{
    int file = dup(STDERR_FILENO);
    close(file);
    return file;
}

static void one_life(grt_profile profile)
{
    grt_memory *memory = create(profile, 0);
    assert_int_equal(grt_memory_reserve(memory, 0xA0000000u, M(1), "physical"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0000000u, K(64)), GRT_OK);
    *(volatile uint8_t *)grt_memory_host(memory, 0xA0000000u) = 1;
    grt_memory_destroy(memory);
}

static void test_a_thousand_lives(void **state)
{
    (void)state;
    one_life(GRT_PROFILE_FLAT);
    one_life(GRT_PROFILE_CONSOLE);
    unsigned mappings_before = mappings();
    uint64_t bytes_before = mapped_bytes();
    int file_before = next_file();
    for (int i = 0; i < 1000; i++) {
        one_life(i % 2 == 0 ? GRT_PROFILE_FLAT : GRT_PROFILE_CONSOLE);
    }
    assert_true(mappings() <= mappings_before + 4); /* the tools around us may map a little */
    assert_true(mapped_bytes() <= bytes_before + M(8));
    assert_int_equal(next_file(), file_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_is_exact),
        cmocka_unit_test(test_no_address_space),
        cmocka_unit_test(test_commit_refused_by_the_host),
        cmocka_unit_test(test_nth_failure_of_create),
        cmocka_unit_test(test_nth_failure_of_commit),
        cmocka_unit_test(test_nth_failure_of_protect),
        cmocka_unit_test(test_failure_of_reserve),
        cmocka_unit_test(test_decommit_never_fails_towards_the_guest),
        cmocka_unit_test(test_edges_trap),
        cmocka_unit_test(test_a_thousand_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
