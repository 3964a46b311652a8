/*
 * log.h - where the runtime's lines go.
 *
 * The library never writes to stdout. It formats a line and hands it to one callback; without one
 * the line goes to stderr. Tags are stable and meant for grep: "[HEAP-ALLOC-FAIL]",
 * "[HEAP-DIAG]", "[THREAD-CTX]", "[GUEST_CTX]", "[CRITICAL]", "[FAULT]", "[EXPORT]", ...
 */
#ifndef GUESTRT_LOG_H
#define GUESTRT_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grt_log_level {
    GRT_LOG_ERROR = 0, /* something failed; always delivered */
    GRT_LOG_WARN = 1,
    GRT_LOG_INFO = 2,
    GRT_LOG_DEBUG = 3, /* chatter: a line for each thread, context, export call */
} grt_log_level;

/* Receives one line, without tag and without newline. May be called from any thread, one call at
 * a time a runtime does not promise; must not call back into the library. */
typedef void grt_log_fn(void *user, grt_log_level level, const char *tag, const char *line);

/* A value: copy it freely. A null [write] means stderr. */
typedef struct grt_log {
    grt_log_fn *write;
    void *user;
    grt_log_level level; /* lines above this level are not formatted */
} grt_log;

/* stderr, level WARN. */
grt_log grt_log_default(void);

#ifdef __cplusplus
}
#endif

#endif
