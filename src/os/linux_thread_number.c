/*
 * linux_thread_number.c - small numbers for the threads of this process.
 *
 * Process-wide by nature. A thread that ends runs the destructors of its slots in rounds, in any
 * order within one. In the first round a thread's number stops being given out to it, so that no
 * slot is filled any more on its account; those that were filled are left by the second; in the
 * third the number is free. A thread that asks for its number in a late round never sees its third:
 * numbers of threads that are no more are taken back when there are no others.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os_inject.h"

#define ENDING 2u
#define LAST   3u /* rounds; the host runs at least four */

_Thread_local uint32_t os_known_thread_number;
static _Thread_local uintptr_t round_of_thread;
static _Thread_local bool has_none; /* asked, and there was none left */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;
static uint32_t owners[OS_THREADS]; /* host ids; 0: number index + 1 is free */
static uint32_t lowest;             /* no number below this index is free; a hint */

static void end_round(void *value)
{
    (void)value;
    if (round_of_thread++ < LAST && pthread_setspecific(key, &round_of_thread) == 0) {
        return;
    }
    uint32_t index = os_known_thread_number - 1;
    os_known_thread_number = 0;
    __atomic_store_n(&owners[index], 0, __ATOMIC_RELEASE);
    __atomic_store_n(&lowest, 0, __ATOMIC_RELAXED);
}

/* The child has one thread, under a new id; nobody else has a number any more. */
static void in_child(void)
{
    for (uint32_t i = 0; i < OS_THREADS; i++) {
        owners[i] = i + 1 == os_known_thread_number ? (uint32_t)gettid() : 0;
    }
    lowest = 0;
}

static void create_key(void)
{
    key_error = pthread_key_create(&key, end_round);
    if (key_error == 0) {
        key_error = pthread_atfork(NULL, NULL, in_child);
    }
}

/* Takes the number for [id] if [owner] has it now. */
static bool take_from(uint32_t index, uint32_t owner, uint32_t id)
{
    return __atomic_compare_exchange_n(&owners[index], &owner, id, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static uint32_t take_free(uint32_t id)
{
    for (uint32_t i = __atomic_load_n(&lowest, __ATOMIC_RELAXED); i < OS_THREADS; i++) {
        if (__atomic_load_n(&owners[i], __ATOMIC_RELAXED) == 0 && take_from(i, 0, id)) {
            __atomic_store_n(&lowest, i + 1, __ATOMIC_RELAXED);
            return i + 1;
        }
    }
    return 0;
}

static bool is_gone(uint32_t id)
{
    return syscall(SYS_tgkill, getpid(), (pid_t)id, 0) != 0 && errno == ESRCH;
}

static uint32_t take_from_dead(uint32_t id)
{
    int saved = errno;
    uint32_t number = 0;
    for (uint32_t i = 0; i < OS_THREADS && number == 0; i++) {
        uint32_t owner = __atomic_load_n(&owners[i], __ATOMIC_RELAXED);
        if (owner != 0 && owner != id && is_gone(owner) && take_from(i, owner, id)) {
            number = i + 1;
        }
    }
    errno = saved;
    return number;
}

static uint32_t take_number(void)
{
    uint32_t id = (uint32_t)os_thread_id();
    uint32_t number = take_free(id);
    return number != 0 ? number : take_from_dead(id);
}

uint32_t os_thread_number(void)
{
    if (round_of_thread != 0) {
        return round_of_thread < ENDING ? os_known_thread_number : 0;
    }
    (void)pthread_once(&once, create_key);
    if (has_none || key_error != 0 || os_inject_should_fail()) {
        return 0;
    }
    round_of_thread = 1;
    if (pthread_setspecific(key, &round_of_thread) != 0) {
        round_of_thread = 0;
        return 0;
    }
    os_known_thread_number = take_number();
    if (os_known_thread_number == 0) {
        has_none = true;
        (void)pthread_setspecific(key, NULL);
        round_of_thread = 0;
    }
    return os_known_thread_number;
}
