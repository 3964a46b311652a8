/*
 * baton.h - a second thread that does one thing at a time when it is told to.
 *
 * Two real threads whose calls come in an order that the test decides, so that what depends on
 * which thread calls (caches) is tested and every run is the same.
 */
#ifndef BATON_H
#define BATON_H

#include <stdbool.h>
#include <stdint.h>

#include "os/os.h"

enum { BATON_IDLE, BATON_GIVEN, BATON_END };

typedef struct baton {
    uint32_t state;
    void (*work)(void *arg);
    void *arg;
    os_thread *thread;
} baton;

static inline uint32_t baton_await(baton *self, uint32_t unwanted)
{
    uint32_t state;
    while ((state = __atomic_load_n(&self->state, __ATOMIC_ACQUIRE)) == unwanted) {
        (void)os_wait(&self->state, unwanted, UINT64_MAX);
    }
    return state;
}

static inline void baton_set(baton *self, uint32_t state)
{
    __atomic_store_n(&self->state, state, __ATOMIC_RELEASE);
    os_wake_all(&self->state);
}

static inline void baton_serve(void *arg)
{
    baton *self = arg;
    while (baton_await(self, BATON_IDLE) != BATON_END) {
        self->work(self->arg);
        baton_set(self, BATON_IDLE);
    }
}

static inline bool baton_start(baton *self)
{
    *self = (baton){.state = BATON_IDLE};
    return os_thread_create(0x40000, baton_serve, self, &self->thread) == 0;
}

/* Runs [work](arg) on the other thread and waits for it. */
static inline void baton_run(baton *self, void (*work)(void *arg), void *arg)
{
    self->work = work;
    self->arg = arg;
    baton_set(self, BATON_GIVEN);
    (void)baton_await(self, BATON_GIVEN);
}

static inline void baton_stop(baton *self)
{
    baton_set(self, BATON_END);
    os_thread_join(self->thread);
}

#endif
