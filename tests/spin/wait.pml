/*
 * wait.pml - how threads wait for objects, and how they are woken.
 *
 * Stands for:
 *   src/thread/park.c   grt_thread_park_begin(), grt_thread_park(), grt_thread_unpark()
 *   src/thread/stop.c   grt_thread_request_stop()
 *   src/kernel/wait.c   grt_wait_locked(), slept_through(), sleep_until_done(),
 *                       grt_object_signalled(), finish()
 *   src/kernel/object.c grt_dispatch_wake(), grt_dispatch_unlock()
 *
 * Left out: APCs and alerts, the order among waiters, which of its objects a wait for all is linked
 * to (here to all of them), what else than counts an object may have, wake-ups without a
 * cause (a waiter that looks again does no harm), and 2^32 wake-ups between two looks at the word.
 *
 * run.sh gives -DSCENARIO=N. Wake-ups come after the lock was released, or with -DWAKE_EARLY, when
 * they are too many to be kept, before.
 * Each -DBREAK_... removes one step; then a property must fail.
 */

#if SCENARIO == 1 /* an auto-reset event is set once, two wait */
#define WAITERS 2
#define ROUNDS  1
#define REQUESTS { mask[0] = 1; mask[1] = 1 }
#define SIGNALS { signal(0) }
#define MAY_TIME_OUT(w) false
#elif SCENARIO == 2 /* a time-out races with the signal; the other waiter must get what is left */
#define WAITERS 2
#define ROUNDS  1
#define REQUESTS { mask[0] = 1; mask[1] = 1 }
#define SIGNALS { signal(0) }
#define MAY_TIME_OUT(w) (w == 0)
#elif SCENARIO == 3 /* one wants both objects, two want one of them */
#define WAITERS 3
#define ROUNDS  1
#define COUNTS  1
#define REQUESTS { mask[0] = 3; all[0] = true; mask[1] = 1; mask[2] = 3 }
#define SIGNALS { signal(0); signal(1); signal(0) }
#define MAY_TIME_OUT(w) (w == 0)
#elif SCENARIO == 4 /* one is asked to stop, and a signal comes at the same time */
#define WAITERS 2
#define ROUNDS  1
#define REQUESTS { mask[0] = 1; mask[1] = 1 }
#define SIGNALS { signal(0) }
#define STOPS   1
#define MAY_TIME_OUT(w) false
#elif SCENARIO == 5 /* two rounds: late wake-ups of the first meet the second; two signallers */
#define WAITERS 2
#define ROUNDS  2
#define COUNTS  1
#define REQUESTS { mask[0] = 1; mask[1] = 3 }
#define SIGNALS { signal(0); signal(1) }
#define SIGNALS_TOO { signal(0) }
#define MAY_TIME_OUT(w) (w == 1)
#endif

#define OBJECTS 2

/* ---- state --------------------------------------------------------------------------------- */

bit lock;
byte state[OBJECTS];
byte mask[WAITERS]; /* the objects that a waiter asks for */
bool all[WAITERS], linked[WAITERS], done[WAITERS];
byte got[WAITERS]; /* what was taken on its behalf */

byte word[WAITERS];
bool asleep[WAITERS], stop[WAITERS];
bool parked[WAITERS]; /* may be asleep */

/* For the properties: what was given, what those who passed say they have. */
byte given[OBJECTS], taken[OBJECTS];
bool ended[WAITERS];

#define LOCK   atomic { lock == 0 -> lock = 1 }
#define UNLOCK lock = 0

#define THERE(w)                                                                                   \
    (all[w] -> ((!(mask[w] & 1) || state[0] > 0) && (!(mask[w] & 2) || state[1] > 0))              \
            : (((mask[w] & 1) && state[0] > 0) || ((mask[w] & 2) && state[1] > 0)))

/* ---- the dispatcher ------------------------------------------------------------------------ */

#ifdef BREAK_TAKE /* who is let through takes nothing */
#define LOWER(o) skip
#else
#define LOWER(o) state[o]--
#endif

inline take(w, o)
{
    LOWER(o);
    got[w] = got[w] | (1 << o)
}

/* try_now(): takes what a waiter asked for, if it is there. The lock makes it one step. */
inline try_now(w, success)
{
    d_step {
        success = false;
        if
        :: THERE(w) ->
            success = true;
            if
            :: (mask[w] & 1) && state[0] > 0 -> take(w, 0)
            :: else -> skip
            fi;
            if
            :: (mask[w] & 2) && state[1] > 0 && (all[w] || got[w] == 0) -> take(w, 1)
            :: else -> skip
            fi
        :: else ->
#ifdef BREAK_ALL /* wait for all takes piece by piece */
            if
            :: all[w] && state[0] > 0 && !(got[w] & 1) -> take(w, 0)
            :: all[w] && state[1] > 0 && !(got[w] & 2) -> take(w, 1)
            :: else -> skip
            fi
#else
            skip
#endif
        fi
    }
}

/* The host is called only when the flag says that somebody may sleep. */
inline unpark(w)
{
#ifdef BREAK_FLAG_FIRST /* looks at the flag before it changes the word */
    flag = parked[w];
    word[w]++;
    if
    :: flag -> asleep[w] = false
    :: else -> skip
    fi
#else
#ifndef BREAK_INCREMENT /* wakes without a change of the word */
    word[w]++;
#endif
#ifndef BREAK_WAKE /* changes the word without waking */
    if
    :: parked[w] -> asleep[w] = false
    :: else -> skip
    fi
#else
    skip
#endif
#endif
}

/* grt_object_signalled(): lets waiters through as far as the state allows. */
inline signal(o)
{
#ifndef BREAK_SIGNAL_LOCK /* the signaller does without the lock */
    LOCK;
#endif
#ifdef COUNTS
    given[o]++;
    state[o]++;
#else
    given[o] = given[o] + 1 - state[o];
    state[o] = 1;
#endif
    w = 0;
    do
    :: w < WAITERS ->
        success = false;
        if
        :: linked[w] && (mask[w] & (1 << o)) && state[o] > 0 -> try_now(w, success)
        :: else -> skip
        fi;
        if
        :: success ->
            linked[w] = false;
#ifdef BREAK_DONE_ORDER /* wakes first and says then what for */
            unpark(w);
            done[w] = true
#else
            done[w] = true;
#ifdef WAKE_EARLY
            unpark(w)
#else
            woken[w] = true
#endif
#endif
        :: else -> skip
        fi;
        w++
    :: else -> break
    od;
#ifndef BREAK_SIGNAL_LOCK
    UNLOCK;
#endif
#ifndef WAKE_EARLY
    w = 0;
    do
    :: w < WAITERS ->
        if
        :: woken[w] -> woken[w] = false; unpark(w)
        :: else -> skip
        fi;
        w++
    :: else -> break
    od;
#endif
    w = 0
}

/* ---- the waiter ---------------------------------------------------------------------------- */

/* The host compares the word and goes to sleep in one step. */
inline park(me)
{
    if
#ifndef BREAK_STOP_LOOK /* nobody looks at the stop request */
    :: stop[me] -> in_time = true
    :: !stop[me] ->
#else
    :: true ->
#endif
#ifndef BREAK_FLAG /* does not say that it goes to sleep */
        parked[me] = true;
#endif
        atomic {
            if
            :: word[me] == token -> asleep[me] = true
            :: else -> skip
            fi
        }
        if
        :: !asleep[me] -> in_time = true
        :: timed && asleep[me] ->
            asleep[me] = false;
            in_time = (word[me] != token)
        fi;
        parked[me] = false
    fi
}

#ifdef BREAK_STOP_LOOK
#define NO_REASON_TO_SLEEP(me) done[me]
#else
#define NO_REASON_TO_SLEEP(me) (done[me] || stop[me])
#endif

/* sleep_until_done(): looks without the lock. */
inline sleep_until_done(me)
{
    do
#ifndef BREAK_TOKEN
    :: token = word[me];
        if
        :: NO_REASON_TO_SLEEP(me) -> break
        :: !NO_REASON_TO_SLEEP(me) -> skip
        fi;
#else /* reads the word only after it has looked */
    :: NO_REASON_TO_SLEEP(me) -> break
    :: !NO_REASON_TO_SLEEP(me) ->
        token = word[me];
#endif
        park(me);
        if
        :: !in_time -> break
        :: else -> skip
        fi
    od
}

/* grt_wait_locked() and slept_through(). */
inline wait_for(me)
{
    timed = false;
    if
    :: MAY_TIME_OUT(me) -> timed = true
    :: true -> skip
    fi;
    in_time = true;
    LOCK;
    done[me] = false;
    got[me] = 0;
    try_now(me, success);
    passed = success;
    if
    :: !success ->
#ifdef BREAK_LINK /* links itself in a second turn of the lock */
        UNLOCK;
        LOCK;
#endif
        linked[me] = true;
        UNLOCK;
        sleep_until_done(me);
        if
        :: done[me] -> passed = true
        :: !done[me] ->
            LOCK;
#ifndef BREAK_LATE_DONE /* does not look again whether it was let through meanwhile */
            passed = done[me];
#endif
#ifndef BREAK_UNLINK /* stays linked when it gives up */
            linked[me] = false;
#endif
            UNLOCK
        fi
    :: else -> UNLOCK
    fi
}

proctype waiter(byte me)
{
    byte token, round;
    bool timed, in_time, success, passed;
    do
    :: round < ROUNDS ->
        wait_for(me);
        d_step {
            if
            :: passed ->
                taken[0] = taken[0] + (got[me] & 1);
                taken[1] = taken[1] + (got[me] >> 1)
            :: else -> skip
            fi;
            round++;
            token = 0;
            in_time = false;
            success = false;
            passed = false
        }
    :: else -> break
    od;
    ended[me] = true
}

proctype signaller()
{
    byte w;
    bool success;
    bool woken[WAITERS];
#ifdef BREAK_FLAG_FIRST
    bool flag;
#endif
    SIGNALS
}

#ifdef SIGNALS_TOO
proctype other_signaller()
{
    byte w;
    bool success;
    bool woken[WAITERS];
#ifdef BREAK_FLAG_FIRST
    bool flag;
#endif
    SIGNALS_TOO
}
#endif

#ifdef STOPS
proctype stopper()
{
#ifdef BREAK_STOP_ORDER /* wakes first and asks then */
    unpark(0);
    stop[0] = true
#else
    stop[0] = true;
    unpark(0)
#endif
}
#endif

/* ---- the properties ------------------------------------------------------------------------ */

/* When nothing can move any more: nobody sleeps on what is there for it, on what was taken for it,
 * or on a stop request; and nothing was lost or made. */
proctype judge()
{
    byte w;
    timeout ->
    do
    :: w < WAITERS ->
        assert(ended[w] || (!THERE(w) && !done[w] && !stop[w]));
        w++
    :: else -> break
    od;
    assert(given[0] == state[0] + taken[0]);
    assert(given[1] == state[1] + taken[1])
}

init {
    byte i;
    atomic {
        REQUESTS;
        do
        :: i < WAITERS -> run waiter(i); i++
        :: else -> break
        od;
        run signaller();
#ifdef SIGNALS_TOO
        run other_signaller();
#endif
#ifdef STOPS
        run stopper();
#endif
        run judge()
    }
}
