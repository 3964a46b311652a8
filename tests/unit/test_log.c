/* Lines: levels, tags, cutting, control characters, and stderr without interleaving. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "diag/log.h"
#include "log_capture.h"
#include "os/os.h"

static void test_line_is_formatted(void **state)
{
    (void)state;
    log_capture capture;
    grt_log log = log_capture_log(&capture);
    grt_log_line(&log, GRT_LOG_INFO, "HEAP-DIAG", "%d of %s", 3, "four");
    assert_int_equal(capture.lines, 1);
    assert_int_equal(capture.level, GRT_LOG_INFO);
    assert_string_equal(capture.tag, "HEAP-DIAG");
    assert_string_equal(capture.line, "3 of four");
}

static void test_level_filters(void **state)
{
    (void)state;
    log_capture capture;
    grt_log log = log_capture_log(&capture);
    log.level = GRT_LOG_WARN;
    grt_log_line(&log, GRT_LOG_INFO, "T", "chatter");
    assert_int_equal(capture.lines, 0);
    grt_log_line(&log, GRT_LOG_WARN, "T", "warning");
    grt_log_line(&log, GRT_LOG_ERROR, "T", "error");
    assert_int_equal(capture.lines, 2);
    assert_true(grt_log_wants(&log, GRT_LOG_WARN));
    assert_false(grt_log_wants(&log, GRT_LOG_INFO));
}

static void expect_length(size_t given, size_t kept)
{
    char text[GRT_LOG_LINE_MAX + 100];
    log_capture capture;
    grt_log log = log_capture_log(&capture);
    memset(text, 'x', given);
    text[given] = '\0';
    grt_log_line(&log, GRT_LOG_ERROR, "T", "%s", text);
    assert_int_equal(strlen(capture.line), kept);
    const char *end = given > kept ? "..." : "xxx";
    assert_string_equal(capture.line + kept - 3, end);
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    expect_length(GRT_LOG_LINE_MAX, GRT_LOG_LINE_MAX);
    expect_length(GRT_LOG_LINE_MAX + 1, GRT_LOG_LINE_MAX);
    expect_length(GRT_LOG_LINE_MAX + 50, GRT_LOG_LINE_MAX);
}

static void test_guest_text_forges_no_line(void **state)
{
    (void)state;
    log_capture capture;
    grt_log log = log_capture_log(&capture);
    grt_log_line(&log, GRT_LOG_ERROR, "T", "name %s", "a\n[CRITICAL] b\x1b[2J\x7f");
    assert_string_equal(capture.line, "name a?[CRITICAL] b?[2J?");
}

static void test_default_is_stderr_from_warn(void **state)
{
    (void)state;
    grt_log log = grt_log_default();
    assert_null(log.write);
    assert_int_equal(log.level, GRT_LOG_WARN);
}

#define WRITERS 4
#define LINES   200

static void write_lines(void *arg)
{
    grt_log log = grt_log_default();
    char body[200];
    memset(body, 'a' + *(int *)arg, sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < LINES; i++) {
        grt_log_line(&log, GRT_LOG_ERROR, "T", "%s", body);
    }
}

/* Runs the writers with stderr going to a temporary file, which is returned. */
static FILE *capture_stderr(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    assert_true(fcntl(fileno(file), F_SETFL, O_APPEND) == 0);
    dup2(fileno(file), STDERR_FILENO);
    os_thread *threads[WRITERS];
    int ids[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        ids[i] = i;
        assert_int_equal(os_thread_create(0, write_lines, &ids[i], &threads[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        os_thread_join(threads[i]);
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    return file;
}

static void test_threads_do_not_interleave(void **state)
{
    (void)state;
    FILE *file = capture_stderr();
    char line[512];
    int count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(strlen(line), 4 + 199 + 1);
        assert_memory_equal(line, "[T] ", 4);
        assert_int_equal(strspn(line + 4, (char[]){line[4], '\0'}), 199);
        count++;
    }
    assert_int_equal(count, WRITERS * LINES);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_is_formatted),
        cmocka_unit_test(test_level_filters),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_guest_text_forges_no_line),
        cmocka_unit_test(test_default_is_stderr_from_warn),
        cmocka_unit_test(test_threads_do_not_interleave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
