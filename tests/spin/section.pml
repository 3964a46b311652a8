/*
 * section.pml - critical sections: the owner word and those who wait for it.
 *
 * Stands for:
 *   src/kernel/section_wait.c   grt_section_wait(), try_turn(), grt_section_pass_on(): linked and
 *                               counted under the lock, then a try in each turn: the first in line
 *                               takes the owner word; handed to one that has lost too often
 *   src/kernel/x_section.c      the short ways: entering by one compare-and-exchange; leaving by an
 *                               exchange for 0, then a look at the count of those who wait
 *   src/thread/park.c           as in wait.pml
 *
 * Left out: recursion, sections that share a count (a wake-up too many does no harm), garbage in
 * the word. The order of the exchange and the reading is that of the program: they are sequentially
 * consistent.
 *
 * With -DFOREVER all but thread 0 enter and leave without end, and thread 0 gets in all the same
 * (LTL, weak fairness). Each -DBREAK_... removes one step; then a property must fail.
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define PATIENCE 1
#define NOBODY   THREADS

byte owner = NOBODY; /* the word */
byte inside;

byte line[THREADS], count; /* those who wait, first come first; [count] is what leaving reads */
bool woken[THREADS], granted[THREADS];
byte lost[THREADS];

byte word[THREADS];
bool asleep[THREADS], stop[THREADS], ended[THREADS];
bool in_zero;

#ifdef FOREVER /* who waits longest gets the lock: the host's is fair enough for that, but not proven */
byte next_ticket, serving;
#define LOCK                                                                                       \
    atomic { ticket = next_ticket; next_ticket = (next_ticket + 1) % 8 }                           \
    serving == ticket
#define UNLOCK serving = (serving + 1) % 8
#else
bit lock;
#define LOCK   atomic { lock == 0 -> lock = 1 }
#define UNLOCK lock = 0
#endif

/* The word wraps: the model's waits are shorter than that. */
inline unpark(t)
{
    word[t] = (word[t] + 1) % 8;
    asleep[t] = false
}

/* Under the lock. One that was woken and has not tried since needs no other wake-up. */
inline wake_first()
{
    if
    :: count > 0 && !woken[line[0]] ->
#ifdef BREAK_WAKE /* the first is marked, but stays asleep */
        woken[line[0]] = true
#else
        woken[line[0]] = true;
        unpark(line[0])
#endif
    :: else -> skip
    fi
}

inline unlink(me)
{
    d_step {
        i = 0;
        do
        :: line[i] == me -> break
        :: else -> i++
        od;
        do
        :: i + 1 < count -> line[i] = line[i + 1]; i++
        :: else -> break
        od;
        count--;
        line[count] = 0;
        i = 0;
        lost[me] = 0;
        woken[me] = false;
        granted[me] = false
    }
}

inline park(me)
{
    if
    :: stop[me] -> skip
    :: !stop[me] ->
        atomic {
            if
            :: word[me] == token -> asleep[me] = true
            :: else -> skip
            fi
        }
        !asleep[me]
    fi
}

/* One try of a waiter, in its turn. */
inline try_turn(me)
{
    LOCK;
    d_step {
        if
        :: woken[me] -> lost[me] = (lost[me] < PATIENCE -> lost[me] + 1 : PATIENCE)
        :: else -> skip
        fi;
#ifndef BREAK_WOKEN /* stays marked as woken: nobody wakes it again */
        woken[me] = false
#endif
    }
    answer = 0;
    if
    :: granted[me] -> answer = 1
    :: !granted[me] && line[0] != me && stop[me] -> answer = 2
    :: !granted[me] && line[0] != me && !stop[me] -> skip
    :: !granted[me] && line[0] == me ->
        if
        :: stop[me] -> answer = 2
        :: atomic { !stop[me] && owner == NOBODY -> owner = me; answer = 1 }
        :: !stop[me] && owner != NOBODY -> skip
        fi
    fi;
    if
    :: answer != 0 -> unlink(me)
    :: else -> skip
    fi;
    if
    :: answer == 2 ->
#ifndef BREAK_PASS_ON /* one that gives up keeps the only wake-up for itself */
        wake_first()
#else
        skip
#endif
    :: else -> skip
    fi;
    UNLOCK
}

inline enter(me)
{
    if
    :: atomic { owner == NOBODY -> owner = me; answer = 1 }
    :: owner != NOBODY ->
        LOCK;
        d_step {
            line[count] = me;
            count++
        }
        UNLOCK;
        do
        :: token = word[me];
#ifdef BREAK_TOKEN
            try_turn(me);
            token = word[me];
#else
            try_turn(me);
#endif
            if
            :: answer != 0 -> break
            :: else -> park(me)
            fi
        od
    fi
}

inline leave(me)
{
#ifdef BREAK_READ_FIRST /* reads the count before the word is free */
    answer = count;
    owner = NOBODY;
    if
    :: answer > 0 -> LOCK; wake_first(); UNLOCK
    :: else -> skip
    fi
#else
    if
    :: count == 0 ->
        owner = NOBODY;
        if
        :: count > 0 -> LOCK; wake_first(); UNLOCK
        :: else -> skip
        fi
    :: count > 0 ->
        LOCK;
        if
#ifndef BREAK_HAND_OVER /* whoever comes first takes it, however often that was another one */
        :: count > 0 && lost[line[0]] >= PATIENCE ->
            d_step {
#ifdef BREAK_GRANT /* says that it is handed over, but leaves the word free */
                owner = NOBODY;
#else
                owner = line[0];
#endif
                granted[line[0]] = true
            }
        :: !(count > 0 && lost[line[0]] >= PATIENCE) -> owner = NOBODY
#else
        :: true -> owner = NOBODY
#endif
        fi;
        wake_first();
        UNLOCK
    fi
#endif
}

proctype thread(byte me)
{
    byte token, answer, round, i, ticket;
    do
    :: round < ROUNDS ->
        enter(me);
        if
        :: answer == 1 ->
            inside++;
            assert(inside == 1 && owner == me);
            in_zero = (me == 0);
            inside--;
            in_zero = false;
            leave(me)
        :: else -> break /* asked to stop */
        fi;
        d_step {
            token = 0;
            answer = 0;
#ifdef FOREVER
            round = (me == 0 -> round + 1 : 0)
#else
            round++
#endif
        }
    :: else -> break
    od;
    ended[me] = true
}

#ifdef STOPS
proctype stopper()
{
    stop[0] = true;
    unpark(0)
}
#endif

#ifdef FOREVER
ltl gets_in { <> in_zero }
#else
/* When nothing can move any more, everybody is through. */
proctype judge()
{
    byte t;
    timeout ->
    do
    :: t < THREADS -> assert(ended[t]); t++
    :: else -> break
    od;
    assert(owner == NOBODY && count == 0)
}
#endif

init {
    byte t;
    atomic {
        do
        :: t < THREADS -> run thread(t); t++
        :: else -> break
        od;
#ifdef STOPS
        run stopper();
#endif
#ifndef FOREVER
        run judge()
#endif
    }
}
