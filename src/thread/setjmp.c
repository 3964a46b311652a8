/*
 * setjmp.c - the guest's setjmp and longjmp.
 *
 * The guest's buffer only names a slot: a host jump buffer and the registers stay in host memory.
 * The slots of a thread are ordered like the frames that filled them, the deepest last, so slots of
 * frames that have returned are found at the end. A frame has returned when the guest's or the
 * host's stack is above it.
 */
#include "diag/fault.h"
#include "guestrt/ppc_float.h"
#include "thread/internal.h"

#include <stdio.h>

#define LIVE_MAX 4096u
/* Slots that were filled at the same place in both stacks: either by one frame, or by frames that
 * have returned since. Nothing tells the two apart, so a frame keeps only its newest buffers. */
#define SAME_FRAME_MAX 64u

typedef struct setjmp_slot {
    jmp_buf host;
    struct setjmp_slot *next_free;
    grt_addr buffer;
    uint32_t depth;       /* host-to-guest calls when it was filled */
    uintptr_t host_frame; /* an address in the stack just below the caller's frame */
    uint64_t r1, r2, r13_31[19], lr;
    grt_fpr f14_31[18];
    uint8_t cr[32];
    uint32_t fpscr;
} setjmp_slot;

struct grt_setjmp_table {
    setjmp_slot *live[LIVE_MAX];
    uint32_t count;
    setjmp_slot *free;
};

static void save(setjmp_slot *slot, const grt_ppc *ctx)
{
    slot->r1 = ctx->r[1];
    slot->r2 = ctx->r[2];
    memcpy(slot->r13_31, &ctx->r[13], sizeof slot->r13_31);
    memcpy(slot->f14_31, &ctx->f[14], sizeof slot->f14_31);
    memcpy(slot->cr, ctx->cr, sizeof slot->cr);
    slot->lr = ctx->lr;
    slot->fpscr = ctx->fpscr;
}

static void restore(const setjmp_slot *slot, grt_ppc *ctx)
{
    ctx->r[1] = slot->r1;
    ctx->r[2] = slot->r2;
    memcpy(&ctx->r[13], slot->r13_31, sizeof slot->r13_31);
    memcpy(&ctx->f[14], slot->f14_31, sizeof slot->f14_31);
    memcpy(ctx->cr, slot->cr, sizeof slot->cr);
    ctx->lr = slot->lr;
    ctx->fpscr = slot->fpscr;
    grt_ppc_apply_rounding(ctx); /* the host rounds as the guest's FPSCR says */
}

static bool has_returned(const setjmp_slot *slot, const grt_thread *thread, uintptr_t host_frame)
{
    return (uint32_t)slot->r1 < (uint32_t)thread->ppc.r[1] || slot->host_frame < host_frame ||
           slot->depth > thread->call_depth;
}

static void prune(struct grt_setjmp_table *table, const grt_thread *thread, uintptr_t host_frame)
{
    while (table->count > 0 && has_returned(table->live[table->count - 1], thread, host_frame)) {
        setjmp_slot *dead = table->live[--table->count];
        dead->next_free = table->free;
        table->free = dead;
    }
}

/* Index of the buffer's slot; count when there is none. The newest are the likeliest. */
static uint32_t find(const struct grt_setjmp_table *table, grt_addr buffer)
{
    for (uint32_t i = table->count; i > 0; i--) {
        if (table->live[i - 1]->buffer == buffer)
            return i - 1;
    }
    return table->count;
}

/* A buffer that is filled again moves to the end: its frame is the deepest now. */
static setjmp_slot *take_existing(struct grt_setjmp_table *table, uint32_t index)
{
    setjmp_slot *taken = table->live[index];
    table->count--;
    memmove(&table->live[index], &table->live[index + 1],
            (table->count - index) * sizeof *table->live);
    return taken;
}

static setjmp_slot *take_new(struct grt_setjmp_table *table)
{
    setjmp_slot *taken = table->free;
    if (taken != NULL)
        table->free = taken->next_free;
    else
        taken = os_alloc(sizeof *taken);
    return taken;
}

/* How many of the newest slots were filled where the next one is going to be. */
static uint32_t count_same_frame(const struct grt_setjmp_table *table, const grt_thread *thread,
                                 uintptr_t host_frame)
{
    uint32_t same = 0;
    while (same < table->count) {
        const setjmp_slot *slot = table->live[table->count - 1 - same];
        if (slot->host_frame != host_frame || slot->r1 != thread->ppc.r[1])
            break;
        same++;
    }
    return same;
}

static setjmp_slot *take(struct grt_setjmp_table *table, const grt_thread *thread, grt_addr buffer,
                         uintptr_t host_frame)
{
    uint32_t index = find(table, buffer);
    if (index < table->count)
        return take_existing(table, index);
    uint32_t same = count_same_frame(table, thread, host_frame);
    if (same >= SAME_FRAME_MAX)
        return take_existing(table, table->count - same);
    return table->count < LIVE_MAX ? take_new(table) : NULL;
}

static setjmp_slot *fill_slot(grt_thread *thread, grt_addr buffer, uintptr_t host_frame)
{
    if (thread->setjmps == NULL)
        thread->setjmps = os_alloc(sizeof *thread->setjmps);
    struct grt_setjmp_table *table = thread->setjmps;
    if (table == NULL)
        return NULL;
    prune(table, thread, host_frame);
    setjmp_slot *filled = take(table, thread, buffer, host_frame);
    if (filled == NULL)
        return NULL;
    table->live[table->count++] = filled;
    filled->buffer = buffer;
    filled->depth = thread->call_depth;
    filled->host_frame = host_frame;
    save(filled, &thread->ppc);
    return filled;
}

jmp_buf *grt_ppc_setjmp_slot(grt_ppc *ctx, uint8_t *base, grt_addr buffer)
{
    (void)base;
    grt_thread *thread = ctx->thread;
    bool guest = grt_host_begin(); /* it may allocate */
    setjmp_slot *filled = fill_slot(thread, buffer, (uintptr_t)__builtin_frame_address(0));
    if (filled == NULL) {
        grt_fault_facts facts = {
            .id = GRT_FAULT_SETJMP_LIMIT, .has_address = true, .address = buffer};
        snprintf(facts.text, sizeof facts.text, "%u buffers may be live in a thread", LIVE_MAX);
        grt_thread_fault(thread, &facts);
    }
    grt_host_end(guest);
    return &filled->host;
}

/* The slot to jump to, or null with the reason. */
static setjmp_slot *find_target(grt_thread *thread, grt_addr buffer, uintptr_t host_frame,
                                const char **reason)
{
    struct grt_setjmp_table *table = thread->setjmps;
    *reason = "this thread has never filled the buffer, or the function that did has returned";
    if (table == NULL)
        return NULL;
    prune(table, thread, host_frame);
    uint32_t index = find(table, buffer);
    if (index == table->count)
        return NULL;
    setjmp_slot *target = table->live[index];
    *reason = "the jump would cross a call from the host into the guest";
    return target->depth == thread->call_depth ? target : NULL;
}

void grt_ppc_longjmp(grt_ppc *ctx, uint8_t *base, grt_addr buffer, uint32_t value)
{
    (void)base;
    grt_thread *thread = ctx->thread;
    const char *reason;
    setjmp_slot *target =
        find_target(thread, buffer, (uintptr_t)__builtin_frame_address(0), &reason);
    if (target == NULL) {
        grt_fault_facts facts = {
            .id = GRT_FAULT_BAD_LONGJMP, .has_address = true, .address = buffer};
        snprintf(facts.text, sizeof facts.text, "%s", reason);
        grt_thread_fault(thread, &facts);
    }
    restore(target, ctx);
    _longjmp(target->host, value != 0 ? (int)value : 1);
}

void grt_setjmp_free(grt_thread *thread)
{
    struct grt_setjmp_table *table = thread->setjmps;
    if (table == NULL)
        return;
    while (table->count > 0)
        os_free(table->live[--table->count]);
    while (table->free != NULL) {
        setjmp_slot *next = table->free->next_free;
        os_free(table->free);
        table->free = next;
    }
    os_free(table);
    thread->setjmps = NULL;
}
