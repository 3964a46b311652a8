// Completion ports: packets in order, waits for them, workers that share them.
// expect: packets come in order
// expect: bad calls take nothing
// expect: workers share the packets
#include "check.h"

static int64_t poll = 0, soon = MILLISECONDS(2);
static HANDLE port;

#define WORKERS 3
#define PACKETS 300
static uint32_t sums[WORKERS];

static NTSTATUS take(uint32_t *key, uint32_t *context, IO_RESULT *result, const int64_t *timeout)
{
    return NtRemoveIoCompletion(port, key, context, result, timeout);
}

static uint32_t work(void *argument)
{
    uint32_t key, context;
    IO_RESULT result;
    uint32_t *sum = argument;
    while (take(&key, &context, &result, 0) == STATUS_SUCCESS && key != 0)
        *sum += result.information;
    return 0;
}

int main(void)
{
    uint32_t key, context, depth;
    IO_RESULT result;
    HANDLE event, threads[WORKERS];
    CHECK(NtCreateIoCompletion(&port, 0, 0, 0) == STATUS_SUCCESS);
    CHECK(take(&key, &context, &result, &poll) == STATUS_TIMEOUT);
    CHECK(take(&key, &context, &result, &soon) == STATUS_TIMEOUT);
    for (uint32_t i = 1; i <= 3; i++)
        CHECK(NtSetIoCompletion(port, i, i + 10, i + 20, i + 30) == STATUS_SUCCESS);
    CHECK(NtQueryIoCompletion(port, &depth) == STATUS_SUCCESS && depth == 3);
    CHECK(NtWaitForSingleObjectEx(port, 1, 0, &poll) == STATUS_SUCCESS);
    for (uint32_t i = 1; i <= 3; i++) {
        CHECK(take(&key, &context, &result, &poll) == STATUS_SUCCESS);
        CHECK(key == i && context == i + 10);
        CHECK(result.status == i + 20 && result.information == i + 30);
    }
    CHECK(NtWaitForSingleObjectEx(port, 1, 0, &poll) == STATUS_TIMEOUT);
    printf("packets come in order\n");

    NtCreateEvent(&event, 0, EVENT_AUTO, 0);
    CHECK(NtSetIoCompletion(event, 1, 2, 3, 4) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtSetIoCompletion(0x1234, 1, 2, 3, 4) == STATUS_INVALID_HANDLE);
    NtSetIoCompletion(port, 1, 2, 3, 4);
    CHECK(take(0, &context, &result, &poll) == STATUS_ACCESS_VIOLATION);
    CHECK(take(&key, (uint32_t *)16, &result, &poll) == STATUS_ACCESS_VIOLATION);
    CHECK(take(&key, &context, 0, &poll) == STATUS_ACCESS_VIOLATION);
    CHECK(NtQueryIoCompletion(event, &depth) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQueryIoCompletion(port, 0) == STATUS_ACCESS_VIOLATION);
    CHECK(NtQueryIoCompletion(port, &depth) == STATUS_SUCCESS && depth == 1);
    CHECK(take(&key, &context, &result, &poll) == STATUS_SUCCESS);
    printf("bad calls take nothing\n");

    uint32_t sum = 0;
    for (int i = 0; i < WORKERS; i++)
        threads[i] = start_thread(work, &sums[i]);
    for (uint32_t i = 1; i <= PACKETS; i++)
        NtSetIoCompletion(port, 1, 0, 0, i);
    for (int i = 0; i < WORKERS; i++)
        NtSetIoCompletion(port, 0, 0, 0, 0);
    for (int i = 0; i < WORKERS; i++) {
        join_thread(threads[i]);
        sum += sums[i];
    }
    CHECK(sum == PACKETS * (PACKETS + 1) / 2);
    CHECK(NtClose(port) == STATUS_SUCCESS);
    CHECK(NtSetIoCompletion(port, 1, 2, 3, 4) == STATUS_INVALID_HANDLE);
    printf("workers share the packets\n");
    return 0;
}
