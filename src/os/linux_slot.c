/*
 * linux_slot.c - thread slots, and barriers that one thread imposes on all others.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
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

void *os_thread_slot_get(os_thread_slot slot)
{
    return pthread_getspecific(slot.number);
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

void os_barrier(void)
{
    int saved = errno;
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
        /* A child of fork() has to register again. */
        bool available = os_barrier_available();
        GRT_ASSERT(available);
        long result = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        GRT_ASSERT(result == 0);
    }
    errno = saved;
}
