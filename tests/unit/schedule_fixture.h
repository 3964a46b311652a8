/*
 * schedule_fixture.h - the kernel fixture with a seeded scheduler.
 */
#ifndef GRT_SCHEDULE_FIXTURE_H
#define GRT_SCHEDULE_FIXTURE_H

#include "kernel_fixture.h"

#include "thread/schedule.h"

#define HOUR_NS  3600000000000ull
#define HOUR     ((int64_t)(HOUR_NS / 100) * -1)
#define SPINS_OK 100000u

static inline grt_runtime_config quiet_seeded_config(uint64_t seed)
{
    grt_runtime_config config = quiet_config();
    config.schedule_seed = seed;
    return config;
}

/* Runs [functions][0] as the program's main function; everything that was checked must hold. */
static inline grt_status run_program(const grt_runtime_config *config,
                                     grt_ppc_function *const *functions, uint32_t count,
                                     uint32_t *code)
{
    static fixture fix;
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

/* The program with each seed from [first] to [last]: it ends as it should, and nobody is stuck. */
static inline void run_seeds(uint64_t first, uint64_t last, grt_ppc_function *const *functions,
                             uint32_t count)
{
    for (uint64_t seed = first; seed <= last; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        uint32_t code;
        assert_int_equal(run_program(&config, functions, count, &code), GRT_OK);
        assert_false(log_has("deadlock"));
    }
}

#define RUN_SEEDS(first, last, ...)                                                                \
    run_seeds(first, last, (grt_ppc_function *const[]){__VA_ARGS__},                               \
              sizeof((grt_ppc_function *const[]){__VA_ARGS__}) / sizeof(grt_ppc_function *))

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
