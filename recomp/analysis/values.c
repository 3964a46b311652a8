/* values.c - a forward problem over symbolic values. */
#include "values.h"
#include "../forms.h"

#include <string.h>

enum { SLOT_LIMIT = 44, FPR = 32, REGISTERS = 64, SIZE_LIMIT = 20000 };

typedef enum value_kind {
    UNKNOWN,
    ENTRY,     /* what register [data] held on entry */
    STACK,     /* the stack pointer on entry, plus [data] */
    CONDITION, /* CR; the bits in [data] as they were on entry */
} value_kind;

typedef struct value {
    value_kind kind;
    int32_t data;
} value;

typedef struct slot {
    int32_t offset; /* from the stack pointer on entry */
    int32_t width;
    value value;
} slot;

/* What is known at one place. */
typedef struct state {
    value registers[REGISTERS];
    slot slots[SLOT_LIMIT];
    uint32_t slot_count;
    uint32_t cr, misc; /* bits that are as they were on entry */
    bool reached;
} state;

static bool same(value a, value b)
{
    return a.kind == b.kind && a.data == b.data;
}

static void enter(state *s)
{
    *s = (state){.cr = ~0u, .misc = ~0u, .reached = true};
    for (int i = 0; i < REGISTERS; i++)
        s->registers[i] = (value){ENTRY, i};
    s->registers[1] = (value){STACK, 0};
}

static bool is_unchanged(const state *s, int reg)
{
    return same(s->registers[reg], reg == 1 ? (value){STACK, 0} : (value){ENTRY, reg});
}

/* ---- slots -------------------------------------------------------------------------------------
 */

static void drop_slot(state *s, uint32_t index)
{
    s->slots[index] = s->slots[--s->slot_count];
}

static void drop_overlapping(state *s, int32_t offset, int32_t width)
{
    for (uint32_t i = s->slot_count; i-- > 0;)
        if (s->slots[i].offset < offset + width && offset < s->slots[i].offset + s->slots[i].width)
            drop_slot(s, i);
}

static void store(state *s, int32_t offset, int32_t width, value v)
{
    drop_overlapping(s, offset, width);
    if (v.kind != UNKNOWN && s->slot_count < SLOT_LIMIT)
        s->slots[s->slot_count++] = (slot){offset, width, v};
}

static value load(const state *s, int32_t offset, int32_t width)
{
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].offset == offset && s->slots[i].width == width)
            return s->slots[i].value;
    return (value){UNKNOWN, 0};
}

/* ---- one instruction ---------------------------------------------------------------------------
 */

typedef struct access {
    int32_t width; /* 0: not an access that is followed */
    bool stores, is_float, updates, multiple;
} access;

static access access_of(const grc_insn *insn)
{
    switch (insn->op) {
    case GRC_OP_LWZ:
        return (access){.width = 4};
    case GRC_OP_LD:
        return (access){.width = 8};
    case GRC_OP_LFD:
        return (access){.width = 8, .is_float = true};
    case GRC_OP_LMW:
        return (access){.width = 4, .multiple = true};
    case GRC_OP_STW:
        return (access){.width = 4, .stores = true};
    case GRC_OP_STWU:
        return (access){.width = 4, .stores = true, .updates = true};
    case GRC_OP_STD:
        return (access){.width = 8, .stores = true};
    case GRC_OP_STDU:
        return (access){.width = 8, .stores = true, .updates = true};
    case GRC_OP_STFD:
        return (access){.width = 8, .stores = true, .is_float = true};
    case GRC_OP_STMW:
        return (access){.width = 4, .stores = true, .multiple = true};
    case GRC_OP_STB:
        return (access){.width = 1, .stores = true};
    case GRC_OP_STH:
        return (access){.width = 2, .stores = true};
    case GRC_OP_STFS:
        return (access){.width = 4, .stores = true, .is_float = true};
    default:
        return (access){0};
    }
}

static void follow_access(state *s, const grc_insn *insn, const access *a, int32_t at)
{
    int first = (int)grc_rd(insn), last = a->multiple ? 31 : first;
    for (int i = first; i <= last; i++, at += a->width) {
        int reg = i + (a->is_float ? FPR : 0);
        /* A float stored as single, or a byte of a register, is not the register. */
        bool whole = a->width == 8 || (a->width == 4 && !a->is_float);
        if (!a->stores)
            s->registers[reg] = load(s, at, a->width);
        else
            store(s, at, a->width, whole ? s->registers[reg] : (value){UNKNOWN, 0});
    }
}

static int32_t displacement(const grc_insn *insn)
{
    bool ds = insn->op == GRC_OP_LD || insn->op == GRC_OP_STD || insn->op == GRC_OP_STDU;
    return (int32_t)(int16_t)(insn->word & (ds ? 0xFFFCu : 0xFFFFu));
}

static bool is_near(int64_t offset)
{
    return offset > -0x40000000 && offset < 0x40000000;
}

/* Loads and stores at the stack pointer or a copy of it; false if [insn] is none. */
static bool follow_stack_access(state *s, const grc_insn *insn)
{
    access a = access_of(insn);
    value base = s->registers[grc_ra(insn)];
    if (a.width == 0 || grc_ra(insn) == 0 || base.kind != STACK)
        return false;
    int32_t at = base.data + displacement(insn);
    if (!is_near(at))
        return false;
    follow_access(s, insn, &a, at);
    if (a.updates)
        s->registers[grc_ra(insn)] = (value){STACK, at};
    return true;
}

static uint32_t fields(const grc_insn *insn)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < 8; i++)
        if (insn->word >> 12 & (0x80u >> i))
            set |= 15u << (4 * i);
    return set;
}

static bool follow_condition(state *s, const grc_insn *insn)
{
    value *reg = &s->registers[grc_rd(insn)];
    if (insn->op == GRC_OP_MFCR || insn->op == GRC_OP_MFOCRF) {
        *reg = (value){CONDITION, (int32_t)s->cr};
        return true;
    }
    if (insn->op == GRC_OP_MTCRF || insn->op == GRC_OP_MTOCRF) {
        uint32_t set = fields(insn), kept = reg->kind == CONDITION ? (uint32_t)reg->data : 0;
        s->cr = (s->cr & ~set) | (kept & set);
        return true;
    }
    return false;
}

static bool follow_arithmetic(state *s, const grc_insn *insn)
{
    value source = s->registers[grc_ra(insn)];
    if (insn->op == GRC_OP_ADDI && grc_ra(insn) && source.kind == STACK) {
        source.data += (int16_t)insn->word;
        s->registers[grc_rd(insn)] = is_near(source.data) ? source : (value){UNKNOWN, 0};
        return true;
    }
    if (insn->op == GRC_OP_OR && grc_rd(insn) == grc_rb(insn) && !(insn->word & 1)) {
        s->registers[grc_ra(insn)] = s->registers[grc_rd(insn)];
        return true;
    }
    if (insn->op == GRC_OP_FMR && !(insn->word & 1)) {
        s->registers[FPR + grc_rd(insn)] = s->registers[FPR + grc_rb(insn)];
        return true;
    }
    return false;
}

static void forget(state *s, grc_regs set)
{
    for (int i = 0; i < 32; i++) {
        if (set.gpr >> i & 1)
            s->registers[i] = (value){UNKNOWN, 0};
        if (set.fpr >> i & 1)
            s->registers[FPR + i] = (value){UNKNOWN, 0};
    }
    s->cr &= ~set.cr;
    s->misc &= ~set.misc;
}

/* A callee may use what lies below the stack pointer. */
static void forget_below_stack(state *s)
{
    value top = s->registers[1];
    for (uint32_t i = s->slot_count; i-- > 0;)
        if (top.kind == STACK && s->slots[i].offset < top.data)
            drop_slot(s, i);
}

static void follow_step(state *s, const grc_step *step)
{
    if (!follow_stack_access(s, &step->insn) && !follow_condition(s, &step->insn) &&
        !follow_arithmetic(s, &step->insn))
        forget(s, step->own.writes);
    if (!step->transfers)
        return;
    forget(s, step->other.writes);
    if (step->calls)
        forget_below_stack(s);
}

/* ---- the whole function ------------------------------------------------------------------------
 */

static bool merge_registers(state *into, const state *from)
{
    bool changed = false;
    for (int i = 0; i < REGISTERS; i++)
        if (into->registers[i].kind != UNKNOWN && !same(into->registers[i], from->registers[i])) {
            into->registers[i] = (value){UNKNOWN, 0};
            changed = true;
        }
    return changed;
}

static bool merge(state *into, const state *from)
{
    if (!into->reached) {
        *into = *from;
        return true;
    }
    bool changed = merge_registers(into, from);
    for (uint32_t i = into->slot_count; i-- > 0;) {
        const slot *kept = &into->slots[i];
        if (!same(kept->value, load(from, kept->offset, kept->width))) {
            drop_slot(into, i);
            changed = true;
        }
    }
    changed |= (into->cr & ~from->cr) || (into->misc & ~from->misc);
    into->cr &= from->cr;
    into->misc &= from->misc;
    return changed;
}

static state through_block(const grc_program *program, const grc_block *block, const state *before)
{
    state s = *before;
    for (uint32_t word = block->first; word < block->end; word++) {
        grc_step step;
        grc_step_at(program, word, &step);
        follow_step(&s, &step);
    }
    return s;
}

/* A block whose start has changed is due to be followed again. */
static void merge_edge(state *states, uint8_t *due, uint32_t successor, const state *end)
{
    if (successor != GRC_NONE && merge(&states[successor], end))
        due[successor] = 1;
}

static void merge_successors(state *states, uint8_t *due, const grc_block *block, const state *end)
{
    merge_edge(states, due, block->next, end);
    merge_edge(states, due, block->target, end);
    for (uint32_t i = 0; i < block->case_count; i++)
        merge_edge(states, due, block->cases[i], end);
}

static bool follow_due(const grc_program *program, const grc_function *function, state *states,
                       uint8_t *due)
{
    bool any = false;
    for (uint32_t i = 0; i < function->block_count; i++) {
        const grc_block *block = &function->blocks[i];
        if (!due[i])
            continue;
        due[i] = 0;
        any = true;
        state end = through_block(program, block, &states[i]);
        merge_successors(states, due, block, &end);
    }
    return any;
}

/* The states at the start of each block, or null for a function too large to be worth it. */
static state *solve(const grc_program *program, grc_arena *arena, const grc_function *function)
{
    if (function->block_count > SIZE_LIMIT)
        return NULL;
    state *states = grc_alloc(arena, function->block_count, sizeof *states);
    uint8_t *due = grc_alloc(arena, function->block_count, 1);
    enter(&states[function->entry]);
    due[function->entry] = 1;
    while (follow_due(program, function, states, due))
        continue;
    return states;
}

static grc_regs changed_in(const state *s)
{
    grc_regs changed = {.cr = ~s->cr, .misc = ~s->misc & 63};
    for (int i = 0; i < 32; i++) {
        changed.gpr |= (uint32_t)!is_unchanged(s, i) << i;
        changed.fpr |= (uint32_t)!is_unchanged(s, FPR + i) << i;
    }
    return changed;
}

static grc_regs changed_at_exits(const grc_program *program, const grc_block *block,
                                 const state *before)
{
    grc_exit exits[2];
    grc_regs changed = {0};
    unsigned count = grc_block_exits(program, block, exits);
    if (count == 0)
        return changed;
    state end = through_block(program, block, before);
    for (unsigned i = 0; i < count; i++) {
        if (exits[i].kind == GRC_EXIT_FELL_OFF)
            continue; /* nobody sees what is left by code that goes nowhere */
        changed = grc_regs_or(changed, changed_in(&end));
        if (exits[i].kind == GRC_EXIT_FUNCTION)
            changed = grc_regs_or(changed, exits[i].callee->summary.writes);
        else if (exits[i].kind == GRC_EXIT_TABLE)
            changed = grc_regs_or(changed, program->indirect.writes);
    }
    return changed;
}

grc_regs grc_changed_registers(const grc_program *program, grc_arena *arena,
                               const grc_function *function)
{
    grc_regs changed = {0};
    const state *states = solve(program, arena, function);
    if (!states)
        return grc_regs_all();
    for (uint32_t i = 0; i < function->block_count; i++)
        if (states[i].reached)
            changed =
                grc_regs_or(changed, changed_at_exits(program, &function->blocks[i], &states[i]));
    return changed;
}

void grc_find_restores(const grc_program *program, grc_arena *arena, const grc_function *function,
                       const grc_step *steps, grc_regs *restored)
{
    const state *states = solve(program, arena, function);
    for (uint32_t i = 0; states && i < function->block_count; i++) {
        const grc_block *block = &function->blocks[i];
        state s = states[i];
        for (uint32_t at = block->step; at < block->step + block->end - block->first; at++) {
            follow_step(&s, &steps[at]);
            restored[at] = grc_regs_less(steps[at].own.writes, changed_in(&s));
        }
    }
}
