/*
 * log.h - formatting helpers for the library's own lines.
 *
 * Every room reports through grt_log_line(). It formats on the stack, allocates nothing and takes
 * no lock, so it may be used while a lock is held and from a fault handler; the embedder's callback
 * must allow that too.
 */
#ifndef GRT_DIAG_LOG_H
#define GRT_DIAG_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "guestrt/log.h"

/* The longest line, without its tag; longer ones are cut and end in "...". */
#define GRT_LOG_LINE_MAX 1023

/* True iff a line of [level] would be delivered: asks before the facts of a line are costly. */
static inline bool grt_log_wants(const grt_log *log, grt_log_level level)
{
    return level <= log->level;
}

/* Formats one line and delivers it under [tag] ("HEAP-DIAG", without brackets). Control characters
 * become '?', so that text from a guest cannot forge a second line. */
void grt_log_line(const grt_log *log, grt_log_level level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void grt_log_line_list(const grt_log *log, grt_log_level level, const char *tag, const char *format,
                       va_list arguments) __attribute__((format(printf, 4, 0)));

#endif
