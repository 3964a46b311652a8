/*
 * log.c - one formatted line to one callback, or to stderr with one write.
 */
#include "diag/log.h"

#include <stdio.h>
#include <string.h>

#include "os/os.h"

#define TAG_MAX 31

grt_log grt_log_default(void)
{
    grt_log log = {.write = NULL, .user = NULL, .level = GRT_LOG_WARN};
    return log;
}

static void replace_control_characters(char *line)
{
    for (; *line != '\0'; line++) {
        unsigned char c = (unsigned char)*line;
        if (c < 0x20 || c == 0x7F) {
            *line = '?';
        }
    }
}

static void write_to_stderr(const char *tag, const char *line)
{
    char text[GRT_LOG_LINE_MAX + TAG_MAX + sizeof "[] \n"];
    int length = snprintf(text, sizeof text, "[%.*s] %s\n", TAG_MAX, tag, line);
    if (length > 0) {
        os_stderr_write(text, (size_t)length);
    }
}

void grt_log_line_list(const grt_log *log, grt_log_level level, const char *tag, const char *format,
                       va_list arguments)
{
    if (!grt_log_wants(log, level)) {
        return;
    }
    char line[GRT_LOG_LINE_MAX + 1];
    int wanted = vsnprintf(line, sizeof line, format, arguments);
    if (wanted < 0) {
        return; /* only a malformed format string does that, and the compiler checks those */
    }
    if ((size_t)wanted >= sizeof line) {
        memcpy(line + sizeof line - sizeof "...", "...", sizeof "...");
    }
    replace_control_characters(line);
    if (log->write != NULL) {
        log->write(log->user, level, tag, line);
    } else {
        write_to_stderr(tag, line);
    }
}

void grt_log_line(const grt_log *log, grt_log_level level, const char *tag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    grt_log_line_list(log, level, tag, format, arguments);
    va_end(arguments);
}
