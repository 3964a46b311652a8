/*
 * single_step.h - stops the calling thread before its n-th machine instruction, so that others can
 * do something just then: what happens at every moment of a call is tried, not what happens to
 * happen.
 *
 * A signal handler runs at that instruction: it must be content with what such a handler may do.
 * Only where single_step_available is 1; the thread sanitizer does not bear it. Who includes this
 * defines _GNU_SOURCE.
 */
#ifndef SINGLE_STEP_H
#define SINGLE_STEP_H

#if defined(__SANITIZE_THREAD__)
#    define SINGLE_STEP_TSAN 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define SINGLE_STEP_TSAN 1
#    endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(SINGLE_STEP_TSAN)
#    define single_step_available 1

#    include <errno.h>
#    include <signal.h>
#    include <stdatomic.h>
#    include <stdbool.h>
#    include <ucontext.h>

static atomic_int single_step_left;
static void (*single_step_then)(void);
static struct sigaction single_step_before;

static void single_step_trap(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    int saved = errno;
    if (atomic_fetch_sub(&single_step_left, 1) == 1) {
        single_step_then();
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x100ll;
    }
    errno = saved;
}

/* [then] runs when a thread stops. */
static void single_step_install(void (*then)(void))
{
    struct sigaction action = {.sa_sigaction = single_step_trap, .sa_flags = SA_SIGINFO};
    single_step_then = then;
    sigaction(SIGTRAP, &action, &single_step_before);
}

static void single_step_remove(void)
{
    sigaction(SIGTRAP, &single_step_before, NULL);
}

/* The processor's trap flag: on until the [step]th instruction, or until it is off. */
static void single_step_on(int step)
{
    atomic_store(&single_step_left, step);
    __asm__ volatile(
        "leaq -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp" ::
            : "memory", "cc");
}

/* True iff the thread was stopped. */
static bool single_step_off(void)
{
    __asm__ volatile(
        "leaq -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp" ::
            : "memory", "cc");
    return atomic_load(&single_step_left) <= 0;
}

#else
#    define single_step_available 0
#endif

#endif
