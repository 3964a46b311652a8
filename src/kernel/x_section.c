/*
 * x_section.c - exports about critical sections, and their shortcuts.
 *
 * The shortcuts do what section.c does, for a section that is free, or the thread's own, and that
 * nobody waits for. They keep the same order: lock_count and recursion are stored while the section
 * is owned.
 */
#include "kernel/held.h"
#include "kernel/shortcut.h"
#include "kernel/state.h"
#include "memory/quick.h"

void grt_export_RtlInitializeCriticalSection(grt_call *call, grt_addr section)
{
    grt_section_initialise(call, section, 0);
}

uint32_t grt_export_RtlInitializeCriticalSectionAndSpinCount(grt_call *call, grt_addr section,
                                                             uint32_t spin_count)
{
    grt_section_initialise(call, section, spin_count);
    return GRT_NT_SUCCESS;
}

void grt_export_RtlEnterCriticalSection(grt_call *call, grt_addr section)
{
    grt_section_enter(call, section);
}

uint32_t grt_export_RtlTryEnterCriticalSection(grt_call *call, grt_addr section)
{
    return grt_section_try(call, section);
}

void grt_export_RtlLeaveCriticalSection(grt_call *call, grt_addr section)
{
    grt_section_leave(call, section);
}

/* ---- shortcuts ----------------------------------------------------------------------------- */

/* The three words of the lock, big-endian in guest memory. */
typedef struct lock_words {
    uint32_t lock_count, recursion, owner;
} lock_words;

static lock_words *words_of(uint8_t *base, grt_addr section)
{
    return (lock_words *)(void *)(base + (uint64_t)section + GRT_SECTION_LOCK_COUNT);
}

static bool may_hurry(grt_thread *thread, grt_addr section)
{
    return grt_may_hurry(thread, GRT_CALLERS_APC) && section % 4 == 0;
}

static void show(lock_words *words, uint32_t depth)
{
    __atomic_store_n(&words->lock_count, grt_swap32(depth - 1), __ATOMIC_RELAXED);
    __atomic_store_n(&words->recursion, grt_swap32(depth), __ATOMIC_RELAXED);
}

static uint32_t shown_depth(const lock_words *words)
{
    return grt_swap32(__atomic_load_n(&words->recursion, __ATOMIC_RELAXED));
}

static bool enter(grt_thread *thread, uint8_t *base, grt_addr section)
{
    lock_words *words = words_of(base, section);
    uint32_t self = grt_swap32(thread->kthread), found = 0;
    grt_held *held = &thread->held;
    if (!may_hurry(thread, section) ||
        !grt_quick_writable(thread->runtime->page_records, section, GRT_SECTION_SIZE))
        return false;
    bool listed = grt_held_push(held, section);
    if (__atomic_compare_exchange_n(&words->owner, &found, self, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
        show(words, 1);
        return true;
    }
    grt_held_take_back(held, listed);
    if (found != self || !grt_held_has(held, section))
        return false;
    show(words, shown_depth(words) + 1);
    return true;
}

void grt_shortcut_RtlEnterCriticalSection(grt_ppc *ctx, uint8_t *base)
{
    if (!enter(ctx->thread, base, (grt_addr)ctx->r[3]))
        grt_export_in_full(ctx, base, GRT_INDEX_RtlEnterCriticalSection);
}

void grt_shortcut_RtlTryEnterCriticalSection(grt_ppc *ctx, uint8_t *base)
{
    if (enter(ctx->thread, base, (grt_addr)ctx->r[3]))
        ctx->r[3] = 1;
    else
        grt_export_in_full(ctx, base, GRT_INDEX_RtlTryEnterCriticalSection);
}

/* A thread has begun to wait while the section was being left. */
static __attribute__((noinline)) void wake(grt_ppc *ctx, grt_addr section)
{
    grt_thread_enter_host(ctx->thread, (grt_addr)ctx->lr);
    grt_section_wake(&ctx->thread->runtime->kernel->sections, section);
    grt_thread_leave_host(ctx->thread);
}

void grt_shortcut_RtlLeaveCriticalSection(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    grt_addr section = (grt_addr)ctx->r[3];
    lock_words *words = words_of(base, section);
    atomic_uint *waiters =
        &grt_section_bucket_of(&thread->runtime->kernel->sections, section)->waiters;
    /* A section that is listed was accessible. If another thread of the guest has changed that, the
     * fault is the guest's. */
    if (!may_hurry(thread, section) || !grt_held_is_last(&thread->held, section) ||
        __atomic_load_n(&words->owner, __ATOMIC_RELAXED) != grt_swap32(thread->kthread) ||
        atomic_load(waiters) != 0) {
        grt_export_in_full(ctx, base, GRT_INDEX_RtlLeaveCriticalSection);
        return;
    }
    uint32_t depth = shown_depth(words);
    if ((int32_t)depth > 1) {
        show(words, depth - 1);
        return;
    }
    show(words, 0);
    __atomic_exchange_n(&words->owner, 0, __ATOMIC_SEQ_CST);
    grt_held_pop_last(&thread->held);
    if (__builtin_expect(atomic_load(waiters) != 0, 0))
        wake(ctx, section);
}
