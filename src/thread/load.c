/*
 * load.c - a translated image becomes part of a runtime: its bytes in guest memory, its functions
 * and imports in tables that the guest cannot reach.
 */
#include "diag/log.h"
#include "thread/internal.h"

#include <stdio.h>

#define CODE_MAX 0x20000000u

/* The word of a data import that nobody provides: this, with the ordinal in the middle, so
 * that it is recognised where it turns up. */
#define MISSING_VARIABLE 0xD000BEEFu

static grt_status broken(grt_runtime *runtime, const char *what, uint32_t index)
{
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "IMAGE", "the module is broken: %s (%u)",
                 what, index);
    return GRT_INVALID_ARGUMENT;
}

/* ---- the module itself ------------------------------------------------------------------- */

static grt_status check_entries(grt_runtime *runtime, const grt_ppc_module *module)
{
    for (uint32_t i = 0; i < module->entry_count; i++) {
        const grt_ppc_entry *entry = &module->entries[i];
        uint32_t offset = entry->address - module->code_base;
        if (entry->function == NULL)
            return broken(runtime, "an entry without a function", i);
        if (entry->address % 4 != 0 || offset >= module->code_size)
            return broken(runtime, "an entry outside of the code", i);
        if (i > 0 && entry->address <= module->entries[i - 1].address)
            return broken(runtime, "entries are not in ascending order", i);
    }
    return GRT_OK;
}

static grt_status check_segments(grt_runtime *runtime, const grt_ppc_module *module)
{
    for (uint32_t i = 0; i < module->segment_count; i++) {
        const grt_ppc_segment *segment = &module->segments[i];
        if (segment->file_size > segment->memory_size)
            return broken(runtime, "a segment with more bytes in the file than in memory", i);
        if ((uint64_t)segment->address + segment->memory_size > GRT_WINDOW_SIZE)
            return broken(runtime, "a segment past the end of the address space", i);
        if (segment->file_size > 0 && segment->bytes == NULL)
            return broken(runtime, "a segment without its bytes", i);
        if (i > 0 && segment->address < (uint64_t)module->segments[i - 1].address +
                                            module->segments[i - 1].memory_size)
            return broken(runtime, "segments overlap or are not in ascending order", i);
    }
    return GRT_OK;
}

static grt_status check_module(grt_runtime *runtime, const grt_ppc_module *module)
{
    if (module->abi != GRT_PPC_ABI) {
        grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "IMAGE",
                     "the generated code is for contract %u, this is %u: %s", module->abi,
                     GRT_PPC_ABI, grt_status_remedy(GRT_ABI_MISMATCH));
        return GRT_ABI_MISMATCH;
    }
    if (module->code_base % 4 != 0 || module->code_size % 4 != 0 || module->code_size > CODE_MAX)
        return broken(runtime, "the code range", module->code_size);
    grt_status status = check_entries(runtime, module);
    return status == GRT_OK ? check_segments(runtime, module) : status;
}

/* ---- segments ---------------------------------------------------------------------------- */

static grt_addr page_down(grt_addr address)
{
    return address & ~(GRT_PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t address)
{
    return (address + GRT_PAGE_SIZE - 1) & ~(uint64_t)(GRT_PAGE_SIZE - 1);
}

static uint64_t end_of(const grt_ppc_segment *segment)
{
    return (uint64_t)segment->address + segment->memory_size;
}

/* Segments may share a page with their neighbours: a run of such segments is one region. Returns
 * the index behind the run. */
static uint32_t run_of(const grt_ppc_module *module, uint32_t first, grt_addr *address,
                       uint64_t *size)
{
    uint32_t next = first + 1;
    uint64_t end = page_up(end_of(&module->segments[first]));
    *address = page_down(module->segments[first].address);
    while (next < module->segment_count && page_down(module->segments[next].address) < end) {
        end = page_up(end_of(&module->segments[next]));
        next++;
    }
    *size = end - *address;
    return next;
}

static grt_status map_run(grt_runtime *runtime, const char *owner, grt_addr address, uint64_t size)
{
    if (size == 0)
        return GRT_OK;
    grt_status status = grt_memory_reserve(runtime->memory, address, size, owner);
    if (status == GRT_REGION_OVERLAP) {
        grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "IMAGE",
                     "the image's range %08X-%08X is taken; link the image elsewhere", address,
                     (uint32_t)(address + size - 1));
        return GRT_IMAGE_CONFLICT;
    }
    if (status != GRT_OK)
        return status;
    status = grt_memory_commit(runtime->memory, address, size);
    if (status != GRT_OK)
        grt_memory_release(runtime->memory, address);
    return status;
}

static void unmap_runs(grt_runtime *runtime, const grt_ppc_module *module, uint32_t end)
{
    grt_addr address;
    uint64_t size;
    for (uint32_t i = 0; i < end;) {
        i = run_of(module, i, &address, &size);
        if (size != 0)
            grt_memory_release(runtime->memory, address);
    }
}

static grt_status map_segments(grt_runtime *runtime, const grt_ppc_module *module)
{
    char owner[32];
    snprintf(owner, sizeof owner, "image %s", module->name != NULL ? module->name : "");
    grt_addr address;
    uint64_t size;
    for (uint32_t i = 0; i < module->segment_count;) {
        uint32_t next = run_of(module, i, &address, &size);
        grt_status status = map_run(runtime, owner, address, size);
        if (status != GRT_OK) {
            unmap_runs(runtime, module, i);
            return status;
        }
        i = next;
    }
    for (uint32_t i = 0; i < module->segment_count; i++) {
        const grt_ppc_segment *segment = &module->segments[i];
        if (segment->file_size > 0)
            memcpy(runtime->base + segment->address, segment->bytes, segment->file_size);
    }
    return GRT_OK;
}

/* Makes the pages read-only that hold nothing writable. */
static void protect_segment(grt_runtime *runtime, const grt_ppc_module *module, uint32_t index)
{
    const grt_ppc_segment *segment = &module->segments[index];
    if ((segment->flags & GRT_SEGMENT_WRITE) != 0 || segment->memory_size == 0)
        return;
    uint64_t first = page_down(segment->address), end = page_up(end_of(segment));
    for (uint32_t i = 0; i < module->segment_count; i++) {
        const grt_ppc_segment *other = &module->segments[i];
        if ((other->flags & GRT_SEGMENT_WRITE) == 0 || other->memory_size == 0)
            continue;
        if (i < index && page_up(end_of(other)) > first)
            first = page_up(end_of(other));
        if (i > index && page_down(other->address) < end)
            end = page_down(other->address);
    }
    if (first < end)
        grt_memory_protect(runtime->memory, (grt_addr)first, end - first, GRT_READ_ONLY);
}

/* ---- tables ------------------------------------------------------------------------------ */

static bool allocate_tables(grt_runtime *runtime, const grt_ppc_module *module)
{
    /* One more than needed: no table is ever of size zero. */
    runtime->code = os_alloc((module->code_size / 4 + 1) * sizeof *runtime->code);
    runtime->imports = os_alloc((module->import_count + 1u) * sizeof *runtime->imports);
    runtime->import_targets =
        os_alloc((module->import_count + 1u) * sizeof *runtime->import_targets);
    return runtime->code != NULL && runtime->imports != NULL && runtime->import_targets != NULL;
}

static void free_tables(grt_runtime *runtime)
{
    os_free(runtime->code);
    os_free(runtime->imports);
    os_free(runtime->import_targets);
    runtime->code = runtime->imports = runtime->import_targets = NULL;
}

static void fill_code(grt_runtime *runtime, const grt_ppc_module *module)
{
    for (uint32_t i = 0; i < module->entry_count; i++) {
        uint32_t offset = module->entries[i].address - module->code_base;
        runtime->code[offset / 4] = module->entries[i].function;
    }
}

/* Runs an export that the embedder registered as the kernel's own run: in the library. */
static void call_bracketed(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    grt_thread_enter_host(thread, (grt_addr)ctx->lr);
    thread->runtime->import_targets[ctx->import_index](ctx, base);
    grt_thread_leave_host(thread);
}

static void miss_variable(grt_runtime *runtime, const grt_ppc_import *import)
{
    uint32_t value = MISSING_VARIABLE | (uint32_t)(import->ordinal & 0xFFFu) << 16;
    grt_guest_write32(runtime, import->thunk, value);
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "EXPORT",
                 "variable %s (library %u, ordinal 0x%03X) is not provided; the guest reads %08X "
                 "at %08X",
                 import->name != NULL ? import->name : "without a name", import->library,
                 import->ordinal, value, import->thunk);
}

static grt_status bind_variable(grt_runtime *runtime, const grt_ppc_import *import,
                                const grt_binder *binder)
{
    grt_addr address;
    grt_status status = binder->variable(runtime, import->library, import->ordinal, &address);
    if (status != GRT_OK)
        return status;
    if (address != 0)
        grt_guest_write32(runtime, import->thunk, address);
    else
        miss_variable(runtime, import);
    return GRT_OK;
}

static void bind_function(grt_runtime *runtime, const grt_ppc_import *import, uint32_t index,
                          const grt_binder *binder)
{
    bool bracket = false;
    grt_ppc_function *target =
        import->variable ? NULL
                         : binder->function(runtime, import->library, import->ordinal, &bracket);
    runtime->imports[index] = target == NULL ? binder->missing : bracket ? call_bracketed : target;
    runtime->import_targets[index] = target;
}

static grt_status bind_imports(grt_runtime *runtime, const grt_ppc_module *module,
                               const grt_binder *binder)
{
    grt_status status = GRT_OK;
    for (uint32_t i = 0; i < module->import_count && status == GRT_OK; i++) {
        bind_function(runtime, &module->imports[i], i, binder);
        if (module->imports[i].variable)
            status = bind_variable(runtime, &module->imports[i], binder);
    }
    return status;
}

/* ---- loading ----------------------------------------------------------------------------- */

static grt_status map_and_bind(grt_runtime *runtime, const grt_ppc_module *module,
                               const grt_binder *binder)
{
    grt_status status = map_segments(runtime, module);
    if (status != GRT_OK)
        return status;
    fill_code(runtime, module);
    status = bind_imports(runtime, module, binder);
    if (status != GRT_OK)
        unmap_runs(runtime, module, module->segment_count);
    return status;
}

grt_status grt_load_module(grt_runtime *runtime, const grt_ppc_module *module,
                           const grt_binder *binder)
{
    if (runtime->module != NULL)
        return GRT_ALREADY_INITIALISED;
    grt_status status = check_module(runtime, module);
    if (status != GRT_OK)
        return status;
    status = allocate_tables(runtime, module) ? map_and_bind(runtime, module, binder)
                                              : GRT_NO_HOST_MEMORY;
    if (status != GRT_OK) {
        free_tables(runtime);
        return status;
    }
    for (uint32_t i = 0; i < module->segment_count; i++)
        protect_segment(runtime, module, i);
    runtime->module = module;
    grt_log_line(&runtime->config.log, GRT_LOG_INFO, "IMAGE",
                 "loaded %s: %u functions, %u imports, entry %08X",
                 module->name != NULL ? module->name : "a module", module->entry_count,
                 module->import_count, module->entry);
    return GRT_OK;
}

void grt_runtime_unload(grt_runtime *runtime)
{
    if (runtime->module != NULL)
        unmap_runs(runtime, runtime->module, runtime->module->segment_count);
    free_tables(runtime);
    runtime->module = NULL;
}
