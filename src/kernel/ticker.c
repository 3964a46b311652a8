/* ticker.c - stores the clocks of KeTimeStampBundle. */
#include "kernel/ticker.h"

#include "diag/log.h"
#include "kernel/call.h"
#include "kernel/guest_time.h"

#define TICK_NS          1000000u
#define TICKER_STACK     0x40000u
#define UNITS_A_TICK     10000u /* 100 ns each */
#define BUNDLE_INTERRUPT 0x00u
#define BUNDLE_SYSTEM    0x08u
#define BUNDLE_TICKS     0x10u /* one word, and one of padding */

/* Eight bytes at a time: guest code that reads one field never sees half of two values. */
static void store_time(const grt_ticker *ticker)
{
    grt_runtime *runtime = ticker->runtime;
    uint64_t interrupt_time = grt_interrupt_time(runtime);
    uint32_t ticks = (uint32_t)(interrupt_time / UNITS_A_TICK);
    grt_guest_store64(runtime, ticker->bundle + BUNDLE_INTERRUPT, interrupt_time);
    grt_guest_store64(runtime, ticker->bundle + BUNDLE_SYSTEM, grt_kernel_time(runtime));
    grt_guest_store64(runtime, ticker->bundle + BUNDLE_TICKS, (uint64_t)ticks << 32);
}

static void tick(void *argument)
{
    grt_ticker *ticker = argument;
    uint64_t next = os_clock_ns();
    os_thread_set_name("guest clock");
    while (__atomic_load_n(&ticker->ended, __ATOMIC_ACQUIRE) == 0) {
        store_time(ticker);
        next += TICK_NS;
        uint64_t now = os_clock_ns();
        if (next < now) /* the host was asleep: no tick is made up for */
            next = now;
        os_wait(&ticker->ended, 0, next);
    }
}

static grt_status start_thread(grt_ticker *ticker)
{
    const grt_log *log = &ticker->runtime->config.log;
    int error = os_thread_create(TICKER_STACK, tick, ticker, &ticker->host);
    if (error == 0)
        return GRT_OK;
    char text[128];
    os_error_text(error, text, sizeof text);
    grt_log_line(log, GRT_LOG_ERROR, "EXPORT",
                 "the host refused the thread that keeps KeTimeStampBundle: %s; %s", text,
                 grt_status_remedy(GRT_HOST_THREAD_FAILED));
    *ticker = (grt_ticker){0};
    return GRT_HOST_THREAD_FAILED;
}

grt_status grt_ticker_start(grt_ticker *ticker, grt_runtime *runtime, grt_addr bundle)
{
    if (ticker->bundle != 0)
        return GRT_OK;
    *ticker =
        (grt_ticker){.runtime = runtime, .bundle = bundle, .by_calls = runtime->schedule != NULL};
    store_time(ticker);
    return ticker->by_calls ? GRT_OK : start_thread(ticker);
}

void grt_ticker_call(const grt_ticker *ticker)
{
    store_time(ticker);
}

void grt_ticker_stop(grt_ticker *ticker)
{
    if (ticker->host == NULL)
        return;
    __atomic_store_n(&ticker->ended, 1, __ATOMIC_RELEASE);
    os_wake_all(&ticker->ended);
    os_thread_join(ticker->host);
    ticker->host = NULL;
}
