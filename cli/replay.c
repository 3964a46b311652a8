/* replay.c - guestrt replay: makes the calls of an allocation trace again on a fresh heap. */
#include "cli.h"
#include "os/tool/tool.h"
#include "replay.h"
#include "translate_options.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: guestrt replay [OPTIONS] FILE\n\n"
    "Makes the heap calls that FILE records (GUESTRT_TRACE with libguestrt-preload.so) on a fresh\n"
    "heap, in their recorded order on one thread, and prints what came of it.\n\n"
    "      --check[=N]          fill every block and look at it again when it is freed; check the\n"
    "                           heap's records after every N calls (after each at first,\n"
    "                           then ever more rarely)\n"
    "      --repeat=N           N runs, each on a fresh heap (1)\n"
    "      --heap=OPTIONS       options of the heap\n"
    "      --json               the same figures as JSON\n"
    "  -v, --verbose            the heap's log on stderr\n"
    "  -h, --help\n"
    "\nexit codes: 0 fine, 2 usage, 3 the file cannot be read or is damaged, 4 no memory,\n"
    "5 a check failed: a bug in guestrt\n";

enum { OPTION_CHECK = 256, OPTION_REPEAT, OPTION_HEAP, OPTION_JSON };
enum { REPEAT_MAX = 10000 };
#define FILE_MAX ((size_t)16 << 30) /* bytes of a trace */

static const struct option long_options[] = {
    {"check", optional_argument, NULL, OPTION_CHECK},
    {"repeat", required_argument, NULL, OPTION_REPEAT},
    {"heap", required_argument, NULL, OPTION_HEAP},
    {"json", no_argument, NULL, OPTION_JSON},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool take_count(const char *option, const char *value, uint32_t max, uint32_t *count)
{
    if (parse_u32(value, count) && *count != 0 && *count <= max)
        return true;
    cli_error("--%s takes a number from 1 to %u, not '%s'", option, (unsigned)max, value);
    return false;
}

static bool take_option(replay_options *options, int code, const char *value)
{
    switch (code) {
    case OPTION_CHECK:
        options->check = true;
        return !value || take_count("check", value, UINT32_MAX, &options->check_every);
    case OPTION_REPEAT:
        return take_count("repeat", value, REPEAT_MAX, &options->repeat);
    case OPTION_HEAP:
        options->heap_options = value;
        return true;
    case OPTION_JSON:
        options->json = true;
        return true;
    case 'v':
        options->verbose = true;
        return true;
    default:
        return false;
    }
}

static bool parse(replay_options *options, int argc, char **argv, bool *wants_help)
{
    int code;
    optind = 1;
    while ((code = getopt_long(argc, argv, "vh", long_options, NULL)) != -1) {
        *wants_help = code == 'h';
        if (*wants_help)
            return true;
        if (!take_option(options, code, optarg))
            return false;
    }
    if (optind != argc - 1) {
        cli_error("replay takes one FILE");
        return false;
    }
    options->path = argv[optind];
    return true;
}

static int compare_ns(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static int print(const replay_options *options, const replay_summary *summary)
{
    if (!options->json) {
        replay_print_text(summary);
        return EXIT_FINE;
    }
    if (replay_print_json(summary))
        return EXIT_FINE;
    cli_error("cannot write JSON: no memory, or stdout is full");
    return EXIT_ENVIRONMENT;
}

/* The name comes from a file and goes to a terminal. */
static void make_printable(char *name)
{
    for (; *name; name++) {
        if (*name < ' ' || *name > '~')
            *name = '?';
    }
}

static int run_all(const replay_options *options, grt_trace_reader *reader)
{
    static uint64_t ns[REPEAT_MAX];
    replay_summary summary = {.ns = ns};
    grt_trace_reader_info(reader, &summary.trace);
    make_printable(summary.trace.program);
    for (; summary.runs < options->repeat; summary.runs++) {
        int exit_code = replay_run(options, reader, &summary.result);
        if (exit_code != EXIT_FINE)
            return exit_code;
        ns[summary.runs] = summary.result.ns;
    }
    qsort(ns, summary.runs, sizeof ns[0], compare_ns);
    return print(options, &summary);
}

static int replay_bytes(const replay_options *options, const uint8_t *bytes, size_t size)
{
    char error[256];
    grt_trace_reader *reader;
    grt_status status = grt_trace_reader_create(bytes, size, &reader, error, sizeof error);
    if (status == GRT_INVALID_ARGUMENT) {
        cli_error("'%s': %s", options->path, error);
        return EXIT_BAD_INPUT;
    }
    if (status != GRT_OK) {
        cli_error("'%s': %s; %s", options->path, grt_status_sentence(status),
                  grt_status_remedy(status));
        return EXIT_ENVIRONMENT;
    }
    int exit_code = run_all(options, reader);
    grt_trace_reader_destroy(reader);
    return exit_code;
}

static int replay_file(const replay_options *options)
{
    uint8_t *bytes;
    size_t size;
    int error = tool_read_file(options->path, FILE_MAX, &bytes, &size);
    if (error) {
        cli_error("'%s': %s", options->path, strerror(error));
        return EXIT_BAD_INPUT;
    }
    int exit_code = replay_bytes(options, bytes, size);
    free(bytes);
    return exit_code;
}

static int run(int argc, char **argv)
{
    replay_options options = {.repeat = 1};
    bool wants_help = false;
    if (!parse(&options, argc, argv, &wants_help)) {
        fputs("see 'guestrt replay --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (wants_help) {
        cli_print_help(&cli_command_replay);
        return EXIT_FINE;
    }
    return replay_file(&options);
}

const cli_command cli_command_replay = {"replay", "make a recorded program's heap calls again",
                                        help, run};
