/*
 * linux_thread_number.c - small numbers for the threads of this process.
 *
 * Process-wide by nature. A thread that ends runs the destructors of its slots in rounds, in any
 * order within one. In the first round a thread's number stops being given out to it, so that no
 * slot is filled any more on its account; those that were filled are left by the second; in the
 * third the number is free.
 */
#include "os/os.h"

#include <pthread.h>

#include "os/os_inject.h"

#define WORDS  ((OS_THREADS + 63) / 64)
#define ENDING 2u
#define LAST   3u /* rounds; the host runs at least four */

_Thread_local uint32_t os_known_thread_number;
static _Thread_local uintptr_t round_of_thread;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;
static uint64_t taken[WORDS]; /* bit n: number n + 1 */

static void end_round(void *value)
{
    (void)value;
    if (round_of_thread++ < LAST && pthread_setspecific(key, &round_of_thread) == 0) {
        return;
    }
    uint32_t bit = os_known_thread_number - 1;
    os_known_thread_number = 0;
    __atomic_fetch_and(&taken[bit / 64], ~(UINT64_C(1) << bit % 64), __ATOMIC_ACQ_REL);
}

static void create_key(void)
{
    key_error = pthread_key_create(&key, end_round);
}

/* Takes the lowest free number; 0 if there is none. */
static uint32_t take_number(void)
{
    for (uint32_t bit = 0; bit < OS_THREADS; bit++) {
        uint64_t mask = UINT64_C(1) << bit % 64;
        if ((__atomic_load_n(&taken[bit / 64], __ATOMIC_RELAXED) & mask) == 0 &&
            (__atomic_fetch_or(&taken[bit / 64], mask, __ATOMIC_ACQ_REL) & mask) == 0) {
            return bit + 1;
        }
    }
    return 0;
}

uint32_t os_thread_number(void)
{
    if (round_of_thread != 0) {
        return round_of_thread < ENDING ? os_known_thread_number : 0;
    }
    (void)pthread_once(&once, create_key);
    if (key_error != 0 || os_inject_should_fail()) {
        return 0;
    }
    round_of_thread = 1;
    if (pthread_setspecific(key, &round_of_thread) != 0) {
        round_of_thread = 0;
        return 0;
    }
    os_known_thread_number = take_number();
    if (os_known_thread_number == 0) {
        (void)pthread_setspecific(key, NULL);
        round_of_thread = 0;
    }
    return os_known_thread_number;
}
