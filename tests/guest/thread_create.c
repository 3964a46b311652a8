// ExCreateThread: ids, flags, exit codes, the startup routine, and what is wrong with a call.
// expect: ids are unique and the thread's own
// expect: exit codes come from the entry, or from ExTerminateThread
// expect: a startup routine is called instead, and nobody looks at its result
// expect: flags choose processor, process, priority and what is returned
// expect: nothing is created from bad arguments
// stderr: entry 0x00001234 or startup 0x00000000 is no function
// stderr: flags C0000000 name processors 6 or 7
#include "thread_words.h"

static volatile uint32_t seen_id, seen_argument, seen_processor, seen_type;

static uint32_t look(void *argument)
{
    seen_id = word_at(kthread() + 0x14C);
    seen_argument = (uint32_t)argument;
    seen_processor = byte_at(pcr() + 0x10C);
    seen_type = KeGetCurrentProcessType();
    return seen_argument + 1;
}

static uint32_t terminate(void *argument)
{
    ExTerminateThread((uint32_t)argument + 2);
}

static void startup(thread_entry *entry, void *argument)
{
    seen_argument = entry == look ? (uint32_t)argument : 0;
}

/* Runs a thread and returns its exit code, which its block keeps as long as it is referred to. */
static uint32_t run(void *start, thread_entry *entry, uint32_t argument, uint32_t flags,
                    uint32_t *id)
{
    HANDLE handle = 0;
    uint32_t block = 0;
    CHECK(ExCreateThread(&handle, 0, id, start, entry, (void *)argument,
                         flags | CREATE_SUSPENDED) == STATUS_SUCCESS);
    CHECK(NtResumeThread(handle, &block) == STATUS_SUCCESS && block == 1);
    join_thread(handle);
    return 0;
}

/* The same by its KTHREAD, whose reference keeps it readable. */
static uint32_t exit_code_of(void *start, thread_entry *entry, uint32_t argument, uint32_t flags)
{
    uint32_t thread = 0;
    CHECK(ExCreateThread((HANDLE *)&thread, 0, 0, start, entry, (void *)argument,
                         flags | CREATE_KTHREAD) == STATUS_SUCCESS);
    CHECK(byte_at(thread) == 6);
    while (word_at(thread + 4) == 0) /* the dispatcher header's signal state */
        NtYieldExecution();
    return exit_code_at(thread);
}

static void wrong_calls(void)
{
    HANDLE handle = 7;
    CHECK(ExCreateThread(&handle, 0, 0, 0, (thread_entry *)0x1234, 0, 0) ==
          STATUS_INVALID_PARAMETER);
    CHECK(handle == 0);
    CHECK(ExCreateThread(&handle, 0x20000000, 0, 0, look, 0, 0) == STATUS_INVALID_PARAMETER);
    CHECK(ExCreateThread((HANDLE *)16, 0, 0, 0, look, 0, 0) == 0xC0000005u);
    CHECK(ExCreateThread(&handle, 0, (uint32_t *)16, 0, look, 0, 0) == 0xC0000005u);
    CHECK(ExCreateThread(&handle, 0, 0, 0, look, 0, 0xC0000000u) == STATUS_SUCCESS);
    join_thread(handle);
}

int main(void)
{
    uint32_t first = 0, second = 0;
    run(0, look, 1, 0, &first);
    CHECK(seen_id == first && first != 0);
    run(0, look, 1, 0, &second);
    CHECK(seen_id == second && second != first && second != word_at(kthread() + 0x14C));
    printf("ids are unique and the thread's own\n");

    CHECK(exit_code_of(0, look, 41, 0) == 42);
    CHECK(exit_code_of(0, terminate, 41, 0) == 43);
    printf("exit codes come from the entry, or from ExTerminateThread\n");

    CHECK(exit_code_of(startup, look, 77, 0) == 0 && seen_argument == 77);
    printf("a startup routine is called instead, and nobody looks at its result\n");

    exit_code_of(0, look, 0, THREAD_PROCESSOR(1) | THREAD_PROCESSOR(4));
    CHECK(seen_processor == 4 && seen_type == 1);
    exit_code_of(0, look, 0, CREATE_SYSTEM | THREAD_PROCESSOR(0));
    CHECK(seen_processor == 0 && seen_type == 2);
    uint32_t parent = byte_at(pcr() + 0x10C);
    exit_code_of(0, look, 0, 0);
    CHECK(seen_processor == parent);
    uint32_t thread;
    ExCreateThread((HANDLE *)&thread, 0, 0, 0, look, 0,
                   CREATE_KTHREAD | CREATE_RAISED | CREATE_SUSPENDED);
    CHECK(KeQueryBasePriorityThread((KTHREAD *)thread) == 1);
    CHECK(KeResumeThread((KTHREAD *)thread) == 1);
    printf("flags choose processor, process, priority and what is returned\n");

    wrong_calls();
    printf("nothing is created from bad arguments\n");
    return 0;
}
