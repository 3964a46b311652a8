/*
 * main.c - what a port does: a generated module and libguestrt in one native program.
 *
 * With OVERRIDE the function of that address is replaced by one that adds to the original's result.
 */
#include "module.h"
#include <guestrt/guestrt.h>
#include <stdio.h>

#ifdef OVERRIDE
#    define JOIN(left, right)     left##right
#    define NAME(prefix, address) JOIN(prefix, address)

void NAME(sub_, OVERRIDE)(grt_ppc *ctx, uint8_t *base)
{
    NAME(orig_sub_, OVERRIDE)(ctx, base);
    ctx->r[3] += 1000;
}
#endif

static void print(void *user, const char *text, size_t size)
{
    fwrite(text, 1, size, user);
}

int main(int argc, char **argv)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime = NULL;
    uint32_t exit_code = 0;
    config.output = print;
    config.output_user = stdout;
    grt_status status = grt_runtime_create(&config, &runtime);
    if (status == GRT_OK)
        status = grt_runtime_load(runtime, &grt_module);
    if (status == GRT_OK)
        status = grt_runtime_run(runtime, argc, (const char *const *)argv, &exit_code);
    grt_runtime_destroy(runtime);
    if (status == GRT_OK)
        return (int)(exit_code & 0xFF);
    fprintf(stderr, "%s\n", grt_status_sentence(status));
    return 4;
}
