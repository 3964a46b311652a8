/*
 * test_kernel_model.c - Goal: the kernel's objects and waits do what a model of a few lines says.
 * Method: threads do random operations under the seeded scheduler, which also tells in which order
 * they took effect; afterwards the model does them in that order, and every status, previous value
 * and index must be the same.
 *
 * To add an operation: a row in OPERATIONS, a function that does it on a guest thread, one that
 * does it on the model.
 *
 * GUESTRT_SEED=N runs the odd seeds from N on, GUESTRT_OPERATIONS=N only the first N operations of
 * each run: what comes first is the same. A run that fails is repeated with fewer threads, slots
 * and operations as long as it fails, and the shortest one is printed.
 */
#include "kernel_actions.h"

#define RUNS    (UNDER_TSAN || UNDER_ASAN ? 60u : 400u)
#define EACH    60u /* operations of a thread */
#define RESCUES 60u /* times that the main function looks after those that wait */

static model judge;

/* ---- the same on the model ----------------------------------------------------------------- */

/* Each returns the status, and the previous value where there is one. */
static uint32_t opened(operation *op, model_object *made, model_kind kind)
{
    model_object *object = model_named(&judge, op->name);
    uint32_t status = object == NULL || object == made ? GRT_NT_SUCCESS
                      : object->kind == kind           ? GRT_NT_OBJECT_NAME_EXISTS
                                                       : GRT_NT_OBJECT_NAME_COLLISION;
    if (status != GRT_NT_OBJECT_NAME_COLLISION)
        model_open(&judge, object == NULL ? made : object, op->handle);
    return status;
}

static uint32_t model_event(operation *op, int32_t *previous)
{
    (void)previous;
    model_object *event = model_new(&judge, MODEL_EVENT, op->name, op->amount);
    event->auto_reset = op->auto_reset;
    return opened(op, event, MODEL_EVENT);
}

static uint32_t model_semaphore(operation *op, int32_t *previous)
{
    (void)previous;
    if (op->limit <= 0 || op->amount < 0 || op->amount > op->limit)
        return GRT_NT_INVALID_PARAMETER;
    model_object *semaphore = model_new(&judge, MODEL_SEMAPHORE, op->name, op->amount);
    semaphore->limit = op->limit;
    return opened(op, semaphore, MODEL_SEMAPHORE);
}

static uint32_t model_mutant(operation *op, int32_t *previous)
{
    (void)previous;
    model_object *mutant = model_new(&judge, MODEL_MUTANT, op->name, 1);
    uint32_t status = opened(op, mutant, MODEL_MUTANT);
    if (op->owned && status == GRT_NT_SUCCESS)
        model_own(&judge, mutant, op->thread);
    return status;
}

static uint32_t model_duplicate(operation *op, int32_t *previous)
{
    (void)previous;
    uint32_t status;
    model_object *object = model_of(&judge, op->handles[0], MODEL_ANY, &status);
    if (object == NULL)
        return status;
    model_open(&judge, object, op->handle);
    return op->close_source ? model_close(&judge, op->handles[0]) : status;
}

static uint32_t model_closing(operation *op, int32_t *previous)
{
    (void)previous;
    return model_close(&judge, op->handles[0]);
}

static uint32_t model_set(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *event = model_of(&judge, op->handles[0], MODEL_EVENT, &status);
    if (event == NULL)
        return status;
    *previous = event->state;
    event->state = 1;
    model_signalled(&judge, event);
    return status;
}

static uint32_t model_clear(operation *op, int32_t *previous)
{
    uint32_t status;
    (void)previous;
    model_object *event = model_of(&judge, op->handles[0], MODEL_EVENT, &status);
    if (event != NULL)
        event->state = 0;
    return status;
}

static uint32_t model_pulse(operation *op, int32_t *previous)
{
    uint32_t status = model_set(op, previous);
    int32_t ignored;
    return status == GRT_NT_SUCCESS ? model_clear(op, &ignored) : status;
}

static uint32_t model_release(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *semaphore = model_of(&judge, op->handles[0], MODEL_SEMAPHORE, &status);
    if (semaphore == NULL)
        return status;
    if (op->amount <= 0)
        return GRT_NT_INVALID_PARAMETER;
    if (semaphore->state + op->amount > semaphore->limit)
        return GRT_NT_SEMAPHORE_LIMIT_EXCEEDED;
    *previous = semaphore->state;
    semaphore->state += op->amount;
    model_signalled(&judge, semaphore);
    return status;
}

static uint32_t model_release_mutant(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *mutant = model_of(&judge, op->handles[0], MODEL_MUTANT, &status);
    if (mutant == NULL)
        return status;
    if (mutant->owner != op->thread + 1u)
        return GRT_NT_MUTANT_NOT_OWNED;
    *previous = 1 - (int32_t)mutant->depth;
    if (--mutant->depth == 0)
        model_free_mutant(&judge, mutant);
    return status;
}

static uint32_t model_waiting(operation *op, int32_t *previous)
{
    (void)previous;
    return model_wait_begin(&judge, op->thread, op->handles, op->count, op->all, op->units == 0);
}

static uint32_t model_signal(operation *op, model_object *object)
{
    int32_t ignored;
    operation signal = *op;
    signal.handles[0] = op->signal;
    signal.amount = 1;
    return object->kind == MODEL_EVENT       ? model_set(&signal, &ignored)
           : object->kind == MODEL_SEMAPHORE ? model_release(&signal, &ignored)
                                             : model_release_mutant(&signal, &ignored);
}

static uint32_t model_signalling(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *object =
        model_of(&judge, op->signal, MODEL_EVENT | MODEL_SEMAPHORE | MODEL_MUTANT, &status);
    if (object != NULL && model_of(&judge, op->handles[0], MODEL_ANY, &status) != NULL)
        status = model_signal(op, object);
    return status == GRT_NT_SUCCESS ? model_waiting(op, previous) : status;
}

/* Of objects in guest memory: no status, but a previous value of 0 where the kind is wrong. */
static uint32_t model_set_at(operation *op, int32_t *previous)
{
    *previous = 0;
    model_set(op, previous);
    return GRT_NT_SUCCESS;
}

static uint32_t model_pulse_at(operation *op, int32_t *previous)
{
    *previous = 0;
    model_pulse(op, previous);
    return GRT_NT_SUCCESS;
}

static uint32_t model_release_at(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *semaphore = model_of(&judge, op->handles[0], MODEL_SEMAPHORE, &status);
    *previous = semaphore != NULL ? semaphore->state : 0; /* also of a refused call */
    model_release(op, previous);
    return GRT_NT_SUCCESS;
}

static uint32_t model_release_mutant_at(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *mutant = model_of(&judge, op->handles[0], MODEL_MUTANT, &status);
    *previous = 0;
    if (mutant == NULL)
        return GRT_NT_SUCCESS;
    *previous = 1 - (int32_t)mutant->depth;
    if (!op->owned) {
        model_release_mutant(op, previous);
        return GRT_NT_SUCCESS;
    }
    mutant->abandoned = true;
    if (mutant->owner != 0)
        model_free_mutant(&judge, mutant);
    return GRT_NT_SUCCESS;
}

static uint32_t model_arm(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *timer = model_of(&judge, op->handles[0], MODEL_TIMER, &status);
    *previous = timer != NULL && timer->armed;
    if (timer == NULL)
        return GRT_NT_SUCCESS;
    timer->armed = true;
    timer->state = 0;
    timer->due = op->due > op->ns ? op->due : op->ns;
    timer->period = (uint64_t)op->amount * 1000000;
    if (timer->due == op->ns)
        model_fire(&judge, timer);
    return GRT_NT_SUCCESS;
}

static uint32_t model_disarm(operation *op, int32_t *previous)
{
    uint32_t status;
    model_object *timer = model_of(&judge, op->handles[0], MODEL_TIMER, &status);
    *previous = timer != NULL && timer->armed;
    if (timer != NULL)
        timer->armed = false;
    return GRT_NT_SUCCESS;
}

static uint32_t model_bodies(operation *op, int32_t *previous)
{
    (void)previous;
    for (uint32_t i = 0; i < BODIES; i++) {
        int32_t state = body_kinds[i] == MODEL_SEMAPHORE || body_kinds[i] == MODEL_MUTANT;
        model_object *object = model_new(&judge, body_kinds[i], 0, state);
        object->limit = 3;
        object->auto_reset = i == 1 || i == 5;
        model_open(&judge, object, body_at(i));
    }
    return op->status;
}

static uint32_t model_fine(operation *op, int32_t *previous)
{
    (void)previous;
    return op->status;
}

static uint32_t model_new_thread(operation *op, int32_t *previous)
{
    (void)previous;
    model_open(&judge, model_new(&judge, MODEL_THREAD, 0, 0), op->handle);
    return op->status;
}

static uint32_t model_end(operation *op, int32_t *previous)
{
    (void)previous;
    /* The objects of the threads are the first ones; nobody has the main thread's. */
    model_thread_ended(&judge, op->thread, op->thread > 0 ? &judge.objects[op->thread - 1] : NULL);
    return op->status;
}

/* ---- the operations ------------------------------------------------------------------------ */

#define OPERATIONS(X)                                                                              \
    X(3, "NtCreateEvent", do_event, model_event, false)                                            \
    X(2, "NtCreateSemaphore", do_semaphore, model_semaphore, false)                                \
    X(2, "NtCreateMutant", do_mutant, model_mutant, false)                                         \
    X(1, "NtDuplicateObject", do_duplicate, model_duplicate, false)                                \
    X(2, "NtClose", do_close, model_closing, false)                                                \
    X(8, "NtSetEvent", do_set, model_set, true)                                                    \
    X(3, "NtPulseEvent", do_pulse, model_pulse, true)                                              \
    X(2, "NtClearEvent", do_clear, model_clear, false)                                             \
    X(7, "NtReleaseSemaphore", do_release, model_release, true)                                    \
    X(7, "NtReleaseMutant", do_release_mutant, model_release_mutant, true)                         \
    X(12, "NtWaitForSingleObjectEx", do_wait, model_waiting, false)                                \
    X(12, "NtWaitForMultipleObjectsEx", do_wait_many, model_waiting, false)                        \
    X(3, "KeDelayExecutionThread", do_sleep, model_fine, false)                                    \
    X(4, "NtSignalAndWaitForSingleObjectEx", do_signal_and_wait, model_signalling, false)          \
    X(3, "KeSetEvent", do_set_at, model_set_at, true)                                              \
    X(2, "KePulseEvent", do_pulse_at, model_pulse_at, true)                                        \
    X(3, "KeReleaseSemaphore", do_release_at, model_release_at, true)                              \
    X(3, "KeReleaseMutant", do_release_mutant_at, model_release_mutant_at, true)                   \
    X(4, "KeSetTimerEx", do_arm, model_arm, true)                                                  \
    X(1, "KeCancelTimer", do_disarm, model_disarm, true)                                           \
    X(6, "KeWaitForSingleObject", do_wait_at, model_waiting, false)                                \
    X(6, "KeWaitForMultipleObjects", do_wait_many_at, model_waiting, false)                        \
    X(0, "bodies", do_nothing, model_bodies, false)                                                \
    X(0, "ExCreateThread", do_nothing, model_new_thread, false)                                    \
    X(0, "the end", do_nothing, model_end, false)

typedef struct kind {
    uint32_t weight;
    const char *name;
    void (*act)(actor *self, operation *op);
    uint32_t (*judge)(operation *op, int32_t *previous);
    bool has_previous;
} kind;

static const kind kinds[] = {
#define X(weight, name, act, judge, has_previous) {weight, name, act, judge, has_previous},
    OPERATIONS(X)
#undef X
};

#define KINDS        (sizeof kinds / sizeof *kinds)
#define MAKES_BODIES (KINDS - 3)
#define MAKES_THREAD (KINDS - 2)
#define ENDS         (KINDS - 1)

static uint8_t random_kind(actor *self)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < KINDS; i++)
        total += kinds[i].weight;
    uint32_t at = random_below(&self->random, total);
    uint8_t what = 0;
    while (at >= kinds[what].weight)
        at -= kinds[what++].weight;
    return what;
}

/* A record, filled before the call so that it is there if the call does not come back. */
static operation *begin_operation(actor *self, uint8_t what)
{
    bool drawn = kinds[what].weight > 0;
    if (world.count >= RECORDED || (drawn && world.drawn >= world.limit))
        return NULL;
    world.drawn += drawn;
    operation *op = &world.operations[world.count++];
    *op = (operation){.what = what, .thread = (uint8_t)self->thread};
    op->clock = grt_thread_clock_ns(self->ctx->thread->runtime);
    return op;
}

static bool act(actor *self, uint8_t what)
{
    operation *op = begin_operation(self, what);
    if (op == NULL)
        return false;
    grt_thread *thread = self->ctx->thread;
    thread->seat.blocked_at = 0;
    kinds[what].act(self, op);
    op->began_at = thread->seat.blocked_at;
    op->at = thread->seat.handed_at;
    op->began_ns = thread->seat.blocked_turn_ns;
    op->ns = thread->seat.handed_turn_ns;
    op->clock_at = grt_thread_clock_ns(thread->runtime);
    op->finished = true;
    return true;
}

static void tell_end(actor *self)
{
    operation *op = begin_operation(self, ENDS);
    op->at = self->ctx->thread->runtime->schedule->handed;
    op->ns = self->ctx->thread->seat.turn_ns; /* timers that were due then came before */
    op->finished = true;
    world.gone[self->thread] = true;
    world.ended++;
}

static actor make_actor(grt_ppc *ctx, uint8_t *base, uint32_t thread)
{
    world.running[thread] = ctx->thread;
    return (actor){ctx, base, (world.seed + 1) * 0x9E3779B97F4A7C15ull + thread * 7919 + 1, thread};
}

static void worker(grt_ppc *ctx, uint8_t *base)
{
    actor self = make_actor(ctx, base, (uint32_t)ctx->r[3]);
    uint32_t steps = EACH / 2 + random_below(&self.random, EACH / 2);
    for (uint32_t i = 0; i < steps && act(&self, random_kind(&self)); i++) {
    }
    tell_end(&self);
}

static void make_threads(actor *self)
{
    ACTOR(self);
    for (uint32_t i = 1; i < world.threads; i++) {
        operation *op = begin_operation(self, MAKES_THREAD);
        uint32_t status = KCALL(ExCreateThread, s, 0, 0, 0, FN(1), i, GRT_THREAD_SUSPENDED);
        CHECK_EQUAL(status, GRT_NT_SUCCESS);
        world.thread_handles[i] = peek(base, s);
        op->handle = world.thread_handles[i];
        op->at = ctx->thread->seat.handed_at;
        op->finished = true;
    }
}

static void make_objects(actor *self)
{
    make_bodies(self);
    operation *op = begin_operation(self, MAKES_BODIES);
    op->at = self->ctx->thread->seat.handed_at;
    op->finished = true;
}

/* Everybody else has ended or waits: nobody is in the middle of a call whose record would be
 * missing when this thread ends and all others are left where they are. */
static bool all_are_quiet(void)
{
    for (uint32_t i = 1; i < world.threads; i++) {
        if (!world.gone[i] &&
            (!world.running[i] || world.running[i]->seat.state != GRT_SEAT_BLOCKED))
            return false;
    }
    return true;
}

/* Works, and wakes those that would wait for ever, as far as handles are left to do it with. */
static void main_function(grt_ppc *ctx, uint8_t *base)
{
    actor self = make_actor(ctx, base, 0);
    make_threads(&self);
    make_objects(&self);
    for (uint32_t i = 0; i < world.slots; i++)
        act(&self, (uint8_t)(i % 3)); /* one of each kind that there is */
    for (uint32_t i = 1; i < world.threads; i++)
        KCALL(NtResumeThread, world.thread_handles[i], 0);
    for (uint32_t i = 0; i < RESCUES && world.ended + 1 < world.threads; i++) {
        sleep_for(ctx, base, -3000);
        for (uint32_t slot = 0; slot < world.slots; slot++)
            act(&self, random_kind(&self));
    }
    for (uint32_t i = 0; i < RECORDED * 100 && !all_are_quiet(); i++)
        KCALL0(NtYieldExecution);
    tell_end(&self);
}

/* ---- judging ------------------------------------------------------------------------------- */

/* What happened at one moment: an operation, or the beginning of a wait. */
typedef struct moment {
    uint64_t at;
    operation *op;
    bool begins;
} moment;

static moment moments[2 * RECORDED];

static int compare_moments(const void *left, const void *right)
{
    uint64_t a = ((const moment *)left)->at, b = ((const moment *)right)->at;
    return (a > b) - (a < b);
}

static uint32_t collect_moments(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world.count; i++) {
        operation *op = &world.operations[i];
        if (op->began_at != 0)
            moments[count++] = (moment){op->began_at, op, true};
        if (op->finished)
            moments[count++] = (moment){op->at, op, false};
    }
    qsort(moments, count, sizeof *moments, compare_moments);
    return count;
}

static void print_operation(const operation *op, uint64_t at)
{
    fprintf(stderr, "%6llu at %llu, thread %u %s", (unsigned long long)at,
            (unsigned long long)(at == op->at ? op->ns : op->began_ns), op->thread,
            kinds[op->what].name);
    for (uint32_t i = 0; i < (op->count > 0 ? op->count : 1); i++)
        fprintf(stderr, " %08X", (unsigned)op->handles[i]);
    fprintf(stderr,
            " all %d amount %d limit %d name %u owned %d units %lld due %llu -> %08X %08X %d%s\n",
            op->all, (int)op->amount, (int)op->limit, (unsigned)op->name, op->owned,
            (long long)op->units, (unsigned long long)op->due, (unsigned)op->status,
            (unsigned)op->handle, (int)op->previous, op->finished ? "" : " (not back)");
}

static bool complain(uint32_t count, uint32_t index, const char *what, uint64_t wanted)
{
    if (world.quiet)
        return false;
    for (uint32_t i = 0; i <= index && i < count; i++) {
        if (moments[i].begins)
            fprintf(stderr, "begins: ");
        print_operation(moments[i].op, moments[i].at);
    }
    fprintf(stderr,
            "%s, by the model %llX; GUESTRT_SEED=%llu GUESTRT_OPERATIONS=%u, %u threads, "
            "%u slots\n",
            what, (unsigned long long)wanted, (unsigned long long)world.seed, (unsigned)world.limit,
            (unsigned)world.threads, (unsigned)world.slots);
    return false;
}

/* A wait that timed out did not do so early. */
static bool in_time(const operation *op)
{
    return op->units == 1 || op->status != GRT_NT_TIMEOUT ||
           op->clock_at >= op->clock + (uint64_t)-op->units * 100;
}

static bool is_wait(const operation *op)
{
    return kinds[op->what].judge == model_waiting || kinds[op->what].judge == model_signalling;
}

static bool judge_moment(uint32_t count, uint32_t i)
{
    operation *op = moments[i].op;
    int32_t previous = op->previous;
    uint32_t wanted;
    model_time(&judge, moments[i].begins ? op->began_ns : op->ns);
    if (op->began_at != 0 && is_wait(op) && !moments[i].begins)
        wanted = model_wait_end(&judge, op->thread);
    else if (moments[i].begins && !is_wait(op))
        return true; /* sleeps */
    else
        wanted = kinds[op->what].judge(op, &previous);
    if (moments[i].begins)
        return wanted == MODEL_WAITS || complain(count, i, "a thread waits", wanted);
    if (wanted != op->status)
        return complain(count, i, "the status differs", wanted);
    if (!in_time(op))
        return complain(count, i, "too early", 0);
    if (judge.wrong_handle)
        return complain(count, i, "a handle that is open was given again", op->handle);
    if (kinds[op->what].has_previous && wanted == GRT_NT_SUCCESS && previous != op->previous)
        return complain(count, i, "the previous value differs", (uint32_t)previous);
    return true;
}

/* Whoever waits still must not have been let through. */
static bool judge_end(uint32_t count)
{
    for (uint32_t i = 0; i < world.count; i++) {
        const operation *op = &world.operations[i];
        if (op->finished || op->began_at == 0 || !is_wait(op)) /* sleepers wait for nothing */
            continue;
        const grt_thread *thread = world.running[op->thread];
        if (thread->seat.state == GRT_SEAT_BLOCKED && judge.waits[op->thread].done)
            return complain(count, count, "a wake-up was lost", judge.waits[op->thread].result);
    }
    return true;
}

static bool judge_run(void)
{
    memset(&judge, 0, sizeof judge);
    uint32_t count = collect_moments();
    for (uint32_t i = 0; i < count; i++) {
        if (!judge_moment(count, i))
            return false;
    }
    return judge_end(count);
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* Those that wait at the end began to at some moment, too. */
static void close_records(void)
{
    for (uint32_t i = 0; i < world.count; i++) {
        operation *op = &world.operations[i];
        if (op->finished)
            continue;
        op->began_at = world.running[op->thread]->seat.blocked_at;
        op->began_ns = world.running[op->thread]->seat.blocked_turn_ns;
    }
}

static bool run(uint64_t seed, uint32_t threads, uint32_t slots, uint32_t limit)
{
    static fixture fix;
    grt_ppc_function *const functions[] = {main_function, worker};
    grt_runtime_config config = quiet_seeded_config(seed);
    uint32_t code;
    config.log.level = GRT_LOG_ERROR;
    bool quiet = world.quiet;
    memset(&world, 0, sizeof world);
    world.quiet = quiet;
    world.seed = seed;
    world.threads = threads;
    world.slots = slots;
    world.limit = limit;
    kernel_create(&fix, &config, functions, 2);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
    close_records();
    bool good = judge_run() && atomic_load(&check_failures) == 0;
    fixture_destroy(&fix);
    return good;
}

/* The smallest run of this seed that fails, said in full. */
static void shrink(uint64_t seed)
{
    world.quiet = true;
    for (uint32_t threads = 2; threads <= THREADS; threads++) {
        for (uint32_t slots = 2; slots <= SLOTS; slots += 2) {
            if (run(seed, threads, slots, RECORDED))
                continue;
            uint32_t limit = 1;
            while (run(seed, threads, slots, limit))
                limit++;
            world.quiet = false;
            run(seed, threads, slots, limit);
            return;
        }
    }
}

/* Threads and slots follow from the seed as well, so that it alone repeats a run. */
static bool run_seed(uint64_t seed, uint32_t limit)
{
    uint32_t threads = 2 + (uint32_t)(seed % (THREADS - 1));
    return run(seed, threads, 2 + (uint32_t)(seed / THREADS % (SLOTS - 1)), limit);
}

static uint32_t wanted_limit(void)
{
    const char *text = getenv("GUESTRT_OPERATIONS");
    return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : RECORDED;
}

static void test_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    uint32_t limit = wanted_limit();
    uint64_t total = 0;
    for (uint32_t i = 0; i < RUNS; i++) {
        if (!run_seed(seed + 2 * i, limit)) {
            shrink(seed + 2 * i);
            fail();
        }
        total += world.drawn;
    }
    printf("%llu operations in %u runs\n", (unsigned long long)total, RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
