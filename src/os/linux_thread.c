/*
 * linux_thread.c - host threads.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/linux_signal.h"
#include "os/os_inject.h"

struct os_thread {
    pthread_t handle;
    void (*entry)(void *arg);
    void *arg;
};

static void *run(void *argument)
{
    os_thread *thread = argument;
    thread->entry(thread->arg);
    return NULL;
}

static size_t stack_size_for(size_t wanted)
{
    size_t page = os_page_size();
    size_t least = (size_t)PTHREAD_STACK_MIN;
    size_t size = wanted > least ? wanted : least;
    size_t guard = page; /* glibc takes the guard out of the size */
    return (size + page - 1) / page * page + guard;
}

static int start(os_thread *thread, size_t stack_size)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    error = pthread_attr_setstacksize(&attributes, stack_size_for(stack_size));
    if (error == 0) {
        error = pthread_attr_setguardsize(&attributes, os_page_size());
    }
    if (error == 0) {
        error = pthread_create(&thread->handle, &attributes, run, thread);
    }
    pthread_attr_destroy(&attributes);
    return error;
}

int os_thread_create(size_t stack_size, void (*entry)(void *arg), void *arg, os_thread **thread)
{
    os_thread *made = os_alloc(sizeof *made);
    if (made == NULL) {
        return ENOMEM;
    }
    made->entry = entry;
    made->arg = arg;
    int error = os_inject_should_fail() ? EAGAIN : start(made, stack_size);
    if (error != 0) {
        os_free(made);
        return error;
    }
    *thread = made;
    return 0;
}

void os_thread_join(os_thread *thread)
{
    int error = pthread_join(thread->handle, NULL);
    GRT_ASSERT(error == 0);
    os_free(thread);
}

void os_thread_set_name(const char *name)
{
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}

uint64_t os_thread_id(void)
{
    /* The id is asked for on paths where a system call would be most of the cost. After a fork the
     * surviving thread keeps the id that it had, which is still unique in its process. */
    static _Thread_local uint64_t cached;
    if (cached == 0) {
        cached = (uint64_t)gettid();
    }
    return cached;
}

int os_thread_interrupt(os_thread *thread)
{
    return pthread_kill(thread->handle, OS_INTERRUPT_SIGNAL);
}

int os_thread_interrupt_id(uint64_t id)
{
    return syscall(SYS_tgkill, getpid(), (pid_t)id, OS_INTERRUPT_SIGNAL) == 0 ? 0 : errno;
}

void os_thread_yield(void)
{
    sched_yield();
}

int os_thread_set_nice(uint64_t id, int nice)
{
    if (os_inject_should_fail()) {
        return EACCES;
    }
    return setpriority(PRIO_PROCESS, (id_t)id, nice) == 0 ? 0 : errno;
}

uint32_t os_processor_count(void)
{
    static atomic_uint known; /* what the host answered; the same for every thread */
    unsigned count = atomic_load_explicit(&known, memory_order_relaxed);
    if (count == 0) {
        cpu_set_t set;
        bool answered = sched_getaffinity(0, sizeof set, &set) == 0;
        count = answered && CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
        atomic_store_explicit(&known, count, memory_order_relaxed);
    }
    return count;
}

int os_thread_set_processors(uint64_t id, uint64_t mask)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (mask == 0 || (cpu < 64 && (mask >> cpu & 1) != 0)) {
            CPU_SET(cpu, &set);
        }
    }
    if (os_inject_should_fail()) {
        return EPERM;
    }
    return sched_setaffinity((pid_t)id, sizeof set, &set) == 0 ? 0 : errno;
}

void os_thread_stack(uintptr_t *low, size_t *size)
{
    pthread_attr_t attributes;
    void *address = NULL;
    *size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &address, size);
        pthread_attr_destroy(&attributes);
    }
    *low = (uintptr_t)address;
}
