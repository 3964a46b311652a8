/* fault_describe.c - what a guest address is, in one sentence. */
#include "diag/fault.h"
#include "thread/layout.h"

#include <stdio.h>
#include <stdlib.h>

#define NULL_REACH    0x1000u /* an offset from a null pointer rarely exceeds a page */
#define PATTERN_REACH 0x8000  /* what one instruction can add to a pointer */

static bool within(grt_addr address, grt_addr first, uint32_t size)
{
    return address - first < size;
}

static void thread_text(const grt_thread *thread, const char *what, char *text, size_t size)
{
    snprintf(text, size, "%s of thread " GRT_THREAD_FORMAT, what, GRT_THREAD_ARGUMENTS(thread));
}

/* The part of a thread's context that holds [address], or null. */
static const char *context_part(const grt_runtime *runtime, const grt_context_block *context,
                                grt_addr address)
{
    const grt_layout *layout = grt_layout_of(runtime);
    if (within(address, context->block, GRT_GUARD_SIZE))
        return "the guard page below the stack";
    if (within(address, context->stack_limit, context->stack_size))
        return "the stack";
    if (within(address, context->stack_base, GRT_GUARD_SIZE))
        return "the guard page above the stack";
    if (within(address, context->pcr, layout->pcr_size))
        return "the PCR";
    if (within(address, context->tls, GRT_TLS_SIZE))
        return "the TLS block";
    if (within(address, context->kthread, layout->kthread_size))
        return layout->kthread_name;
    return NULL;
}

bool grt_fault_describe_context(grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    bool found = false;
    os_mutex_lock(&runtime->threads_lock);
    for (grt_thread *thread = runtime->threads; thread != NULL && !found; thread = thread->next) {
        const char *part =
            thread->context == NULL ? NULL : context_part(runtime, thread->context, address);
        if (part != NULL) {
            thread_text(thread, part, text, size);
            found = true;
        }
    }
    os_mutex_unlock(&runtime->threads_lock);
    return found;
}

static bool describe_block(grt_heap *heap, grt_addr address, char *text, size_t size)
{
    grt_block_info info;
    if (heap == NULL || !grt_heap_owns(heap, address))
        return false;
    grt_heap_describe(heap, address, &info);
    snprintf(text, size, "%s heap: %s", grt_heap_name(heap), info.text);
    return true;
}

const char *grt_fault_pattern(const grt_runtime *runtime, uint32_t value)
{
    bool marked = grt_heap_options_mark(&runtime->config.heap_options);
    return marked ? grt_heap_pattern_name(value) : NULL;
}

/* A pointer that was read from memory which the heap had filled, and what was added to it. */
static bool describe_pattern(const grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    uint32_t word = (address >> 24) * 0x01010101u;
    int32_t distance = (int32_t)(address - word);
    const char *name = grt_fault_pattern(runtime, word);
    if (name == NULL || distance > PATTERN_REACH || distance < -PATTERN_REACH)
        return false;
    snprintf(text, size, "made of %s (%08X %c 0x%X)", name, word, distance < 0 ? '-' : '+',
             (unsigned)abs(distance));
    return true;
}

static void describe_page(const grt_memory *memory, grt_addr address, char *text, size_t size)
{
    static const char *const access_text[] = {"inaccessible", "read-only", "read and write"};
    grt_page_info info;
    grt_memory_query(memory, address, &info);
    if (info.region_size == 0)
        snprintf(text, size, "memory that nobody has reserved");
    else if (!info.committed)
        snprintf(text, size, "in region \"%s\" at %08X (0x%llX bytes), not committed", info.owner,
                 info.region_first, (unsigned long long)info.region_size);
    else
        snprintf(text, size, "in region \"%s\" at %08X (0x%llX bytes), %s", info.owner,
                 info.region_first, (unsigned long long)info.region_size, access_text[info.access]);
}

void grt_fault_describe(grt_runtime *runtime, grt_addr address, char *text, size_t size)
{
    char symbol[96];
    if (address < NULL_REACH)
        snprintf(text, size, "page 0, which traps: 0x%X bytes from a null pointer", address);
    else if (grt_fault_describe_context(runtime, address, text, size) ||
             describe_block(runtime->user_heap, address, text, size) ||
             describe_block(runtime->physical_heap, address, text, size))
        return;
    else if (grt_runtime_symbol(runtime, address, symbol, sizeof symbol))
        snprintf(text, size, "code: %s", symbol);
    else if (!describe_pattern(runtime, address, text, size))
        describe_page(runtime->memory, address, text, size);
}

grt_fault_id grt_fault_classify(grt_thread *thread, grt_addr address, os_fault_access access)
{
    const grt_context_block *context = thread->context;
    grt_page_info info;
    if (within(address, context->block, GRT_GUARD_SIZE))
        return GRT_FAULT_STACK_OVERFLOW;
    if (within(address, context->stack_base, GRT_GUARD_SIZE))
        return GRT_FAULT_STACK_UNDERFLOW;
    if (address < NULL_REACH)
        return GRT_FAULT_NULL_POINTER;
    grt_memory_query(thread->runtime->memory, address, &info);
    if (access == OS_FAULT_WRITE && info.committed && info.access == GRT_READ_ONLY)
        return GRT_FAULT_READ_ONLY;
    if (access == OS_FAULT_WRITE)
        return GRT_FAULT_WRITE;
    return access == OS_FAULT_READ ? GRT_FAULT_READ : GRT_FAULT_ACCESS;
}
