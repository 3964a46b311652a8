// The calling thread: its process's type, floating-point state.
// expect: the process type is the thread's
// expect: registers are kept
// stderr: KeSetCurrentProcessType: there is no process type 3
#include "thread_words.h"

static uint32_t type_here(void *argument)
{
    *(volatile uint32_t *)argument = KeGetCurrentProcessType();
    return 0;
}

int main(void)
{
    static volatile uint32_t other;
    CHECK(KeGetCurrentProcessType() == 1);
    KeSetCurrentProcessType(2);
    CHECK(KeGetCurrentProcessType() == 2 && byte_at(kthread() + 0x73) == 2);
    KeSetCurrentProcessType(3);
    CHECK(KeGetCurrentProcessType() == 2);
    join_thread(start_thread(type_here, (void *)&other));
    CHECK(other == 1);
    KeSetCurrentProcessType(1);
    printf("the process type is the thread's\n");

    volatile double kept = 1.5;
    double here = kept * 2;
    KeSaveFloatingPointState();
    KeSaveVectorUnitState();
    KeRestoreVectorUnitState();
    KeRestoreFloatingPointState();
    CHECK(here == 3.0);
    CHECK(KeQueryBackgroundProcessors() == 0);
    KeSetBackgroundProcessors(0x30);
    CHECK(KeQueryBackgroundProcessors() == 0x30);
    printf("registers are kept\n");
    return 0;
}
