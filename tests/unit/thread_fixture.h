/*
 * thread_fixture.h - a runtime with a hand-made module: guest functions written in C.
 *
 * Function i lives at guest address FN(i). Its image bytes are a call, so that FN(i) + 4 looks like
 * the return address of a call that it made.
 */
#ifndef GRT_THREAD_FIXTURE_H
#define GRT_THREAD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestrt/fault.h"
#include "guestrt/runtime.h"
#include "guestrt/thread.h"
#include "os/os.h"
#include "os/os_inject.h"
#include "os/sanitizer.h"
#include "thread/core.h"
#include "thread/layout.h"

#define UNDER_TSAN GRT_UNDER_TSAN
#if defined(__SANITIZE_ADDRESS__)
#    define UNDER_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define UNDER_ASAN 1
#    endif
#endif
#ifndef UNDER_ASAN
#    define UNDER_ASAN 0
#endif

#define CODE_BASE     0x82000000u
#define FUNCTION_SIZE 0x10u
#define FN(index)     (CODE_BASE + (grt_addr)(index)*FUNCTION_SIZE)
#define FUNCTIONS_MAX 64u
#define DATA_BASE     0x82010000u

/* ---- the log ----------------------------------------------------------------------------- */

typedef struct captured_log {
    os_mutex lock;
    bool slow; /* gives other threads a chance between two lines */
    size_t size;
    char text[1 << 18];
} captured_log;

static captured_log captured;

static void capture(void *user, grt_log_level level, const char *tag, const char *line)
{
    captured_log *log = user;
    (void)level;
    if (log->slow)
        os_sleep_ns(50000);
    os_mutex_lock(&log->lock);
    size_t left = sizeof log->text - log->size;
    int wrote = snprintf(log->text + log->size, left, "[%s] %s\n", tag, line);
    if (wrote > 0 && (size_t)wrote < left)
        log->size += (size_t)wrote;
    os_mutex_unlock(&log->lock);
}

static inline void log_clear(void)
{
    os_mutex_lock(&captured.lock);
    captured.size = 0;
    captured.text[0] = '\0';
    os_mutex_unlock(&captured.lock);
}

static inline bool log_has(const char *text)
{
    return strstr(captured.text, text) != NULL;
}

/* How often it was said. */
static inline uint32_t times_logged(const char *text)
{
    uint32_t count = 0;
    os_mutex_lock(&captured.lock);
    for (const char *at = captured.text; (at = strstr(at, text)) != NULL; at++)
        count++;
    os_mutex_unlock(&captured.lock);
    return count;
}

#define assert_logged(wanted)                                                                      \
    do {                                                                                           \
        if (!log_has(wanted)) {                                                                    \
            fprintf(stderr, "not logged: %s\nlog:\n%s", (wanted), captured.text);                  \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/* ---- the module -------------------------------------------------------------------------- */

typedef struct fixture {
    grt_runtime *runtime;
    grt_ppc_entry entries[FUNCTIONS_MAX];
    char names[FUNCTIONS_MAX][24];
    uint8_t code[FUNCTIONS_MAX * FUNCTION_SIZE];
    uint8_t constants[16];
    grt_ppc_segment segments[2];
    grt_ppc_module module;
} fixture;

static inline void module_init(fixture *fix, grt_ppc_function *const *functions, uint32_t count)
{
    assert_true(count <= FUNCTIONS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(fix->names[i], sizeof fix->names[i], "fn%u", i);
        fix->entries[i] = (grt_ppc_entry){FN(i), FUNCTION_SIZE, functions[i], fix->names[i]};
        for (uint32_t at = 0; at < FUNCTION_SIZE; at += 4)
            grt_store32(fix->code + i * FUNCTION_SIZE + at, at == 0 ? 0x48000001u : 0x60000000u);
    }
    fix->segments[0] = (grt_ppc_segment){CODE_BASE, sizeof fix->code, sizeof fix->code,
                                         GRT_SEGMENT_READ | GRT_SEGMENT_EXECUTE, fix->code};
    fix->segments[1] = (grt_ppc_segment){DATA_BASE, sizeof fix->constants, 0x1000,
                                         GRT_SEGMENT_READ | GRT_SEGMENT_WRITE, fix->constants};
    fix->module = (grt_ppc_module){
        .abi = GRT_PPC_ABI,
        .name = "fixture",
        .entry = FN(0),
        .code_base = CODE_BASE,
        .code_size = sizeof fix->code,
        .entry_count = count,
        .entries = fix->entries,
        .segment_count = 2,
        .segments = fix->segments,
    };
}

static inline grt_runtime_config fixture_config(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    config.log = (grt_log){capture, &captured, GRT_LOG_DEBUG};
    config.on_guest_fault = GRT_POLICY_CONTINUE;
    return config;
}

static inline grt_runtime_config quiet_config(void)
{
    grt_runtime_config config = fixture_config();
    config.log.level = GRT_LOG_WARN;
    return config;
}

static inline void fixture_create(fixture *fix, const grt_runtime_config *config,
                                  grt_ppc_function *const *functions, uint32_t count)
{
    memset(fix, 0, sizeof *fix);
    log_clear();
    assert_int_equal(grt_runtime_create(config, &fix->runtime), GRT_OK);
    module_init(fix, functions, count);
    assert_int_equal(grt_runtime_load(fix->runtime, &fix->module), GRT_OK);
}

static inline void fixture_destroy(fixture *fix)
{
    grt_runtime_destroy(fix->runtime);
    fix->runtime = NULL;
}

/* The runtime is made inside of the test: the test library sets fault handlers of its own before
 * each set-up function and each test, which would replace the runtime's. */
#define FIXTURE_TEST(name)                                                                         \
    static void run_##name(void **state)                                                           \
    {                                                                                              \
        setup();                                                                                   \
        name(state);                                                                               \
        teardown();                                                                                \
    }

/* ---- shorthands -------------------------------------------------------------------------- */

static inline grt_thread *start(fixture *fix, grt_addr entry, uint32_t argument, uint32_t flags)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.argument = argument;
    config.flags = flags;
    config.name = "tested";
    grt_thread *thread = NULL;
    assert_int_equal(grt_thread_create(fix->runtime, &config, &thread), GRT_OK);
    assert_non_null(thread);
    return thread;
}

/* What the creation of a thread says that need not succeed. */
static inline grt_status try_to_start(fixture *fix, grt_addr entry, uint32_t stack_size)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.stack_size = stack_size;
    grt_thread *thread = NULL;
    grt_status status = grt_thread_create(fix->runtime, &config, &thread);
    grt_thread_release(thread);
    return status;
}

static inline uint32_t join(grt_thread *thread)
{
    uint32_t code = 0xDEADu;
    assert_int_equal(grt_thread_join(thread, &code), GRT_OK);
    return code;
}

static inline uint32_t run_to_end(fixture *fix, grt_addr entry, uint32_t argument)
{
    grt_thread *thread = start(fix, entry, argument, 0);
    uint32_t code = join(thread);
    grt_thread_release(thread);
    return code;
}

/* The seed of a random test: printed, and taken from GUESTRT_SEED. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("GUESTRT_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : os_clock_ns();
    printf("GUESTRT_SEED=0x%llx\n", (unsigned long long)seed);
    return seed | 1;
}

static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 32) % bound);
}

static inline uint32_t word_at(fixture *fix, grt_addr address)
{
    uint8_t word[4];
    assert_true(grt_guest_read(fix->runtime, word, address, sizeof word));
    return grt_load32(word);
}

/* What the host has mapped for this process, in bytes; 0 where it does not say. */
static inline size_t resident_pages(size_t *mapped)
{
    size_t total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%zu %zu", &total, &resident) != 2)
            total = resident = 0;
        fclose(file);
    }
    *mapped = total;
    return resident;
}

/* Defines [fix], setup and teardown for FIXTURE_TEST: a runtime that logs warnings and errors and
 * whose module has the given array of functions. */
#define WARNING_FIXTURE(functions)                                                                 \
    static fixture fix;                                                                            \
    static void setup(void)                                                                        \
    {                                                                                              \
        grt_runtime_config config = quiet_config();                                                \
        fixture_create(&fix, &config, functions, sizeof functions / sizeof *functions);            \
    }                                                                                              \
    static void teardown(void)                                                                     \
    {                                                                                              \
        fixture_destroy(&fix);                                                                     \
    }

#endif
