/* spin.c - taking and giving back a spin lock when it is not plainly free. */
#include "kernel/spin.h"

#include "kernel/state.h"

/* Rounds of a thread that spins: first it only tries, then it gives its processor away in between,
 * then it sleeps, for longer and longer. */
#define ROUNDS_TRYING   64u
#define ROUNDS_YIELDING 128u
#define SLEEP_LEAST_NS  50000u
#define SLEEP_MOST_NS   1000000u
/* It looks for the reason when it first sleeps, and whenever it has slept so many times more. */
#define ROUNDS_PER_LOOK 256u
/* A lock that was not freed for that many rounds, a second or so, is worth a line anyway. */
#define ROUNDS_LONG (ROUNDS_YIELDING + 4 * ROUNDS_PER_LOOK)

static bool refuse(grt_call *call, grt_addr lock)
{
    if (lock % 4 != 0)
        grt_call_complain(call, "spin lock 0x%08X is not at a multiple of 4 and is not used",
                          (unsigned)lock);
    else
        grt_call_complain(call, "lock leads to 0x%08X, which cannot be written", (unsigned)lock);
    return false;
}

/* ---- why it takes so long ------------------------------------------------------------------ */

/* The thread whose PCR it is, with a reference, or null. All threads of a runtime have their PCR at
 * the same distance from their KTHREAD. */
static grt_thread *find_pcr(grt_call *call, uint32_t pcr)
{
    return grt_thread_find_kthread(call->runtime,
                                   pcr + (call->thread->kthread - call->thread->pcr));
}

static bool say_owner(grt_call *call, grt_addr lock, const grt_thread *owner, bool long_since)
{
    bool suspended = atomic_load(&owner->suspend_count) != 0;
    if (!suspended && !long_since)
        return false;
    char place[96];
    grt_call_place(call->runtime, __atomic_load_n(&owner->call_site, __ATOMIC_RELAXED), place,
                   sizeof place);
    grt_call_complain(call, "spins on 0x%08X owned by thread %u, %s %s", (unsigned)lock,
                      (unsigned)owner->id,
                      suspended ? "suspended at" : "for long; that last called from", place);
    return true;
}

typedef struct spinning {
    uint32_t round;
    bool said;
} spinning;

/* Says once what is in the way; frees the lock when nobody can have it. */
static void look(grt_call *call, grt_addr lock, uint32_t word, spinning *state)
{
    if (word == call->thread->pcr) {
        if (!state->said)
            grt_call_complain(call, "spins on 0x%08X, which it has itself: for ever",
                              (unsigned)lock);
        state->said = true;
        return;
    }
    uint32_t found;
    grt_thread *owner = find_pcr(call, word);
    if (owner && !grt_thread_has_ended(owner)) {
        state->said = state->said || say_owner(call, lock, owner, state->round >= ROUNDS_LONG);
    } else if (!atomic_load(&call->runtime->stopping) &&
               grt_guest_exchange32(call->runtime, lock, word, 0, &found) && found == word) {
        grt_call_complain(call,
                          "spin lock 0x%08X is 0x%08X, which is no living thread's PCR: it was "
                          "never initialised, or overwritten, and is taken as free",
                          (unsigned)lock, (unsigned)word);
    }
    grt_thread_release(owner);
}

static void rest(grt_call *call, uint32_t round)
{
    if (round < ROUNDS_TRYING)
        return;
    grt_thread_check_stop(call->thread);
    if (round < ROUNDS_YIELDING) {
        grt_thread_yield(call->thread);
        return;
    }
    uint64_t sleep = (uint64_t)SLEEP_LEAST_NS
                     << (round - ROUNDS_YIELDING < 5 ? round - ROUNDS_YIELDING : 5);
    uint32_t token = grt_thread_park_begin(call->thread);
    grt_thread_park(call->thread, token,
                    grt_thread_clock_ns(call->runtime) +
                        (sleep < SLEEP_MOST_NS ? sleep : SLEEP_MOST_NS));
}

static bool is_time_to_look(uint32_t round)
{
    return round >= ROUNDS_YIELDING && (round - ROUNDS_YIELDING) % ROUNDS_PER_LOOK == 0;
}

void grt_spin_take(grt_call *call, grt_addr lock)
{
    uint32_t self = call->thread->pcr, found;
    for (spinning state = {0, false};; state.round++) {
        if (!grt_guest_exchange32(call->runtime, lock, 0, self, &found)) {
            refuse(call, lock);
            return;
        }
        if (found == 0)
            return;
        if (is_time_to_look(state.round))
            look(call, lock, found, &state);
        rest(call, state.round);
    }
}

bool grt_spin_try(grt_call *call, grt_addr lock)
{
    uint32_t found;
    if (!grt_guest_exchange32(call->runtime, lock, 0, call->thread->pcr, &found))
        return refuse(call, lock);
    return found == 0;
}

void grt_spin_give(grt_call *call, grt_addr lock)
{
    uint32_t found, self = call->thread->pcr;
    if (!grt_guest_exchange32(call->runtime, lock, self, 0, &found)) {
        refuse(call, lock);
        return;
    }
    if (found == self)
        return;
    grt_thread *owner = found ? find_pcr(call, found) : NULL;
    if (found == 0)
        grt_call_complain(call, "spin lock 0x%08X is not taken", (unsigned)lock);
    else if (owner)
        grt_call_complain(call, "spin lock 0x%08X belongs to thread %u", (unsigned)lock,
                          (unsigned)owner->id);
    else
        grt_call_complain(call, "spin lock 0x%08X is 0x%08X, which is no thread's PCR",
                          (unsigned)lock, (unsigned)found);
    grt_thread_release(owner);
}
