/* variables.c - the data exports: their table, their page, and what is in it. */
#include "kernel/state.h"

#include <stddef.h>
#include <stdio.h>

/* Where the console's kernel is. */
#define PAGE_FIRST 0x80040000u
#define PAGE_END   0x80100000u

/* The page: the variables, and what they lead to. */
typedef struct page {
#define GRT_EXPORT_ANY(...)
#define GRT_VARIABLE(library, ordinal, name, size, sentence) _Alignas(16) uint8_t name[size];
#include "guestrt/exports.def"
    _Alignas(16) uint8_t loader_entry[0x64];
    _Alignas(16) uint8_t header[0x18];
} page;
_Static_assert(sizeof(page) <= GRT_PAGE_SIZE, "the variables have one page");

static const uint16_t offsets[GRT_VARIABLE_COUNT] = {
#define GRT_EXPORT_ANY(...)
#define GRT_VARIABLE(library, ordinal, name, size, sentence) offsetof(page, name),
#include "guestrt/exports.def"
};

/* ---- the table ----------------------------------------------------------------------------- */

static const grt_variable table[GRT_VARIABLE_COUNT] = {
#define GRT_EXPORT_ANY(...)
#define GRT_VARIABLE(library, ordinal, name, size, sentence)                                       \
    {GRT_LIBRARY_##library, ordinal, size, #name, sentence},
#include "guestrt/exports.def"
};

uint32_t grt_variable_count(void)
{
    return GRT_VARIABLE_COUNT;
}

const grt_variable *grt_variable_at(uint32_t index)
{
    return index < GRT_VARIABLE_COUNT ? &table[index] : NULL;
}

const grt_variable *grt_variable_find(uint16_t library, uint16_t ordinal)
{
    for (uint32_t i = 0; i < GRT_VARIABLE_COUNT; i++) {
        if (table[i].library == library && table[i].ordinal == ordinal)
            return &table[i];
    }
    return NULL;
}

/* ---- addresses ----------------------------------------------------------------------------- */

grt_addr grt_variables_address(const grt_runtime *runtime, uint32_t index)
{
    grt_addr address = runtime->kernel->variables.address;
    return address != 0 ? address + offsets[index] : 0;
}

grt_addr grt_runtime_variable(const grt_runtime *runtime, uint16_t library, uint16_t ordinal)
{
    const grt_variable *variable = grt_variable_find(library, ordinal);
    return variable != NULL ? grt_variables_address(runtime, (uint32_t)(variable - table)) : 0;
}

grt_addr grt_object_type_address(const grt_runtime *runtime, grt_object_kind kind)
{
    switch (kind) {
    case GRT_OBJECT_EVENT:
        return grt_variables_address(runtime, GRT_VARIABLE_ExEventObjectType);
    case GRT_OBJECT_SEMAPHORE:
        return grt_variables_address(runtime, GRT_VARIABLE_ExSemaphoreObjectType);
    case GRT_OBJECT_MUTANT:
        return grt_variables_address(runtime, GRT_VARIABLE_ExMutantObjectType);
    case GRT_OBJECT_THREAD:
        return grt_variables_address(runtime, GRT_VARIABLE_ExThreadObjectType);
    case GRT_OBJECT_TIMER:
        return grt_variables_address(runtime, GRT_VARIABLE_ExTimerObjectType);
    case GRT_OBJECT_QUEUE:
        return grt_variables_address(runtime, GRT_VARIABLE_IoCompletionObjectType);
    case GRT_OBJECT_LINK:
        return grt_variables_address(runtime, GRT_VARIABLE_ObSymbolicLinkObjectType);
    default:
        return 0;
    }
}

/* ---- contents ------------------------------------------------------------------------------ */

/* (variable, the four characters by which the kernel's pools know such objects) */
#define OBJECT_TYPES(X)                                                                            \
    X(ExEventObjectType, 0x76657645u)                                                              \
    X(ExMutantObjectType, 0x6174754Du)                                                             \
    X(ExSemaphoreObjectType, 0x616D6553u)                                                          \
    X(ExThreadObjectType, 0x65726854u)                                                             \
    X(ExTimerObjectType, 0x656D6954u)                                                              \
    X(IoCompletionObjectType, 0x706D6F43u)                                                         \
    X(IoDeviceObjectType, 0x69766544u)                                                             \
    X(IoFileObjectType, 0x656C6946u)                                                               \
    X(ObDirectoryObjectType, 0x65726944u)                                                          \
    X(ObSymbolicLinkObjectType, 0x626D7953u)
#define TYPE_POOL_TAG 0x18u

#define ENTRY_BASE       0x18u
#define ENTRY_IMAGE_BASE 0x1Cu
#define ENTRY_SIZE       0x20u
#define ENTRY_FULL_SIZE  0x38u
#define ENTRY_ENTRY      0x3Cu
#define ENTRY_LOAD_COUNT 0x40u /* two bytes */
#define ENTRY_HEADER     0x58u

#define HEADER_MAGIC 0x58455832u /* "XEX2" */
#define HEADER_TITLE 1u          /* of the flags at 4: this is the title */
#define HEADER_SIZE  0x08u

static void put_word(grt_runtime *runtime, uint32_t offset, uint32_t value)
{
    uint8_t word[4];
    grt_store32(word, value);
    grt_guest_write(runtime, runtime->kernel->variables.address + offset, word, sizeof word);
}

/* Cut to the variable's size; what is behind the text is zero. */
static void put_text(grt_runtime *runtime, uint32_t index, const char *text)
{
    char padded[sizeof((page *)0)->ExLoadedCommandLine] = "";
    snprintf(padded, table[index].size, "%s", text);
    grt_guest_write(runtime, grt_variables_address(runtime, index), padded, table[index].size);
}

static void put_types(grt_runtime *runtime)
{
#define PUT_TYPE(name, tag) put_word(runtime, offsetof(page, name) + TYPE_POOL_TAG, tag);
    OBJECT_TYPES(PUT_TYPE)
#undef PUT_TYPE
}

/* A recompiled program has no header of its own: this one has no optional fields, so that a search
 * for one ends without having found it. */
static void put_header(grt_runtime *runtime)
{
    uint32_t header = offsetof(page, header);
    put_word(runtime, header, HEADER_MAGIC);
    put_word(runtime, header + 4, HEADER_TITLE);
    put_word(runtime, header + HEADER_SIZE, sizeof((page *)0)->header);
}

static void put_loader_entry(grt_runtime *runtime, const grt_ppc_module *module)
{
    uint32_t entry = offsetof(page, loader_entry);
    const grt_ppc_segment *first = module->segments, *last = first + module->segment_count - 1;
    grt_addr base = module->segment_count > 0 ? first->address : 0;
    uint32_t size = module->segment_count > 0 ? last->address + last->memory_size - base : 0;
    put_word(runtime, entry + ENTRY_BASE, base);
    put_word(runtime, entry + ENTRY_IMAGE_BASE, base);
    put_word(runtime, entry + ENTRY_SIZE, size);
    put_word(runtime, entry + ENTRY_FULL_SIZE, size);
    put_word(runtime, entry + ENTRY_ENTRY, module->entry);
    put_word(runtime, entry + ENTRY_LOAD_COUNT, 1u << 16);
    put_word(runtime, entry + ENTRY_HEADER,
             runtime->kernel->variables.address + (uint32_t)offsetof(page, header));
}

void grt_variables_loaded(grt_runtime *runtime)
{
    grt_addr address = runtime->kernel->variables.address;
    if (address == 0)
        return;
    const char *name = runtime->module->name != NULL ? runtime->module->name : "";
    put_types(runtime);
    put_header(runtime);
    put_loader_entry(runtime, runtime->module);
    put_word(runtime, offsetof(page, XexExecutableModuleHandle),
             address + (uint32_t)offsetof(page, loader_entry));
    put_text(runtime, GRT_VARIABLE_ExLoadedImageName, name);
    grt_variables_set_command_line(runtime, 1, &name);
}

void grt_variables_set_command_line(grt_runtime *runtime, int argc, const char *const *argv)
{
    char line[sizeof((page *)0)->ExLoadedCommandLine];
    size_t used = 0;
    if (runtime->kernel->variables.address == 0)
        return;
    line[0] = '\0';
    for (int i = 0; i < argc && used < sizeof line; i++)
        used +=
            (size_t)snprintf(line + used, sizeof line - used, i == 0 ? "\"%s\"" : " %s", argv[i]);
    put_text(runtime, GRT_VARIABLE_ExLoadedCommandLine, line);
}

/* ---- the page ------------------------------------------------------------------------------ */

static grt_status make_page(grt_runtime *runtime)
{
    grt_addr address;
    grt_status status =
        grt_memory_reserve_anywhere(runtime->memory, PAGE_FIRST, PAGE_END, GRT_PAGE_SIZE,
                                    GRT_PAGE_SIZE, "kernel variables", &address);
    if (status != GRT_OK)
        return status;
    status = grt_memory_commit(runtime->memory, address, GRT_PAGE_SIZE);
    if (status == GRT_OK)
        runtime->kernel->variables.address = address;
    else
        grt_memory_release(runtime->memory, address);
    return status;
}

grt_status grt_variables_find(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                              grt_addr *address)
{
    grt_variables *variables = &runtime->kernel->variables;
    const grt_variable *variable = grt_variable_find(library, ordinal);
    *address = 0;
    if (variable == NULL)
        return GRT_OK;
    grt_status status = variables->address == 0 ? make_page(runtime) : GRT_OK;
    if (status != GRT_OK)
        return status;
    uint32_t index = (uint32_t)(variable - table);
    *address = grt_variables_address(runtime, index);
    return index == GRT_VARIABLE_KeTimeStampBundle
               ? grt_ticker_start(&variables->ticker, runtime, *address)
               : GRT_OK;
}

void grt_variables_destroy(grt_runtime *runtime)
{
    grt_variables *variables = &runtime->kernel->variables;
    grt_ticker_stop(&variables->ticker);
    if (variables->address != 0)
        grt_memory_release(runtime->memory, variables->address);
    variables->address = 0;
}
