// Variables of the kernel: each has an address of its own, and holds what is known of it.
// expect: object types differ
// expect: no monitors
// expect: the clock in memory goes on
// expect: the loader's entry describes the program
// expect: names
// expect: one that is missing reads D1BEBEEF
// stderr: VdGlobalDevice (library 0, ordinal 0x1BE) is not provided; the guest reads D1BEBEEF
#include "check.h"
#include <string.h>

#define XEX2 0x58455832u

extern const uint32_t VdGlobalDevice; /* as it is in the image: an address, had the kernel one */

static void types(void)
{
    const OBJECT_TYPE *const all[] = {ExEventObjectType,      ExMutantObjectType,
                                      ExSemaphoreObjectType,  ExThreadObjectType,
                                      ExTimerObjectType,      IoDeviceObjectType,
                                      IoFileObjectType,       ObDirectoryObjectType,
                                      IoCompletionObjectType, ObSymbolicLinkObjectType};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(all[i]->pool_tag != 0);
        for (unsigned j = 0; j < i; j++)
            CHECK(all[i] != all[j] && all[i]->pool_tag != all[j]->pool_tag);
    }
    CHECK(ExEventObjectType->pool_tag == 0x76657645);
    CHECK(ExThreadObjectType->pool_tag == 0x65726854);
}

/* As titles do it: read inline until it changes. */
static void clock(void)
{
    uint64_t system, first = KeTimeStampBundle->interrupt_time;
    uint32_t ticks = KeTimeStampBundle->tick_count;
    while (KeTimeStampBundle->tick_count == ticks) {
    }
    CHECK(KeTimeStampBundle->interrupt_time > first);
    CHECK(KeTimeStampBundle->interrupt_time <= KeQueryInterruptTime());
    KeQuerySystemTime(&system);
    CHECK(KeTimeStampBundle->system_time > system - 600000000ull);
    CHECK(KeTimeStampBundle->system_time < system + 600000000ull);
    CHECK(KeTimeStampBundle->padding == 0);
}

extern int _start(void *arguments);
int main(int argc, char **argv);

static void loader(void)
{
    const LOADER_ENTRY *entry = *XexExecutableModuleHandle;
    CHECK(entry->base == (char *)0x82000000);
    CHECK((char *)main >= entry->base && (char *)main < entry->base + entry->size);
    CHECK(entry->entry_point == (void *)_start);
    CHECK(entry->load_count == 1);
    CHECK(entry->header[0] == XEX2 && entry->header[5] == 0);
}

int main(int argc, char **argv)
{
    types();
    printf("object types differ\n");
    CHECK(*KeDebugMonitorData == 0 && *KeCertMonitorData == 0);
    for (int i = 0; i < 5; i++)
        CHECK(KiBugCheckData[i] == 0);
    printf("no monitors\n");
    clock();
    printf("the clock in memory goes on\n");
    loader();
    printf("the loader's entry describes the program\n");
    CHECK(strcmp(ExLoadedImageName, "module") == 0);
    CHECK(argc == 1 && ExLoadedCommandLine[0] == '"');
    CHECK(strncmp(ExLoadedCommandLine + 1, argv[0], strlen(argv[0])) == 0);
    printf("names\n");
    printf("one that is missing reads %X\n", (unsigned)VdGlobalDevice);
    return 0;
}
