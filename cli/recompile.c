/* recompile.c - guestrt recompile: an ELF executable in, a directory of C11 out. */
#include "cli.h"
#include "compile.h"
#include "os/tool/tool.h"
#include "translate_options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: guestrt recompile FILE.elf -o DIR [OPTIONS]\n\n"
    "Translates a big-endian PowerPC ELF executable to C11 that gcc and clang compile without\n"
    "warnings. Compile the files with the flags in docs/abi.md and link them with libguestrt.\n\n"
    "  -o, --output=DIR         where the files go; made if it is not there\n"
    "      --name=NAME          base of the file names (default: module)\n"
    "  -q, --quiet              no summary on stderr\n"
    "  -h, --help\n" TRANSLATE_HELP
    "\nexit codes: 0 fine, 2 usage, 3 the file cannot be read or translated, 4 cannot write\n";

typedef struct recompile_command {
    translate_options translate;
    const char *output;
    const char *image;
    bool quiet, help;
} recompile_command;

enum { OPTION_NAME = TRANSLATE_OPTION_END };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"name", required_argument, NULL, OPTION_NAME},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    TRANSLATE_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* The name becomes part of file names and of C comments: letters, digits and '_' only. */
static bool good_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return *name && !(*name >= '0' && *name <= '9') && strlen(name) < 64 &&
           strspn(name, allowed) == strlen(name);
}

/* The name is also that of the generated project's target, and CMake keeps these for itself (or
 * this project has them, which may be part of the same build). */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "all",        "ALL_BUILD",      "clean",           "codegen",
        "edit_cache", "help",           "install",         "INSTALL",
        "package",    "PACKAGE",        "package_source",  "preinstall",
        "RUN_TESTS",  "test",           "rebuild_cache",   "ZERO_CHECK",
        "guestrt",    "guestrt_recomp", "guestrt_command",
    };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return false;
}

static bool take_name(recompile_command *command, const char *name)
{
    command->translate.recompile.name = name;
    if (!good_name(name)) {
        cli_error("--name takes up to 63 letters, digits and '_', no digit first, not '%s'", name);
        return false;
    }
    if (is_reserved(name)) {
        cli_error("--name=%s cannot be the name of a CMake target; take another", name);
        return false;
    }
    return true;
}

static bool parse(recompile_command *command, int argc, char **argv)
{
    int code;
    optind = 1;
    while ((code = getopt_long(argc, argv, "o:qh", long_options, NULL)) != -1) {
        bool good = true;
        switch (code) {
        case 'o':
            command->output = optarg;
            break;
        case 'q':
            command->quiet = true;
            break;
        case 'h':
            command->help = true;
            return true;
        case OPTION_NAME:
            good = take_name(command, optarg);
            break;
        default:
            good = translate_options_take(&command->translate, code, optarg);
        }
        if (!good)
            return false;
    }
    if (optind + 1 != argc || !command->output) {
        cli_error("recompile takes one FILE.elf and -o DIR");
        return false;
    }
    command->image = argv[optind];
    return true;
}

/* NAME.h, NAME_module.c and CMakeLists.txt, beside the code. */
enum { OTHER_FILES = 3 };

static void print_unknown_tables(const grc_report *report)
{
    enum { SHOWN = 4 };
    for (uint32_t i = 0; i < report->unknown_tables && i < SHOWN; i++)
        fprintf(stderr,
                "guestrt: the table of the jump at %08X is not understood; --jump-anywhere=0x%08X "
                "gets it right\n",
                report->unknown_table_jumps[i], report->unknown_table_jumps[i]);
    if (report->unknown_tables > SHOWN)
        fprintf(stderr, "guestrt: and %u more such jumps\n", report->unknown_tables - SHOWN);
}

static void print_summary(const recompile_command *command, const grc_report *report)
{
    fprintf(stderr,
            "guestrt: %u functions, %u instructions (%u bytes), %u jump tables, %u run-time jumps, "
            "%s FPSCR, %u files in %s\n",
            report->functions, report->instructions, report->instructions * 4, report->jump_tables,
            report->unresolved_jumps, report->exact_fp ? "exact" : "fast",
            report->code_files + OTHER_FILES, command->output);
    print_unknown_tables(report);
    if (report->message_count)
        fprintf(stderr, "guestrt: %u instructions became reporting traps\n", report->message_count);
}

/* An earlier, longer program left more code files: they would be compiled into this one. */
static void remove_leftovers(const recompile_command *command, uint32_t code_files)
{
    char path[4096];
    do {
        int length = snprintf(path, sizeof path, "%s/%s_code_%u.c", command->output,
                              command->translate.recompile.name, code_files++);
        if (length >= (int)sizeof path)
            return;
    } while (tool_remove_file(path) == 0);
}

static int translate(const recompile_command *command, const uint8_t *image, size_t size)
{
    grc_report *report = calloc(1, sizeof *report);
    if (!report) {
        cli_error("out of memory");
        return EXIT_ENVIRONMENT;
    }
    grc_status status =
        grc_recompile(&command->translate.recompile, image, size, command->output, report);
    if (status != GRC_OK)
        compile_print_messages(command->image, status, report);
    else
        remove_leftovers(command, report->code_files);
    if (status == GRC_OK && !command->quiet)
        print_summary(command, report);
    free(report);
    return compile_exit_code(status);
}

static int run(int argc, char **argv)
{
    static recompile_command command; /* large, and the process does this once */
    translate_options_init(&command.translate);
    if (!parse(&command, argc, argv)) {
        fputs("see 'guestrt recompile --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (command.help) {
        cli_print_help(&cli_command_recompile);
        return EXIT_FINE;
    }
    uint8_t *image;
    size_t size;
    int exit_code;
    if (!compile_read_image(command.image, &image, &size, &exit_code))
        return exit_code;
    int error = tool_make_directories(command.output);
    if (error) {
        cli_error("cannot make the directory '%s': %s", command.output, strerror(error));
        exit_code = EXIT_ENVIRONMENT;
    } else {
        exit_code = translate(&command, image, size);
    }
    free(image);
    return exit_code;
}

const cli_command cli_command_recompile = {"recompile", "translate a PowerPC ELF executable to C11",
                                           help, run};
