// DPCs: at DISPATCH level, in the order in which they were queued.
// expect: a DPC runs when the call returns
// expect: those queued by a DPC come behind it
// expect: what is removed does not run
// expect: the list can be drained
// expect: bad records are said
// stderr: KeInitializeDpc: dpc leads to 0x00000010, which cannot be written
// stderr: of the DPC at
#include "check.h"
#include "kthread.h"
#include <string.h>

static char order[64];
static int count;
static KDPC first, second, third;

static int noted(const char *text)
{
    int same = strcmp(order, text) == 0;
    count = 0;
    memset(order, 0, sizeof order);
    return same;
}

static void note(KDPC *dpc, void *context, void *argument1, void *argument2)
{
    CHECK(irql() == 2);
    CHECK(dpc->type == 19 && dpc->context == context);
    CHECK((uintptr_t)argument2 == (uintptr_t)argument1 + 1);
    order[count++] = (char)(uintptr_t)context;
}

static void chain(KDPC *dpc, void *context, void *argument1, void *argument2)
{
    CHECK(KeInsertQueueDpc(&second, (void *)1, (void *)2) == 1);
    CHECK(KeInsertQueueDpc(&second, (void *)1, (void *)2) == 0);
    CHECK(KeInsertQueueDpc(&third, (void *)1, (void *)2) == 1);
    note(dpc, context, argument1, argument2);
}

static void take_out(KDPC *dpc, void *context, void *argument1, void *argument2)
{
    KeInsertQueueDpc(&second, (void *)1, (void *)2);
    KeInsertQueueDpc(&third, (void *)1, (void *)2);
    CHECK(KeRemoveQueueDpc(&second) == 1);
    CHECK(KeRemoveQueueDpc(&second) == 0);
    CHECK(KeRemoveQueueDpc(dpc) == 0);
    note(dpc, context, argument1, argument2);
}

static void drain(KDPC *dpc, void *context, void *argument1, void *argument2)
{
    KeInsertQueueDpc(&second, (void *)1, (void *)2);
    KeRetireDpcList();
    note(dpc, context, argument1, argument2);
}

int main(void)
{
    memset(&first, 0xEE, sizeof first);
    KeInitializeDpc(&first, note, (void *)'a');
    CHECK(sizeof first == 0x1C && first.type == 19 && first.routine == note);
    CHECK(first.context == (void *)'a');
    CHECK(irql() == 0);
    CHECK(KeInsertQueueDpc(&first, (void *)7, (void *)8) == 1);
    CHECK(noted("a") && irql() == 0 && first.arguments[0] == (void *)7);
    printf("a DPC runs when the call returns\n");

    KeInitializeDpc(&second, note, (void *)'b');
    KeInitializeDpc(&third, note, (void *)'c');
    KeInitializeDpc(&first, chain, (void *)'x');
    CHECK(KeInsertQueueDpc(&first, (void *)7, (void *)8) == 1);
    CHECK(noted("xbc"));
    printf("those queued by a DPC come behind it\n");

    KeInitializeDpc(&first, take_out, (void *)'r');
    KeInsertQueueDpc(&first, (void *)7, (void *)8);
    CHECK(noted("rc"));
    CHECK(KeRemoveQueueDpc(&first) == 0);
    printf("what is removed does not run\n");

    KeRetireDpcList();
    KeInitializeDpc(&first, drain, (void *)'d');
    KeInsertQueueDpc(&first, (void *)7, (void *)8);
    CHECK(noted("bd"));
    printf("the list can be drained\n");

    KeInitializeDpc((KDPC *)16, note, 0);
    CHECK(KeInsertQueueDpc((KDPC *)16, 0, 0) == 0);
    CHECK(KeRemoveQueueDpc((KDPC *)16) == 0);
    KeInitializeDpc(&first, (dpc_routine *)16, 0);
    CHECK(KeInsertQueueDpc(&first, 0, 0) == 1); /* is said when it runs */
    CHECK(irql() == 0);
    printf("bad records are said\n");
    return 0;
}
