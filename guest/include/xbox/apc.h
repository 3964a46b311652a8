/* xbox/apc.h - asynchronous and deferred procedure calls. */
#ifndef GUEST_XBOX_APC_H
#define GUEST_XBOX_APC_H

#include <xbox/types.h>

enum { APC_KERNEL = 0, APC_USER = 1 };

struct KAPC;

typedef void apc_routine(void *context, void *argument1, void *argument2);
/* May change what the normal routine gets, and the routine. */
typedef void apc_kernel_routine(struct KAPC *apc, apc_routine **routine, void **context,
                                void **argument1, void **argument2);
typedef void apc_rundown_routine(struct KAPC *apc);

typedef struct KAPC {
    uint16_t type;
    uint8_t mode, inserted;
    void *thread; /* KTHREAD */
    uint32_t link[2];
    apc_kernel_routine *kernel_routine;
    apc_rundown_routine *rundown_routine;
    apc_routine *normal_routine;
    void *context, *arguments[2];
} KAPC;

struct KDPC;

typedef void dpc_routine(struct KDPC *dpc, void *context, void *argument1, void *argument2);

typedef struct KDPC {
    uint16_t type;
    uint8_t reserved[2];
    uint32_t link[2];
    dpc_routine *routine;
    void *context, *arguments[2];
} KDPC;

NTSTATUS NtQueueApcThread(HANDLE thread, apc_routine *routine, void *context, void *argument1,
                          void *argument2);
void KeInitializeApc(KAPC *apc, void *thread, apc_kernel_routine *kernel_routine,
                     apc_rundown_routine *rundown_routine, apc_routine *normal_routine,
                     KPROCESSOR_MODE mode, void *context);
uint32_t KeInsertQueueApc(KAPC *apc, void *argument1, void *argument2, uint32_t increment);
uint32_t KeRemoveQueueApc(KAPC *apc);

void KeInitializeDpc(KDPC *dpc, dpc_routine *routine, void *context);
uint32_t KeInsertQueueDpc(KDPC *dpc, void *argument1, void *argument2);
uint32_t KeRemoveQueueDpc(KDPC *dpc);
void KeRetireDpcList(void);

#endif
