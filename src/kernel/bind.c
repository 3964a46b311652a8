/* bind.c - what imports are bound to: registered functions, the table, or the one that says no. */
#include "kernel/state.h"

#include "diag/log.h"
#include <stdio.h>

grt_status grt_kernel_register_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                      const char *name, grt_ppc_function *function)
{
    if (!name || !function || library > GRT_LIBRARY_GUESTRT)
        return GRT_INVALID_ARGUMENT;
    grt_registration *record = os_alloc(sizeof *record);
    if (!record)
        return GRT_NO_HOST_MEMORY;
    record->library = library;
    record->ordinal = ordinal;
    record->function = function;
    snprintf(record->name, sizeof record->name, "%s", name);
    struct grt_kernel *kernel = runtime->kernel;
    os_mutex_lock(&kernel->registry_lock);
    /* In front, so that the newest of two for the same import is found. */
    record->next = kernel->registrations;
    kernel->registrations = record;
    os_mutex_unlock(&kernel->registry_lock);
    return GRT_OK;
}

static grt_ppc_function *find_registered(struct grt_kernel *kernel, uint16_t library,
                                         uint16_t ordinal)
{
    grt_ppc_function *function = NULL;
    os_mutex_lock(&kernel->registry_lock);
    for (grt_registration *record = kernel->registrations; record && !function;
         record = record->next) {
        if (record->library == library && record->ordinal == ordinal)
            function = record->function;
    }
    os_mutex_unlock(&kernel->registry_lock);
    return function;
}

grt_ppc_function *grt_kernel_find_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                         bool *bracket)
{
    grt_ppc_function *function = find_registered(runtime->kernel, library, ordinal);
    *bracket = function != NULL;
    if (function)
        return function;
    const grt_export *row = grt_export_find(library, ordinal);
    return row ? row->function : NULL;
}

/* ---- imports that do not exist ------------------------------------------------------------ */

/* True for the first call of import [index]. Without host memory every call counts as the first. */
static bool is_first_call(grt_runtime *runtime, uint32_t index)
{
    struct grt_kernel *kernel = runtime->kernel;
    bool first = true;
    os_mutex_lock(&kernel->registry_lock);
    if (!kernel->missing)
        kernel->missing = os_alloc(runtime->module->import_count);
    if (kernel->missing) {
        first = !kernel->missing[index];
        kernel->missing[index] = 1;
    }
    kernel->missing_count += first;
    os_mutex_unlock(&kernel->registry_lock);
    return first;
}

static const char *name_of(const grt_ppc_import *import)
{
    const char *name =
        import->name ? import->name : grt_export_name(import->library, import->ordinal);
    return name ? name : "an unknown export";
}

static void report_missing(grt_thread *thread, const grt_ppc_import *import, grt_addr call_site)
{
    grt_runtime *runtime = thread->runtime;
    char place[96], line[256];
    grt_call_place(runtime, call_site, place, sizeof place);
    snprintf(line, sizeof line, "%.80s (%s ordinal 0x%03X) is not implemented; called from %s",
             name_of(import), grt_library_name(import->library), (unsigned)import->ordinal, place);
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "EXPORT", "%s", line);
    if (runtime->config.on_missing_export == GRT_POLICY_STOP)
        grt_runtime_stop(runtime, line);
}

static grt_failure failure_of(const grt_ppc_import *import)
{
    const grt_known_export *known = grt_known_export_find(import->library, import->ordinal);
    return known ? known->failure : GRT_FAILURE_UNKNOWN;
}

/* What the guest takes for a failure of such an export. */
static void fail(grt_thread *thread, grt_failure failure)
{
    static const uint32_t values[] = {
#define VALUE(name, value, sentence) [GRT_FAILURE_##name] = value,
        GRT_FAILURE_MAP(VALUE)
#undef VALUE
    };
    if (failure == GRT_FAILURE_NORET) /* the caller has nothing behind the call */
        grt_thread_exit(thread, values[failure]);
    if (failure != GRT_FAILURE_VOID)
        thread->ppc.r[3] = values[failure];
}

void grt_kernel_missing_export(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread *thread = ctx->thread;
    const grt_ppc_module *module = thread->runtime->module;
    grt_addr call_site = (grt_addr)ctx->lr;
    uint32_t index = ctx->import_index;
    grt_thread_enter_host(thread, call_site);
    grt_failure failure = GRT_FAILURE_UNKNOWN;
    if (module && index < module->import_count) {
        const grt_ppc_import *import = &module->imports[index];
        failure = failure_of(import);
        if (is_first_call(thread->runtime, index))
            report_missing(thread, import, call_site);
        grt_alarm_missing(thread, index, name_of(import), call_site);
    }
    thread->sleeps = 0;
    fail(thread, failure);
    grt_thread_leave_host(thread);
}
