/*
 * alarm.h - what is said about a guest that does the same in vain again and again.
 *
 * Counted without a lock and in bounded memory; said once a power of ten, so that the log of a
 * program that hangs stays short.
 */
#ifndef GRT_KERNEL_ALARM_H
#define GRT_KERNEL_ALARM_H

#include "kernel/exports.h"

/* How many pairs of an export and a call site are counted; further ones are not. */
#define GRT_ALARM_PLACES 512u
/* Statuses from here on are errors. */
#define GRT_NT_FIRST_ERROR 0xC0000000u

/* From how often on something is said. */
#define GRT_ALARM_FAILURES 1000u
#define GRT_ALARM_SLEEPS   10000u

typedef struct grt_alarm_place {
    _Atomic uint64_t key; /* 0: free; never freed again */
    atomic_uint count;
} grt_alarm_place;

/* One a runtime. */
typedef struct grt_alarms {
    grt_alarm_place places[GRT_ALARM_PLACES];
} grt_alarms;

/* The export of [call] fails with [status], or was asked about a failure with it. */
void grt_alarm_failure(grt_call *call, uint32_t status);

/* The import [index] of the module, which does not exist, is called from [call_site]; [name] is
 * what reports call it. */
void grt_alarm_missing(grt_thread *thread, uint32_t index, const char *name, grt_addr call_site);

/* The calling thread sleeps once more; counts sleeps at one place. */
void grt_alarm_sleep(grt_call *call);

/* By the row's index: whether the export does nothing but sleep. */
extern const bool grt_alarm_sleeps[GRT_INDEX_COUNT];

/* The calling thread enters an export: any that does not sleep ends a row of sleeps. */
static inline void grt_alarm_enter(grt_call *call)
{
    if (__builtin_expect(grt_alarm_sleeps[call->row->index], 0))
        grt_alarm_sleep(call);
    else
        call->thread->sleeps = 0;
}

/* The export of [call] returns the status [result]: an error is counted. */
static inline void grt_alarm_leave(grt_call *call, uint32_t result)
{
    if (__builtin_expect(result >= GRT_NT_FIRST_ERROR, 0) && call->row->returns == GRT_TYPE_STATUS)
        grt_alarm_failure(call, result);
}

#endif
