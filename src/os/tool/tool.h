/*
 * tool.h - what the guestrt command needs of the host beyond what the library needs: processes,
 * files, and loading a translated module. Linked into the command only.
 *
 * Functions return 0 or the host's errno unless they say otherwise.
 */
#ifndef GRT_OS_TOOL_H
#define GRT_OS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- files ---------------------------------------------------------------------------------- */

/* Reads a whole regular file of at most [limit] bytes; the caller frees [*bytes]. EFBIG past it. */
int tool_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *size);
bool tool_file_exists(const char *path);
int tool_make_directories(const char *path);
/* A new empty directory beside [path] ("path.XXXXXX"), for building before a rename. It is marked
 * as in use until this process ends, however it ends. */
int tool_make_temporary(const char *path, char *temporary, size_t size);
/* Removes what tool_make_temporary() made in [directory] for processes that have ended meanwhile.
 */
void tool_remove_abandoned(const char *directory);
int tool_rename(const char *from, const char *to);
void tool_remove_tree(const char *path);
/* Removes one file. */
int tool_remove_file(const char *path);
/* The running program's own file. */
int tool_self_path(char *path, size_t size);
/* $XDG_CACHE_HOME/guestrt or ~/.cache/guestrt; ENOENT when neither variable is set. */
int tool_cache_directory(char *path, size_t size);

/* ---- processes ------------------------------------------------------------------------------- */

typedef struct tool_process {
    long id;
} tool_process;

/* Starts [argv] (ends with null, argv[0] searched in PATH) with stdout and stderr going to the file
 * [log_path], appended. */
int tool_start(const char *const *argv, const char *log_path, tool_process *process);
/* True iff a program of that name would be found in PATH. */
bool tool_in_path(const char *name);
/* Waits; the exit status, or 128 + signal. */
int tool_wait(tool_process process);
/* Waits for any of the processes started by tool_start(); its id in [*id]. */
int tool_wait_any(long *id);
unsigned tool_cpu_count(void);
/* What tells processors apart for which a compiler makes different code: opaque words. */
enum { TOOL_CPU_WORDS = 8 };
void tool_cpu_features(uint32_t words[TOOL_CPU_WORDS]);

/* ---- modules --------------------------------------------------------------------------------- */

/* Loads a shared object and finds [symbol] in it; on failure null and a sentence in [error]. The
 * object stays loaded. */
void *tool_load_symbol(const char *path, const char *symbol, char *error, size_t error_size);

#endif
