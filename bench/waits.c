/*
 * waits.c - waiting and waking beside what the host offers.
 *
 *   ping-pong     two threads wake each other in turn: two auto-reset events, and two futex words
 *   any of 8      set the last of eight objects and wait for any of them: events, and eventfds with
 *                 poll()
 *   1000 blocked  a thousand threads sleep for one object and are let go at once, until the last
 *                 one has woken: a manual event, and a futex word
 *   signal        set and clear an event while a thousand threads wait for other objects, or for
 *                 this one and another together: beside the same with nobody waiting
 *
 * usage: bench_waits [FILE]
 *
 * Everything is interleaved in rounds; medians.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 15, PINGS = 2000, ANYS = 20000, SIGNALS = 20000, CROWD = 1000, OBJECTS = 8 };
enum { PONG, CROWD_ONE, CROWD_ALL, DRIVER };

static uint32_t set_event, clear_event, wait_one, wait_many, create_event;
static uint32_t events[OBJECTS]; /* handles */
static atomic_uint arrived, passed;
static double measured, all_passed;

/* ---- events ---------------------------------------------------------------------------------- */

static void pong(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < PINGS; i++) {
        guest_call(ctx, base, wait_one, events[0], 1, 0, 0);
        guest_call(ctx, base, set_event, events[1], 0, 0, 0);
    }
}

static void ping(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < PINGS; i++) {
        guest_call(ctx, base, set_event, events[0], 0, 0, 0);
        guest_call(ctx, base, wait_one, events[1], 1, 0, 0);
    }
}

static grt_addr handles_on_stack(grt_ppc *ctx, uint8_t *base, uint32_t first, uint32_t count)
{
    grt_addr at = ((grt_addr)ctx->r[1] - 0x400u) & ~0xFu;
    for (uint32_t i = 0; i < count; i++)
        grt_store32(base + at + 4 * i, events[first + i]);
    return at;
}

/* NtWaitForMultipleObjectsEx(count, handles, type, mode, alertable, timeout) */
static void wait_for_many(grt_ppc *ctx, uint8_t *base, uint32_t count, grt_addr handles,
                          uint32_t type)
{
    ctx->r[7] = 0;
    ctx->r[8] = 0;
    guest_call(ctx, base, wait_many, count, handles, type, 1);
}

static void any_of_8(grt_ppc *ctx, uint8_t *base)
{
    grt_addr handles = handles_on_stack(ctx, base, 0, OBJECTS);
    for (int i = 0; i < ANYS; i++) {
        guest_call(ctx, base, set_event, events[OBJECTS - 1], 0, 0, 0);
        wait_for_many(ctx, base, OBJECTS, handles, 1);
    }
}

static void signal_nobody(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < SIGNALS; i++) {
        guest_call(ctx, base, set_event, events[2], 0, 0, 0);
        guest_call(ctx, base, clear_event, events[2], 0, 0, 0);
    }
}

/* The last one that got through looks at the clock. */
static void pass(void)
{
    if (atomic_fetch_add(&passed, 1) + 1 == CROWD)
        all_passed = guest_now_ns();
}

static void crowd_one(grt_ppc *ctx, uint8_t *base)
{
    atomic_fetch_add(&arrived, 1);
    guest_call(ctx, base, wait_one, events[3], 1, 0, 0);
    pass();
}

/* For 2 and 3 together: signals of 2 alone must not wake. */
static void crowd_all(grt_ppc *ctx, uint8_t *base)
{
    atomic_fetch_add(&arrived, 1);
    wait_for_many(ctx, base, 2, handles_on_stack(ctx, base, 2, 2), 0);
}

static void create_events(grt_ppc *ctx, uint8_t *base)
{
    grt_addr at = ((grt_addr)ctx->r[1] - 0x400u) & ~0xFu;
    for (uint32_t i = 0; i < OBJECTS; i++) {
        uint32_t automatic = i != 3 && i != 2;
        guest_call(ctx, base, create_event, at, 0, automatic, 0);
        events[i] = grt_load32(base + at);
    }
}

/* Runs on a guest thread whatever its argument stands for, and measures it. */
static void driver(grt_ppc *ctx, uint8_t *base)
{
    static grt_ppc_function *const jobs[] = {create_events, ping, any_of_8, signal_nobody};
    grt_ppc_function *job = jobs[ctx->r[3]];
    double start = guest_now_ns();
    job(ctx, base);
    measured = guest_now_ns() - start;
}

enum { JOB_CREATE, JOB_PING, JOB_ANY, JOB_SIGNAL };

static double drive(grt_runtime *runtime, uint32_t job)
{
    guest_join(guest_thread(runtime, DRIVER, job));
    return measured;
}

static double ping_pong(grt_runtime *runtime)
{
    grt_thread *other = guest_thread(runtime, PONG, 0);
    double ns = drive(runtime, JOB_PING);
    guest_join(other);
    return ns / PINGS;
}

static void let_arrive(void)
{
    while (atomic_load(&arrived) < CROWD)
        sched_yield();
    usleep(20000); /* the last one goes to sleep */
    atomic_store(&arrived, 0);
    atomic_store(&passed, 0);
}

static grt_thread *crowd[CROWD];

static void gather(grt_runtime *runtime, uint32_t function)
{
    for (int i = 0; i < CROWD; i++)
        crowd[i] = guest_thread(runtime, function, 0);
    let_arrive();
}

/* ---- the host's ------------------------------------------------------------------------------ */

static uint32_t words[3];

static void futex_wait(uint32_t *word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static void futex_give(uint32_t *word)
{
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    futex_wake(word, 1);
}

static void futex_take(uint32_t *word)
{
    while (__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE) == 0)
        futex_wait(word, 0);
}

static void *futex_pong(void *argument)
{
    for (int i = 0; i < PINGS; i++) {
        futex_take(&words[0]);
        futex_give(&words[1]);
    }
    return argument;
}

static double futex_ping_pong(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, futex_pong, NULL) != 0)
        abort();
    double start = guest_now_ns();
    for (int i = 0; i < PINGS; i++) {
        futex_give(&words[0]);
        futex_take(&words[1]);
    }
    double ns = (guest_now_ns() - start) / PINGS;
    pthread_join(other, NULL);
    return ns;
}

static double poll_8(void)
{
    struct pollfd polled[OBJECTS];
    uint64_t value = 1;
    for (int i = 0; i < OBJECTS; i++)
        polled[i] = (struct pollfd){.fd = eventfd(0, 0), .events = POLLIN};
    double start = guest_now_ns();
    for (int i = 0; i < ANYS; i++) {
        if (write(polled[OBJECTS - 1].fd, &value, sizeof value) != sizeof value ||
            poll(polled, OBJECTS, -1) != 1 ||
            read(polled[OBJECTS - 1].fd, &value, sizeof value) != sizeof value)
            abort();
    }
    double ns = (guest_now_ns() - start) / ANYS;
    for (int i = 0; i < OBJECTS; i++)
        close(polled[i].fd);
    return ns;
}

static void *futex_one_of_crowd(void *argument)
{
    atomic_fetch_add(&arrived, 1);
    while (__atomic_load_n(&words[2], __ATOMIC_ACQUIRE) == 0)
        futex_wait(&words[2], 0);
    pass();
    return argument;
}

static double futex_crowd(void)
{
    static pthread_t threads[CROWD];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 0x40000);
    words[2] = 0;
    for (int i = 0; i < CROWD; i++) {
        if (pthread_create(&threads[i], &small, futex_one_of_crowd, NULL) != 0)
            abort();
    }
    let_arrive();
    double start = guest_now_ns();
    __atomic_store_n(&words[2], 1, __ATOMIC_RELEASE);
    futex_wake(&words[2], INT_MAX);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&small);
    return all_passed - start;
}

/* ---- the rows -------------------------------------------------------------------------------- */

static void ping_rows(grt_runtime *runtime, FILE *file)
{
    double ours[ROUNDS], theirs[ROUNDS], any[ROUNDS], polled[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        ours[round] = ping_pong(runtime);
        theirs[round] = futex_ping_pong();
        any[round] = drive(runtime, JOB_ANY) / ANYS;
        polled[round] = poll_8();
    }
    guest_report(file, "event ping-pong, a round trip", guest_median(ours, ROUNDS),
                 "bare futex pair", guest_median(theirs, ROUNDS));
    guest_report(file, "set one, wait for any of 8", guest_median(any, ROUNDS),
                 "poll() of 8 eventfds", guest_median(polled, ROUNDS));
}

static double signal_rounds(grt_runtime *runtime)
{
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++)
        ns[round] = drive(runtime, JOB_SIGNAL) / SIGNALS;
    return guest_median(ns, ROUNDS);
}

static void open_the_gate(grt_ppc *ctx, uint8_t *base)
{
    guest_call(ctx, base, set_event, events[3], 0, 0, 0);
    guest_call(ctx, base, set_event, events[2], 0, 0, 0);
}

static void close_the_gate(grt_ppc *ctx, uint8_t *base)
{
    guest_call(ctx, base, clear_event, events[3], 0, 0, 0);
    guest_call(ctx, base, clear_event, events[2], 0, 0, 0);
}

enum { OPEN = DRIVER + 1, CLOSE };

static double release_crowd(grt_runtime *runtime)
{
    double start = guest_now_ns();
    grt_runtime_call(runtime, GUEST_FUNCTION(OPEN), NULL, 0, NULL);
    for (int i = 0; i < CROWD; i++)
        guest_join(crowd[i]);
    double ns = all_passed - start;
    grt_runtime_call(runtime, GUEST_FUNCTION(CLOSE), NULL, 0, NULL);
    return ns;
}

static void crowd_rows(grt_runtime *runtime, FILE *file)
{
    enum { CROWDS = 5 };
    double ours[CROWDS], theirs[CROWDS];
    double alone = signal_rounds(runtime), others = 0;
    for (int round = 0; round < CROWDS; round++) {
        gather(runtime, CROWD_ONE);
        if (round == 0)
            others = signal_rounds(runtime);
        ours[round] = release_crowd(runtime);
        theirs[round] = futex_crowd();
    }
    gather(runtime, CROWD_ALL);
    double all = signal_rounds(runtime);
    release_crowd(runtime);
    guest_report(file, "1000 blocked, until all have woken", guest_median(ours, CROWDS),
                 "a futex word", guest_median(theirs, CROWDS));
    guest_report(file, "set + clear, 1000 wait for another", others, "nobody waits", alone);
    guest_report(file, "set + clear, 1000 wait for it and another", all, "nobody waits", alone);
}

int main(int argc, char **argv)
{
    static grt_ppc_function *const functions[] = {
        [PONG] = pong,     [CROWD_ONE] = crowd_one, [CROWD_ALL] = crowd_all,
        [DRIVER] = driver, [OPEN] = open_the_gate,  [CLOSE] = close_the_gate};
    FILE *file = guest_report_file(argc, argv);
    set_event = guest_import("NtSetEvent");
    clear_event = guest_import("NtClearEvent");
    wait_one = guest_import("NtWaitForSingleObjectEx");
    wait_many = guest_import("NtWaitForMultipleObjectsEx");
    create_event = guest_import("NtCreateEvent");
    grt_runtime *runtime = guest_runtime(functions, sizeof functions / sizeof *functions);
    drive(runtime, JOB_CREATE);
    ping_rows(runtime, file);
    crowd_rows(runtime, file);
    grt_runtime_destroy(runtime);
    return fclose(file) == 0 ? 0 : 1;
}
