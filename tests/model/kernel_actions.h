/*
 * kernel_actions.h - what the threads of test_kernel_model.c do, and what is recorded of it.
 */
#ifndef KERNEL_ACTIONS_H
#define KERNEL_ACTIONS_H

#include "schedule_fixture.h"

#include "kernel_model.h"

#define SLOTS    8u
#define THREADS  5u /* the first one is the program's main function */
#define NAMES    3u
#define RECORDED 2048u
#define BODIES   6u /* objects in guest memory */

/* ---- what is recorded ---------------------------------------------------------------------- */

typedef struct operation {
    uint8_t what, thread;
    bool finished;            /* false: the call had not come back at the end */
    uint64_t began_at, at;    /* moments: when it blocked (0: never), when it was through */
    uint64_t began_ns, ns;    /* the clock when those turns began */
    uint64_t clock, clock_at; /* before and after */
    uint32_t handles[MODEL_WAITED], count; /* or addresses of bodies */
    uint32_t signal;
    bool all, owned, close_source, auto_reset;
    uint32_t name;
    int32_t amount, limit;
    int64_t units;           /* of time; 0: only look, 1: no time-out */
    uint64_t due;            /* ns */
    uint32_t status, handle; /* what the runtime said */
    int32_t previous;
} operation;

static struct {
    uint64_t seed;
    uint32_t threads, slots, limit;
    uint32_t handles[SLOTS], kinds[SLOTS], thread_handles[THREADS];
    uint32_t ended;
    operation operations[RECORDED];
    uint32_t count, drawn;
    bool gone[THREADS];
    grt_thread *running[THREADS];
    bool quiet;
} world;

/* ---- operations on a guest thread ---------------------------------------------------------- */

typedef struct actor {
    grt_ppc *ctx;
    uint8_t *base;
    uint64_t random;
    uint32_t thread;
} actor;

/* For KCALL. */
#define ACTOR(actor_)                                                                              \
    grt_ppc *ctx = (actor_)->ctx;                                                                  \
    uint8_t *base = (actor_)->base;                                                                \
    grt_addr s = scratch(ctx);                                                                     \
    (void)s

/* A slot whose object is of one of [kinds], if there is one; now and then any. */
static uint32_t pick_slot(actor *self, uint32_t kinds)
{
    uint32_t first = random_below(&self->random, world.slots);
    if (random_below(&self->random, 16) == 0)
        return first;
    for (uint32_t i = 0; i < world.slots; i++) {
        uint32_t slot = (first + i) % world.slots;
        if (world.kinds[slot] & kinds)
            return slot;
    }
    return first;
}

/* Of a thread as well, if that is wanted, and rarely one that never was. */
static uint32_t pick_handle(actor *self, uint32_t kinds)
{
    if (random_below(&self->random, 40) == 0)
        return 0x1234;
    if ((kinds & MODEL_THREAD) && random_below(&self->random, 10) == 0)
        return world.thread_handles[random_below(&self->random, world.threads)];
    return world.handles[pick_slot(self, kinds)];
}

/* OBJECT_ATTRIBUTES {root, name, flags}, {length, maximum, buffer}, the name. */
static grt_addr attributes(actor *self, uint32_t name)
{
    ACTOR(self);
    if (name == 0)
        return 0;
    poke(base, s + 0x100, 0);
    poke(base, s + 0x104, s + 0x110);
    poke(base, s + 0x110, 0x00040005);
    poke(base, s + 0x114, s + 0x120);
    memcpy(base + s + 0x120, "name", 4);
    base[s + 0x123] = (uint8_t)('A' + name);
    return s + 0x100;
}

/* Into an empty slot, if there is one. */
static void put_handle(actor *self, operation *op, uint32_t kind)
{
    if (op->status < 0x80000000u) /* success, or a name that existed */
        op->handle = peek(self->base, scratch(self->ctx));
    if (op->handle == 0)
        return;
    uint32_t slot = random_below(&self->random, world.slots);
    for (uint32_t i = 0; i < world.slots && world.kinds[slot] != 0; i++)
        slot = (slot + 1) % world.slots;
    world.handles[slot] = op->handle;
    world.kinds[slot] = kind;
}

static void do_event(actor *self, operation *op)
{
    ACTOR(self);
    op->name = random_below(&self->random, 2) * (1 + random_below(&self->random, NAMES));
    op->auto_reset = random_below(&self->random, 2);
    op->amount = (int32_t)random_below(&self->random, 2);
    op->status =
        KCALL(NtCreateEvent, s, attributes(self, op->name), op->auto_reset, (uint32_t)op->amount);
    put_handle(self, op, MODEL_EVENT);
}

static void do_semaphore(actor *self, operation *op)
{
    ACTOR(self);
    op->name = random_below(&self->random, 2) * (1 + random_below(&self->random, NAMES));
    op->limit = 3 - (random_below(&self->random, 16) == 0) * 3;
    op->amount = (int32_t)random_below(&self->random, 4) - (random_below(&self->random, 8) == 0);
    op->status = KCALL(NtCreateSemaphore, s, attributes(self, op->name), (uint32_t)op->amount,
                       (uint32_t)op->limit);
    put_handle(self, op, MODEL_SEMAPHORE);
}

static void do_mutant(actor *self, operation *op)
{
    ACTOR(self);
    op->name = random_below(&self->random, 2) * (1 + random_below(&self->random, NAMES));
    op->owned = random_below(&self->random, 3) == 0;
    op->status = KCALL(NtCreateMutant, s, attributes(self, op->name), op->owned);
    put_handle(self, op, MODEL_MUTANT);
}

static void do_duplicate(actor *self, operation *op)
{
    ACTOR(self);
    uint32_t slot = pick_slot(self, MODEL_ANY), kind = world.kinds[slot];
    op->handles[0] = world.handles[slot];
    op->close_source = random_below(&self->random, 2);
    if (op->close_source)
        world.kinds[slot] = 0;
    op->status = KCALL(NtDuplicateObject, op->handles[0], s, op->close_source);
    put_handle(self, op, kind);
}

static void do_close(actor *self, operation *op)
{
    ACTOR(self);
    uint32_t slot = pick_slot(self, MODEL_ANY);
    op->handles[0] = world.handles[slot];
    world.kinds[slot] = 0;
    op->status = KCALL(NtClose, op->handles[0]);
}

static void do_set(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = pick_handle(self, MODEL_EVENT);
    op->status = KCALL(NtSetEvent, op->handles[0], s);
    op->previous = (int32_t)peek(base, s);
}

static void do_pulse(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = pick_handle(self, MODEL_EVENT);
    op->status = KCALL(NtPulseEvent, op->handles[0], s);
    op->previous = (int32_t)peek(base, s);
}

static void do_clear(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = pick_handle(self, MODEL_EVENT);
    op->status = KCALL(NtClearEvent, op->handles[0]);
}

static void do_release(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = pick_handle(self, MODEL_SEMAPHORE);
    op->amount = (int32_t)random_below(&self->random, 4) - (random_below(&self->random, 8) == 0);
    op->status = KCALL(NtReleaseSemaphore, op->handles[0], (uint32_t)op->amount, s);
    op->previous = (int32_t)peek(base, s);
}

static void do_release_mutant(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = pick_handle(self, MODEL_MUTANT);
    op->status = KCALL(NtReleaseMutant, op->handles[0], s);
    op->previous = (int32_t)peek(base, s);
}

static grt_addr random_timeout(actor *self, operation *op)
{
    ACTOR(self);
    uint32_t kind = random_below(&self->random, self->thread == 0 ? 2 : 3);
    op->units = kind == 0 ? 0 : kind == 1 ? -(int64_t)random_below(&self->random, 800) - 1 : 1;
    timeout_at(base, s + 0x40, op->units);
    return op->units == 1 ? 0 : s + 0x40;
}

static void do_wait(actor *self, operation *op)
{
    ACTOR(self);
    op->count = 1;
    op->handles[0] = pick_handle(self, MODEL_ANY);
    grt_addr timeout = random_timeout(self, op);
    op->status = KCALL(NtWaitForSingleObjectEx, op->handles[0], 1, 0, timeout);
}

static void do_wait_many(actor *self, operation *op)
{
    ACTOR(self);
    op->count = 1 + random_below(&self->random, 4);
    op->all = random_below(&self->random, 2);
    for (uint32_t i = 0; i < op->count; i++) {
        op->handles[i] = pick_handle(self, MODEL_ANY);
        poke(base, s + 0x80 + 4 * i, op->handles[i]);
    }
    grt_addr timeout = random_timeout(self, op);
    op->status =
        KCALL(NtWaitForMultipleObjectsEx, op->count, s + 0x80, op->all ? 0 : 1, 1, 0, timeout);
}

static void do_sleep(actor *self, operation *op)
{
    ACTOR(self);
    op->units = -(int64_t)random_below(&self->random, 300);
    op->status = KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, s + 0x40, op->units));
}

static void do_signal_and_wait(actor *self, operation *op)
{
    ACTOR(self);
    op->count = 1;
    op->signal = pick_handle(self, MODEL_EVENT | MODEL_SEMAPHORE | MODEL_MUTANT);
    op->handles[0] = pick_handle(self, MODEL_ANY);
    grt_addr timeout = random_timeout(self, op);
    op->status = KCALL(NtSignalAndWaitForSingleObjectEx, op->signal, op->handles[0], 1, 0, timeout);
}

/* ---- in guest memory ----------------------------------------------------------------------- */

static const model_kind body_kinds[BODIES] = {MODEL_EVENT,  MODEL_EVENT, MODEL_SEMAPHORE,
                                              MODEL_MUTANT, MODEL_TIMER, MODEL_TIMER};

static grt_addr body_at(uint32_t index)
{
    return DATA_BASE + 0x40 + 0x40 * index;
}

static void make_bodies(actor *self)
{
    ACTOR(self);
    KCALL(KeInitializeEvent, body_at(0), 0, 0);
    KCALL(KeInitializeEvent, body_at(1), 1, 0);
    KCALL(KeInitializeSemaphore, body_at(2), 1, 3);
    KCALL(KeInitializeMutant, body_at(3), 0);
    KCALL(KeInitializeTimerEx, body_at(4), 0, 0);
    KCALL(KeInitializeTimerEx, body_at(5), 1, 0);
}

/* Mostly one of [kinds]. */
static uint32_t pick_body(actor *self, uint32_t kinds)
{
    uint32_t index = random_below(&self->random, BODIES);
    if (random_below(&self->random, 16) == 0)
        return index;
    while (!(body_kinds[index] & kinds))
        index = (index + 1) % BODIES;
    return index;
}

static void do_set_at(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = body_at(pick_body(self, MODEL_EVENT));
    op->previous = (int32_t)KCALL(KeSetEvent, op->handles[0], 0, 0);
}

static void do_pulse_at(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = body_at(pick_body(self, MODEL_EVENT));
    op->previous = (int32_t)KCALL(KePulseEvent, op->handles[0], 0, 0);
}

static void do_release_at(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = body_at(pick_body(self, MODEL_SEMAPHORE));
    op->amount = (int32_t)random_below(&self->random, 4);
    op->previous = (int32_t)KCALL(KeReleaseSemaphore, op->handles[0], 0, (uint32_t)op->amount, 0);
}

static void do_release_mutant_at(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = body_at(pick_body(self, MODEL_MUTANT));
    op->owned = random_below(&self->random, 8) == 0; /* given up for whoever has it */
    op->previous = (int32_t)KCALL(KeReleaseMutant, op->handles[0], 0, op->owned, 0);
}

/* The two timers are not due at the same time: nothing is said about who comes first then. Hence
 * an absolute time; others may run before the call does. */
static void do_arm(actor *self, operation *op)
{
    ACTOR(self);
    uint32_t index = pick_body(self, MODEL_TIMER);
    uint64_t now = op->clock / 100, due = now + 16 + random_below(&self->random, 2000);
    due = (due & ~15ull) + 8 * (index % 2);
    op->handles[0] = body_at(index);
    op->due = op->clock + (due - now) * 100;
    op->amount = (int32_t)(random_below(&self->random, 3) == 0);
    op->previous =
        (int32_t)KCALL(KeSetTimerEx, op->handles[0],
                       grt_kernel_time(ctx->thread->runtime) + due - now, (uint32_t)op->amount, 0);
}

static void do_disarm(actor *self, operation *op)
{
    ACTOR(self);
    op->handles[0] = body_at(pick_body(self, MODEL_TIMER));
    op->previous = (int32_t)KCALL(KeCancelTimer, op->handles[0]);
}

static void do_wait_at(actor *self, operation *op)
{
    ACTOR(self);
    op->count = 1;
    op->handles[0] = body_at(pick_body(self, MODEL_ANY));
    grt_addr timeout = random_timeout(self, op);
    op->status = KCALL(KeWaitForSingleObject, op->handles[0], 0, 1, 0, timeout);
}

static void do_wait_many_at(actor *self, operation *op)
{
    ACTOR(self);
    op->count = 1 + random_below(&self->random, 4);
    op->all = random_below(&self->random, 2);
    for (uint32_t i = 0; i < op->count; i++) {
        op->handles[i] = body_at(pick_body(self, MODEL_ANY));
        poke(base, s + 0x80 + 4 * i, op->handles[i]);
    }
    grt_addr timeout = random_timeout(self, op);
    op->status =
        KCALL(KeWaitForMultipleObjects, op->count, s + 0x80, op->all ? 0 : 1, 0, 1, 0, timeout, 0);
}

/* Not drawn: the main function does it for each of its threads, and a thread at its end. */
static void do_nothing(actor *self, operation *op)
{
    (void)self;
    (void)op;
}

#endif
