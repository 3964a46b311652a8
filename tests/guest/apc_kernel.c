// Kernel APCs and KAPC records: order, routines, removal, rundown, waits that go on.
// expect: the record is filled
// expect: one on the calling thread runs at once
// expect: special ones come first
// expect: a kernel routine changes what the normal routine gets
// expect: a wait goes on behind them
// expect: user ones are told by their record
// expect: what is removed does not run
// expect: rundown routines run at the end
// expect: bad records are said
// stderr: KeInsertQueueApc: the APC at
// stderr: is for 00000077, which is no thread
#include "check.h"
#include "kthread.h"
#include <string.h>

static int64_t poll = 0;
static char order[64];
static int count;

static void mark(char c)
{
    order[count++] = c;
    order[count] = 0;
}

static int noted(const char *text)
{
    int same = strcmp(order, text) == 0;
    count = 0;
    order[0] = 0;
    return same;
}

static void normal(void *context, void *first, void *second)
{
    CHECK(irql() == 0);
    CHECK((uintptr_t)second == (uintptr_t)first + 1);
    mark((char)(uintptr_t)context);
}

static void kernel(KAPC *apc, apc_routine **routine, void **context, void **first, void **second)
{
    (void)first;
    (void)second;
    CHECK(apc->type == 18 && irql() == 1);
    mark(*routine ? 'k' : 's');
    if (*routine)
        *context = (void *)((uintptr_t)*context + 1);
}

static void swap(KAPC *apc, apc_routine **routine, void **context, void **first, void **second)
{
    (void)apc;
    *routine = normal;
    *context = (void *)'!';
    *first = (void *)40;
    *second = (void *)41;
}

static void cancel(KAPC *apc, apc_routine **routine, void **context, void **first, void **second)
{
    (void)apc;
    (void)context;
    (void)first;
    (void)second;
    mark('c');
    *routine = 0;
}

static void rundown(KAPC *apc)
{
    mark(apc->mode ? 'u' : 'd');
}

static void *twin_apc;

static void queue_twin(KAPC *apc, apc_routine **routine, void **context, void **first,
                       void **second)
{
    (void)routine;
    (void)context;
    (void)first;
    (void)second;
    mark('q');
    CHECK(apc->inserted == 0); /* it may be queued again */
    KeInsertQueueApc(twin_apc, (void *)1, (void *)2, 0);
}

static void on_itself(void)
{
    static KAPC a, b, c;
    memset(&a, 0xEE, sizeof a);
    KeInitializeApc(&a, kthread(), kernel, rundown, normal, APC_KERNEL, (void *)'a');
    CHECK(sizeof a == 0x28 && a.type == 18 && a.mode == 0 && a.inserted == 0);
    CHECK(a.thread == kthread() && a.kernel_routine == kernel && a.rundown_routine == rundown);
    CHECK(a.normal_routine == normal && a.context == (void *)'a');
    KeInitializeApc(&b, kthread(), kernel, 0, 0, APC_USER, (void *)'b');
    CHECK(b.mode == 0 && b.context == 0); /* without a normal routine */
    printf("the record is filled\n");

    CHECK(KeInsertQueueApc(&a, (void *)4, (void *)5, 0) == 1);
    CHECK(noted("kb") && a.inserted == 0 && a.arguments[0] == (void *)4);
    CHECK(KeRemoveQueueApc(&a) == 0);
    printf("one on the calling thread runs at once\n");

    /* What a kernel routine queues has to wait until the level has sunk: special ones come before
     * the normal routine. */
    KeInitializeApc(&c, kthread(), queue_twin, 0, normal, APC_KERNEL, (void *)'C');
    twin_apc = &b;
    CHECK(KeInsertQueueApc(&c, (void *)1, (void *)2, 0) == 1 && noted("qsC"));
    KeInitializeApc(&c, kthread(), swap, 0, normal, APC_KERNEL, (void *)'x');
    CHECK(KeInsertQueueApc(&c, (void *)1, (void *)9, 0) == 1 && noted("!"));
    KeInitializeApc(&c, kthread(), cancel, 0, normal, APC_KERNEL, (void *)'x');
    CHECK(KeInsertQueueApc(&c, (void *)1, (void *)9, 0) == 1 && noted("c"));
}

static uint32_t wait_long(void *argument)
{
    int64_t moment = MILLISECONDS(20000);
    return NtWaitForSingleObjectEx((HANDLE)argument, 0, 0, &moment);
}

static void on_others(void)
{
    static KAPC apcs[4];
    HANDLE event, thread;
    uint8_t *block;
    int64_t moment = MILLISECONDS(20);
    NtCreateEvent(&event, 0, EVENT_AUTO, 0);
    ExCreateThread(&thread, 0, 0, 0, wait_long, (void *)event, CREATE_SUSPENDED);
    ObReferenceObjectByHandle(thread, 0, &block);
    KeInitializeApc(&apcs[0], block, kernel, 0, normal, APC_KERNEL, (void *)'1');
    KeInitializeApc(&apcs[1], block, kernel, 0, 0, APC_KERNEL, 0);
    KeInitializeApc(&apcs[2], block, 0, 0, normal, APC_KERNEL, (void *)'3');
    KeInitializeApc(&apcs[3], block, kernel, 0, 0, APC_KERNEL, 0);
    for (int i = 0; i < 4; i++) {
        CHECK(KeInsertQueueApc(&apcs[i], (void *)1, (void *)2, 0) == 1);
        CHECK(KeInsertQueueApc(&apcs[i], (void *)1, (void *)2, 0) == 0); /* it is queued */
        CHECK(apcs[i].inserted == 1);
    }
    memset(&apcs[2].kernel_routine, 0xEE, 12); /* was read when it was queued */
    NtResumeThread(thread, 0);
    while (*(volatile uint8_t *)&apcs[2].inserted)
        KeDelayExecutionThread(0, 0, &moment);
    KeDelayExecutionThread(0, 0, &moment);
    CHECK(noted("ssk23"));
    printf("special ones come first\n");
    printf("a kernel routine changes what the normal routine gets\n");

    KeInitializeApc(&apcs[0], block, kernel, 0, normal, APC_KERNEL, (void *)'4');
    KeInsertQueueApc(&apcs[0], (void *)1, (void *)2, 0);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &moment) == STATUS_TIMEOUT);
    CHECK(noted("k5"));
    NtSetEvent(event, 0);
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    CHECK(*(uint32_t *)(block + 0x140) == STATUS_SUCCESS);
    CHECK(KeInsertQueueApc(&apcs[0], 0, 0, 0) == 0); /* the thread has ended */
    ObDereferenceObject(block);
    NtClose(thread);
    printf("a wait goes on behind them\n");
}

static uint32_t nothing(void *argument)
{
    (void)argument;
    return 0;
}

static KAPC late[2];

static uint32_t leave_some(void *argument)
{
    KeInitializeApc(&late[0], kthread(), 0, rundown, normal, APC_USER, 0);
    KeInsertQueueApc(&late[0], 0, 0, 0);
    if (argument)
        ExTerminateThread(3);
    return 0;
}

int main(void)
{
    static KAPC user, other;
    on_itself();
    on_others();
    KeInitializeApc(&user, kthread(), 0, 0, normal, APC_USER, (void *)'U');
    CHECK(user.mode == 1 && KeInsertQueueApc(&user, (void *)1, (void *)2, 0) == 1);
    CHECK(noted(""));
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC && noted("U"));
    KeInitializeApc(&user, kthread(), cancel, 0, normal, 200, (void *)'U');
    CHECK(user.mode == 1 && KeInsertQueueApc(&user, (void *)1, (void *)2, 0) == 1);
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC && noted("c"));
    printf("user ones are told by their record\n");

    KeInitializeApc(&other, kthread(), 0, 0, normal, APC_USER, (void *)'O');
    KeInitializeApc(&user, kthread(), 0, 0, normal, APC_USER, (void *)'U');
    KeInsertQueueApc(&other, (void *)1, (void *)2, 0);
    KeInsertQueueApc(&user, (void *)1, (void *)2, 0);
    CHECK(KeRemoveQueueApc(&user) == 1 && user.inserted == 0);
    CHECK(KeRemoveQueueApc(&user) == 0);
    KeInsertQueueApc(&user, (void *)1, (void *)2, 0);
    CHECK(KeRemoveQueueApc(&other) == 1);
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC && noted("U"));
    printf("what is removed does not run\n");

    join_thread(start_thread(leave_some, 0));
    CHECK(noted("u"));
    join_thread(start_thread(leave_some, (void *)1));
    CHECK(noted("u") && late[0].inserted == 0);
    printf("rundown routines run at the end\n");

    KeInitializeApc((KAPC *)16, kthread(), 0, 0, normal, APC_USER, 0);
    CHECK(KeInsertQueueApc((KAPC *)16, 0, 0, 0) == 0);
    CHECK(KeRemoveQueueApc((KAPC *)16) == 0);
    KeInitializeApc(&user, (void *)0x77, 0, 0, normal, APC_USER, 0);
    CHECK(KeInsertQueueApc(&user, 0, 0, 0) == 0);
    CHECK(KeRemoveQueueApc(&user) == 0);
    join_thread(start_thread(nothing, 0));
    printf("bad records are said\n");
    return 0;
}
