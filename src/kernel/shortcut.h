/*
 * shortcut.h - exports that are so short, most of the time, that entering the library would cost
 * more than they do.
 *
 * A shortcut takes the place of the row's thunk. It runs as guest code: it holds no lock, a fault
 * in it is the guest's, a stop may unwind it at any instruction. When the call is not an easy one
 * it ends with grt_export_in_full(), which does the call as if there were no shortcut; so it must
 * not have changed anything by then. It does not trace and does not complain, hence the first
 * question is always grt_may_hurry().
 *
 * To add one: define GRT_SHORTCUT_name as `~, grt_shortcut_name`, with a prototype, in here.
 */
#ifndef GRT_KERNEL_SHORTCUT_H
#define GRT_KERNEL_SHORTCUT_H

#include "thread/core.h"

/* The whole export: bracket, trace, handler. [index] is GRT_INDEX_name. */
void grt_export_in_full(grt_ppc *ctx, uint8_t *base, uint32_t index);

/* Nobody wants anything of the thread, nor to see its calls, and it runs at [level] or below. */
static inline bool grt_may_hurry(grt_thread *thread, uint8_t level)
{
    thread->sleeps = 0; /* as any kernel call but a sleep */
    return __builtin_expect(atomic_load_explicit(&thread->attention, memory_order_relaxed) == 0 &&
                                thread->irql <= level,
                            1);
}

#define GRT_SHORTCUT_RtlEnterCriticalSection         ~, grt_shortcut_RtlEnterCriticalSection
#define GRT_SHORTCUT_RtlTryEnterCriticalSection      ~, grt_shortcut_RtlTryEnterCriticalSection
#define GRT_SHORTCUT_RtlLeaveCriticalSection         ~, grt_shortcut_RtlLeaveCriticalSection
#define GRT_SHORTCUT_KfAcquireSpinLock               ~, grt_shortcut_KfAcquireSpinLock
#define GRT_SHORTCUT_KfReleaseSpinLock               ~, grt_shortcut_KfReleaseSpinLock
#define GRT_SHORTCUT_KeAcquireSpinLockAtRaisedIrql   ~, grt_shortcut_KeAcquireSpinLockAtRaisedIrql
#define GRT_SHORTCUT_KeReleaseSpinLockFromRaisedIrql ~, grt_shortcut_KeReleaseSpinLockFromRaisedIrql

grt_ppc_function grt_shortcut_RtlEnterCriticalSection, grt_shortcut_RtlTryEnterCriticalSection,
    grt_shortcut_RtlLeaveCriticalSection, grt_shortcut_KfAcquireSpinLock,
    grt_shortcut_KfReleaseSpinLock, grt_shortcut_KeAcquireSpinLockAtRaisedIrql,
    grt_shortcut_KeReleaseSpinLockFromRaisedIrql;

#endif
