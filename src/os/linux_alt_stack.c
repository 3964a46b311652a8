/*
 * linux_alt_stack.c - the stack on which a thread handles its faults.
 *
 * A thread whose own stack has overflowed has no room for a handler. The alternate stack is large
 * enough to write a report on, and has an inaccessible page below it.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "os/assert.h"
#include "os/linux_signal.h"
#include "os/os_inject.h"

#define ALT_STACK_SIZE ((size_t)256 << 10)

/* What the calling thread had before it entered. */
static _Thread_local struct {
    unsigned entered;
    void *mapping; /* guard page, then stack */
    size_t size;
    stack_t previous;
    sigset_t mask;
} own;

static size_t alt_stack_size(void)
{
    size_t page = os_page_size();
    size_t least = (size_t)SIGSTKSZ; /* grows with the vector registers of the machine */
    size_t size = ALT_STACK_SIZE + least;
    return (size + page - 1) / page * page;
}

static const int signals_used[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, OS_INTERRUPT_SIGNAL};

static void unblock_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals_used / sizeof *signals_used; i++) {
        sigaddset(&set, signals_used[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, &own.mask);
}

static stack_t alt_stack(void)
{
    size_t guard = os_page_size();
    return (stack_t){.ss_sp = (char *)own.mapping + guard, .ss_size = own.size - guard};
}

static int map_alt_stack(void)
{
    size_t guard = os_page_size();
    size_t size = alt_stack_size();
    int error = os_reserve(0, guard + size, &own.mapping);
    if (error != 0) {
        return error;
    }
    own.size = guard + size;
    stack_t stack = alt_stack();
    error = os_commit(stack.ss_sp, size);
    if (error == 0 && (os_inject_should_fail() || sigaltstack(&stack, &own.previous) != 0)) {
        error = ENOMEM;
    }
    if (error != 0) {
        os_release(own.mapping, own.size);
    }
    return error;
}

int os_fault_thread_enter(void)
{
    if (own.entered == 0) {
        int error = map_alt_stack();
        if (error != 0) {
            return error;
        }
        unblock_signals();
    }
    own.entered++;
    return 0;
}

void os_fault_thread_renew(void)
{
    GRT_ASSERT(own.entered > 0);
    stack_t stack = alt_stack();
    sigset_t set = own.mask;
    for (size_t i = 0; i < sizeof signals_used / sizeof *signals_used; i++) {
        sigdelset(&set, signals_used[i]);
    }
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    sigaltstack(&stack, NULL);
}

/* A stack that somebody else set since is left alone. */
static void restore_alt_stack(void)
{
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == alt_stack().ss_sp) {
        own.previous.ss_flags &= SS_DISABLE; /* "on the stack" is an answer, not a setting */
        sigaltstack(&own.previous, NULL);
    }
    os_release(own.mapping, own.size);
}

void os_fault_thread_leave(void)
{
    GRT_ASSERT(own.entered > 0);
    if (--own.entered == 0) {
        pthread_sigmask(SIG_SETMASK, &own.mask, NULL);
        restore_alt_stack();
    }
}
