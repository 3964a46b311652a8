/* exports.c - guestrt exports: which kernel exports there are. */
#include "cli.h"
#include "guestrt/guestrt.h"
#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: guestrt exports [--markdown]\n\n"
    "Lists the kernel exports that are implemented: library, ordinal, prototype.\n\n"
    "      --markdown           the page docs/exports.md\n"
    "  -h, --help\n";

static void write_output(void *user, const char *text, size_t size)
{
    (void)user;
    fwrite(text, 1, size, stdout);
}

static void print_row(const grt_export *row)
{
    printf("%-8s 0x%03X  %s %s(", grt_library_name(row->library), (unsigned)row->ordinal,
           grt_export_type_name(row->returns), row->name);
    for (unsigned i = 0; i < row->parameter_count; i++)
        printf("%s%s %s", i ? ", " : "", grt_export_type_name(row->parameters[i].type),
               row->parameters[i].name);
    printf("%s)\n", row->variadic ? ", ..." : row->parameter_count ? "" : "void");
}

static int run(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"markdown", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool markdown = false;
    int code;
    optind = 1;
    while ((code = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (code == 'h') {
            cli_print_help(&cli_command_exports);
            return EXIT_FINE;
        }
        if (code != 'm')
            return EXIT_USAGE;
        markdown = true;
    }
    if (optind != argc) {
        cli_error("exports takes no file");
        return EXIT_USAGE;
    }
    if (markdown)
        grt_export_write_docs(write_output, NULL);
    else
        for (uint32_t i = 0; i < grt_export_count(); i++)
            print_row(grt_export_at(i));
    return EXIT_FINE;
}

const cli_command cli_command_exports = {"exports", "list the kernel exports", help, run};
