/* clock.c - the guest's clock: the host's, or the virtual one of the seeded scheduler. */
#include "thread/schedule.h"

/* What a kernel call or a reading of the time base takes on the virtual clock. Without it a loop
 * that polls for another thread's deadline would never end. */
#define TICK_NS 1000u

/* Where the virtual clock begins, 2005-11-22, so that every run has the same dates. */
#define VIRTUAL_EPOCH_NS (1132617600ull * 1000000000ull)

uint64_t grt_thread_clock_ns(const grt_runtime *runtime)
{
    const struct grt_schedule *schedule = runtime->schedule;
    return schedule == NULL ? os_clock_ns() : atomic_load(&schedule->now_ns);
}

uint64_t grt_thread_wall_clock_ns(const grt_runtime *runtime)
{
    const struct grt_schedule *schedule = runtime->schedule;
    return schedule == NULL ? os_wall_clock_ns()
                            : VIRTUAL_EPOCH_NS + atomic_load(&schedule->now_ns);
}

void grt_thread_clock_tick(grt_runtime *runtime)
{
    if (runtime->schedule != NULL)
        atomic_fetch_add(&runtime->schedule->now_ns, TICK_NS);
}
