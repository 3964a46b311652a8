// The title library's threads: handles or 0, and the reason in the thread's last error.
// expect: created, resumed, ended
// expect: failures leave an error code
// expect: the error word can be switched off
// stderr: XapipCreateThread: there is no processor 6, so any will do
#include "thread_words.h"

#define SUSPENDED 4u

static volatile uint32_t seen_id, seen_processor;

static uint32_t look(void *argument)
{
    seen_id = GetCurrentThreadId();
    seen_processor = byte_at(pcr() + 0x10C);
    ExitThread((uint32_t)argument);
}

int main(void)
{
    uint32_t id = 0;
    CHECK(GetCurrentThreadId() == word_at(kthread() + 0x14C));
    HANDLE thread = CreateThread(0, 0x8000, look, (void *)5, SUSPENDED, &id);
    CHECK(thread != 0 && id != 0 && seen_id == 0);
    CHECK(ResumeThread(thread) == 1);
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    CHECK(seen_id == id && ResumeThread(thread) == 0);
    NtClose(thread);
    join_thread(CreateThread(0, 0, look, 0, 0, 0));
    thread = XapipCreateThread(0, 0, look, 0, 0, 5, &id);
    join_thread(thread);
    CHECK(seen_processor == 5 && seen_id == id);
    join_thread(XapipCreateThread(0, 0, look, 0, 0, -1, 0));
    join_thread(XapipCreateThread(0, 0, look, 0, 0, 6, 0));
    printf("created, resumed, ended\n");

    CHECK(ResumeThread(0x1234) == 0xFFFFFFFFu && last_error() == 6);
    CHECK(CreateThread(0, 0, (thread_entry *)0x1234, 0, 0, 0) == 0 && last_error() == 87);
    CHECK(CreateThread(0, 0, look, 0, 0, (uint32_t *)16) == 0 && last_error() == 998);
    printf("failures leave an error code\n");

    *(volatile uint32_t *)(pcr() + 0x150) = 1;
    CHECK(ResumeThread(0x1234) == 0xFFFFFFFFu && last_error() == 998);
    *(volatile uint32_t *)(pcr() + 0x150) = 0;
    printf("the error word can be switched off\n");
    return 0;
}
