/* state.h - the kernel's record: one a runtime, made of the parts that the other headers define. */
#ifndef GRT_KERNEL_STATE_H
#define GRT_KERNEL_STATE_H

#include "kernel/alarm.h"
#include "kernel/deadlock.h"
#include "kernel/lock_order.h"
#include "kernel/notice.h"
#include "kernel/rwlock.h"
#include "kernel/section.h"
#include "kernel/title.h"
#include "kernel/variables.h"
#include "kernel/title_heap.h"
#include "kernel/vm.h"

typedef struct grt_registration {
    struct grt_registration *next;
    uint16_t library, ordinal;
    grt_ppc_function *function;
    char name[64];
} grt_registration;

struct grt_kernel {
    grt_runtime *runtime;
    grt_dispatch dispatch;
    grt_sections sections;
    grt_lock_order lock_order;
    grt_rwlocks rwlocks;
    grt_deadlocks deadlocks;
    grt_vm vm;
    grt_variables variables;
    grt_title title;
    grt_notices notices;
    uint64_t started_ns; /* grt_thread_clock_ns() */
    grt_title_heaps heaps;

    os_mutex registry_lock; /* registrations, missing */
    grt_registration *registrations;
    uint8_t *missing; /* one byte an import of the module: reported already */
    uint32_t missing_count;

    os_mutex output_lock; /* one piece of guest text at a time */
    atomic_uint complaints[GRT_INDEX_COUNT];
    atomic_uint background_processors; /* KeSetBackgroundProcessors */
    grt_alarms alarms;
};

/* Hands text to the embedder, one call at a time. */
void grt_kernel_output(grt_runtime *runtime, const char *text, size_t size);

#endif
