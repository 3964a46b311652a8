/* call_guest.c - calls a guest function from host code, on a thread that is not the guest's. */
#include <guestrt/guestrt.h>
#include <stdio.h>

extern const grt_ppc_module grt_module;

enum { SCORE = 0x82001028 }; /* int score(int hits, int seconds) */

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    uint64_t arguments[] = {7, 30}, result = 0;
    if (grt_runtime_create(&config, &runtime) != GRT_OK)
        return 1;
    grt_status status = grt_runtime_load(runtime, &grt_module);
    if (status == GRT_OK)
        status = grt_runtime_call(runtime, (grt_addr)SCORE, arguments, 2, &result);
    printf("%s: score(7, 30) = %d\n", grt_status_name(status), (int)(int32_t)result);
    /* Not the start of a function: a status, no jump. */
    status = grt_runtime_call(runtime, (grt_addr)SCORE + 2, arguments, 2, &result);
    printf("%s: %s\n", grt_status_name(status), grt_status_sentence(status));
    grt_runtime_destroy(runtime);
    return 0;
}
