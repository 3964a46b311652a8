/* export.c - gives the guest an export that guestrt does not have: somebody's controller. */
#include <guestrt/guestrt.h>
#include <stdio.h>

extern const grt_ppc_module grt_module;

enum { BUTTON_A = 0x1000, STATE_SIZE = 16 };

/* XamInputGetState(u32 user, u32 flags, addr state): arguments in r3 to r10, the result goes to r3.
 * Guest pointers lead to base + address, and what is there is big-endian. */
static void get_state(grt_ppc *ctx, uint8_t *base)
{
    static uint32_t packet;
    uint8_t *state = base + (grt_addr)ctx->r[5];
    printf("state of controller %u\n", (unsigned)ctx->r[3]);
    memset(state, 0, STATE_SIZE);
    grt_store32(state, ++packet);
    grt_store16(state + 4, BUTTON_A);
    ctx->r[3] = 0; /* success */
}

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    uint32_t exit_code;
    if (grt_runtime_create(&config, &runtime) != GRT_OK)
        return 1;
    grt_status status =
        grt_runtime_register_export(runtime, GRT_LIBRARY_XAM, 0x191, "XamInputGetState", get_state);
    if (status == GRT_OK)
        status = grt_runtime_load(runtime, &grt_module); /* binds the imports: register before */
    if (status == GRT_OK)
        status = grt_runtime_run(runtime, 0, NULL, &exit_code);
    grt_runtime_destroy(runtime);
    return status == GRT_OK ? 0 : 1;
}
