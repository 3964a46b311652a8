/*
 * schedule.c - the baton: who has it, who gets it next, and when time moves.
 *
 * Whoever hands the baton on still has it until it is given to the next: in between nobody runs,
 * so that timers may fire and a deadlock may be reported without a change of the order. It is
 * given under the lock, which keeps the record of the one who gets it alive.
 */
#include "thread/schedule.h"

#include "diag/log.h"
#include "os/assert.h"
#include "thread/internal.h"

#define CLOCK_START_NS 1000000000ull

/* ---- construction -------------------------------------------------------------------------- */

/* Neighbouring seeds must not begin alike, and the generator's state must not be 0. */
static uint64_t mix(uint64_t seed)
{
    seed += 0x9E3779B97F4A7C15ull;
    seed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9ull;
    seed = (seed ^ (seed >> 27)) * 0x94D049BB133111EBull;
    return (seed ^ (seed >> 31)) | 1;
}

grt_status grt_schedule_create(grt_runtime *runtime)
{
    uint64_t seed = runtime->config.schedule_seed;
    if (seed == 0)
        return GRT_OK;
    struct grt_schedule *schedule = os_alloc(sizeof *schedule);
    if (schedule == NULL)
        return GRT_NO_HOST_MEMORY;
    schedule->runtime = runtime;
    schedule->random = mix(seed);
    atomic_init(&schedule->now_ns, CLOCK_START_NS);
    runtime->schedule = schedule;
    grt_log_line(&runtime->config.log, GRT_LOG_INFO, "SCHEDULE",
                 "guest threads run one at a time, in the order of seed %llu",
                 (unsigned long long)seed);
    return GRT_OK;
}

void grt_schedule_destroy(grt_runtime *runtime)
{
    GRT_ASSERT(runtime->schedule == NULL || runtime->schedule->first == NULL);
    os_free(runtime->schedule);
    runtime->schedule = NULL;
}

/* ---- choosing (the lock is held) ----------------------------------------------------------- */

static uint32_t draw_below(struct grt_schedule *schedule, uint32_t bound)
{
    uint64_t x = schedule->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    schedule->random = x;
    return (uint32_t)(((x >> 32) * bound) >> 32);
}

static grt_thread *choose(struct grt_schedule *schedule)
{
    uint32_t ready = 0;
    for (grt_thread *thread = schedule->first; thread != NULL; thread = thread->seat.next)
        ready += thread->seat.state == GRT_SEAT_READY;
    if (ready == 0)
        return NULL;
    uint32_t left = draw_below(schedule, ready);
    grt_thread *chosen = schedule->first;
    while (chosen->seat.state != GRT_SEAT_READY || left-- > 0)
        chosen = chosen->seat.next;
    return chosen;
}

static void give(struct grt_schedule *schedule, grt_thread *thread)
{
    schedule->taken = true;
    schedule->handed++;
    thread->seat.turn_ns = atomic_load(&schedule->now_ns);
    thread->seat.state = GRT_SEAT_RUNNING;
    __atomic_store_n(&thread->seat.turn, 1, __ATOMIC_RELEASE);
    os_wake_all(&thread->seat.turn);
}

/* Somebody outside made a thread ready: it runs at once if nobody else does. */
static void give_if_free(struct grt_schedule *schedule)
{
    if (schedule->taken || schedule->hold != GRT_HOLD_NONE)
        return;
    grt_thread *thread = choose(schedule);
    if (thread != NULL)
        give(schedule, thread);
}

/* Readies those whose time has come. Returns the earliest deadline of the others. */
static uint64_t wake_due(struct grt_schedule *schedule)
{
    uint64_t now = atomic_load(&schedule->now_ns), earliest = UINT64_MAX;
    for (grt_thread *thread = schedule->first; thread != NULL; thread = thread->seat.next) {
        grt_seat *seat = &thread->seat;
        if (seat->state != GRT_SEAT_BLOCKED)
            continue;
        if (seat->deadline_ns <= now) {
            seat->state = GRT_SEAT_READY;
            seat->timed_out = true;
        } else if (seat->deadline_ns < earliest) {
            earliest = seat->deadline_ns;
        }
    }
    return earliest;
}

/* ---- handing over -------------------------------------------------------------------------- */

typedef enum handing { HANDED, AGAIN, DEADLOCK } handing;

/* Nobody is ready. Without a host thread that waits for the guest somebody outside may still wake
 * one; with it, everybody waits for ever. */
static handing rest(struct grt_schedule *schedule, uint64_t next)
{
    if (next != UINT64_MAX && schedule->first != NULL) {
        atomic_store(&schedule->now_ns, next);
        return AGAIN;
    }
    bool deadlock = schedule->first != NULL && schedule->host_waiting > 0 && !schedule->deadlocked;
    schedule->deadlocked |= deadlock;
    schedule->taken = deadlock;
    return deadlock ? DEADLOCK : HANDED;
}

static handing try_hand_over(struct grt_schedule *schedule, uint64_t timers)
{
    if (schedule->hold != GRT_HOLD_NONE) {
        schedule->taken = false;
        return HANDED;
    }
    uint64_t next = wake_due(schedule);
    grt_thread *thread = choose(schedule);
    if (thread == NULL)
        return rest(schedule, next < timers ? next : timers);
    give(schedule, thread);
    return HANDED;
}

/* Fires the kernel's timers that are due. Returns when the next one is. */
static uint64_t run_timers(struct grt_schedule *schedule)
{
    grt_runtime *runtime = schedule->runtime;
    if (runtime->hooks.next_deadline == NULL)
        return UINT64_MAX;
    uint64_t now = atomic_load(&schedule->now_ns);
    if (runtime->hooks.next_deadline(runtime) <= now)
        runtime->hooks.run_due(runtime, now);
    uint64_t next = runtime->hooks.next_deadline(runtime);
    GRT_ASSERT(next > now);
    return next;
}

/* The baton is the caller's: it goes to the next, or to nobody. No lock is held. */
static void hand_over(struct grt_schedule *schedule)
{
    handing done;
    do {
        uint64_t timers = run_timers(schedule);
        os_mutex_lock(&schedule->lock);
        done = try_hand_over(schedule, timers);
        os_mutex_unlock(&schedule->lock);
        if (done == DEADLOCK)
            grt_schedule_report_deadlock(schedule->runtime);
    } while (done != HANDED);
}

static void await_turn(grt_thread *thread)
{
    grt_seat *seat = &thread->seat;
    while (__atomic_load_n(&seat->turn, __ATOMIC_ACQUIRE) == 0)
        os_wait(&seat->turn, 0, UINT64_MAX);
    __atomic_store_n(&seat->turn, 0, __ATOMIC_RELAXED);
    /* What a host thread leaves behind when it ends (its cache of the heap) must be back before
     * anybody else goes on, or addresses would depend on the host's timing. */
    struct grt_schedule *schedule = thread->runtime->schedule;
    if (atomic_exchange(&schedule->ended, false))
        grt_pool_reap(thread->runtime);
}

static void hand_over_and_wait(grt_thread *thread)
{
    struct grt_schedule *schedule = thread->runtime->schedule;
    thread->seat.handed_at = schedule->handed;
    thread->seat.handed_turn_ns = thread->seat.turn_ns;
    hand_over(schedule);
    await_turn(thread);
}

/* ---- a thread's way through it ------------------------------------------------------------- */

void grt_schedule_enrol(grt_thread *thread)
{
    struct grt_schedule *schedule = thread->runtime->schedule;
    if (schedule == NULL)
        return;
    os_mutex_lock(&schedule->lock);
    thread->seat = (grt_seat){
        .state = GRT_SEAT_READY, .host_waiting = thread->foreign, .previous = schedule->last};
    if (schedule->last != NULL)
        schedule->last->seat.next = thread;
    else
        schedule->first = thread;
    schedule->last = thread;
    thread->scheduled = true;
    schedule->host_waiting += thread->seat.host_waiting;
    if (schedule->hold == GRT_HOLD_MAIN_ENDED)
        schedule->hold = GRT_HOLD_NONE;
    give_if_free(schedule);
    os_mutex_unlock(&schedule->lock);
}

void grt_schedule_begin(grt_thread *thread)
{
    if (thread->scheduled)
        await_turn(thread);
}

void grt_schedule_point(grt_thread *thread)
{
    if (!thread->scheduled)
        return;
    struct grt_schedule *schedule = thread->runtime->schedule;
    GRT_ASSERT(thread == grt_thread_current());
    grt_thread_clock_tick(thread->runtime);
    os_mutex_lock(&schedule->lock);
    GRT_ASSERT(thread->seat.state == GRT_SEAT_RUNNING);
    thread->seat.state = GRT_SEAT_READY;
    os_mutex_unlock(&schedule->lock);
    hand_over_and_wait(thread);
}

bool grt_schedule_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns)
{
    struct grt_schedule *schedule = thread->runtime->schedule;
    grt_seat *seat = &thread->seat;
    os_mutex_lock(&schedule->lock);
    GRT_ASSERT(seat->state == GRT_SEAT_RUNNING);
    /* Whoever unparks changes the word first and takes this lock then: it is seen here, or the
     * unparker sees that the thread is blocked. */
    bool woken = __atomic_load_n(&thread->park_word, __ATOMIC_ACQUIRE) != token;
    if (!woken) {
        seat->state = GRT_SEAT_BLOCKED;
        seat->deadline_ns = deadline_ns;
        seat->timed_out = false;
        if (seat->blocked_at == 0) {
            seat->blocked_at = schedule->handed;
            seat->blocked_turn_ns = seat->turn_ns;
        }
    }
    os_mutex_unlock(&schedule->lock);
    if (woken)
        return true;
    hand_over_and_wait(thread);
    return !seat->timed_out;
}

void grt_schedule_wake(grt_thread *thread)
{
    struct grt_schedule *schedule = thread->runtime->schedule;
    os_mutex_lock(&schedule->lock);
    if (thread->seat.state == GRT_SEAT_BLOCKED)
        thread->seat.state = GRT_SEAT_READY;
    give_if_free(schedule);
    os_mutex_unlock(&schedule->lock);
}

static void unlink_seat(struct grt_schedule *schedule, grt_thread *thread)
{
    grt_seat *seat = &thread->seat;
    if (seat->previous != NULL)
        seat->previous->seat.next = seat->next;
    else
        schedule->first = seat->next;
    if (seat->next != NULL)
        seat->next->seat.previous = seat->previous;
    else
        schedule->last = seat->previous;
}

bool grt_schedule_leave(grt_thread *thread)
{
    if (!thread->scheduled)
        return false;
    struct grt_schedule *schedule = thread->runtime->schedule;
    os_mutex_lock(&schedule->lock);
    bool had_turn = thread->seat.state == GRT_SEAT_RUNNING;
    thread->seat.state = GRT_SEAT_NONE;
    unlink_seat(schedule, thread);
    /* Those who waited for it go on: they may wake others. */
    schedule->host_waiting -= thread->seat.host_waiting;
    if (!thread->foreign)
        atomic_store(&schedule->ended, true);
    if (thread == schedule->main) {
        schedule->main = NULL;
        if (!atomic_load(&thread->runtime->stopping))
            schedule->hold = GRT_HOLD_MAIN_ENDED;
    }
    os_mutex_unlock(&schedule->lock);
    return had_turn;
}

void grt_schedule_pass(grt_runtime *runtime)
{
    hand_over(runtime->schedule);
}

/* ---- host threads outside ------------------------------------------------------------------ */

/* Takes the baton if nobody has it, to see who can go on. */
static void look(struct grt_schedule *schedule)
{
    os_mutex_lock(&schedule->lock);
    bool free = !schedule->taken;
    schedule->taken = true;
    os_mutex_unlock(&schedule->lock);
    if (free)
        hand_over(schedule);
}

void grt_schedule_host_begin(grt_thread *awaited)
{
    if (!awaited->scheduled)
        return;
    struct grt_schedule *schedule = awaited->runtime->schedule;
    os_mutex_lock(&schedule->lock);
    bool gone = awaited->seat.state == GRT_SEAT_NONE;
    if (!gone) {
        awaited->seat.host_waiting++;
        schedule->host_waiting++;
        if (schedule->hold == GRT_HOLD_MAIN_ENDED)
            schedule->hold = GRT_HOLD_NONE;
    }
    os_mutex_unlock(&schedule->lock);
    if (!gone)
        look(schedule);
}

void grt_schedule_host_end(grt_thread *awaited)
{
    if (!awaited->scheduled)
        return;
    struct grt_schedule *schedule = awaited->runtime->schedule;
    os_mutex_lock(&schedule->lock);
    if (awaited->seat.state != GRT_SEAT_NONE) {
        awaited->seat.host_waiting--;
        schedule->host_waiting--;
    }
    os_mutex_unlock(&schedule->lock);
}

void grt_schedule_hold_all(grt_runtime *runtime)
{
    struct grt_schedule *schedule = runtime->schedule;
    if (schedule == NULL)
        return;
    os_mutex_lock(&schedule->lock);
    schedule->hold = GRT_HOLD_HOST;
    os_mutex_unlock(&schedule->lock);
}

void grt_schedule_resume(grt_runtime *runtime, grt_thread *main)
{
    struct grt_schedule *schedule = runtime->schedule;
    if (schedule == NULL)
        return;
    os_mutex_lock(&schedule->lock);
    schedule->hold = GRT_HOLD_NONE;
    if (main != NULL)
        schedule->main = main;
    os_mutex_unlock(&schedule->lock);
    look(schedule);
}
