/*
 * report.c - lines for people: to stderr, or to the file that GUESTRT_LOG names.
 *
 * Each line is one write. No descriptor is kept: the program may close it and be given its number.
 */
#define _GNU_SOURCE
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag/log.h"
#include "os/os.h"

static char log_path[PATH_MAX];

const char *preload_program(void)
{
    const char *name = program_invocation_short_name;
    return name != NULL && *name != '\0' ? name : "program";
}

const char *preload_variable(const char *name)
{
    const char *value = secure_getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static void find_log_path(void)
{
    static bool done;
    if (__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL)) {
        return;
    }
    const char *value = preload_variable("GUESTRT_LOG");
    if (value == NULL) {
        return;
    }
    char directory[PATH_MAX / 2] = "";
    if (*value != '/' && getcwd(directory, sizeof directory) == NULL) {
        directory[0] = '\0';
    }
    snprintf(log_path, sizeof log_path, "%s%s%s", directory, *directory != '\0' ? "/" : "", value);
}

static void write_text(const char *text, size_t size)
{
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
    int file = log_path[0] != '\0' ? open(log_path, flags, 0666) : -1;
    if (file < 0) {
        os_stderr_write(text, size);
        return;
    }
    if (write(file, text, size) != (ssize_t)size) {
        os_stderr_write(text, size); /* the disk is full: better twice than not at all */
    }
    close(file);
}

static void write_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    char text[GRT_LOG_LINE_MAX + 128];
    int saved = errno;
    (void)user;
    (void)level;
    int length = snprintf(text, sizeof text, "[%s] %.40s[%d]: %s\n", tag, preload_program(),
                          (int)getpid(), line);
    if (length > 0) {
        write_text(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    }
    errno = saved;
}

grt_log preload_log(void)
{
    find_log_path();
    return (grt_log){.write = write_line, .user = NULL, .level = GRT_LOG_WARN};
}

void preload_say(const char *tag, const char *format, ...)
{
    grt_log log = preload_log();
    va_list arguments;
    va_start(arguments, format);
    grt_log_line_list(&log, GRT_LOG_ERROR, tag, format, arguments);
    va_end(arguments);
}
