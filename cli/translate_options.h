/*
 * translate_options.h - the options that `run` and `recompile` share, parsed in one place.
 */
#ifndef CLI_TRANSLATE_OPTIONS_H
#define CLI_TRANSLATE_OPTIONS_H

#include "guestrt/recomp.h"
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

enum { TRANSLATE_ADDRESSES_MAX = 4096 };

typedef struct translate_options {
    grc_options recompile;
    uint32_t functions[TRANSLATE_ADDRESSES_MAX];
    uint32_t jumps[TRANSLATE_ADDRESSES_MAX];
} translate_options;

/* Codes of the shared long options; a command's own start after TRANSLATE_OPTION_END. */
enum {
    TRANSLATE_OPTION_FPSCR = 0x100,
    TRANSLATE_OPTION_TRAP,
    TRANSLATE_OPTION_FULL_STATE,
    TRANSLATE_OPTION_FUNCTION,
    TRANSLATE_OPTION_JUMP,
    TRANSLATE_OPTION_SETJMP,
    TRANSLATE_OPTION_LONGJMP,
    TRANSLATE_OPTION_END,
};

#define TRANSLATE_LONG_OPTIONS                                                                     \
    {"fpscr", required_argument, NULL, TRANSLATE_OPTION_FPSCR},                                    \
        {"trap-untranslated", no_argument, NULL, TRANSLATE_OPTION_TRAP},                           \
        {"full-state", no_argument, NULL, TRANSLATE_OPTION_FULL_STATE},                            \
        {"function", required_argument, NULL, TRANSLATE_OPTION_FUNCTION},                          \
        {"jump-anywhere", required_argument, NULL, TRANSLATE_OPTION_JUMP},                         \
        {"setjmp", required_argument, NULL, TRANSLATE_OPTION_SETJMP},                              \
    {                                                                                              \
        "longjmp", required_argument, NULL, TRANSLATE_OPTION_LONGJMP                               \
    }

#define TRANSLATE_HELP                                                                             \
    "translation:\n"                                                                               \
    "      --fpscr=MODE         auto (default): keep floating-point status bits only if the\n"     \
    "                           program can see them; exact: always; fast: never\n"                \
    "      --trap-untranslated  a reporting trap in place of an instruction that cannot be\n"      \
    "                           translated, instead of refusing the file\n"                        \
    "      --function=ADDR      ADDR starts a function (repeatable)\n"                             \
    "      --jump-anywhere=ADDR the bctr at ADDR may go to any instruction of its function\n"      \
    "                           (repeatable)\n"                                                    \
    "      --setjmp=ADDR, --longjmp=ADDR\n"                                                        \
    "                           where a stripped program has these\n"                              \
    "      --full-state         all registers in memory at every call: slow, for debugging\n"

void translate_options_init(translate_options *options);

/* Takes one option as getopt_long() returned it. False, after saying why, for a bad value. */
bool translate_options_take(translate_options *options, int code, const char *value);

/* A number in C notation, all of [text]; false otherwise. */
bool parse_u64(const char *text, uint64_t *value);
bool parse_u32(const char *text, uint32_t *value);

#endif
