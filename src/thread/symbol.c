/* symbol.c - guest addresses to functions and names. */
#include "thread/internal.h"

#include <stdio.h>
#include <string.h>

#define CALL_SIZE 4u

grt_ppc_function *grt_runtime_function(const grt_runtime *runtime, grt_addr address)
{
    const grt_ppc_module *module = runtime->module;
    if (module == NULL || address % 4 != 0)
        return NULL;
    uint32_t offset = address - module->code_base;
    return offset < module->code_size ? runtime->code[offset / 4] : NULL;
}

/* The last entry at or below [address]. */
static const grt_ppc_entry *entry_at(const grt_ppc_module *module, grt_addr address)
{
    uint32_t first = 0, end = module->entry_count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (module->entries[middle].address <= address)
            first = middle + 1;
        else
            end = middle;
    }
    return first > 0 ? &module->entries[first - 1] : NULL;
}

/* Of a name that is too long the end is left out, not the offset. */
static void name(const grt_ppc_entry *entry, grt_addr address, char *text, size_t size)
{
    char number[16], offset[16] = "";
    snprintf(number, sizeof number, "sub_%08X", entry->address);
    const char *symbol = entry->name != NULL ? entry->name : number;
    if (address != entry->address)
        snprintf(offset, sizeof offset, "+0x%X", address - entry->address);
    size_t tail = strlen("...") + strlen(offset);
    if (strlen(symbol) + strlen(offset) < size || size <= tail)
        snprintf(text, size, "%s%s", symbol, offset);
    else
        snprintf(text, size, "%.*s...%s", (int)(size - 1 - tail), symbol, offset);
}

/* The function whose code, or its end, [address] is; null when it is none's. */
static const grt_ppc_entry *function_at(const grt_runtime *runtime, grt_addr address)
{
    const grt_ppc_entry *entry =
        runtime->module != NULL ? entry_at(runtime->module, address) : NULL;
    /* A call that does not return may be a function's last instruction: its return address is the
     * function's end. */
    return entry != NULL && address - entry->address <= entry->size ? entry : NULL;
}

bool grt_runtime_symbol(const grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    const grt_ppc_entry *entry = function_at(runtime, address);
    if (size > 0)
        text[0] = '\0';
    if (entry != NULL)
        name(entry, address, text, size);
    return entry != NULL;
}

bool grt_symbol_of_return(const grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    const grt_ppc_entry *entry = function_at(runtime, address - CALL_SIZE);
    if (entry == NULL)
        return grt_runtime_symbol(runtime, address, text, size);
    name(entry, address, text, size);
    return true;
}

bool grt_symbol_same_function(const grt_runtime *runtime, grt_addr a, grt_addr b)
{
    const grt_ppc_entry *entry = function_at(runtime, a);
    return entry != NULL && entry == function_at(runtime, b) && b - entry->address < entry->size;
}
