/*
 * linux_fault.c - host faults and interrupts as callbacks.
 *
 * Handlers are a property of the process, so this file has process-wide state; everything a handler
 * reads is an atomic or was written before the handler could run. Signals are taken with an empty
 * mask and without deferring: the mask is then the same inside and outside a handler, a jump out
 * needs no system call to restore it, and a fault inside a handler reaches us instead of being the
 * silent end of the process.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/linux_context.h"
#include "os/linux_signal.h"
#include "os/os_inject.h"

typedef bool fault_function(const os_fault *fault);
typedef void interrupt_function(void);

typedef struct signal_hook {
    int number;
    bool hooked; /* under [install_lock] */
    struct sigaction previous;
} signal_hook;

static signal_hook hooks[] = {
    {.number = SIGSEGV}, {.number = SIGBUS},  {.number = SIGILL},
    {.number = SIGFPE},  {.number = SIGTRAP}, {.number = OS_INTERRUPT_SIGNAL},
};
#define HOOKS (sizeof hooks / sizeof hooks[0])

static os_mutex install_lock;
static unsigned installs; /* under [install_lock] */
static _Atomic(fault_function *) on_fault_now;
static _Atomic(interrupt_function *) on_interrupt_now;

/* How many fault handlers the thread is inside of. The model keeps the access free of calls that
 * are not async-signal-safe even when the library was loaded late. */
static _Thread_local unsigned fault_depth __attribute__((tls_model("initial-exec")));

/* How often the thread is passing a fault on at this moment. More than a few means that handlers
 * call each other in a circle. */
static _Thread_local unsigned passing __attribute__((tls_model("initial-exec")));
#define PASSING_MAX 8u

/* ---- passing on ------------------------------------------------------------------------------ */

static signal_hook *hook_of(int number)
{
    for (size_t i = 0; i < HOOKS; i++) {
        if (hooks[i].number == number) {
            return &hooks[i];
        }
    }
    return NULL;
}

static bool sent_by_a_process(const siginfo_t *info)
{
    return info->si_code <= 0;
}

/* Lets the default action happen: a fault of the machine happens again when the instruction is run
 * again, a signal that was sent has to be sent again. */
static void take_default_action(int number, const siginfo_t *info)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    if (sent_by_a_process(info)) {
        syscall(SYS_tgkill, getpid(), gettid(), number);
    }
}

static void call_previous(const struct sigaction *previous, int number, siginfo_t *info,
                          void *context)
{
    sigset_t mask = previous->sa_mask;
    if ((previous->sa_flags & SA_NODEFER) == 0) {
        sigaddset(&mask, number);
    }
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &mask, &before);
    if ((previous->sa_flags & SA_SIGINFO) != 0) {
        previous->sa_sigaction(number, info, context);
    } else {
        previous->sa_handler(number);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void pass_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction *previous = &hook_of(number)->previous;
    bool has_function = (previous->sa_flags & SA_SIGINFO) != 0 ||
                        (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN);
    if (has_function && passing < PASSING_MAX) {
        passing++;
        call_previous(previous, number, info, context);
        passing--;
    } else if (number == OS_INTERRUPT_SIGNAL) {
        return; /* its default action is to be ignored */
    } else if (has_function || previous->sa_handler == SIG_DFL || !sent_by_a_process(info)) {
        take_default_action(number, info); /* the host ignores no fault of the machine either */
    }
}

/* ---- handlers -------------------------------------------------------------------------------- */

/* We ask for a handler that blocks nothing, but whoever calls us from a handler of his own (the
 * thread sanitizer does) may block everything, and a jump out of here would keep that. */
static void take_mask_of_interrupted_code(const void *context)
{
    pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
}

static bool offer(int number, const siginfo_t *info, const void *context)
{
    fault_function *on_fault = atomic_load(&on_fault_now);
    if (on_fault == NULL || sent_by_a_process(info) || fault_depth >= OS_FAULT_DEPTH_MAX) {
        return false;
    }
    take_mask_of_interrupted_code(context);
    os_fault fault = os_fault_from_signal(number, info, context);
    fault.depth = fault_depth++;
    bool handled = on_fault(&fault);
    fault_depth--;
    return handled;
}

static void handle_fault(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    if (!offer(number, info, context)) {
        pass_on(number, info, context);
    }
    errno = saved;
}

static void handle_interrupt(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    interrupt_function *on_interrupt = atomic_load(&on_interrupt_now);
    bool ours = info->si_code == SI_TKILL && info->si_pid == getpid();
    if (ours && on_interrupt != NULL) {
        take_mask_of_interrupted_code(context);
        on_interrupt();
    } else {
        pass_on(number, info, context); /* the host program's own urgent data */
    }
    errno = saved;
}

/* ---- installing ------------------------------------------------------------------------------ */

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 &&
           (action->sa_sigaction == handle_fault || action->sa_sigaction == handle_interrupt);
}

static int hook_signal(signal_hook *hook)
{
    if (os_inject_should_fail()) {
        return EINVAL;
    }
    bool interrupt = hook->number == OS_INTERRUPT_SIGNAL;
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
    action.sa_sigaction = interrupt ? handle_interrupt : handle_fault;
    sigemptyset(&action.sa_mask);
    /* The previous action is stored before ours can run and need it. */
    if (sigaction(hook->number, NULL, &hook->previous) != 0 ||
        sigaction(hook->number, &action, NULL) != 0) {
        return errno;
    }
    hook->hooked = true;
    return 0;
}

static void unhook_signals(void)
{
    for (size_t i = 0; i < HOOKS; i++) {
        struct sigaction now;
        /* A handler that was set over ours stays. It may call ours, so [previous] stays as well. */
        if (hooks[i].hooked && sigaction(hooks[i].number, NULL, &now) == 0 && is_ours(&now)) {
            sigaction(hooks[i].number, &hooks[i].previous, NULL);
        }
        hooks[i].hooked = false;
    }
}

static int hook_signals(void)
{
    for (size_t i = 0; i < HOOKS; i++) {
        int error = hook_signal(&hooks[i]);
        if (error != 0) {
            unhook_signals();
            return error;
        }
    }
    return 0;
}

static int install_locked(fault_function *on_fault, interrupt_function *on_interrupt)
{
    if (installs > 0) {
        bool same = atomic_load(&on_fault_now) == on_fault &&
                    atomic_load(&on_interrupt_now) == on_interrupt;
        return same ? (installs++, 0) : EBUSY;
    }
    int error = hook_signals();
    if (error == 0) {
        atomic_store(&on_fault_now, on_fault);
        atomic_store(&on_interrupt_now, on_interrupt);
        installs = 1;
    }
    return error;
}

int os_fault_install(bool (*on_fault)(const os_fault *fault), void (*on_interrupt)(void))
{
    os_mutex_lock(&install_lock);
    int error = install_locked(on_fault, on_interrupt);
    os_mutex_unlock(&install_lock);
    return error;
}

void os_fault_uninstall(void)
{
    os_mutex_lock(&install_lock);
    GRT_ASSERT(installs > 0);
    if (--installs == 0) {
        atomic_store(&on_fault_now, NULL);
        atomic_store(&on_interrupt_now, NULL);
        unhook_signals();
    }
    os_mutex_unlock(&install_lock);
}

/* ---- jumps ----------------------------------------------------------------------------------- */

os_jump_buffer *os_mark_prepare(os_jump_buffer *buffer)
{
    buffer->depth = fault_depth;
    return buffer;
}

void os_jump(os_jump_buffer *buffer, int value)
{
    GRT_ASSERT(value != 0);
    fault_depth = buffer->depth;
    passing = 0;
    longjmp(buffer->state, value);
}
