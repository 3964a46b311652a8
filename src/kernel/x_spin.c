/* x_spin.c - exports about spin locks, and their shortcuts. */
#include "kernel/irql.h"
#include "kernel/shortcut.h"
#include "kernel/spin.h"
#include "kernel/state.h"
#include "memory/quick.h"
#include "thread/layout.h"

uint32_t grt_export_KfAcquireSpinLock(grt_call *call, grt_addr lock)
{
    uint8_t old = grt_irql_raise(call->thread, GRT_IRQL_DISPATCH);
    grt_spin_take(call, lock);
    return old;
}

void grt_export_KfReleaseSpinLock(grt_call *call, grt_addr lock, uint8_t old_irql)
{
    grt_spin_give(call, lock);
    grt_irql_lower(call, old_irql);
}

void grt_export_KeAcquireSpinLockAtRaisedIrql(grt_call *call, grt_addr lock)
{
    grt_spin_take(call, lock);
}

uint32_t grt_export_KeTryToAcquireSpinLockAtRaisedIrql(grt_call *call, grt_addr lock)
{
    return grt_spin_try(call, lock);
}

void grt_export_KeReleaseSpinLockFromRaisedIrql(grt_call *call, grt_addr lock)
{
    grt_spin_give(call, lock);
}

/* ---- shortcuts: the lock is free, or the thread's ------------------------------------------ */

static uint32_t *word_of(uint8_t *base, grt_addr lock)
{
    return (uint32_t *)(void *)(base + lock);
}

static bool may_hurry(grt_thread *thread, grt_addr lock)
{
    return grt_may_hurry(thread, GRT_IRQL_DISPATCH) && lock % 4 == 0 &&
           grt_quick_writable(thread->runtime->page_records, lock, 4);
}

static bool take(grt_thread *thread, uint8_t *base, grt_addr lock)
{
    uint32_t found = 0;
    return may_hurry(thread, lock) &&
           __atomic_compare_exchange_n(word_of(base, lock), &found, grt_swap32(thread->pcr), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool give(grt_thread *thread, uint8_t *base, grt_addr lock)
{
    if (!may_hurry(thread, lock) ||
        __atomic_load_n(word_of(base, lock), __ATOMIC_RELAXED) != grt_swap32(thread->pcr))
        return false;
    __atomic_store_n(word_of(base, lock), 0, __ATOMIC_RELEASE);
    return true;
}

/* The PCR is guest memory; if the guest gave it away, this is its fault. */
static void set_level(grt_thread *thread, uint8_t *base, uint8_t level)
{
    thread->irql = level;
    base[thread->pcr + GRT_PCR_IRQL] = level;
}

void grt_shortcut_KfAcquireSpinLock(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    uint8_t old = thread->irql;
    if (!take(thread, base, (grt_addr)ctx->r[3])) {
        grt_export_in_full(ctx, base, GRT_INDEX_KfAcquireSpinLock);
        return;
    }
    if (old < GRT_IRQL_DISPATCH)
        set_level(thread, base, GRT_IRQL_DISPATCH);
    ctx->r[3] = old;
}

void grt_shortcut_KfReleaseSpinLock(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    uint8_t level = (uint8_t)ctx->r[4];
    if (level > thread->irql || !give(thread, base, (grt_addr)ctx->r[3]))
        grt_export_in_full(ctx, base, GRT_INDEX_KfReleaseSpinLock);
    else if (level != thread->irql)
        set_level(thread, base, level);
}

void grt_shortcut_KeAcquireSpinLockAtRaisedIrql(grt_ppc *ctx, uint8_t *base)
{
    if (!take(ctx->thread, base, (grt_addr)ctx->r[3]))
        grt_export_in_full(ctx, base, GRT_INDEX_KeAcquireSpinLockAtRaisedIrql);
}

void grt_shortcut_KeReleaseSpinLockFromRaisedIrql(grt_ppc *ctx, uint8_t *base)
{
    if (!give(ctx->thread, base, (grt_addr)ctx->r[3]))
        grt_export_in_full(ctx, base, GRT_INDEX_KeReleaseSpinLockFromRaisedIrql);
}
