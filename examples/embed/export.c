/* export.c - gives the guest an export that guestrt does not have. */
#include <guestrt/guestrt.h>
#include <stdio.h>
#include <time.h>

extern const grt_ppc_module grt_module;

/* KeStallExecutionProcessor(u32 microseconds): arguments in r3 to r10, a result goes to r3. */
static void stall(grt_ppc *ctx, uint8_t *base)
{
    (void)base; /* guest pointers would be read at base + address, big-endian */
    uint32_t microseconds = (uint32_t)ctx->r[3];
    nanosleep(&(struct timespec){.tv_nsec = (long)(microseconds % 1000000) * 1000}, NULL);
    printf("stalled for %u us\n", microseconds);
}

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    uint32_t exit_code;
    if (grt_runtime_create(&config, &runtime) != GRT_OK)
        return 1;
    grt_status status = grt_runtime_register_export(runtime, GRT_LIBRARY_XBOXKRNL, 0x0A8,
                                                    "KeStallExecutionProcessor", stall);
    if (status == GRT_OK)
        status = grt_runtime_load(runtime, &grt_module); /* binds the imports: register before */
    if (status == GRT_OK)
        status = grt_runtime_run(runtime, 0, NULL, &exit_code);
    grt_runtime_destroy(runtime);
    return status == GRT_OK ? 0 : 1;
}
