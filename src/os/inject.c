/*
 * inject.c - the countdown behind os_inject.h.
 */
#include "os/os_inject.h"

#include <stdatomic.h>

/* Process-wide by nature: what is counted are the calls of the process. Calls still to let pass,
 * plus one; 0 = disarmed. */
static atomic_uint countdown;
static atomic_uint fired;
static atomic_bool stays;

void os_inject_failure(unsigned nth, bool sticky)
{
    atomic_store(&countdown, 0);
    atomic_store(&fired, 0);
    atomic_store(&stays, sticky);
    atomic_store(&countdown, nth);
}

unsigned os_inject_fired(void)
{
    return atomic_load(&fired);
}

static bool count_down(void)
{
    unsigned left = atomic_load(&countdown);
    for (;;) {
        if (left == 0) {
            return false; /* another thread's call took the failure meanwhile */
        }
        bool fails = left == 1;
        unsigned next = fails && atomic_load(&stays) ? 1 : left - 1;
        if (atomic_compare_exchange_weak(&countdown, &left, next)) {
            return fails;
        }
    }
}

bool os_inject_should_fail(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) == 0) {
        return false;
    }
    if (!count_down()) {
        return false;
    }
    atomic_fetch_add(&fired, 1);
    return true;
}
