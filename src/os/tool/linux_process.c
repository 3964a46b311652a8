/* linux_process.c - processes and shared objects for the guestrt command. */
#include "tool.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#    include <cpuid.h>
#endif

extern char **environ;

int tool_start(const char *const *argv, const char *log_path, tool_process *process)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_addopen(&actions, 1, log_path, O_WRONLY | O_CREAT | O_APPEND,
                                             0666);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    pid_t id = 0;
    if (!error) /* posix_spawn does not change the strings; its type is older than const */
        error = posix_spawnp(&id, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    process->id = id;
    return error;
}

bool tool_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char candidate[4096];
    while (path && *path) {
        int length = (int)strcspn(path, ":");
        if (snprintf(candidate, sizeof candidate, "%.*s/%s", length, path, name) <
                (int)sizeof candidate &&
            access(candidate, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

static int status_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int tool_wait(tool_process process)
{
    int status = 0;
    while (waitpid((pid_t)process.id, &status, 0) < 0) {
        if (errno != EINTR)
            return 127;
    }
    return status_code(status);
}

int tool_wait_any(long *id)
{
    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(-1, &status, 0);
    } while (ended < 0 && errno == EINTR);
    *id = ended;
    return ended < 0 ? 127 : status_code(status);
}

unsigned tool_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (unsigned)count;
}

void tool_cpu_features(uint32_t words[TOOL_CPU_WORDS])
{
    memset(words, 0, TOOL_CPU_WORDS * sizeof *words);
    words[0] = (uint32_t)getauxval(AT_HWCAP);
    words[1] = (uint32_t)getauxval(AT_HWCAP2);
#if defined(__x86_64__)
    uint32_t model = 0, changing = 0; /* EBX of leaf 1 holds the number of the running core */
    __get_cpuid(1, &model, &changing, &words[2], &words[3]);
    __get_cpuid_count(7, 0, &changing, &words[4], &words[5], &words[6]);
    words[7] = model;
#endif
}

void *tool_load_symbol(const char *path, const char *symbol, char *error, size_t error_size)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *address = object ? dlsym(object, symbol) : NULL;
    if (!address) {
        const char *why = dlerror();
        snprintf(error, error_size, "%s", why ? why : "the symbol is null");
    }
    return address;
}
