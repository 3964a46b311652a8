/* x_title.c - exports about the end of the title. */
#include "kernel/state.h"

#include "diag/log.h"

#define RECORD_SIZE     16u /* function, priority, links that are the kernel's */
#define RECORD_ROUTINE  0u
#define RECORD_PRIORITY 4u

static void add(grt_call *call, grt_addr registration)
{
    uint8_t bytes[RECORD_SIZE];
    if (!grt_call_read(call, bytes, registration, sizeof bytes, "registration"))
        return;
    grt_addr routine = grt_load32(bytes + RECORD_ROUTINE);
    if (grt_runtime_function(call->runtime, routine) == NULL) {
        grt_call_complain(call, "0x%08X is no function", (unsigned)routine);
        return;
    }
    grt_title_answer answer = grt_title_add(&call->kernel->title, registration, routine,
                                            grt_load32(bytes + RECORD_PRIORITY));
    if (answer == GRT_TITLE_TOO_MANY)
        grt_call_complain(call, "more than %u functions want to know of the title's end",
                          GRT_TITLE_NOTICES_MAX);
    else if (answer != GRT_TITLE_OK)
        grt_call_complain(call, "no host memory for 0x%08X", (unsigned)registration);
}

void grt_export_ExRegisterTitleTerminateNotification(grt_call *call, grt_addr registration,
                                                     uint32_t create)
{
    if (create != 0)
        add(call, registration);
    else if (grt_title_remove(&call->kernel->title, registration) != GRT_TITLE_OK)
        grt_call_complain(call, "0x%08X is not registered", (unsigned)registration);
}

void grt_export_HalReturnToFirmware(grt_call *call, uint32_t mode)
{
    char place[96];
    grt_call_place(call->runtime, call->call_site, place, sizeof place);
    grt_log_line(&call->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                 "HalReturnToFirmware(%u) ends the title; called from %s", (unsigned)mode, place);
    grt_title_end(call->thread, "HalReturnToFirmware");
}

void grt_export_XamLoaderTerminateTitle(grt_call *call)
{
    grt_title_end(call->thread, "XamLoaderTerminateTitle");
}
