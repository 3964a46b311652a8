/* x_notice.c - exports about functions that want to know of threads that begin and end. */
#include "kernel/state.h"

/* What the program's records hold, in bytes. */
#define FULL_SIZE     16u /* routine, priority, links that are the kernel's */
#define FULL_ROUTINE  0u
#define FULL_PRIORITY 4u
#define PLAIN_SIZE    12u /* links that are the kernel's, routine */
#define PLAIN_ROUTINE 8u

static void add(grt_call *call, const grt_notice *model)
{
    if (grt_runtime_function(call->runtime, model->routine) == NULL) {
        grt_call_complain(call, "0x%08X is no function", (unsigned)model->routine);
        return;
    }
    grt_notice_answer answer = grt_notice_add(&call->kernel->notices, model);
    if (answer == GRT_NOTICE_TOO_MANY)
        grt_call_complain(call, "more than %u functions want to know of threads", GRT_NOTICES_MAX);
    else if (answer != GRT_NOTICE_OK)
        grt_call_complain(call, "no host memory for 0x%08X", (unsigned)model->record);
}

static void take_back(grt_call *call, grt_addr registration)
{
    if (grt_notice_remove(&call->kernel->notices, registration) != GRT_NOTICE_OK)
        grt_call_complain(call, "0x%08X is not registered", (unsigned)registration);
}

/* True iff the registration was read and is to be added; else all is done. */
static bool begin_to_add(grt_call *call, grt_addr registration, uint32_t create, uint8_t *bytes,
                         uint32_t size)
{
    if (create != 0)
        return grt_call_read(call, bytes, registration, size, "registration");
    take_back(call, registration);
    return false;
}

void grt_export_ExRegisterThreadNotification(grt_call *call, grt_addr registration, uint32_t create)
{
    uint8_t bytes[FULL_SIZE];
    if (!begin_to_add(call, registration, create, bytes, sizeof bytes))
        return;
    add(call, &(grt_notice){.record = registration,
                            .routine = grt_load32(bytes + FULL_ROUTINE),
                            .priority = grt_load32(bytes + FULL_PRIORITY)});
}

void grt_export_XRegisterThreadNotifyRoutine(grt_call *call, grt_addr registration, uint32_t create)
{
    uint8_t bytes[PLAIN_SIZE];
    if (!begin_to_add(call, registration, create, bytes, sizeof bytes))
        return;
    add(call, &(grt_notice){.record = registration,
                            .routine = grt_load32(bytes + PLAIN_ROUTINE),
                            .plain = true});
}
