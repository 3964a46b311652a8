/*
 * memory.c - the window: creation, destruction, translation.
 */
#include "guestrt/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "diag/log.h"
#include "memory/memory_impl.h"

grt_memory_config grt_memory_config_default(void)
{
    grt_memory_config config = {
        .size = sizeof config,
        .profile = GRT_PROFILE_FLAT,
        .preferred_base = GRT_PREFERRED_BASE,
        .budget = 0,
        .map_page_zero = false,
        .log = grt_log_default(),
    };
    return config;
}

void grt_refusal_log(const grt_memory *memory, const grt_refusal *refusal)
{
    if (refusal->text[0] != '\0') {
        grt_log_line(&memory->log, GRT_LOG_ERROR, "MEMORY", "%s", refusal->text);
    }
    if (refusal->error != 0) {
        errno = refusal->error; /* describing and logging it may have changed it */
    }
}

static uint64_t budget_of(const grt_memory_config *config)
{
    if (config->budget == 0 && config->profile == GRT_PROFILE_CONSOLE) {
        return GRT_PHYSICAL_SIZE;
    }
    return config->budget;
}

/* A budget below one page would round to "none". */
static bool config_is_valid(const grt_memory_config *config)
{
    return config->size == sizeof *config &&
           (config->profile == GRT_PROFILE_FLAT || config->profile == GRT_PROFILE_CONSOLE) &&
           config->preferred_base % os_page_size() == 0 &&
           (config->budget == 0 || config->budget >= GRT_PAGE_SIZE);
}

static void log_host_refusal(const grt_log *log, const char *what, uint64_t size, int error,
                             grt_status status)
{
    char reason[96];
    char limit[128];
    os_error_text(error, reason, sizeof reason);
    os_memory_limit_text(limit, sizeof limit);
    grt_log_line(log, GRT_LOG_ERROR, "MEMORY", "%s: the host refused %" PRIu64 " bytes: %s%s%s; %s",
                 what, size, reason, limit[0] != '\0' ? "; " : "", limit,
                 grt_status_remedy(status));
}

static grt_status map_window(grt_memory *memory, uint64_t preferred_base)
{
    void *base = NULL;
    uint64_t size = GRT_WINDOW_SIZE + GRT_WINDOW_TAIL;
    int error = os_reserve((uintptr_t)preferred_base, (size_t)size, &base);
    if (error != 0) {
        log_host_refusal(&memory->log, "guest window", size, error, GRT_NO_ADDRESS_SPACE);
        return GRT_NO_ADDRESS_SPACE;
    }
    memory->base = base;
    if (memory->profile == GRT_PROFILE_CONSOLE) {
        error = grt_views_map(memory);
        if (error != 0) {
            log_host_refusal(&memory->log, "physical memory", GRT_PHYSICAL_SIZE, error,
                             GRT_NO_HOST_MEMORY);
            return GRT_NO_HOST_MEMORY;
        }
    }
    return GRT_OK;
}

/* The table comes from the page layer, not from the host's heap: its pages then cost nothing until
 * they are written, however often memories are created. */
static grt_status map_page_table(grt_memory *memory)
{
    void *table = NULL;
    int error = os_reserve(0, GRT_PAGE_COUNT, &table);
    if (error == 0) {
        memory->pages = table;
        error = os_commit(table, GRT_PAGE_COUNT);
    }
    if (error != 0) {
        log_host_refusal(&memory->log, "page table", GRT_PAGE_COUNT, error, GRT_NO_HOST_MEMORY);
        return GRT_NO_HOST_MEMORY;
    }
    return GRT_OK;
}

static bool host_pages_fit(const grt_log *log)
{
    if (os_page_size() == GRT_PAGE_SIZE) {
        return true;
    }
    grt_log_line(log, GRT_LOG_ERROR, "MEMORY",
                 "the host's pages have %zu bytes; guest memory needs a host with pages of %u",
                 os_page_size(), GRT_PAGE_SIZE);
    return false;
}

grt_status grt_memory_create(const grt_memory_config *config, grt_memory **memory)
{
    if (config == NULL || memory == NULL || !config_is_valid(config)) {
        return GRT_INVALID_ARGUMENT;
    }
    if (!host_pages_fit(&config->log)) {
        return GRT_NOT_SUPPORTED;
    }
    grt_memory *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return GRT_NO_HOST_MEMORY;
    }
    made->profile = config->profile;
    made->map_page_zero = config->map_page_zero;
    made->budget_pages = budget_of(config) >> GRT_PAGE_SHIFT;
    made->log = config->log;
    grt_status status = map_window(made, config->preferred_base);
    if (status == GRT_OK) {
        status = map_page_table(made);
    }
    if (status != GRT_OK) {
        grt_memory_destroy(made);
        return status;
    }
    *memory = made;
    return GRT_OK;
}

void grt_memory_destroy(grt_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    if (memory->base != NULL) {
        os_release(memory->base, (size_t)(GRT_WINDOW_SIZE + GRT_WINDOW_TAIL));
    }
    if (memory->pages != NULL) {
        os_release(memory->pages, GRT_PAGE_COUNT);
    }
    os_shared_destroy(memory->shared);
    os_free(memory->regions);
    os_free(memory);
}

uint8_t *grt_memory_base(const grt_memory *memory)
{
    return memory->base;
}

grt_profile grt_memory_profile(const grt_memory *memory)
{
    return memory->profile;
}

void *grt_memory_host(const grt_memory *memory, grt_addr address)
{
    return address != 0 ? memory->base + address : NULL;
}

grt_addr grt_memory_guest(const grt_memory *memory, const void *host)
{
    /* Also right for null and for pointers below the base: the difference wraps around. */
    uint64_t offset = (uintptr_t)host - (uintptr_t)memory->base;
    return offset < GRT_WINDOW_SIZE ? (grt_addr)offset : 0;
}
