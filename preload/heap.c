/*
 * heap.c - the one heap, made by the first call of the program, whatever thread that is on.
 */
#include "preload.h"

#include "os/os.h"

_Thread_local unsigned preload_inside;

static preload_heap made;
static const preload_heap *ready; /* published once, with release */
static bool refused;
static os_mutex making;

static void say_refusal(const char *what, grt_status status)
{
    preload_say("PRELOAD", "%s: %s; %s; every allocation is refused", what,
                grt_status_sentence(status), grt_status_remedy(status));
}

/* A mistake in them must not change what the program does. */
static void take_options(grt_heap_config *config)
{
    const char *text = preload_variable("GUESTRT_HEAP");
    char error[160];
    if (text != NULL &&
        grt_heap_options_parse(text, &config->options, error, sizeof error) != GRT_OK) {
        preload_say("PRELOAD", "GUESTRT_HEAP is ignored: %s", error);
    }
}

static bool make_memory(void)
{
    grt_memory_config config = grt_memory_config_default();
    config.log = preload_log();
    grt_status status = grt_memory_create(&config, &made.memory);
    if (status != GRT_OK) {
        say_refusal("no memory for the heap", status);
    }
    return status == GRT_OK;
}

static bool make_heap(void)
{
    grt_heap_config config = grt_heap_config_default();
    config.name = "preload";
    config.log = preload_log();
    take_options(&config);
    made.has_patterns = grt_heap_options_mark(&config.options);
    grt_status status = grt_heap_create(made.memory, &config, &made.heap);
    if (status != GRT_OK) {
        say_refusal("no heap", status);
    }
    return status == GRT_OK;
}

static void make_locked(void)
{
    if (ready != NULL || refused) {
        return;
    }
    refused = !make_memory() || !make_heap();
    if (refused) {
        return;
    }
    preload_stats_start();
    preload_record_start();
    preload_fork_start(made.heap);
    __atomic_store_n(&ready, &made, __ATOMIC_RELEASE);
}

/* Also for a program that never allocates: its trace and its figures are empty, not missing. */
__attribute__((constructor)) static void at_start(void)
{
    preload_inside++;
    (void)preload_heap_get();
    preload_inside--;
}

const preload_heap *preload_heap_get(void)
{
    const preload_heap *found = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
    if (found != NULL) {
        return found;
    }
    os_mutex_lock(&making);
    make_locked();
    found = ready;
    os_mutex_unlock(&making);
    return found;
}
