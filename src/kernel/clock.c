/*
 * clock.c - the host thread that fires timers. It starts with the first timer that is armed and
 * sleeps until the next one is due.
 */
#include "kernel/object.h"

uint64_t grt_dispatch_clock(const grt_dispatch *dispatch)
{
    return grt_thread_clock_ns(dispatch->runtime);
}

static void clock_main(void *argument)
{
    grt_dispatch *dispatch = argument;
    grt_dispatch_lock(dispatch);
    while (!dispatch->clock_stop) {
        grt_timer_run(dispatch, grt_dispatch_clock(dispatch));
        uint64_t next = dispatch->clock_wanted = grt_timer_next(dispatch);
        uint32_t word = __atomic_load_n(&dispatch->clock_word, __ATOMIC_RELAXED);
        bool calls = grt_dpc_any(dispatch, NULL);
        grt_dispatch_unlock(dispatch);
        if (calls)
            grt_dpc_run(dispatch);
        else
            os_wait(&dispatch->clock_word, word, next);
        grt_dispatch_lock(dispatch);
    }
    grt_dispatch_unlock(dispatch);
}

static void look(grt_dispatch *dispatch)
{
    __atomic_fetch_add(&dispatch->clock_word, 1, __ATOMIC_RELAXED);
    os_wake_all(&dispatch->clock_word);
}

void grt_clock_look(grt_dispatch *dispatch)
{
    if (dispatch->clock &&
        (grt_timer_next(dispatch) < dispatch->clock_wanted || grt_dpc_any(dispatch, NULL)))
        look(dispatch);
}

int grt_clock_start(grt_dispatch *dispatch)
{
    int error = 0;
    /* The guest code of DPCs needs as much as that of any thread. */
    size_t stack_size = grt_host_stack_size(dispatch->runtime->config.stack_size);
    grt_dispatch_lock(dispatch);
    bool wanted = !dispatch->runtime->schedule; /* which asks for itself what is due */
    if (wanted && !dispatch->clock)             /* the new thread waits for the lock */
        error = os_thread_create(stack_size, clock_main, dispatch, &dispatch->clock);
    grt_dispatch_unlock(dispatch);
    return error;
}

void grt_clock_stop(grt_dispatch *dispatch)
{
    if (!dispatch->clock)
        return;
    grt_dispatch_lock(dispatch);
    dispatch->clock_stop = true;
    look(dispatch);
    grt_dispatch_unlock(dispatch);
    os_thread_join(dispatch->clock);
    dispatch->clock = NULL;
}
