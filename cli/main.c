/* main.c - the guestrt command: finds the subcommand and prints help. */
#include "cli.h"
#include "guestrt/guestrt.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const cli_command *const commands[] = {
    &cli_command_run,
    &cli_command_recompile,
    &cli_command_replay,
    &cli_command_exports,
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

void cli_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("guestrt: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void cli_print_help(const cli_command *command)
{
    fputs(command->help, stdout);
}

static void print_overview(FILE *to)
{
    fputs("guestrt runs PowerPC programs, recompiled to C, on the runtime of their console.\n\n"
          "usage: guestrt COMMAND [OPTIONS] ...\n\ncommands:\n",
          to);
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "  guestrt COMMAND --help    everything about one command\n"
          "  guestrt --version         the version (with --verbose: how it was built)\n\n"
          "examples:\n"
          "  guestrt run hello.elf\n"
          "  guestrt recompile game.elf -o generated\n\n"
          "exit codes: 0 fine, 1 stopped by a policy, or imports are missing, 2 usage,\n"
          "3 bad input file, 4 environment, 5 internal error; `run` passes on the guest's\n"
          "exit code, or 132 for a wild call, 133 for a trap, 134 for a bug check or an\n"
          "exception, 139 for a memory fault of the guest.\n",
          to);
}

static int print_version(int argc, char **argv)
{
    printf("guestrt %s\n", grt_version());
    if (argc > 2 && (!strcmp(argv[2], "--verbose") || !strcmp(argv[2], "-v")))
        printf("generated-code contract %u\ncompiler %s\nwindow %llu bytes, page %u bytes\n",
               GRT_PPC_ABI, __VERSION__, (unsigned long long)GRT_WINDOW_SIZE, GRT_PAGE_SIZE);
    return EXIT_FINE;
}

/* Letters that differ, counting a missing one: enough to catch a slip of the finger. */
static unsigned distance(const char *left, const char *right)
{
    if (!*left || !*right)
        return (unsigned)(strlen(left) + strlen(right));
    if (*left == *right)
        return distance(left + 1, right + 1);
    unsigned skip_left = distance(left + 1, right), skip_right = distance(left, right + 1);
    return 1 + (skip_left < skip_right ? skip_left : skip_right);
}

static int unknown_command(const char *name)
{
    cli_error("unknown command '%s'", name);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strlen(name) < 16 && distance(name, commands[i]->name) <= 2)
            fprintf(stderr, "did you mean '%s'?\n", commands[i]->name);
    }
    fputs("see 'guestrt --help'\n", stderr);
    return EXIT_USAGE;
}

static const cli_command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (!strcmp(name, commands[i]->name))
            return commands[i];
    }
    return NULL;
}

/* `guestrt help COMMAND` is the same as `guestrt COMMAND --help`. */
static int print_help(int argc, char **argv)
{
    const cli_command *command = argc > 2 ? find_command(argv[2]) : NULL;
    if (argc > 2 && !command)
        return unknown_command(argv[2]);
    if (command)
        cli_print_help(command);
    else
        print_overview(stdout);
    return EXIT_FINE;
}

static int run_command(const cli_command *command, int argc, char **argv)
{
    char name[32]; /* getopt_long() puts it before its messages */
    snprintf(name, sizeof name, "guestrt %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return print_help(argc, argv);
    if (!strcmp(argv[1], "--version"))
        return print_version(argc, argv);
    const cli_command *command = find_command(argv[1]);
    return command ? run_command(command, argc - 1, argv + 1) : unknown_command(argv[1]);
}

/* Output that was lost, on a full disk for one, must not look like success. */
int main(int argc, char **argv)
{
    int exit_code = dispatch(argc, argv);
    bool lost = fflush(stdout) != 0;
    int error = errno;
    if (!lost && !ferror(stdout))
        return exit_code;
    cli_error("cannot write to stdout: %s", lost ? strerror(error) : "output was lost");
    return exit_code == EXIT_FINE ? EXIT_ENVIRONMENT : exit_code;
}
