/*
 * loops.c - loops that may wait for another thread to change memory.
 *
 * Guest loads are not volatile, so the C compiler may move a load whose address does not change out
 * of a loop, and a guest that polls a flag would wait for ever. Such loops get a compiler barrier
 * where they jump back. A call counts as such a load, because the callee may be inlined.
 */
#include "plan.h"

enum { MASK_LIMIT = 6, LOOP_LIMIT = 256 };

/* What matters of a block: what it writes, and by which registers it loads. */
typedef struct digest {
    uint32_t writes;
    uint32_t addresses[MASK_LIMIT];
    uint32_t count;
    bool suspicious; /* it calls, or loads in more ways than fit */
} digest;

static void add_address(digest *d, uint32_t registers)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (d->addresses[i] == registers)
            return;
    if (d->count == MASK_LIMIT)
        d->suspicious = true;
    else
        d->addresses[d->count++] = registers;
}

static digest digest_block(const grc_block *block, const grc_plan *plan)
{
    digest d = {0};
    for (uint32_t s = block->step; s < block->step + block->end - block->first; s++) {
        const grc_step *step = &plan->steps[s];
        d.writes |= step->own.writes.gpr;
        d.suspicious |= step->calls;
        if (step->own.loads)
            add_address(&d, step->own.reads.gpr);
    }
    return d;
}

/* Blocks [first, last] are taken for the loop. */
static bool may_poll(const digest *digests, uint32_t first, uint32_t last)
{
    uint32_t writes = 0;
    if (last - first >= LOOP_LIMIT)
        return true;
    for (uint32_t i = first; i <= last; i++)
        writes |= digests[i].writes;
    for (uint32_t i = first; i <= last; i++) {
        if (digests[i].suspicious)
            return true;
        for (uint32_t j = 0; j < digests[i].count; j++)
            if (!(digests[i].addresses[j] & writes))
                return true;
    }
    return false;
}

static void note_back_edge(uint32_t *last, uint32_t from, uint32_t to)
{
    if (to != GRC_NONE && to <= from && (last[to] == GRC_NONE || last[to] < from))
        last[to] = from;
}

void grc_plan_polls(grc_arena *arena, const grc_function *function, grc_plan *plan)
{
    uint32_t count = function->block_count;
    digest *digests = grc_alloc(arena, count, sizeof *digests);
    uint32_t *last = grc_alloc(arena, count, sizeof *last);
    for (uint32_t i = 0; i < count; i++) {
        digests[i] = digest_block(&function->blocks[i], plan);
        last[i] = GRC_NONE;
    }
    for (uint32_t i = 0; i < count; i++) {
        const grc_block *block = &function->blocks[i];
        note_back_edge(last, i, block->next);
        note_back_edge(last, i, block->target);
        for (uint32_t j = 0; j < block->case_count; j++)
            note_back_edge(last, i, block->cases[j]);
    }
    for (uint32_t i = 0; i < count; i++)
        plan->poll[i] = last[i] != GRC_NONE && may_poll(digests, i, last[i]);
}
