/*
 * cli.h - what the command's parts share: exit codes, messages, the table of subcommands.
 *
 * stdout carries results (for `run`: what the guest prints), stderr everything else.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>

/* Exit codes of the command itself; `run` otherwise passes on the guest's. */
enum {
    EXIT_FINE = 0,
    EXIT_STOPPED = 1,    /* by a policy other than a fault's */
    EXIT_INCOMPLETE = 1, /* `exports --image`: the program imports what is not there */
    EXIT_USAGE = 2,
    EXIT_BAD_INPUT = 3,
    EXIT_ENVIRONMENT = 4,
    EXIT_INTERNAL = 5,
    EXIT_GUEST_WILD_CALL = 132,
    EXIT_GUEST_TRAP = 133,
    EXIT_GUEST_BUG_CHECK = 134,
    EXIT_GUEST_FAULT = 139,
};

typedef struct cli_command {
    const char *name;
    const char *summary; /* one line for the overview */
    const char *help;    /* the whole page, after the usage line */
    int (*run)(int argc, char **argv);
} cli_command;

extern const cli_command cli_command_run;
extern const cli_command cli_command_recompile;
extern const cli_command cli_command_replay;
extern const cli_command cli_command_exports;

/* Prints "guestrt: ..." on stderr. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the command's page on stdout. */
void cli_print_help(const cli_command *command);

#endif
