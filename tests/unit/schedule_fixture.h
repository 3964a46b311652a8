/*
 * schedule_fixture.h - the kernel fixture with a seeded scheduler and a log of what happened: every
 * kernel call with its thread, arguments and result, in the order in which they ended.
 */
#ifndef GRT_SCHEDULE_FIXTURE_H
#define GRT_SCHEDULE_FIXTURE_H

#include "kernel_fixture.h"

#include "thread/schedule.h"

#define HOUR_NS  3600000000000ull
#define HOUR     ((int64_t)(HOUR_NS / 100) * -1)
#define SPINS_OK 100000u

typedef struct event_log {
    os_mutex lock;
    size_t size;
    char text[1 << 20];
} event_log;

static event_log events;

static void record_event(void *user, grt_log_level level, const char *tag, const char *line)
{
    event_log *log = user;
    const grt_thread *thread = grt_thread_current();
    if (level < GRT_LOG_DEBUG) /* also where the other helpers look */
        capture(&captured, level, tag, line);
    if (strcmp(tag, "EXPORT") != 0)
        return;
    os_mutex_lock(&log->lock);
    size_t left = sizeof log->text - log->size;
    int wrote = snprintf(log->text + log->size, left, "%u: %s\n",
                         thread != NULL ? (unsigned)thread->id : 0u, line);
    if (wrote > 0 && (size_t)wrote < left)
        log->size += (size_t)wrote;
    os_mutex_unlock(&log->lock);
}

static inline grt_runtime_config seeded_config(uint64_t seed)
{
    grt_runtime_config config = fixture_config();
    config.schedule_seed = seed;
    config.log = (grt_log){record_event, &events, GRT_LOG_DEBUG};
    return config;
}

/* As seeded_config(), but without the log of events. */
static inline grt_runtime_config quiet_seeded_config(uint64_t seed)
{
    grt_runtime_config config = quiet_config();
    config.schedule_seed = seed;
    return config;
}

static inline uint64_t hash_events(void)
{
    uint64_t hash = 1469598103934665603ull;
    for (size_t i = 0; i < events.size; i++)
        hash = (hash ^ (uint8_t)events.text[i]) * 1099511628211ull;
    return hash;
}

/* Runs [functions][0] as the program's main function; everything that was checked must hold. */
static inline grt_status run_program(const grt_runtime_config *config,
                                     grt_ppc_function *const *functions, uint32_t count,
                                     uint32_t *code)
{
    static fixture fix;
    events.size = 0;
    events.text[0] = '\0';
    kernel_create(&fix, config, functions, count);
    grt_status status = grt_runtime_run(fix.runtime, 0, NULL, code);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
    return status;
}

#define RUN_PROGRAM(config, code, ...)                                                             \
    run_program(config, (grt_ppc_function *const[]){__VA_ARGS__},                                  \
                sizeof((grt_ppc_function *const[]){__VA_ARGS__}) / sizeof(grt_ppc_function *),     \
                code)

/* A call that does nothing: a point at which others may run. */
#define BREATHE() KCALL0(KeGetCurrentProcessType)

static inline uint32_t spawn(grt_ppc *ctx, uint8_t *base, uint32_t function, uint32_t argument,
                             uint32_t flags)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(function), argument, flags), GRT_NT_SUCCESS);
    return peek(base, s);
}

static inline void await_thread(grt_ppc *ctx, uint8_t *base, uint32_t handle)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, handle, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, handle), GRT_NT_SUCCESS);
}

static inline uint32_t new_event(grt_ppc *ctx, uint8_t *base, uint32_t type)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, type, 0), GRT_NT_SUCCESS);
    return peek(base, s);
}

static inline void sleep_for(grt_ppc *ctx, uint8_t *base, int64_t units)
{
    CHECK_EQUAL(KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, scratch(ctx) + 0x40, units)),
                GRT_NT_SUCCESS);
}

#endif
