// A thread's PCR, KTHREAD and KPROCESS are in guest memory and stay current, as inlined code reads.
// (A wrong processor number there froze a title's audio; slots kept elsewhere read as nothing.)
// expect: the PCR leads to everything
// expect: the KTHREAD says who and how
// expect: the process lists its threads
// expect: slots are where inlined code reads them
// expect: states change with the thread
#include "thread_words.h"

static HANDLE gate;

static uint32_t wait_at_gate(void *argument)
{
    (void)argument;
    NtWaitForSingleObjectEx(gate, 0, 0, 0);
    return 0x77;
}

static int is_empty_list(uint32_t address)
{
    return word_at(address) == address && word_at(address + 4) == address;
}

static void check_pcr(void)
{
    uint32_t here;
    CHECK(word_at(pcr() + 0x30) == pcr());
    CHECK(word_at(pcr() + 0x2A8) == pcr() + 0x100);
    CHECK(word_at(pcr()) == word_at(kthread() + 0x68));
    CHECK((uint32_t)&here < word_at(pcr() + 0x70) && (uint32_t)&here >= word_at(pcr() + 0x74));
    CHECK(word_at(pcr() + 0x110) == 1u << byte_at(pcr() + 0x10C));
    CHECK(byte_at(pcr() + 0x18) == 0 && word_at(pcr() + 0x150) == 0);
    CHECK(is_empty_list(pcr() + 0x148));
}

static void check_kthread(uint32_t thread)
{
    static const uint16_t lists[] = {0x08, 0x10, 0x74, 0x7C, 0x144, 0x154, 0x104};
    CHECK(byte_at(thread) == 6 && word_at(thread + 4) == 0);
    for (int i = 0; i < 7; i++)
        CHECK(is_empty_list(thread + lists[i]));
    CHECK(word_at(thread + 0x40) == thread + 0x20 && word_at(thread + 0x48) == thread);
    CHECK(word_at(thread + 0x4C) == thread + 0x18 && word_at(thread + 0x54) == 0x01020001);
    CHECK(byte_at(thread + 0x72) == 1 && byte_at(thread + 0x73) == 1);
    CHECK(byte_at(thread + 0x8B) == 1 && word_at(thread + 0x9C) == 0xFDFFD7FF);
    CHECK(word_at(thread + 0xD0) == word_at(thread + 0x5C));
    CHECK(word_at(thread + 0xD4) >> 16 == 18 && word_at(thread + 0xD8) == thread);
    CHECK(byte_at(thread + 0xFC) == 5 && word_at(thread + 0x10C) == 2);
    CHECK(word_at(thread + 0x150) == (uint32_t)wait_at_gate);
    CHECK(word_at(thread + 0x130) != 0 && word_at(thread + 0x17C) == 1);
}

/* Counts the members of the process's list both ways; 0 when a link does not lead back. */
static uint32_t count_threads(uint32_t process, uint32_t wanted)
{
    uint32_t count = 0, found = 0, head = process + 4;
    for (uint32_t link = word_at(head); link != head && count < 100; link = word_at(link)) {
        if (word_at(word_at(link) + 4) != link)
            return 0;
        found += link - 0x110 == wanted;
        count++;
    }
    return found == 1 ? count : 0;
}

static void check_process(uint32_t thread)
{
    uint32_t process = word_at(kthread() + 0x84);
    CHECK(process != 0 && word_at(thread + 0x84) == process);
    CHECK(count_threads(process, thread) == 2 && word_at(process + 0x14) == 2);
    CHECK(count_threads(process, kthread()) == 2);
    CHECK(word_at(process + 0x0C) == 0x7F && word_at(process + 0x10) == 0x001F0000);
    CHECK(byte_at(process + 0x1B) == 6 && byte_at(process + 0x2F) == 1);
    CHECK(word_at(process + 0x1C) == 0x40000 && is_empty_list(process + 0x54));
}

static void check_slots(void)
{
    uint32_t process = word_at(kthread() + 0x84), bitmap = word_at(process + 0x30);
    uint32_t slot = KeTlsAlloc();
    CHECK(word_at(process + 0x30) == (bitmap & ~(0x80000000u >> slot)));
    CHECK(KeTlsSetValue(slot, 0x1234) == 1);
    CHECK(word_at(word_at(pcr()) + slot * 4) == 0x1234);
    *(volatile uint32_t *)(word_at(pcr()) + slot * 4) = 0x5678;
    CHECK(KeTlsGetValue(slot) == 0x5678);
    CHECK(KeTlsFree(slot) == 1 && word_at(word_at(pcr()) + slot * 4) == 0);
    CHECK(word_at(process + 0x30) == bitmap);
}

int main(void)
{
    uint32_t thread, process = word_at(kthread() + 0x84);
    NtCreateEvent(&gate, 0, EVENT_MANUAL, 0);
    check_pcr();
    printf("the PCR leads to everything\n");
    ExCreateThread((HANDLE *)&thread, 0, 0, 0, wait_at_gate, 0, CREATE_SUSPENDED | CREATE_KTHREAD);
    CHECK(byte_at(thread + 0xBC) == 1 && byte_at(thread + 0xBE) == 0);
    CHECK(word_at(thread + 0x16C) == (CREATE_SUSPENDED | CREATE_KTHREAD));
    check_kthread(thread);
    printf("the KTHREAD says who and how\n");
    check_process(thread);
    printf("the process lists its threads\n");
    check_slots();
    printf("slots are where inlined code reads them\n");

    CHECK(KeResumeThread((KTHREAD *)thread) == 1 && byte_at(thread + 0xBC) == 0);
    while (byte_at(thread + 0x6C) != 5) /* waiting */
        NtYieldExecution();
    CHECK(byte_at(kthread() + 0x6C) == 2); /* running */
    NtSetEvent(gate, 0);
    while (word_at(thread + 4) == 0)
        NtYieldExecution();
    CHECK(byte_at(thread + 0x6C) == 4 && byte_at(thread + 0xBE) == 1);
    CHECK(exit_code_at(thread) == 0x77 && word_at(thread + 0x138) >= word_at(thread + 0x130));
    while (word_at(process + 0x14) != 1)
        NtYieldExecution();
    CHECK(count_threads(process, kthread()) == 1);
    KeEnableFpuExceptions(1);
    CHECK(byte_at(kthread() + 0x71) == 1);
    KeEnableFpuExceptions(0);
    CHECK(byte_at(kthread() + 0x71) == 0);
    printf("states change with the thread\n");
    return 0;
}
