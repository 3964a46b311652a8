/* embed.c - the smallest port: create the console, load the translated image, run it. */
#include <guestrt/guestrt.h>
#include <stdio.h>

extern const grt_ppc_module grt_module; /* from `guestrt recompile` */

int main(int argc, char **argv)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    uint32_t exit_code = 1;
    grt_status status = grt_runtime_create(&config, &runtime);
    if (status == GRT_OK) {
        status = grt_runtime_load(runtime, &grt_module);
        if (status == GRT_OK)
            status = grt_runtime_run(runtime, argc, (const char *const *)argv, &exit_code);
        grt_runtime_destroy(runtime);
    }
    if (status != GRT_OK)
        fprintf(stderr, "%s: %s\n", grt_status_name(status), grt_status_remedy(status));
    return status == GRT_OK ? (int)exit_code : 1;
}
