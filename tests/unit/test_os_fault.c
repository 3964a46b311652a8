/*
 * Faults: what is reported, leaving by a jump, repairing, chaining to who was there before,
 * nesting, the host stack's end, and interrupts.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "os/os_inject.h"

#define PAGE ((size_t)4096)

typedef enum reaction { JUMP, REFUSE, REPAIR, FAULT_AGAIN, PROBE } reaction;

static reaction how;
static os_fault last;
static os_jump_buffer way_out;
static volatile uint8_t *page;
static unsigned deepest;

static void touch(volatile uint8_t *at)
{
    (void)*at;
}

/* A handler that looks at memory that may not be there. */
static bool probe_fails(void)
{
    os_jump_buffer probe;
    os_jump_buffer saved = way_out;
    volatile bool failed = true;
    if (os_mark(&probe) == 0) {
        memcpy(&way_out, &probe, sizeof probe);
        how = JUMP;
        touch(page);
        failed = false;
    }
    memcpy(&way_out, &saved, sizeof saved);
    return failed;
}

static bool on_fault(const os_fault *fault)
{
    deepest = fault->depth > deepest ? fault->depth : deepest;
    switch (how) {
    case JUMP:
        last = *fault;
        os_jump(&way_out, 42);
    case REPAIR:
        mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
        return true;
    case FAULT_AGAIN:
        touch(page);
        return false;
    case PROBE:
        os_jump(&way_out, probe_fails() ? 7 : 8);
    case REFUSE:
        break;
    }
    return false;
}

static atomic_uint interrupts;
static _Thread_local os_jump_buffer *interrupt_exit;

static void on_interrupt(void)
{
    atomic_fetch_add(&interrupts, 1);
    if (interrupt_exit != NULL) {
        os_jump(interrupt_exit, 9);
    }
}

typedef struct body {
    void (*run)(void **state);
} body;

/* Not a fixture: cmocka sets signal handlers of its own between a fixture and its test. */
static void with_handlers(void **state)
{
    deepest = 0;
    memset(&last, 0, sizeof last);
    page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    assert_int_equal(os_fault_thread_enter(), 0);
    ((const body *)*state)->run(state);
    os_fault_thread_leave();
    os_fault_uninstall();
    munmap((void *)page, PAGE);
}

static void test_read_fault(void **state)
{
    (void)state;
    how = JUMP;
    for (volatile int round = 0; round < 3; round++) { /* the way out leaves everything as it was */
        if (os_mark(&way_out) == 0) {
            touch(page + 123);
            fail_msg("no fault");
        }
        assert_int_equal(last.kind, OS_FAULT_ACCESS);
        assert_int_equal(last.access, OS_FAULT_READ);
        assert_int_equal(last.address, (uintptr_t)(page + 123));
        assert_int_equal(last.depth, 0);
    }
}

static void test_write_fault(void **state)
{
    (void)state;
    how = JUMP;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (os_mark(&way_out) == 0) {
        page[8] = 1;
        fail_msg("no fault");
    }
    assert_int_equal(last.access, OS_FAULT_WRITE);
    assert_int_equal(last.address, (uintptr_t)(page + 8));
    assert_true(here - last.sp < 65536);
    assert_true(last.pc != 0);
}

static void test_execute_fault(void **state)
{
    (void)state;
    how = JUMP;
    if (os_mark(&way_out) == 0) {
        void (*function)(void);
        volatile uint8_t *target = page;
        memcpy(&function, (const void *)&target, sizeof function);
        function();
        fail_msg("no fault");
    }
    assert_int_equal(last.access, OS_FAULT_EXECUTE);
    assert_int_equal(last.pc, (uintptr_t)page);
}

static void test_illegal_instruction(void **state)
{
    (void)state;
    how = JUMP;
    if (os_mark(&way_out) == 0) {
        __builtin_trap();
    }
    assert_int_equal(last.kind, OS_FAULT_ILLEGAL);
}

#if defined(__x86_64__)
static void test_arithmetic_fault(void **state)
{
    (void)state;
    how = JUMP;
    if (os_mark(&way_out) == 0) {
        __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; idiv %%ecx" ::
                             : "eax", "ecx", "edx", "cc");
        fail_msg("no fault");
    }
    assert_int_equal(last.kind, OS_FAULT_ARITHMETIC);
}

static void test_unknown_address(void **state)
{
    (void)state;
    how = JUMP;
    if (os_mark(&way_out) == 0) {
        uint64_t wild = 0x8000000000000000ull;
        __asm__ volatile("movb (%0), %%al" ::"r"(wild) : "al", "memory");
        fail_msg("no fault");
    }
    assert_int_equal(last.kind, OS_FAULT_ACCESS);
    assert_int_equal(last.access, OS_FAULT_UNKNOWN);
    assert_int_equal(last.address, 0);
}
#endif

static void test_repair_runs_again(void **state)
{
    (void)state;
    how = REPAIR;
    errno = 77;
    page[0] = 3;
    assert_int_equal(page[0], 3);
    assert_int_equal(errno, 77);
}

static void test_probe_inside_handler(void **state)
{
    (void)state;
    for (volatile int round = 0; round < 5; round++) { /* more often than faults may nest */
        how = PROBE;
        int left = os_mark(&way_out);
        if (left == 0) {
            touch(page);
        }
        assert_int_equal(left, 7);
        assert_int_equal(last.depth, 1);
    }
}

/* ---- chaining -------------------------------------------------------------------------------- */

static volatile sig_atomic_t chained;
static struct sigaction library_action;

static void repair_as_previous(int number, siginfo_t *info, void *context)
{
    (void)context;
    chained += number == SIGSEGV && info->si_addr == (void *)page;
    mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
}

static void test_refused_fault_reaches_previous_handler(void **state)
{
    (void)state;
    struct sigaction ours = {.sa_flags = SA_SIGINFO};
    struct sigaction before;
    ours.sa_sigaction = repair_as_previous;
    sigaction(SIGSEGV, &ours, &before);
    page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    how = REFUSE;
    chained = 0;
    touch(page);
    assert_int_equal(chained, 1);
    os_fault_uninstall();
    struct sigaction after;
    sigaction(SIGSEGV, &before, &after);
    assert_true(after.sa_sigaction == repair_as_previous);
    munmap((void *)page, PAGE);
}

/* Runs [body] in a child without core file; returns how it ended. */
static int fate_of(void (*action)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL); /* cmocka's and the sanitizers' */
        page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (os_fault_install(on_fault, on_interrupt) != 0 || os_fault_thread_enter() != 0) {
            _exit(3);
        }
        action();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void refuse_fault(void)
{
    how = REFUSE;
    touch(page);
}

static void fault_in_handler(void)
{
    how = FAULT_AGAIN;
    touch(page);
}

static void send_fault_signal(void)
{
    how = JUMP; /* would reach an exit that was never set: the signal is not a fault of ours */
    kill(getpid(), SIGSEGV);
    os_sleep_ns(1000000000);
}

static void test_without_previous_handler_the_process_ends(void **state)
{
    (void)state;
    int status = fate_of(refuse_fault);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = fate_of(fault_in_handler);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = fate_of(send_fault_signal);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static bool other_on_fault(const os_fault *fault)
{
    (void)fault;
    return false;
}

static void test_install_counts(void **state)
{
    (void)state;
    struct sigaction before;
    struct sigaction now;
    sigaction(SIGBUS, NULL, &before);
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    assert_int_equal(os_fault_install(other_on_fault, on_interrupt), EBUSY);
    os_fault_uninstall();
    sigaction(SIGBUS, NULL, &now);
    assert_true(now.sa_sigaction != before.sa_sigaction);
    os_fault_uninstall();
    sigaction(SIGBUS, NULL, &now);
    assert_true(now.sa_sigaction == before.sa_sigaction);
}

/* What happens when a host program replaces handlers without chaining, as cmocka does. */
static void test_install_after_being_replaced(void **state)
{
    (void)state;
    struct sigaction before;
    sigaction(SIGSEGV, NULL, &before);
    assert_int_equal(os_fault_install(on_fault, on_interrupt), 0);
    sigaction(SIGSEGV, &before, NULL);
    os_fault_uninstall();
    body read_fault = {test_read_fault};
    void *again = &read_fault;
    with_handlers(&again);
    struct sigaction after;
    sigaction(SIGSEGV, NULL, &after);
    assert_true(after.sa_sigaction == before.sa_sigaction);
}

static void chain_to_library(int number, siginfo_t *info, void *context)
{
    chained++;
    library_action.sa_sigaction(number, info, context);
}

/* The worst order: a handler that chains to ours stays while ours goes and comes back over it. An
 * unhandled fault then runs in a circle, which has to end in the death of the process. */
static void make_a_circle(void)
{
    struct sigaction over = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    over.sa_sigaction = chain_to_library;
    sigaction(SIGSEGV, &over, &library_action);
    os_fault_uninstall();
    if (os_fault_install(on_fault, on_interrupt) != 0) {
        _exit(3);
    }
    how = REFUSE;
    touch(page);
}

static void test_circle_of_handlers_ends(void **state)
{
    (void)state;
    int status = fate_of(make_a_circle);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void test_install_fails_without_trace(void **state)
{
    (void)state;
    struct sigaction before;
    struct sigaction now;
    sigaction(SIGSEGV, NULL, &before);
    int error = 1;
    for (unsigned nth = 1; error != 0; nth++) {
        os_inject_failure(nth, false);
        error = os_fault_install(on_fault, on_interrupt);
        assert_int_equal(error != 0, os_inject_fired() != 0);
        if (error != 0) {
            sigaction(SIGSEGV, NULL, &now);
            assert_true(now.sa_sigaction == before.sa_sigaction);
        }
    }
    os_inject_failure(0, false);
    os_fault_uninstall();
}

static void test_enter_fails_without_trace(void **state)
{
    (void)state;
    stack_t before;
    stack_t now;
    sigaltstack(NULL, &before);
    int error = 1;
    for (unsigned nth = 1; error != 0; nth++) {
        os_inject_failure(nth, false);
        error = os_fault_thread_enter();
        assert_int_equal(error != 0, os_inject_fired() != 0);
    }
    os_inject_failure(0, false);
    os_fault_thread_leave();
    sigaltstack(NULL, &now);
    assert_ptr_equal(now.ss_sp, before.ss_sp);
    assert_int_equal(now.ss_flags, before.ss_flags);
}

/* ---- the end of the stack -------------------------------------------------------------------- */

static _Thread_local volatile unsigned frames;

__attribute__((noinline)) static int recurse(volatile int *parent)
{
    volatile int local[64] = {*parent};
    frames++;
    return frames != 0 ? recurse(local) + local[1] : 0; /* never zero; the compiler cannot know */
}

typedef struct overflow_facts {
    int left;
    bool at_the_end;
} overflow_facts;

static void overflow(void *arg)
{
    overflow_facts *facts = arg;
    uintptr_t low;
    size_t size;
    volatile int start = 0;
    os_thread_stack(&low, &size);
    if (os_fault_thread_enter() != 0) {
        return;
    }
    for (volatile int round = 0; round < 2; round++) {
        facts->left = os_mark(&way_out);
        if (facts->left == 0) {
            recurse(&start);
        }
        facts->at_the_end = last.address + 65536 > low && last.address < low + 65536;
    }
    os_fault_thread_leave();
}

static void test_stack_overflow_is_survived(void **state)
{
    (void)state;
    how = JUMP;
    overflow_facts facts = {0, false};
    os_thread *thread;
    assert_int_equal(os_thread_create(256 << 10, overflow, &facts, &thread), 0);
    os_thread_join(thread);
    assert_int_equal(facts.left, 42);
    assert_true(facts.at_the_end);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

typedef struct spinner {
    atomic_uint ready;
    atomic_uint left;
    uint64_t id;
} spinner;

static void spin(void *arg)
{
    spinner *s = arg;
    os_jump_buffer exit;
    s->id = os_thread_id();
    os_fault_thread_enter();
    if (os_mark(&exit) == 0) {
        interrupt_exit = &exit;
        atomic_store(&s->ready, 1);
        for (;;) {
            os_sleep_ns(1000); /* the thread sanitizer delivers signals only around such calls */
        }
    }
    interrupt_exit = NULL;
    atomic_store(&s->left, 1);
    os_fault_thread_leave();
}

static void interrupt_a_spinner(bool by_id)
{
    spinner s = {0};
    os_thread *thread;
    unsigned before = atomic_load(&interrupts);
    assert_int_equal(os_thread_create(0, spin, &s, &thread), 0);
    while (atomic_load(&s.ready) == 0) {
        os_thread_yield();
    }
    assert_int_equal(by_id ? os_thread_interrupt_id(s.id) : os_thread_interrupt(thread), 0);
    os_thread_join(thread);
    assert_int_equal(atomic_load(&s.left), 1);
    assert_int_equal(atomic_load(&interrupts), before + 1);
}

static void test_interrupt_leaves_a_loop(void **state)
{
    (void)state;
    interrupt_a_spinner(false);
    interrupt_a_spinner(true);
}

static void test_late_interrupt_does_no_harm(void **state)
{
    (void)state;
    unsigned before = atomic_load(&interrupts);
    assert_int_equal(os_thread_interrupt_id(os_thread_id()), 0); /* nothing is installed */
    assert_int_equal(atomic_load(&interrupts), before);
}

static void test_urgent_signal_from_outside_is_not_an_interrupt(void **state)
{
    (void)state;
    unsigned before = atomic_load(&interrupts);
    kill(getpid(), SIGURG);
    os_sleep_ns(1000000);
    assert_int_equal(atomic_load(&interrupts), before);
}

#define WITH_HANDLERS(test)                                                                        \
    {                                                                                              \
#        test, with_handlers, NULL, NULL, &(body)                                                  \
        {                                                                                          \
            test                                                                                   \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HANDLERS(test_read_fault),
        WITH_HANDLERS(test_write_fault),
        WITH_HANDLERS(test_execute_fault),
        WITH_HANDLERS(test_illegal_instruction),
#if defined(__x86_64__)
        WITH_HANDLERS(test_arithmetic_fault),
        WITH_HANDLERS(test_unknown_address),
#endif
        WITH_HANDLERS(test_repair_runs_again),
        WITH_HANDLERS(test_probe_inside_handler),
        cmocka_unit_test(test_refused_fault_reaches_previous_handler),
        cmocka_unit_test(test_without_previous_handler_the_process_ends),
        cmocka_unit_test(test_install_counts),
        cmocka_unit_test(test_install_after_being_replaced),
        cmocka_unit_test(test_circle_of_handlers_ends),
        cmocka_unit_test(test_install_fails_without_trace),
        cmocka_unit_test(test_enter_fails_without_trace),
        WITH_HANDLERS(test_stack_overflow_is_survived),
        WITH_HANDLERS(test_interrupt_leaves_a_loop),
        cmocka_unit_test(test_late_interrupt_does_no_harm),
        WITH_HANDLERS(test_urgent_signal_from_outside_is_not_an_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
