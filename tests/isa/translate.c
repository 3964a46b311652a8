/*
 * translate.c - translates the linked stubs with the whole recompiler.
 *
 * usage: translate exact|fast locals|full_state FILE.elf DIRECTORY
 */
#include "guestrt/recomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*size + 1);
    if (data == NULL || fread(data, 1, *size, file) != *size)
        return NULL;
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    size_t size = 0;
    void *elf = argc == 5 ? read_file(argv[3], &size) : NULL;
    if (elf == NULL) {
        fprintf(stderr, "translate: no file\n");
        return 2;
    }
    grc_options options = grc_options_default();
    options.fp = strcmp(argv[1], "exact") == 0 ? GRC_FP_EXACT : GRC_FP_FAST;
    options.full_state = strcmp(argv[2], "full_state") == 0;
    options.name = "isa";
    static grc_report report;
    grc_status status = grc_recompile(&options, elf, size, argv[4], &report);
    for (uint32_t i = 0; i < report.message_count && i < GRC_MESSAGE_LIMIT; i++)
        fprintf(stderr, "translate: %08x: %s\n", report.messages[i].address,
                report.messages[i].text);
    if (status != GRC_OK)
        fprintf(stderr, "translate: %s\n", grc_status_sentence(status));
    free(elf);
    return status == GRC_OK ? 0 : 1;
}
