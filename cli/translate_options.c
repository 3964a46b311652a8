/* translate_options.c - see translate_options.h. */
#include "translate_options.h"
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool parse_u64(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return !errno && end != text && !*end && *text != '-';
}

bool parse_u32(const char *text, uint32_t *value)
{
    uint64_t number;
    if (!parse_u64(text, &number) || number > UINT32_MAX)
        return false;
    *value = (uint32_t)number;
    return true;
}

void translate_options_init(translate_options *options)
{
    options->recompile = grc_options_default();
    options->recompile.functions = options->functions;
    options->recompile.jumps = options->jumps;
}

static bool take_fpscr(grc_options *recompile, const char *value)
{
    static const char *const names[] = {"auto", "exact", "fast"};
    for (int i = 0; i < 3; i++) {
        if (!strcmp(value, names[i])) {
            recompile->fp = (grc_fp)i;
            return true;
        }
    }
    cli_error("--fpscr takes auto, exact or fast, not '%s'", value);
    return false;
}

static bool take_address(const char *name, const char *value, uint32_t *address)
{
    if (parse_u32(value, address))
        return true;
    cli_error("--%s takes a guest address such as 0x82001234, not '%s'", name, value);
    return false;
}

static bool take_one_more(const char *name, const char *value, uint32_t *addresses, size_t *count)
{
    if (*count == TRANSLATE_ADDRESSES_MAX) {
        cli_error("more than %d --%s options", TRANSLATE_ADDRESSES_MAX, name);
        return false;
    }
    return take_address(name, value, &addresses[(*count)++]);
}

bool translate_options_take(translate_options *options, int code, const char *value)
{
    grc_options *recompile = &options->recompile;
    switch (code) {
    case TRANSLATE_OPTION_FPSCR:
        return take_fpscr(recompile, value);
    case TRANSLATE_OPTION_TRAP:
        recompile->trap_untranslated = true;
        return true;
    case TRANSLATE_OPTION_FULL_STATE:
        recompile->full_state = true;
        return true;
    case TRANSLATE_OPTION_FUNCTION:
        return take_one_more("function", value, options->functions, &recompile->function_count);
    case TRANSLATE_OPTION_JUMP:
        return take_one_more("jump-anywhere", value, options->jumps, &recompile->jump_count);
    case TRANSLATE_OPTION_SETJMP:
        return take_address("setjmp", value, &recompile->setjmp_address);
    case TRANSLATE_OPTION_LONGJMP:
        return take_address("longjmp", value, &recompile->longjmp_address);
    default: /* getopt_long has said what it did not like */
        return false;
    }
}
