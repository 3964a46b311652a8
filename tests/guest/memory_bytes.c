// Bytes, pools, statistics, and what the machine below has.
// expect: bytes are filled, copied and compared
// expect: ranges that are wrong by gigabytes change nothing
// expect: pools know their sizes
// expect: statistics add up
// expect: there is nothing to flush
// stderr: RtlFillMemoryUlong: destination: of 0xFFE8001C bytes from 0x
// stderr: RtlFillMemoryUlong: destination: of 0x15900000 bytes from 0x00000010, byte 0x10 cannot
// stderr: XMemCpy: source: of 0x00000010 bytes from 0x00000010, byte 0x10 cannot be read
// stderr: looks like a four-character tag
// stderr: there is no device
#include "check.h"
#include <string.h>

int main(void);
static void *const code = (void *)main;
static char a[9000], b[9000];
static uint32_t words[64];

static void some_bytes(void)
{
    for (int i = 0; i < 9000; i++)
        a[i] = (char)(i * 7);
    CHECK(XMemCpy(b, a, 9000) == b && memcmp(a, b, 9000) == 0);
    CHECK(RtlCompareMemory(a, b, 9000) == 9000);
    b[5000] ^= 1;
    CHECK(RtlCompareMemory(a, b, 9000) == 5000 && RtlCompareMemory(a, b, 0) == 0);
    CHECK(XMemCpyStreaming(b, a, 9000) == b && memcmp(a, b, 9000) == 0);
    CHECK(XMemSet(b, 0x1AB, 9000) == b && (unsigned char)b[8999] == 0xAB);
    RtlFillMemoryUlong(words, 4 * 10 + 3, 0x01020304);
    CHECK(words[0] == 0x01020304 && words[9] == 0x01020304 && words[10] == 0);
    CHECK(RtlCompareMemoryUlong(words, sizeof words, 0x01020304) == 40);
    CHECK(RtlCompareMemoryUlong(words, 3, 0x01020304) == 0);
    printf("bytes are filled, copied and compared\n");
}

static void wild_lengths(void)
{
    RtlFillMemoryUlong(words, 0xFFE8001C, 0xEEEEEEEE);
    RtlFillMemoryUlong((void *)0x10, 345 << 20, 0xEEEEEEEE); /* a block "freed" at null */
    XMemSet(words, 0xEE, 0xFFFFFFFF);
    XMemCpy(words, (void *)0x10, 16);
    XMemCpy(code, words, 16);
    CHECK(RtlCompareMemory(words, words, 0xFFFFFFFF) == 0);
    CHECK(RtlCompareMemoryUlong(words, 0xFFFFFFFF, 0x01020304) == 0);
    CHECK(words[0] == 0x01020304 && words[63] == 0);
    printf("ranges that are wrong by gigabytes change nothing\n");
}

static void pools(void)
{
    char *small = ExAllocatePool(100), *page = ExAllocatePoolWithTag(0x2000, 0x54455354);
    char *typed = ExAllocatePoolTypeWithTag(300, 0x54455354, 1);
    CHECK(small && page && typed && (uintptr_t)page % 0x1000 == 0);
    CHECK(ExQueryPoolBlockSize(small) == 100 && ExQueryPoolBlockSize(typed) == 300);
    memset(page, 1, 0x2000);
    ExFreePool(small);
    CHECK(ExQueryPoolBlockSize(small) == 0);
    ExFreePool(page);
    ExFreePool(typed);
    ExFreePool(0);
    CHECK(!ExAllocatePool(0xFFFFFFF0));
    ExFreePool(ExAllocatePoolWithTag(0x20676154, 64)); /* the desktop's order of arguments */
    printf("pools know their sizes\n");
}

static void statistics(void)
{
    MM_STATISTICS before = {.size = sizeof before}, after = {.size = sizeof after};
    CHECK(sizeof before == 104 && MmQueryStatistics(&before) == STATUS_SUCCESS);
    CHECK(before.total_physical_pages == 0x20000 && before.highest_physical_page == 0x1FFFF);
    CHECK(before.title.available_pages + before.title.physical_pages == 0x20000);
    CHECK(before.title.stack_pages >= 0x40 && before.title.image_pages > 0);
    CHECK(before.system.physical_pages == 0);
    void *base = 0;
    uint32_t size = 0x100000;
    CHECK(NtAllocateVirtualMemory(&base, &size, MEM_COMMIT, PAGE_READWRITE, 0) == STATUS_SUCCESS);
    CHECK(MmQueryStatistics(&after) == STATUS_SUCCESS);
    CHECK(after.title.virtual_pages == before.title.virtual_pages + 0x100);
    CHECK(after.title.available_pages == before.title.available_pages - 0x100);
    after.size = 100;
    CHECK(MmQueryStatistics(&after) == STATUS_BUFFER_TOO_SMALL);
    CHECK(MmQueryStatistics(0) == STATUS_INVALID_PARAMETER);
    CHECK(MmQueryStatistics((void *)0x10) == STATUS_ACCESS_VIOLATION);
    printf("statistics add up\n");
}

int main(void)
{
    some_bytes();
    wild_lengths();
    pools();
    statistics();
    KeFlushCacheRange(a, sizeof a);
    KeSweepDcacheRange(a, sizeof a);
    KeSweepIcacheRange(code, 16);
    KeFlushCurrentEntireTb();
    KeFlushEntireTb();
    KeFlushUserModeTb();
    KeFlushUserModeCurrentTb();
    CHECK(KeLockL2(0, 0x10000) == 0);
    KeUnlockL2();
    CHECK(KeGetImagePageTableEntry((void *)0x82010000) == 0x201);
    CHECK(KeGetImagePageTableEntry((void *)0x92001000) == 0x40002001);
    CHECK(KeGetImagePageTableEntry((void *)0x7FFFF000) == 0);
    CHECK(MmMapIoSpace(2, a, 0x40, 0x404) == a);
    CHECK(MmMapIoSpace(2, (void *)0x7FEA1600, 0x40, 0x404) == 0);
    printf("there is nothing to flush\n");
    return 0;
}
