/* log_to_file.c - takes the runtime's lines and the guest's output away from stderr. */
#include <guestrt/guestrt.h>
#include <stdio.h>

extern const grt_ppc_module grt_module;

/* May be called from several threads at once; stdio locks the file. */
static void write_line(void *user, grt_log_level level, const char *tag, const char *line)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    fprintf(user, "%s [%s] %s\n", levels[level], tag, line);
}

static void write_output(void *user, const char *text, size_t size)
{
    fwrite(text, 1, size, user);
}

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    config.log = (grt_log){.write = write_line, .user = stdout, .level = GRT_LOG_INFO};
    config.output = write_output;
    config.output_user = stdout;
    grt_runtime *runtime;
    uint32_t exit_code = 0;
    if (grt_runtime_create(&config, &runtime) != GRT_OK)
        return 1;
    if (grt_runtime_load(runtime, &grt_module) == GRT_OK)
        grt_runtime_run(runtime, 0, NULL, &exit_code);
    grt_runtime_destroy(runtime);
    printf("exit code %u\n", exit_code);
    return 0;
}
