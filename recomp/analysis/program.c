/* program.c - decodes every word that may be code. */
#include "program.h"

#include <stdlib.h>

/* Generous for any program; a hostile one stops being looked at closely. */
enum { SLICES = 4000000, SLICES_A_WORD = 400 };

static void decode_range(grc_program *program, const grc_range *range)
{
    for (uint32_t address = range->first; address < range->end; address += 4) {
        uint32_t word = (address - program->first) / 4, content;
        if (!grc_image_word(program->image, address, &content))
            continue;
        program->insns[word] = grc_decode(address, content);
        program->flags[word] = GRC_WORD_CODE;
    }
}

void grc_program_create(grc_work *work, const grc_image *image, grc_program *program)
{
    const grc_range *last = &image->code[image->code_count - 1];
    *program = (grc_program){
        .work = work,
        .image = image,
        .round = {.exhausted = work->arena.exhausted},
        .first = image->code[0].first,
        .words = (last->end - image->code[0].first) / 4,
    };
    program->slice_budget = SLICES + (uint64_t)SLICES_A_WORD * program->words;
    program->insns = grc_alloc(&work->arena, program->words, sizeof *program->insns);
    program->flags = grc_alloc(&work->arena, program->words, sizeof *program->flags);
    program->function_at = grc_alloc(&work->arena, program->words, sizeof(uint32_t));
    program->stamp = grc_alloc(&work->arena, program->words, sizeof(uint32_t));
    program->leader = grc_alloc(&work->arena, program->words, sizeof(uint32_t));
    program->block_of = grc_alloc(&work->arena, program->words, sizeof(uint32_t));
    for (size_t i = 0; i < image->code_count; i++)
        decode_range(program, &image->code[i]);
}

static int by_word(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void grc_sort_words(grc_words *words)
{
    size_t kept = 0;
    if (words->count)
        qsort(words->items, words->count, sizeof(uint32_t), by_word);
    for (size_t i = 0; i < words->count; i++)
        if (kept == 0 || words->items[kept - 1] != words->items[i])
            words->items[kept++] = words->items[i];
    words->count = kept;
}
