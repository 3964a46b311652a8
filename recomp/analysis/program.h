/*
 * program.h - the image as functions made of blocks.
 *
 * Code is addressed by word index: 0 is the lowest code address. A block may belong to several
 * functions (each has its own copy of the description): code that two functions jump into is
 * translated into both.
 */
#ifndef GRC_PROGRAM_H
#define GRC_PROGRAM_H

#include "../image/image.h"
#include "regs.h"

#define GRC_NONE UINT32_MAX

/* What is known of a word. */
enum {
    GRC_WORD_CODE = 1 << 0,    /* lies in a code range */
    GRC_WORD_START = 1 << 1,   /* a function starts here */
    GRC_WORD_TAKEN = 1 << 2,   /* its address is a constant somewhere */
    GRC_WORD_REACHED = 1 << 3, /* part of a function */
    GRC_WORD_FORCED = 1 << 4,  /* a start that stays one whatever surrounds it */
    GRC_WORD_GUESSED = 1 << 5, /* a start only because nothing was known to lead there */
};

/* What a call of something does to registers. */
typedef struct grc_summary {
    grc_regs reads;  /* may be read before they are written */
    grc_regs writes; /* may be written */
    grc_regs kills;  /* are written on every path that returns */
} grc_summary;

typedef struct grc_block {
    uint32_t first, end;   /* words */
    uint32_t next, target; /* block indexes, or GRC_NONE: no such edge inside the function */
    uint32_t *cases;       /* block indexes, for an indirect jump */
    uint32_t case_count;
    bool guessed;       /* the cases are all that may be, not what is known */
    uint32_t step;      /* number of instructions in the blocks before this one */
    grc_regs gen, kill; /* of the data flow problem being solved */
    grc_regs live;      /* at the start: may be read later on */
} grc_block;

typedef enum grc_function_kind {
    GRC_FUNCTION_CODE,
    GRC_FUNCTION_IMPORT, /* a thunk */
    GRC_FUNCTION_SETJMP,
    GRC_FUNCTION_LONGJMP,
} grc_function_kind;

typedef struct grc_function {
    uint32_t start; /* word */
    uint32_t end;   /* word after its own extent: its symbol's size, or the next function */
    uint32_t limit; /* the same, not counting guessed starts: a jump of its own may lead as far */
    const char *name;
    grc_function_kind kind;
    uint32_t import;   /* index, for a thunk */
    grc_block *blocks; /* ascending by first word */
    uint32_t block_count;
    uint32_t entry;      /* block index */
    uint32_t step_count; /* instructions of all blocks */
    grc_words callees;   /* functions called or jumped to, without duplicates */
    grc_words callers;
    bool calls_indirect;
    bool in_context; /* registers stay in the context: it calls setjmp, or full_state */
    bool stale;      /* in the queue: a summary it depends on has changed */
    grc_summary summary;
    grc_regs out; /* may be read by somebody after it has returned */
} grc_function;

typedef struct grc_program {
    grc_work *work;
    const grc_image *image;
    grc_arena round; /* functions and blocks: dropped when the starts change */
    uint32_t first;  /* address of word 0 */
    uint32_t words;
    grc_insn *insns;
    uint8_t *flags;
    uint32_t *function_at;   /* function index + 1, by word; 0 = none starts here */
    uint32_t *stamp;         /* scratch of the exploration: which function saw the word last */
    uint32_t *leader;        /* the same: which function starts a block at the word */
    uint32_t *block_of;      /* the same: the block that starts at the word */
    uint32_t stamps;         /* stamps given out */
    bool has_functions;      /* symbols tell functions apart */
    bool confined;           /* a function keeps to its own extent; see explore.c */
    grc_function *functions; /* ascending by start */
    uint32_t function_count;
    uint32_t *queue; /* a ring of stale functions, room for all */
    uint32_t queue_first, queue_count;
    grc_summary indirect; /* of a call that may go to any function whose address is taken */
    uint32_t jump_tables, unresolved_jumps;
    grc_words unknown_tables; /* addresses of jumps that may go where nobody expects them */
    uint64_t slice_budget;    /* steps that the search for targets of jumps may still take */
    uint64_t guess_budget;    /* targets that may still be guessed in this survey */
} grc_program;

/* Sorts [words] and drops duplicates. */
void grc_sort_words(grc_words *words);

static inline uint32_t grc_address(const grc_program *program, uint32_t word)
{
    return program->first + 4 * word;
}

/* The word at [address], or GRC_NONE if no code can be there. */
static inline uint32_t grc_word(const grc_program *program, uint32_t address)
{
    uint32_t offset = address - program->first;
    if (address < program->first || (offset & 3) || offset / 4 >= program->words ||
        !(program->flags[offset / 4] & GRC_WORD_CODE))
        return GRC_NONE;
    return offset / 4;
}

/* The function that starts at [address], or null. */
static inline grc_function *grc_function_at(const grc_program *program, uint32_t address)
{
    uint32_t word = grc_word(program, address);
    if (word == GRC_NONE || program->function_at[word] == 0)
        return NULL;
    return &program->functions[program->function_at[word] - 1];
}

/* ---- steps, in the order they are done ---------------------------------------------------------
 */

/* program.c: decodes the code. */
void grc_program_create(grc_work *work, const grc_image *image, grc_program *program);

/* starts.c: marks function starts and taken addresses that the image itself names; gaps are tried
 * when everything else has been explored (true: new starts were found). */
void grc_find_starts(grc_program *program);
bool grc_find_starts_in_gaps(grc_program *program);
const grc_symbol *grc_symbol_at(const grc_program *program, uint32_t word);

/* explore.c: functions and their blocks. */
void grc_explore(grc_program *program);
bool grc_try_function(grc_program *program, uint32_t word);

/* edges.c: the blocks that lead to a block, in [arena], but for guesses. One that leads there in
 * two ways is there twice. */
typedef struct grc_edges {
    uint32_t *first; /* block_count + 1 places into [blocks] */
    uint32_t *blocks;
} grc_edges;
grc_edges grc_predecessors(grc_arena *arena, const grc_function *function);

/* summary.c: what every function reads, writes and leaves. */
void grc_summarize(grc_program *program);

#endif
