/*
 * fuzz_recomp.c - the whole translation of a hostile file.
 *
 * The first byte chooses the options, the rest is the ELF file. With clang this is a libFuzzer
 * target; replay.c makes a plain program of it that runs files of a corpus.
 */
#include "guestrt/recomp.h"

#include <stdlib.h>

static bool ignore(void *user, const char *name, const char *text, size_t size)
{
    (void)user;
    (void)name;
    return size == 0 || text[size - 1] == '\n';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grc_options options = grc_options_default();
    grc_report report;
    if (size == 0)
        return 0;
    options.fp = (grc_fp)(data[0] % 3);
    options.full_state = (data[0] & 8) != 0;
    options.trap_untranslated = (data[0] & 16) != 0;
    options.instructions_per_file = data[0] & 32 ? 1 : 4000;
    grc_status status = grc_recompile_to(&options, data + 1, size - 1, ignore, NULL, &report);
    bool known = status == GRC_OK || status == GRC_BAD_IMAGE || status == GRC_UNTRANSLATED;
    if (!known || (status != GRC_OK && report.message_count == 0))
        abort(); /* a file must not cost more memory than there is, nor fail without a word */
    return 0;
}
