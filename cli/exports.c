/* exports.c - guestrt exports: which kernel exports there are, and which of them a program needs.
 */
#include "cli.h"
#include "exports_list.h"
#include "guestrt/guestrt.h"
#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: guestrt exports [--json | --markdown] [--image=FILE.elf]\n\n"
    "Lists the kernel exports that are known by name: library, ordinal, and the prototype of each\n"
    "that is implemented, or that it is missing. With --image only those that FILE.elf imports.\n\n"
    "      --image=FILE.elf     what this program imports\n"
    "      --json               the same as JSON\n"
    "      --markdown           the page docs/exports.md\n"
    "  -h, --help\n"
    "\nexit codes: 0; 1 when the program imports what is not there; 2 usage, 3 the file cannot be "
    "read\n";

enum { OPTION_IMAGE = 256, OPTION_JSON, OPTION_MARKDOWN };

typedef struct exports_command {
    const char *image;
    bool json, markdown, help;
} exports_command;

static bool parse(exports_command *command, int argc, char **argv)
{
    static const struct option long_options[] = {{"image", required_argument, NULL, OPTION_IMAGE},
                                                 {"json", no_argument, NULL, OPTION_JSON},
                                                 {"markdown", no_argument, NULL, OPTION_MARKDOWN},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    int code;
    optind = 1;
    while ((code = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (code == OPTION_IMAGE)
            command->image = optarg;
        else if (code == OPTION_JSON)
            command->json = true;
        else if (code == OPTION_MARKDOWN)
            command->markdown = true;
        else if (code == 'h')
            command->help = true;
        else
            return false;
    }
    if (optind != argc)
        cli_error("exports takes a file as --image=FILE.elf only");
    else if (command->markdown && (command->json || command->image))
        cli_error("--markdown is a page of its own: not with --json or --image");
    else
        return true;
    return false;
}

static void write_output(void *user, const char *text, size_t size)
{
    (void)user;
    fwrite(text, 1, size, stdout);
}

static int list(const exports_command *command)
{
    exports_list exports = {0};
    int exit_code = command->image ? exports_list_image(&exports, command->image)
                                   : exports_list_known(&exports);
    if (exit_code == EXIT_FINE && command->json)
        exit_code = exports_print_json(&exports, command->image);
    else if (exit_code == EXIT_FINE)
        exports_print(&exports, command->image);
    if (exit_code == EXIT_FINE && command->image && exports_missing(&exports) > 0)
        exit_code = EXIT_INCOMPLETE;
    exports_list_free(&exports);
    return exit_code;
}

static int run(int argc, char **argv)
{
    exports_command command = {0};
    if (!parse(&command, argc, argv)) {
        fputs("see 'guestrt exports --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (command.help) {
        cli_print_help(&cli_command_exports);
        return EXIT_FINE;
    }
    if (command.markdown) {
        grt_export_write_docs(write_output, NULL);
        return EXIT_FINE;
    }
    return list(&command);
}

const cli_command cli_command_exports = {
    "exports", "list the kernel exports, or what a program needs", help, run};
