/*
 * kernel_stack.c - stacks that the guest allocates for itself, for fibers mostly: whole pages with
 * a guard below and above, like a thread's own.
 */
#include "thread/internal.h"

typedef struct grt_stack {
    struct grt_stack *next;
    grt_addr block, limit, base;
} grt_stack;

static void free_stack(grt_runtime *runtime, grt_stack *stack)
{
    grt_stack_guard(runtime, stack->block, stack->base, GRT_READ_WRITE);
    grt_heap_free(runtime->user_heap, stack->block);
    os_free(stack);
}

static bool allocate(grt_runtime *runtime, grt_stack *stack, uint32_t size)
{
    stack->block =
        grt_heap_alloc_aligned(runtime->user_heap, size + 2 * GRT_GUARD_SIZE, GRT_PAGE_SIZE);
    stack->limit = stack->block + GRT_GUARD_SIZE;
    stack->base = stack->limit + size;
    return stack->block != 0;
}

grt_addr grt_stack_create(grt_runtime *runtime, uint32_t size)
{
    if (size > GRT_MAX_STACK_SIZE)
        return 0;
    size = grt_stack_round(size);
    grt_stack *stack = os_alloc(sizeof *stack);
    if (stack == NULL || !allocate(runtime, stack, size)) {
        os_free(stack);
        return 0;
    }
    if (grt_stack_guard(runtime, stack->block, stack->base, GRT_NO_ACCESS) != GRT_OK ||
        os_discard(runtime->base + stack->limit, size) != 0) {
        free_stack(runtime, stack);
        return 0;
    }
    os_mutex_lock(&runtime->threads_lock);
    stack->next = runtime->stacks;
    runtime->stacks = stack;
    os_mutex_unlock(&runtime->threads_lock);
    return stack->base;
}

void grt_thread_switch_stack(grt_thread *thread, grt_addr limit, grt_addr base)
{
    os_mutex_lock(&thread->runtime->threads_lock);
    thread->stack_limit = limit;
    thread->stack_base = base;
    os_mutex_unlock(&thread->runtime->threads_lock);
}

/* A thread that is in the list of a process has not ended. threads_lock is held. */
static bool is_in_use(const grt_runtime *runtime, const grt_stack *stack)
{
    for (const grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next) {
        if (thread->process != NULL && thread->stack_base > stack->limit &&
            thread->stack_limit < stack->base)
            return true;
    }
    return false;
}

bool grt_stack_destroy(grt_runtime *runtime, grt_addr base, grt_addr limit)
{
    os_mutex_lock(&runtime->threads_lock);
    grt_stack **link = &runtime->stacks;
    while (*link != NULL && (*link)->base != base)
        link = &(*link)->next;
    grt_stack *stack = *link;
    if (stack != NULL && stack->limit == limit && !is_in_use(runtime, stack))
        *link = stack->next;
    else
        stack = NULL;
    os_mutex_unlock(&runtime->threads_lock);
    if (stack != NULL)
        free_stack(runtime, stack);
    return stack != NULL;
}

bool grt_stack_is(const grt_runtime *runtime, grt_addr block)
{
    const grt_stack *stack = runtime->stacks;
    while (stack != NULL && stack->block != block)
        stack = stack->next;
    return stack != NULL;
}

void grt_stacks_free(grt_runtime *runtime)
{
    while (runtime->stacks != NULL) {
        grt_stack *stack = runtime->stacks;
        runtime->stacks = stack->next;
        free_stack(runtime, stack);
    }
}
