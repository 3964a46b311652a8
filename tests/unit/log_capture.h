/*
 * log_capture.h - keeps the lines of a grt_log, so that a test can ask what was said.
 */
#ifndef LOG_CAPTURE_H
#define LOG_CAPTURE_H

#include <stdio.h>
#include <string.h>

#include "guestrt/log.h"

typedef struct log_capture {
    unsigned lines;
    grt_log_level level; /* of the last line */
    char tag[32];
    char line[2048];
} log_capture;

static inline void log_capture_write(void *user, grt_log_level level, const char *tag,
                                     const char *line)
{
    log_capture *capture = user;
    capture->lines++;
    capture->level = level;
    snprintf(capture->tag, sizeof capture->tag, "%s", tag);
    snprintf(capture->line, sizeof capture->line, "%s", line);
}

static inline grt_log log_capture_log(log_capture *capture)
{
    memset(capture, 0, sizeof *capture);
    return (grt_log){.write = log_capture_write, .user = capture, .level = GRT_LOG_DEBUG};
}

#endif
