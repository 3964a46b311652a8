/*
 * guess.c - where an indirect jump may go that is not understood.
 *
 * Too many targets make the code large and slow, too few make it wrong: so all there are, within
 * reason.
 */
#include "jumps.h"

enum {
    ANYWHERE_LIMIT = 2048, /* words of a function in which a jump may go anywhere unasked */
    GUESSES = 100000,      /* targets for all jumps, and more for each word of code */
    GUESSES_A_WORD = 16,
};

uint64_t grc_guess_budget(const grc_program *program)
{
    return GUESSES + (uint64_t)GUESSES_A_WORD * program->words;
}

static bool is_code(const grc_program *program, uint32_t word)
{
    return word < program->words && (program->flags[word] & GRC_WORD_CODE) != 0;
}

uint32_t grc_guess_limit(const grc_program *program, uint32_t end)
{
    uint32_t limit = end;
    while (limit < end + ANYWHERE_LIMIT && is_code(program, limit) &&
           (program->flags[limit] & (GRC_WORD_START | GRC_WORD_GUESSED)) != GRC_WORD_START)
        limit++;
    return limit;
}

bool grc_jump_is_asked_for(const grc_program *program, uint32_t jump)
{
    const grc_options *options = program->work->options;
    for (size_t i = 0; i < options->jump_count; i++)
        if (options->jumps[i] == grc_address(program, jump))
            return true;
    return false;
}

/* Any place whose address is a constant somewhere. */
static void take_labels(const grc_program *program, grc_arena *arena, uint32_t start,
                        uint32_t limit, grc_words *targets)
{
    for (uint32_t word = start; word < limit; word++)
        if (program->flags[word] & GRC_WORD_TAKEN)
            GRC_PUSH(arena, targets, word);
}

static bool turns_away(const grc_insn *insn)
{
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    return !branch.conditional &&
           (branch.flow == GRC_FLOW_BRANCH || branch.flow == GRC_FLOW_RETURN ||
            branch.flow == GRC_FLOW_JUMP_CTR);
}

/* Any instruction, if so is what follows it, down to where execution turns away: data between code
 * is none. */
static void take_anywhere(const grc_program *program, grc_arena *arena, uint32_t start,
                          uint32_t limit, grc_words *targets)
{
    bool sound = is_code(program, limit);
    for (uint32_t word = limit; word-- > start;) {
        const grc_insn *insn = &program->insns[word];
        sound = is_code(program, word) && insn->op != GRC_OP_INVALID && (sound || turns_away(insn));
        if (sound)
            GRC_PUSH(arena, targets, word);
    }
}

/* Takes [price] from [budget]; false if it is more. */
static bool pay(uint64_t *budget, uint64_t price)
{
    bool enough = *budget >= price;
    *budget -= enough ? price : 0;
    return enough;
}

bool grc_guess_targets(grc_program *program, grc_arena *arena, uint32_t start, uint32_t limit,
                       uint32_t jump, grc_jump_kind kind, grc_words *targets)
{
    bool asked = grc_jump_is_asked_for(program, jump);
    bool anywhere = asked || (kind == GRC_JUMP_UNKNOWN_TABLE && limit - start <= ANYWHERE_LIMIT);
    if (!asked && !pay(&program->slice_budget, limit - start))
        return false;
    if (anywhere)
        take_anywhere(program, arena, start, limit, targets);
    else
        take_labels(program, arena, start, limit, targets);
    grc_sort_words(targets);
    if (asked || pay(&program->guess_budget, targets->count))
        return anywhere;
    targets->count = 0;
    return false;
}
