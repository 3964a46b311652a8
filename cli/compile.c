/* compile.c - translates an image, compiles the C, keeps the result in the cache, loads it. */
#include "compile.h"
#include "cli.h"
#include "guestrt/guestrt.h"
#include "os/tool/tool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    PATH_ROOM = 4096,
    IMAGE_LIMIT = 256 << 20,
    COMPILER_WORDS_MAX = 16,
};

/* Every flag is part of the contract with generated code (docs/abi.md). */
static const char *const compile_flags[] = {
    "-std=c11", "-O2", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-march=native", "-w",
};
enum { FLAG_COUNT = sizeof compile_flags / sizeof compile_flags[0] };

/* Clang is preferred because its code for translated programs was measured to be faster. */
static const char *compiler(void)
{
    const char *chosen = getenv("GUESTRT_CC");
    if (!chosen || !*chosen)
        chosen = getenv("CC");
    if (chosen && *chosen)
        return chosen;
    return tool_in_path("clang") ? "clang" : "cc";
}

/* "ccache gcc -m64" is three words, as in make; a path with a space in it is one if it is there. */
typedef struct compiler_words {
    char text[PATH_ROOM];
    const char *words[COMPILER_WORDS_MAX];
    int count;
} compiler_words;

static bool split_compiler(compiler_words *split)
{
    const char *name = compiler();
    if (strlen(name) >= sizeof split->text)
        return false;
    strcpy(split->text, name);
    split->count = 0;
    if (tool_file_exists(name)) {
        split->words[split->count++] = split->text;
        return true;
    }
    char *rest = NULL;
    for (char *word = strtok_r(split->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (split->count == COMPILER_WORDS_MAX)
            return false;
        split->words[split->count++] = word;
    }
    return split->count > 0;
}

static int put_compiler(const compiler_words *split, const char **argv)
{
    memcpy(argv, split->words, (size_t)split->count * sizeof *argv);
    return split->count;
}

static bool join(char *path, const char *directory, const char *name)
{
    return snprintf(path, PATH_ROOM, "%s/%s", directory, name) < PATH_ROOM;
}

/* ---- input ----------------------------------------------------------------------------------- */

bool compile_read_image(const char *path, uint8_t **bytes, size_t *size, int *exit_code)
{
    int error = tool_read_file(path, IMAGE_LIMIT, bytes, size);
    if (error) {
        cli_error("cannot read '%s': %s", path, strerror(error));
        *exit_code = EXIT_BAD_INPUT;
    }
    return error == 0;
}

/* The headers generated code includes: beside the installed program, or in the source tree. */
static bool find_headers(char *directory)
{
    const char *given = getenv("GUESTRT_INCLUDE_DIR");
    if (given && *given)
        return snprintf(directory, PATH_ROOM, "%s", given) < PATH_ROOM;
    char self[PATH_ROOM];
    if (tool_self_path(self, sizeof self) != 0)
        return false;
    static const char *const places[] = {"/../include", "/../../include"};
    char *slash = strrchr(self, '/');
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char probe[PATH_ROOM];
        if (snprintf(directory, PATH_ROOM, "%s%s", self, places[i]) < PATH_ROOM &&
            join(probe, directory, "guestrt/ppc.h") && tool_file_exists(probe))
            return true;
    }
    return false;
}

/* ---- the cache's key ------------------------------------------------------------------------- */

static bool hash_self(XXH3_state_t *state)
{
    char self[PATH_ROOM];
    uint8_t *bytes;
    size_t size;
    if (tool_self_path(self, sizeof self) != 0 ||
        tool_read_file(self, IMAGE_LIMIT, &bytes, &size) != 0)
        return false;
    XXH3_128bits_update(state, bytes, size);
    free(bytes);
    return true;
}

/* Generated code is made of these as much as of its own text. */
static bool hash_headers(XXH3_state_t *state)
{
    static const char *const names[] = {"types.h",     "ppc.h",      "ppc_ops.h",
                                        "ppc_float.h", "ppc_code.h", "ppc_in_context.h"};
    char directory[PATH_ROOM], path[PATH_ROOM + 64];
    if (!find_headers(directory))
        return true; /* said when the compiler needs them */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/guestrt/%s", directory, names[i]);
        if (tool_read_file(path, IMAGE_LIMIT, &bytes, &size) != 0)
            return false;
        XXH3_128bits_update(state, bytes, size);
        free(bytes);
    }
    return true;
}

static void hash_text(XXH3_state_t *state, const char *text)
{
    XXH3_128bits_update(state, text, strlen(text) + 1);
}

static void hash_options(XXH3_state_t *state, const compile_options *options)
{
    const grc_options *translate = &options->translate;
    uint32_t numbers[] = {(uint32_t)translate->fp,   translate->trap_untranslated,
                          translate->full_state,     translate->function_count,
                          translate->setjmp_address, translate->longjmp_address,
                          translate->jump_count,     options->overridable};
    XXH3_128bits_update(state, numbers, sizeof numbers);
    XXH3_128bits_update(state, translate->functions, translate->function_count * sizeof(uint32_t));
    XXH3_128bits_update(state, translate->jumps, translate->jump_count * sizeof(uint32_t));
    uint32_t processor[TOOL_CPU_WORDS]; /* for -march=native, when machines share a cache */
    tool_cpu_features(processor);
    XXH3_128bits_update(state, processor, sizeof processor);
    hash_text(state, compiler());
    for (int i = 0; i < FLAG_COUNT; i++)
        hash_text(state, compile_flags[i]);
}

static bool cache_key(const compile_options *options, const uint8_t *image, size_t size,
                      char key[33])
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return false;
    XXH3_128bits_reset(state);
    bool hashed = hash_self(state) && hash_headers(state);
    hash_options(state, options);
    XXH3_128bits_update(state, image, size);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(key, 33, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    return hashed;
}

/* ---- the host's compiler --------------------------------------------------------------------- */

typedef struct build {
    char directory[PATH_ROOM];
    char headers[PATH_ROOM];
    char include_flag[PATH_ROOM + 2];
    char log[PATH_ROOM];
    compiler_words compiler;
    bool closed;
    int start_error; /* errno: the compiler did not even start */
    unsigned files;
} build;

static void show_log(const build *b)
{
    uint8_t *text;
    size_t size;
    if (tool_read_file(b->log, 1 << 20, &text, &size) == 0) {
        fwrite(text, 1, size < 4000 ? size : 4000, stderr);
        free(text);
    }
}

/* File [index] of the generated C: the code parts first, then the module's tables. */
static bool source_name(const build *b, unsigned index, const char *suffix, char *path)
{
    char name[64];
    if (index + 1 < b->files)
        snprintf(name, sizeof name, "module_code_%u.%s", index, suffix);
    else
        snprintf(name, sizeof name, "module_module.%s", suffix);
    return join(path, b->directory, name);
}

static int start_compiler(const build *b, unsigned index, tool_process *process)
{
    char source[PATH_ROOM], object[PATH_ROOM];
    if (!source_name(b, index, "c", source) || !source_name(b, index, "o", object))
        return ENAMETOOLONG;
    const char *argv[COMPILER_WORDS_MAX + FLAG_COUNT + 8];
    int count = put_compiler(&b->compiler, argv);
    for (int i = 0; i < FLAG_COUNT; i++)
        argv[count++] = compile_flags[i];
    if (b->closed)
        argv[count++] = "-DGRT_CLOSED=1";
    argv[count++] = b->include_flag;
    argv[count++] = "-c";
    argv[count++] = source;
    argv[count++] = "-o";
    argv[count++] = object;
    argv[count] = NULL;
    return tool_start(argv, b->log, process);
}

/* Compiles all files, as many at a time as there are processors. */
static bool compile_files(build *b)
{
    unsigned limit = tool_cpu_count(), started = 0, running = 0;
    bool good = true;
    while (running || (good && started < b->files)) {
        if (good && started < b->files && running < limit) {
            tool_process process;
            b->start_error = start_compiler(b, started++, &process);
            good = !b->start_error;
            running += good;
            continue;
        }
        long id;
        good = tool_wait_any(&id) == 0 && good;
        running--;
    }
    return good;
}

static bool link_module(const build *b)
{
    const char **argv = calloc(b->files + COMPILER_WORDS_MAX + 8, sizeof *argv);
    char(*objects)[PATH_ROOM] = calloc(b->files + 1, sizeof *objects);
    bool good = argv && objects && join(objects[b->files], b->directory, "module.so");
    if (good) {
        int count = put_compiler(&b->compiler, argv);
        argv[count++] = "-shared";
        argv[count++] = "-o";
        argv[count++] = objects[b->files];
        for (unsigned i = 0; good && i < b->files; i++) {
            good = source_name(b, i, "o", objects[i]);
            argv[count++] = objects[i];
        }
        argv[count++] = "-lm";
        tool_process process;
        good = good && tool_start(argv, b->log, &process) == 0 && tool_wait(process) == 0;
    }
    free(objects);
    free(argv);
    return good;
}

/* ---- one build ------------------------------------------------------------------------------- */

int compile_exit_code(grc_status status)
{
    switch (status) {
    case GRC_OK:
        return EXIT_FINE;
    case GRC_BAD_IMAGE:
    case GRC_UNTRANSLATED:
        return EXIT_BAD_INPUT;
    case GRC_BAD_OPTION:
        return EXIT_USAGE;
    case GRC_CANNOT_WRITE:
    case GRC_NO_MEMORY:
        return EXIT_ENVIRONMENT;
    }
    return EXIT_INTERNAL;
}

void compile_print_messages(const char *image_path, grc_status status, const grc_report *report)
{
    cli_error("'%s': %s", image_path, grc_status_sentence(status));
    uint32_t kept =
        report->message_count < GRC_MESSAGE_LIMIT ? report->message_count : GRC_MESSAGE_LIMIT;
    for (uint32_t i = 0; i < kept; i++)
        fprintf(stderr, "  %08X: %s\n", report->messages[i].address, report->messages[i].text);
    if (report->message_count > kept)
        fprintf(stderr, "  and %u more\n", report->message_count - kept);
}

static bool compile(const compile_options *options, build *b, int *exit_code)
{
    snprintf(b->include_flag, sizeof b->include_flag, "-I%s", b->headers);
    b->closed = !options->overridable;
    if (split_compiler(&b->compiler) && join(b->log, b->directory, "compiler.log") &&
        compile_files(b) && link_module(b))
        return true;
    if (b->start_error) {
        cli_error("cannot run the C compiler '%s': %s (set GUESTRT_CC)", compiler(),
                  strerror(b->start_error));
    } else {
        cli_error("the C compiler '%s' failed on the generated code:", compiler());
        show_log(b);
    }
    *exit_code = EXIT_ENVIRONMENT;
    return false;
}

static bool build_module(const compile_options *options, const uint8_t *image, size_t size,
                         build *b, int *exit_code)
{
    grc_report *report = calloc(1, sizeof *report);
    if (!report) {
        *exit_code = EXIT_ENVIRONMENT;
        return false;
    }
    grc_status status = grc_recompile(&options->translate, image, size, b->directory, report);
    b->files = report->code_files + 1;
    if (status != GRC_OK) {
        compile_print_messages(options->image_path, status, report);
        *exit_code = compile_exit_code(status);
    } else if (options->verbose) {
        fprintf(stderr,
                "guestrt: translated %u functions, %u instructions; compiling %u files with %s\n",
                report->functions, report->instructions, b->files, compiler());
    }
    free(report);
    if (status != GRC_OK)
        return false;
    return compile(options, b, exit_code);
}

static const grt_ppc_module *load(const char *directory, char *error, size_t error_size)
{
    char object[PATH_ROOM];
    snprintf(error, error_size, "%s", strerror(ENAMETOOLONG));
    return join(object, directory, "module.so")
               ? tool_load_symbol(object, "grt_module", error, error_size)
               : NULL;
}

/* Builds in a fresh directory and renames it into place, so that a cache entry is whole or absent,
 * whatever is interrupted and however many builds race. */
static const grt_ppc_module *build_into_cache(const compile_options *options, const uint8_t *image,
                                              size_t size, const char *entry, int *exit_code)
{
    build *b = calloc(1, sizeof *b);
    *exit_code = EXIT_ENVIRONMENT;
    if (!b)
        return NULL;
    const grt_ppc_module *module = NULL;
    char why[512];
    int error = tool_make_temporary(entry, b->directory, sizeof b->directory);
    if (error)
        cli_error("cannot create a directory beside '%s': %s", entry, strerror(error));
    else if (!find_headers(b->headers))
        cli_error("cannot find guestrt's headers; set GUESTRT_INCLUDE_DIR");
    else if (build_module(options, image, size, b, exit_code)) {
        bool keep = !options->no_cache && tool_rename(b->directory, entry) == 0;
        module = load(keep ? entry : b->directory, why, sizeof why);
        if (!module) {
            cli_error("cannot load the compiled module: %s", why);
            *exit_code = EXIT_ENVIRONMENT;
        }
        if (keep)
            b->directory[0] = '\0';
    }
    if (b->directory[0] && !error)
        tool_remove_tree(b->directory); /* a loaded object stays mapped without its file */
    free(b);
    return module;
}

static bool cache_entry(const compile_options *options, const uint8_t *image, size_t size,
                        char *entry)
{
    char directory[PATH_ROOM - 64], key[33];
    int error = tool_cache_directory(directory, sizeof directory);
    if (error) {
        cli_error("no place for the cache: set XDG_CACHE_HOME or HOME");
        return false;
    }
    error = tool_make_directories(directory);
    if (error) {
        cli_error("cannot use the cache directory '%s': %s (set XDG_CACHE_HOME)", directory,
                  strerror(error));
        return false;
    }
    tool_remove_abandoned(directory);
    if (!cache_key(options, image, size, key)) {
        cli_error("cannot read this program's own files to compute the cache key");
        return false;
    }
    snprintf(entry, PATH_ROOM, "%s/%s", directory, key);
    return true;
}

/* The module of a finished build, or null when there is none. An entry that does not load (a disk
 * that was full, a machine that lost power) is removed, to be built again. */
static const grt_ppc_module *load_entry(const char *entry)
{
    char why[512];
    const grt_ppc_module *module = NULL;
    if (tool_file_exists(entry)) {
        module = load(entry, why, sizeof why);
        if (!module)
            tool_remove_tree(entry);
    }
    return module;
}

const grt_ppc_module *compile_image(const compile_options *options, int *exit_code)
{
    uint8_t *image;
    size_t size;
    if (!compile_read_image(options->image_path, &image, &size, exit_code))
        return NULL;
    char entry[PATH_ROOM];
    const grt_ppc_module *module = NULL;
    *exit_code = EXIT_ENVIRONMENT;
    if (cache_entry(options, image, size, entry)) {
        module = options->no_cache ? NULL : load_entry(entry);
        if (!module)
            module = build_into_cache(options, image, size, entry, exit_code);
    }
    free(image);
    return module;
}
