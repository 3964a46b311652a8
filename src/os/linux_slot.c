/*
 * linux_slot.c - thread slots, and barriers that one thread imposes on all others.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/os_inject.h"

int os_thread_slot_create(void (*leave)(void *value), os_thread_slot *slot)
{
    pthread_key_t key;
    int error = os_inject_should_fail() ? EAGAIN : pthread_key_create(&key, leave);
    if (error == 0) {
        slot->number = key;
    }
    return error;
}

void os_thread_slot_destroy(os_thread_slot slot)
{
    (void)pthread_key_delete(slot.number);
}

int os_thread_slot_set(os_thread_slot slot, void *value)
{
    if (value != NULL && os_inject_should_fail()) {
        return ENOMEM;
    }
    return pthread_setspecific(slot.number, value);
}

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

bool os_barrier_available(void)
{
    return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

/* A host that takes the call away after it was there (a sandbox that is closed later). Taking
 * access to a page that was just written away makes every processor that runs a thread of the
 * process forget the page's translation, which interrupts it, which is a barrier. */
static void barrier_by_translation(void)
{
    size_t size = os_page_size();
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    GRT_ASSERT(page != MAP_FAILED);
    *(volatile char *)page = 1;
    (void)mprotect(page, size, PROT_NONE);
    (void)munmap(page, size);
    static uint32_t fence; /* the caller's own barrier; the thread sanitizer knows no plain one */
    (void)__atomic_exchange_n(&fence, 1, __ATOMIC_SEQ_CST);
}

void os_barrier(void)
{
    int saved = errno;
    /* A child of fork() has to register again. */
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
        !(os_barrier_available() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0)) {
        barrier_by_translation();
    }
    errno = saved;
}
