/* Pages of the host: reserve, commit, give back, share; injected failures; assertions. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/os.h"
#include "os/os_inject.h"

#define SIZE ((size_t)16 << 12)

static void test_commit_decommit_zeroes(void **state)
{
    (void)state;
    void *base;
    assert_int_equal(os_reserve(0, SIZE, &base), 0);
    volatile uint8_t *bytes = base;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(os_commit(base, SIZE), 0);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[SIZE - 1], 0);
        bytes[0] = bytes[SIZE - 1] = 7;
        assert_int_equal(os_decommit(base, SIZE), 0);
    }
    os_release(base, SIZE);
}

/* Bytes that cannot be read are an answer, not a fault. */
static void test_reading_what_may_not_be_there(void **state)
{
    (void)state;
    void *base;
    uint8_t bytes[16] = {0};
    assert_int_equal(os_reserve(0, SIZE, &base), 0);
    uint8_t *second = (uint8_t *)base + 4096;
    assert_int_equal(os_read_memory(bytes, base, sizeof bytes), EFAULT);
    assert_int_equal(os_commit(base, 4096), 0);
    memset(base, 7, 4096);
    assert_int_equal(os_read_memory(bytes, second - sizeof bytes, sizeof bytes), 0);
    assert_int_equal(bytes[0], 7);
    assert_int_equal(bytes[15], 7);
    assert_int_equal(os_read_memory(bytes, second - 8, sizeof bytes), EFAULT);
    assert_int_equal(os_protect(base, 4096, OS_NONE), 0);
    assert_int_equal(os_read_memory(bytes, base, sizeof bytes), EFAULT);
    os_release(base, SIZE);
}

static void test_discard_keeps_access(void **state)
{
    (void)state;
    void *base;
    assert_int_equal(os_reserve(0, SIZE, &base), 0);
    assert_int_equal(os_commit(base, SIZE), 0);
    memset(base, 9, SIZE);
    assert_int_equal(os_discard(base, SIZE), 0);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(((uint8_t *)base)[i], 0);
    }
    os_release(base, SIZE);
}

static void test_wish_is_taken_only_when_free(void **state)
{
    (void)state;
    void *first;
    void *second;
    assert_int_equal(os_reserve(0, SIZE, &first), 0);
    assert_int_equal(os_reserve((uintptr_t)first, SIZE, &second), 0);
    assert_ptr_not_equal(first, second);
    os_release(first, SIZE);
    void *third;
    assert_int_equal(os_reserve((uintptr_t)first, SIZE, &third), 0);
    assert_ptr_equal(third, first);
    os_release(second, SIZE);
    os_release(third, SIZE);
}

static void test_shared_pages_alias(void **state)
{
    (void)state;
    os_shared *shared;
    void *base;
    assert_int_equal(os_shared_create(SIZE, &shared), 0);
    assert_int_equal(os_reserve(0, 2 * SIZE, &base), 0);
    uint8_t *low = base;
    uint8_t *high = low + SIZE;
    assert_int_equal(os_shared_map(shared, 0, low, SIZE, OS_READ_WRITE), 0);
    assert_int_equal(os_shared_map(shared, 4096, high, SIZE - 4096, OS_READ_WRITE), 0);
    *(volatile uint8_t *)(low + 4096) = 5;
    assert_int_equal(*(volatile uint8_t *)high, 5);
    assert_int_equal(os_shared_discard(shared, 4096, 4096), 0);
    assert_int_equal(*(volatile uint8_t *)high, 0);
    assert_int_equal(*(volatile uint8_t *)(low + 4096), 0);
    os_release(base, 2 * SIZE);
    os_shared_destroy(shared);
}

static void test_alloc_is_zeroed(void **state)
{
    (void)state;
    uint8_t *block = os_alloc(1000);
    assert_non_null(block);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(block[i], 0);
    }
    os_free(block);
    os_free(os_alloc(0));
    os_free(NULL);
}

/* ---- injection ------------------------------------------------------------------------------- */

static void expect_pattern(unsigned nth, bool sticky, const char *pattern)
{
    os_inject_failure(nth, sticky);
    unsigned fired = 0;
    for (; *pattern != '\0'; pattern++) {
        void *block = os_alloc(8);
        assert_int_equal(block == NULL, *pattern == 'F');
        fired += block == NULL;
        os_free(block);
    }
    assert_int_equal(os_inject_fired(), fired);
    os_inject_failure(0, false);
}

static void test_nth_call_fails(void **state)
{
    (void)state;
    expect_pattern(0, false, "......");
    expect_pattern(1, false, "F.....");
    expect_pattern(3, false, "..F...");
    expect_pattern(1, true, "FFFFFF");
    expect_pattern(3, true, "..FFFF");
    expect_pattern(7, true, "......");
}

static void test_every_call_can_fail(void **state)
{
    (void)state;
    void *base;
    os_shared *shared;
    os_thread *thread;
    os_inject_failure(1, true);
    assert_int_equal(os_reserve(0, SIZE, &base), ENOMEM);
    assert_int_equal(os_shared_create(SIZE, &shared), ENOMEM);
    assert_int_equal(os_thread_create(0, NULL, NULL, &thread), ENOMEM);
    assert_int_equal(os_fault_thread_enter(), ENOMEM);
    assert_int_not_equal(os_fault_install(NULL, NULL), 0);
    os_inject_failure(2, false);
    assert_int_equal(os_shared_create(SIZE, &shared), EMFILE);
    os_inject_failure(2, false);
    assert_int_equal(os_thread_create(0, NULL, NULL, &thread), EAGAIN);
    os_inject_failure(0, false);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void test_error_text(void **state)
{
    (void)state;
    char text[96];
    os_error_text(ENOMEM, text, sizeof text);
    assert_string_equal(text, "Cannot allocate memory (errno 12)");
    os_error_text(99999, text, sizeof text);
    assert_string_equal(text, "unknown error (errno 99999)");
    os_error_text(ENOMEM, text, 7);
    assert_string_equal(text, "Cannot");
}

/* The limits are those of a child, because they cannot be taken back. */
static void expect_limit_text(int resource, const char *expected)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {(rlim_t)64 << 40, (rlim_t)64 << 40};
        char text[128];
        bool set = setrlimit((__rlimit_resource_t)resource, &limit) == 0;
        os_memory_limit_text(text, sizeof text);
        _exit(set && strcmp(text, expected) == 0 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void test_limit_text(void **state)
{
    (void)state;
    expect_limit_text(RLIMIT_AS, "RLIMIT_AS is 67108864.0 MiB");
    expect_limit_text(RLIMIT_DATA, "RLIMIT_DATA is 67108864.0 MiB");
}

/* ---- assertions ------------------------------------------------------------------------------ */

static jmp_buf after_assertion;
static char assertion_text[256];

static void leave_assertion(const char *text)
{
    snprintf(assertion_text, sizeof assertion_text, "%s", text);
    longjmp(after_assertion, 1);
}

static void test_assertion_reaches_hook(void **state)
{
    (void)state;
    volatile int two = 2;
    GRT_ASSERT(two == 2);
    os_assert_set_hook(leave_assertion);
    if (setjmp(after_assertion) == 0) {
        GRT_ASSERT(two == 3);
        fail_msg("the assertion returned");
    }
    os_assert_set_hook(NULL);
    assert_non_null(strstr(assertion_text, "test_os_memory.c"));
    assert_non_null(strstr(assertion_text, "two == 3 does not hold"));
}

static void test_assertion_ends_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        close(STDERR_FILENO);
        os_assert_failed("x", "y.c", 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_decommit_zeroes),
        cmocka_unit_test(test_reading_what_may_not_be_there),
        cmocka_unit_test(test_discard_keeps_access),
        cmocka_unit_test(test_wish_is_taken_only_when_free),
        cmocka_unit_test(test_shared_pages_alias),
        cmocka_unit_test(test_alloc_is_zeroed),
        cmocka_unit_test(test_nth_call_fails),
        cmocka_unit_test(test_every_call_can_fail),
        cmocka_unit_test(test_error_text),
        cmocka_unit_test(test_limit_text),
        cmocka_unit_test(test_assertion_reaches_hook),
        cmocka_unit_test(test_assertion_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
