// Arguments of one byte: callers leave anything in the rest of the register; it does not count.
// expect: objects begin as the byte says
// expect: waits are alertable as the byte says
// expect: timers, alerts and APCs have the mode that the byte says
// expect: levels and threads are what the byte says
// expect: memory does not look at the rest
#include "check.h"

#include "kthread.h"

/* The same exports for arguments that fill a register. */
#define NO  0xABCDEF00u
#define YES 0xABCDEF01u

NTSTATUS create_event(HANDLE *, void *, uint32_t, uint32_t) __asm__("NtCreateEvent");
NTSTATUS create_mutant(HANDLE *, void *, uint32_t) __asm__("NtCreateMutant");
void init_event(KEVENT *, uint32_t, uint32_t) __asm__("KeInitializeEvent");
int32_t set_event(KEVENT *, uint32_t, uint32_t) __asm__("KeSetEvent");
int32_t pulse_event(KEVENT *, uint32_t, uint32_t) __asm__("KePulseEvent");
int32_t release_semaphore(KSEMAPHORE *, uint32_t, int32_t, uint32_t) __asm__("KeReleaseSemaphore");
void init_mutant(KMUTANT *, uint32_t) __asm__("KeInitializeMutant");
int32_t release_mutant(KMUTANT *, uint32_t, uint32_t, uint32_t) __asm__("KeReleaseMutant");

NTSTATUS wait_one(HANDLE, uint32_t, uint32_t, const int64_t *) __asm__("NtWaitForSingleObjectEx");
NTSTATUS wait_many(uint32_t, const HANDLE *, uint32_t, uint32_t, uint32_t,
                   const int64_t *) __asm__("NtWaitForMultipleObjectsEx");
NTSTATUS wait_body(void *, uint32_t, uint32_t, uint32_t,
                   const int64_t *) __asm__("KeWaitForSingleObject");
NTSTATUS wait_bodies(uint32_t, void *const *, uint32_t, uint32_t, uint32_t, uint32_t,
                     const int64_t *, void *) __asm__("KeWaitForMultipleObjects");
NTSTATUS signal_and_wait(HANDLE, HANDLE, uint32_t, uint32_t,
                         const int64_t *) __asm__("NtSignalAndWaitForSingleObjectEx");
NTSTATUS delay(uint32_t, uint32_t, const int64_t *) __asm__("KeDelayExecutionThread");

NTSTATUS set_timer(HANDLE, const int64_t *, timer_routine *, uint32_t, void *, uint32_t, int32_t,
                   uint32_t *) __asm__("NtSetTimerEx");
void init_timer(KTIMER *, uint32_t, uint32_t) __asm__("KeInitializeTimerEx");
uint32_t alert(void *, uint32_t) __asm__("KeAlertThread");
uint32_t test_alert(uint32_t) __asm__("KeTestAlertThread");
void init_apc(KAPC *, void *, apc_kernel_routine *, apc_rundown_routine *, apc_routine *, uint32_t,
              void *) __asm__("KeInitializeApc");

uint32_t raise_level(uint32_t) __asm__("KfRaiseIrql");
void lower_level(uint32_t) __asm__("KfLowerIrql");
void release_lock(KSPIN_LOCK *, uint32_t) __asm__("KfReleaseSpinLock");
void set_process(uint32_t) __asm__("KeSetCurrentProcessType");
uint32_t set_disable_boost(KTHREAD *, uint32_t) __asm__("KeSetDisableBoostThread");

NTSTATUS allocate(void **, uint32_t *, uint32_t, uint32_t,
                  uint32_t) __asm__("NtAllocateVirtualMemory");
NTSTATUS release(void **, uint32_t *, uint32_t, uint32_t) __asm__("NtFreeVirtualMemory");
NTSTATUS protect(void **, uint32_t *, uint32_t, uint32_t *,
                 uint32_t) __asm__("NtProtectVirtualMemory");

static int64_t now = 0;

static void objects(void)
{
    HANDLE clear, set, nobodys, ours;
    KEVENT event;
    KSEMAPHORE semaphore;
    KMUTANT mutant;
    create_event(&clear, 0, EVENT_MANUAL, NO);
    create_event(&set, 0, EVENT_MANUAL, 0x80);
    CHECK(wait_one(clear, NO, NO, &now) == STATUS_TIMEOUT);
    CHECK(wait_one(set, YES, NO, &now) == STATUS_SUCCESS);
    create_mutant(&nobodys, 0, NO);
    create_mutant(&ours, 0, YES);
    CHECK(NtReleaseMutant(nobodys, 0) == STATUS_MUTANT_NOT_OWNED);
    CHECK(NtReleaseMutant(ours, 0) == STATUS_SUCCESS);
    init_event(&event, EVENT_AUTO, NO);
    CHECK(event.header.signal_state == 0);
    CHECK(set_event(&event, 0, YES) == 0);
    CHECK(pulse_event(&event, 0, NO) == 1);
    KeInitializeSemaphore(&semaphore, 0, 1);
    CHECK(release_semaphore(&semaphore, 0, 1, NO) == 0);
    init_mutant(&mutant, NO);
    CHECK(mutant.header.signal_state == 1);
    init_mutant(&mutant, YES);
    CHECK(mutant.header.signal_state == 0);
    CHECK(release_mutant(&mutant, 0, NO, YES) == 0);
    CHECK(mutant.abandoned == 0);
    printf("objects begin as the byte says\n");
}

static int ran;

static void user_apc(void *context, void *argument1, void *argument2)
{
    (void)context, (void)argument1, (void)argument2;
    ran++;
}

/* Queues an APC, looks that it does not run in this wait, and that it does in an alertable one. */
#define WAITS(no, quiet, yes)                                                                      \
    do {                                                                                           \
        NtQueueApcThread(CURRENT_THREAD, user_apc, 0, 0, 0);                                       \
        ran = 0;                                                                                   \
        CHECK((no) == (quiet) && ran == 0);                                                        \
        CHECK((yes) == STATUS_USER_APC && ran == 1);                                               \
    } while (0)

static void waits(void)
{
    HANDLE handle, signalled;
    KEVENT event;
    void *bodies[1] = {&event};
    NtCreateEvent(&handle, 0, EVENT_MANUAL, 0);
    NtCreateEvent(&signalled, 0, EVENT_MANUAL, 0);
    KeInitializeEvent(&event, EVENT_MANUAL, 0);
    WAITS(wait_one(handle, YES, NO, &now), STATUS_TIMEOUT, wait_one(handle, NO, YES, &now));
    WAITS(wait_many(1, &handle, WAIT_ANY, YES, NO, &now), STATUS_TIMEOUT,
          wait_many(1, &handle, WAIT_ANY, NO, YES, &now));
    WAITS(wait_body(&event, 0, YES, NO, &now), STATUS_TIMEOUT, wait_body(&event, 0, NO, YES, &now));
    WAITS(wait_bodies(1, bodies, WAIT_ANY, 0, YES, NO, &now, 0), STATUS_TIMEOUT,
          wait_bodies(1, bodies, WAIT_ANY, 0, NO, YES, &now, 0));
    WAITS(signal_and_wait(signalled, handle, YES, NO, &now), STATUS_TIMEOUT,
          signal_and_wait(signalled, handle, NO, YES, &now));
    WAITS(delay(YES, NO, &now), STATUS_SUCCESS, delay(NO, YES, &now));
    printf("waits are alertable as the byte says\n");
}

static void timer_apc(void *context, uint32_t low, uint32_t high)
{
    (void)context, (void)low, (void)high;
}

static void modes(void)
{
    HANDLE handle;
    KTIMER timer;
    KAPC apc;
    int64_t later = MILLISECONDS(1000000);
    NtCreateTimer(&handle, 0, TIMER_AUTO);
    CHECK(set_timer(handle, &later, timer_apc, YES, 0, NO, 0, 0) == STATUS_SUCCESS);
    CHECK(set_timer(handle, &later, timer_apc, NO, 0, YES, 0, 0) == STATUS_TIMER_RESUME_IGNORED);
    NtCancelTimer(handle, 0);
    init_timer(&timer, TIMER_AUTO, YES);
    CHECK(timer.header.size == 1);
    CHECK(alert(kthread(), YES) == 0);
    CHECK(test_alert(NO) == 0);
    CHECK(test_alert(YES) == 1);
    init_apc(&apc, kthread(), 0, 0, user_apc, NO, 0);
    CHECK(apc.mode == APC_KERNEL);
    init_apc(&apc, kthread(), 0, 0, user_apc, YES, 0);
    CHECK(apc.mode == APC_USER);
    printf("timers, alerts and APCs have the mode that the byte says\n");
}

static void levels(void)
{
    KSPIN_LOCK lock = 0;
    CHECK(raise_level(YES) == PASSIVE_LEVEL);
    CHECK(raise_level(YES) == APC_LEVEL);
    lower_level(NO);
    CHECK(KfAcquireSpinLock(&lock) == PASSIVE_LEVEL);
    release_lock(&lock, YES);
    CHECK(lock == 0);
    CHECK(raise_level(YES) == APC_LEVEL);
    lower_level(NO);
    set_process(NO + 2);
    CHECK(KeGetCurrentProcessType() == 2);
    set_process(YES);
    CHECK(set_disable_boost(kthread(), NO) == 0);
    CHECK(set_disable_boost(kthread(), YES) == 0);
    CHECK(set_disable_boost(kthread(), NO) == 1);
    printf("levels and threads are what the byte says\n");
}

static void memory(void)
{
    void *base = 0;
    uint32_t size = 0x10000, old;
    CHECK(allocate(&base, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, NO) == STATUS_SUCCESS);
    CHECK(protect(&base, &size, PAGE_READONLY, &old, NO) == STATUS_SUCCESS);
    size = 0;
    CHECK(release(&base, &size, MEM_RELEASE, NO) == STATUS_SUCCESS);
    printf("memory does not look at the rest\n");
}

int main(void)
{
    objects();
    waits();
    modes();
    levels();
    memory();
    return 0;
}
