/*
 * runtime.c - the rooms put together: memory, heaps, threads, kernel in one handle.
 */
#include "guestrt/runtime.h"
#include "diag/log.h"
#include "kernel/kernel.h"
#include "kernel/variables.h"
#include "memory/quick.h"
#include "os/assert.h"
#include "thread/layout.h"
#include "thread/schedule.h"

#include <stdio.h>

grt_runtime_config grt_runtime_config_default(void)
{
    return (grt_runtime_config){
        .size = sizeof(grt_runtime_config),
        .memory = grt_memory_config_default(),
        .layout = GRT_LAYOUT_UNLEASHED,
        .stack_size = GRT_DEFAULT_STACK_SIZE,
        .on_context_failure = GRT_POLICY_CONTINUE,
        .on_guest_fault = GRT_POLICY_STOP,
        .on_missing_export = GRT_POLICY_CONTINUE,
        .on_breakpoint = GRT_POLICY_CONTINUE,
        .log = grt_log_default(),
    };
}

/* ---- construction ------------------------------------------------------------------------ */

static bool policy_is_valid(grt_policy policy)
{
    return policy == GRT_POLICY_CONTINUE || policy == GRT_POLICY_STOP;
}

static bool config_is_valid(const grt_runtime_config *config)
{
    return config->size == sizeof *config && policy_is_valid(config->on_context_failure) &&
           policy_is_valid(config->on_guest_fault) && policy_is_valid(config->on_missing_export) &&
           policy_is_valid(config->on_breakpoint) &&
           (config->layout == GRT_LAYOUT_UNLEASHED || config->layout == GRT_LAYOUT_CONSOLE) &&
           config->stack_size >= GRT_MIN_STACK_SIZE && config->stack_size <= GRT_MAX_STACK_SIZE &&
           config->stack_size % GRT_PAGE_SIZE == 0 &&
           (config->host_scheduling & ~(uint32_t)(GRT_HOST_PRIORITY | GRT_HOST_AFFINITY)) == 0;
}

static grt_status create_heap(grt_runtime *runtime, const char *name, grt_addr first, uint64_t end,
                              uint64_t budget, grt_heap **heap)
{
    grt_heap_config config = grt_heap_config_default();
    config.name = name;
    config.first = first;
    config.end = end;
    config.budget = budget;
    config.options = runtime->config.heap_options;
    config.log = runtime->config.log;
    return grt_heap_create(runtime->memory, &config, heap);
}

typedef struct heap_range {
    grt_addr user_first;
    uint64_t user_end;
    grt_addr physical_first;
    uint64_t physical_end;
} heap_range;

/* On the console the addresses from 0x7F000000 are the graphics processor's, and the other views of
 * the physical memory follow at 0xC0000000. */
static const heap_range heap_ranges[] = {
    [GRT_PROFILE_FLAT] = {GRT_FLAT_USER_FIRST, GRT_FLAT_USER_END, GRT_FLAT_PHYSICAL_FIRST,
                          GRT_FLAT_PHYSICAL_END},
    [GRT_PROFILE_CONSOLE] = {GRT_FLAT_USER_FIRST, 0x7F000000u, 0xA0000000u, 0xC0000000u},
};

static grt_status create_memory(grt_runtime *runtime)
{
    grt_memory_config config = runtime->config.memory;
    config.log = runtime->config.log;
    grt_status status = grt_memory_create(&config, &runtime->memory);
    if (status != GRT_OK)
        return status;
    runtime->base = grt_memory_base(runtime->memory);
    runtime->page_records = grt_memory_page_records(runtime->memory);
    const heap_range *range = &heap_ranges[config.profile];
    status = create_heap(runtime, "user", range->user_first, range->user_end,
                         runtime->config.user_heap_budget, &runtime->user_heap);
    if (status != GRT_OK)
        return status;
    return create_heap(runtime, "physical", range->physical_first, range->physical_end, 0,
                       &runtime->physical_heap);
}

static void destroy_memory(grt_runtime *runtime)
{
    grt_heap_destroy(runtime->physical_heap);
    grt_heap_destroy(runtime->user_heap);
    grt_memory_destroy(runtime->memory);
}

static grt_status create_rooms(grt_runtime *runtime)
{
    grt_status status = create_memory(runtime);
    if (status != GRT_OK)
        return status;
    status = grt_threads_create(runtime);
    if (status != GRT_OK)
        return status;
    status = grt_kernel_create(runtime);
    if (status != GRT_OK)
        grt_threads_destroy(runtime);
    return status;
}

grt_status grt_runtime_create(const grt_runtime_config *config, grt_runtime **result)
{
    if (!config_is_valid(config))
        return GRT_INVALID_ARGUMENT;
    grt_runtime *runtime = os_alloc(sizeof *runtime);
    if (runtime == NULL)
        return GRT_NO_HOST_MEMORY;
    runtime->config = *config;
    grt_status status = create_rooms(runtime);
    if (status != GRT_OK) {
        destroy_memory(runtime);
        os_free(runtime);
        return status;
    }
    *result = runtime;
    return GRT_OK;
}

void grt_runtime_destroy(grt_runtime *runtime)
{
    if (runtime == NULL)
        return;
    GRT_ASSERT(grt_thread_current() == NULL);
    grt_threads_stop(runtime);
    grt_kernel_destroy(runtime);
    grt_threads_destroy(runtime);
    grt_runtime_unload(runtime);
    destroy_memory(runtime);
    os_free(runtime);
}

/* ---- parts ------------------------------------------------------------------------------- */

grt_memory *grt_runtime_memory(grt_runtime *runtime)
{
    return runtime->memory;
}

grt_heap *grt_runtime_user_heap(grt_runtime *runtime)
{
    return runtime->user_heap;
}

grt_heap *grt_runtime_physical_heap(grt_runtime *runtime)
{
    return runtime->physical_heap;
}

void *grt_host(const grt_runtime *runtime, grt_addr address)
{
    return grt_memory_host(runtime->memory, address);
}

grt_addr grt_guest(const grt_runtime *runtime, const void *host)
{
    return grt_memory_guest(runtime->memory, host);
}

/* ---- loading ----------------------------------------------------------------------------- */

grt_status grt_runtime_register_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                       const char *name, grt_ppc_function *function)
{
    if (runtime->module != NULL)
        return GRT_WRONG_STATE;
    return grt_kernel_register_export(runtime, library, ordinal, name, function);
}

grt_status grt_runtime_load(grt_runtime *runtime, const grt_ppc_module *module)
{
    const grt_binder binder = {grt_kernel_find_export, grt_variables_find,
                               grt_kernel_missing_export};
    grt_status status = grt_load_module(runtime, module, &binder);
    if (status == GRT_OK)
        grt_variables_loaded(runtime);
    return status;
}

/* ---- running ----------------------------------------------------------------------------- */

static void report_no_arguments(const grt_runtime *runtime, uint64_t size)
{
    grt_heap_failure failure;
    if (grt_heap_last_failure(&failure))
        grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "CRITICAL",
                     "Failed to allocate the program's arguments (%llu bytes): cause %s: %s; the "
                     "largest request that would have fitted is %llu; %s",
                     (unsigned long long)size, grt_heap_cause_name(failure.cause),
                     grt_heap_cause_sentence(failure.cause), (unsigned long long)failure.would_fit,
                     grt_heap_cause_remedy(failure.cause));
}

/* The block {argc, argv[0], ..., 0} and behind it the strings, in one allocation. */
static grt_status build_arguments(grt_runtime *runtime, int argc, const char *const *argv,
                                  grt_addr *block)
{
    uint64_t table = ((uint64_t)argc + 2) * 4, size = table;
    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    if (size > UINT32_MAX)
        return GRT_INVALID_ARGUMENT;
    *block = grt_heap_alloc(runtime->user_heap, (uint32_t)size);
    if (*block == 0) {
        report_no_arguments(runtime, size);
        return GRT_OUT_OF_GUEST_MEMORY;
    }
    uint8_t *words = runtime->base + *block;
    uint32_t offset = (uint32_t)table;
    grt_store32(words, (uint32_t)argc);
    for (int i = 0; i < argc; i++) {
        size_t length = strlen(argv[i]) + 1;
        grt_store32(words + 4 + 4 * (size_t)i, *block + offset);
        memcpy(words + offset, argv[i], length);
        offset += (uint32_t)length;
    }
    grt_store32(words + 4 + 4 * (size_t)argc, 0);
    return GRT_OK;
}

/* How the program ended, once its main thread has. */
static grt_status outcome(grt_runtime *runtime, const grt_thread *thread, uint32_t *exit_code)
{
    if (thread->faulted)
        return GRT_GUEST_FAULT;
    if (grt_kernel_title_ended(runtime)) {
        if (exit_code != NULL)
            *exit_code = 0;
        return GRT_OK;
    }
    return atomic_load(&runtime->stopping) ? GRT_STOPPED : grt_title_notify(runtime);
}

static grt_status run_main(grt_runtime *runtime, grt_addr arguments, uint32_t *exit_code)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = runtime->module->entry;
    config.argument = arguments;
    config.name = "main";
    grt_thread *thread;
    grt_schedule_hold_all(runtime);
    grt_status status = grt_thread_create(runtime, &config, &thread);
    grt_schedule_resume(runtime, status == GRT_OK ? thread : NULL);
    if (status != GRT_OK)
        return status;
    status = grt_thread_join(thread, exit_code);
    if (status == GRT_OK)
        status = outcome(runtime, thread, exit_code);
    grt_thread_release(thread);
    return status;
}

grt_status grt_runtime_run(grt_runtime *runtime, int argc, const char *const *argv,
                           uint32_t *exit_code)
{
    if (runtime->module == NULL || grt_thread_current() != NULL)
        return GRT_WRONG_STATE;
    if (argc < 0 || (argc > 0 && argv == NULL))
        return GRT_INVALID_ARGUMENT;
    grt_threads_host_begin(runtime);
    grt_addr arguments;
    grt_status status = build_arguments(runtime, argc, argv, &arguments);
    if (status == GRT_OK) {
        grt_variables_set_command_line(runtime, argc, argv);
        status = run_main(runtime, arguments, exit_code);
        grt_heap_free(runtime->user_heap, arguments);
    }
    grt_threads_host_end(runtime);
    return status;
}
