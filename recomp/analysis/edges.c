/* edges.c - which blocks lead to which. */
#include "program.h"

/* A guess leads everywhere: whoever took it for a way would know nothing of any place. */
static uint32_t known_cases(const grc_block *block)
{
    return block->guessed ? 0 : block->case_count;
}

static void add_edge(grc_edges *edges, uint32_t to, uint32_t from)
{
    if (to != GRC_NONE)
        edges->blocks[edges->first[to]++] = from;
}

static void each_edge(const grc_block *block, uint32_t index, grc_edges *edges)
{
    add_edge(edges, block->next, index);
    add_edge(edges, block->target, index);
    for (uint32_t i = 0; i < known_cases(block); i++)
        add_edge(edges, block->cases[i], index);
}

grc_edges grc_predecessors(grc_arena *arena, const grc_function *function)
{
    uint32_t count = function->block_count, total = 0;
    grc_edges edges = {.first = grc_alloc(arena, count + 2, sizeof(uint32_t))};
    uint32_t *counts = edges.first + 1;
    for (uint32_t i = 0; i < count; i++) {
        const grc_block *block = &function->blocks[i];
        if (block->next != GRC_NONE)
            counts[block->next]++;
        if (block->target != GRC_NONE)
            counts[block->target]++;
        for (uint32_t j = 0; j < known_cases(block); j++)
            counts[block->cases[j]]++;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t own = counts[i];
        counts[i] = total;
        total += own;
    }
    edges.blocks = grc_alloc(arena, total + 1, sizeof(uint32_t));
    /* Filling moves each start to the next one's place, which is why there is one entry before. */
    grc_edges fill = {.first = counts, .blocks = edges.blocks};
    for (uint32_t i = 0; i < count; i++)
        each_edge(&function->blocks[i], i, &fill);
    return edges;
}
