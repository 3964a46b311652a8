/*
 * starts.c - where functions start, as far as the image says so.
 *
 * Symbols and the entry point are certain. Of addresses that occur as constants, those that hit the
 * inside of a function that a symbol describes are labels (a jump table, a computed goto); without
 * symbols a constant must look like a start: nothing runs into it from above, or only a call would,
 * which may be one that does not return, and a stack frame begins here.
 */
#include "program.h"
#include "../forms.h"

#include <string.h>

enum { NOP = 0x60000000, PAIR_WINDOW = 24, FRAME_WINDOW = 4 };

const grc_symbol *grc_symbol_at(const grc_program *program, uint32_t word)
{
    const grc_image *image = program->image;
    uint32_t address = grc_address(program, word);
    size_t low = 0, high = image->symbol_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->symbols[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < image->symbol_count && image->symbols[low].address == address;
    return found ? &image->symbols[low] : NULL;
}

/* Marks the inside of each described function in [inside]. */
static void mark_described(const grc_program *program, uint8_t *inside)
{
    for (size_t i = 0; i < program->image->symbol_count; i++) {
        const grc_symbol *symbol = &program->image->symbols[i];
        uint32_t first = grc_word(program, symbol->address);
        if (!symbol->function || first == GRC_NONE)
            continue;
        uint32_t room = program->words - first, size = symbol->size / 4;
        /* Nested symbols must not make this quadratic: stop where it is marked already. */
        for (uint32_t j = 1; j < size && j < room && !inside[first + j]; j++)
            inside[first + j] = 1;
    }
}

static void start(grc_program *program, uint32_t word)
{
    if (word != GRC_NONE)
        program->flags[word] |= GRC_WORD_START | GRC_WORD_FORCED;
}

static void starts_from_symbols(grc_program *program)
{
    const grc_image *image = program->image;
    for (size_t i = 0; i < image->symbol_count; i++) {
        const grc_symbol *symbol = &image->symbols[i];
        if (symbol->function)
            program->has_functions = true;
        if (symbol->function || symbol->global)
            start(program, grc_word(program, symbol->address));
    }
}

static void starts_from_options(grc_program *program)
{
    const grc_options *options = program->work->options;
    for (size_t i = 0; i < options->function_count; i++) {
        uint32_t word = grc_word(program, options->functions[i]);
        if (word == GRC_NONE)
            grc_stop(program->work, GRC_BAD_OPTION, options->functions[i],
                     "the function given by option is not in the code");
        start(program, word);
        program->flags[word] |= GRC_WORD_TAKEN;
    }
}

static void starts_from_imports(grc_program *program)
{
    const grc_image *image = program->image;
    for (size_t i = 0; i < image->import_count; i++) {
        if (image->imports[i].kind != GRC_IMPORT_FUNCTION)
            continue;
        uint32_t word = grc_word(program, image->imports[i].thunk);
        start(program, word);
        /* A guest that asks the kernel for addresses may get that of any thunk. */
        if (image->looks_up_imports)
            program->flags[word] |= GRC_WORD_TAKEN;
    }
    start(program, grc_word(program, image->setjmp_address));
    start(program, grc_word(program, image->longjmp_address));
}

/* The instruction before [word] and the alignment that is before it, or null. */
static const grc_insn *before(const grc_program *program, uint32_t word)
{
    while (word > 0 && (program->flags[word - 1] & GRC_WORD_CODE) &&
           program->insns[word - 1].word == NOP)
        word--;
    bool none = word == 0 || !(program->flags[word - 1] & GRC_WORD_CODE);
    return none ? NULL : &program->insns[word - 1];
}

/* True iff execution does not run from the word before into [word]. */
static bool nothing_runs_into(const grc_program *program, uint32_t word)
{
    const grc_insn *insn = before(program, word);
    grc_branch branch;
    if (!insn || insn->op == GRC_OP_INVALID)
        return true;
    grc_insn_branch(insn, &branch);
    return !branch.conditional &&
           (branch.flow == GRC_FLOW_BRANCH || branch.flow == GRC_FLOW_RETURN ||
            branch.flow == GRC_FLOW_JUMP_CTR);
}

static bool begins_frame(const grc_program *program, uint32_t word)
{
    for (uint32_t i = word; i < program->words && i < word + FRAME_WINDOW; i++) {
        const grc_insn *insn = &program->insns[i];
        grc_branch branch;
        grc_insn_branch(insn, &branch);
        bool grows = insn->op == GRC_OP_STWU || insn->op == GRC_OP_STDU;
        if (insn->op == GRC_OP_MFLR || (grows && grc_ra(insn) == 1 && grc_rd(insn) == 1))
            return true;
        if (branch.flow != GRC_FLOW_NONE || insn->op == GRC_OP_INVALID)
            return false;
    }
    return false;
}

/* A call that does not return is the last instruction of its function. The frame tells: after a
 * call the middle of a function has one. Should the guess be wrong, the one function goes on in the
 * other, which is no harm. */
static bool follows_last_call(const grc_program *program, uint32_t word)
{
    const grc_insn *insn = before(program, word);
    grc_branch branch;
    if (!insn)
        return false;
    grc_insn_branch(insn, &branch);
    bool call = branch.flow == GRC_FLOW_CALL || branch.flow == GRC_FLOW_CALL_CTR ||
                branch.flow == GRC_FLOW_CALL_LR;
    return call && begins_frame(program, word);
}

static bool looks_like_start(const grc_program *program, uint32_t word)
{
    return program->insns[word].op != GRC_OP_INVALID &&
           (nothing_runs_into(program, word) || follows_last_call(program, word));
}

/* A constant equals the address of [word]. */
static void take(grc_program *program, const uint8_t *inside, uint32_t address)
{
    uint32_t word = grc_word(program, address);
    if (word == GRC_NONE)
        return;
    program->flags[word] |= GRC_WORD_TAKEN;
    if (!inside[word] && looks_like_start(program, word))
        program->flags[word] |= GRC_WORD_START;
}

/* ---- tables of code addresses ------------------------------------------------------------------
 */

/* A table may hold functions, or the labels of one function (a computed goto). Between two places
 * that are surely starts, if one entry of a table is no start, none is. */
typedef struct tables {
    grc_program *program;
    const uint8_t *inside;
    uint32_t *stretch;   /* by word: how many sure starts are not above it */
    uint32_t *labels_of; /* by stretch: the last table that had labels there */
    uint32_t table;
    grc_words entries; /* of the table being read */
} tables;

static void number_stretches(const tables *t)
{
    grc_program *program = t->program;
    uint32_t count = 0;
    for (uint32_t word = 0; word < program->words; word++) {
        const grc_insn *insn = &program->insns[word];
        grc_branch branch;
        t->stretch[word] |= (program->flags[word] & GRC_WORD_FORCED) != 0;
        grc_insn_branch(insn, &branch);
        uint32_t target = grc_word(program, branch.target);
        if (branch.flow == GRC_FLOW_CALL && branch.target != insn->address + 4 &&
            target != GRC_NONE)
            t->stretch[target] = 1;
    }
    for (uint32_t word = 0; word < program->words; word++) {
        count += t->stretch[word];
        t->stretch[word] = count;
    }
}

static void end_table(tables *t)
{
    t->table++;
    for (size_t i = 0; i < t->entries.count; i++)
        if (!looks_like_start(t->program, t->entries.items[i]))
            t->labels_of[t->stretch[t->entries.items[i]]] = t->table;
    for (size_t i = 0; i < t->entries.count; i++) {
        uint32_t word = t->entries.items[i];
        t->program->flags[word] |= GRC_WORD_TAKEN;
        if (!t->inside[word] && t->labels_of[t->stretch[word]] != t->table)
            t->program->flags[word] |= GRC_WORD_START;
    }
    t->entries.count = 0;
}

static void read_tables(tables *t, const grc_segment *segment)
{
    uint64_t end = (uint64_t)segment->address + segment->file_size;
    for (uint64_t at = (segment->address + 3ull) & ~3ull; at + 4 <= end; at += 4) {
        uint32_t content, word = GRC_NONE;
        if (grc_word(t->program, (uint32_t)at) == GRC_NONE &&
            grc_image_word(t->program->image, (uint32_t)at, &content))
            word = grc_word(t->program, content);
        if (word != GRC_NONE)
            GRC_PUSH(&t->program->work->scratch, &t->entries, word);
        else if (t->entries.count)
            end_table(t);
    }
    end_table(t);
}

static void take_data_words(grc_program *program, const uint8_t *inside)
{
    grc_arena *arena = &program->work->scratch;
    tables t = {
        .program = program,
        .inside = inside,
        .stretch = grc_alloc(arena, program->words, sizeof(uint32_t)),
        .labels_of = grc_alloc(arena, program->words + 1, sizeof(uint32_t)),
    };
    number_stretches(&t);
    for (size_t i = 0; i < program->image->segment_count; i++)
        read_tables(&t, &program->image->segments[i]);
    grc_arena_free(arena);
}

/* ---- addresses in code -------------------------------------------------------------------------
 */

/* The low half that [insn] adds to the high half in register [high], or false. */
static bool low_half(const grc_insn *insn, unsigned high, uint32_t *low)
{
    if (insn->op == GRC_OP_ADDI && grc_ra(insn) == high)
        *low = (uint32_t)(int32_t)(int16_t)insn->word;
    else if (insn->op == GRC_OP_ORI && grc_rd(insn) == high)
        *low = insn->word & 0xFFFF;
    else
        return false;
    return true;
}

/* lis, and soon after addi or ori: any pairing that the code can mean counts. */
static void take_pairs(grc_program *program, const uint8_t *inside)
{
    for (uint32_t word = 0; word < program->words; word++) {
        const grc_insn *insn = &program->insns[word];
        if (insn->op != GRC_OP_ADDIS || grc_ra(insn) != 0)
            continue;
        uint32_t end = word + PAIR_WINDOW, low;
        for (uint32_t i = word + 1; i < end && i < program->words; i++)
            if (low_half(&program->insns[i], grc_rd(insn), &low))
                take(program, inside, (insn->word << 16) + low);
    }
}

/* The table names all thunks, which does not mean that the guest takes their addresses. */
static bool in_import_table(const grc_image *image, uint32_t place)
{
    return place >= image->import_table && place < image->import_table_end;
}

void grc_find_starts(grc_program *program)
{
    const grc_image *image = program->image;
    uint8_t *inside = grc_alloc(&program->work->arena, program->words, 1);
    start(program, grc_word(program, image->entry));
    starts_from_symbols(program);
    starts_from_options(program);
    starts_from_imports(program);
    mark_described(program, inside);
    if (image->relocated) {
        for (size_t i = 0; i < image->address_count; i++)
            if (!in_import_table(image, image->addresses[i].place))
                take(program, inside, image->addresses[i].target);
    } else {
        take_data_words(program, inside);
        take_pairs(program, inside);
    }
}

/* With symbols a gap is padding or data. Without, it may be a function that only a computed address
 * reaches; it must look like one from its first instruction to its last. */
bool grc_find_starts_in_gaps(grc_program *program)
{
    bool found = false;
    if (program->has_functions)
        return false;
    for (uint32_t word = 0; word < program->words; word++) {
        const uint8_t *flags = &program->flags[word];
        uint32_t content = program->insns[word].word;
        if (!(*flags & GRC_WORD_CODE) || (*flags & GRC_WORD_REACHED) || content == 0 ||
            content == NOP || !nothing_runs_into(program, word))
            continue;
        if (grc_try_function(program, word)) {
            program->flags[word] |= GRC_WORD_START | GRC_WORD_TAKEN | GRC_WORD_GUESSED;
            found = true;
        }
    }
    return found;
}
