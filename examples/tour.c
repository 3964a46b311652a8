/*
 * tour.c - a walk through what guestrt gives a guest program.
 *
 * Threads are made and waited for with kernel calls; all of them use the title heap at once; a few
 * kernel objects meet; then the heap is asked for more than it has, on purpose, so that the failure
 * report is seen; and the program goes on as if nothing had happened. The exit code is 0 when every
 * step did what it should.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xbox/kernel.h>

enum { WORKERS = 6, ROUNDS = 400, SLOTS = 32, HOARD = 64 };

static int mistakes;

static void check(bool good, const char *what)
{
    if (good)
        return;
    printf("  ! %s\n", what);
    mistakes++;
}

/* ---- 1: threads that share the heap ---- */

typedef struct worker {
    unsigned number;
    uint32_t id;
    HANDLE handle;
    unsigned allocations, bytes;
} worker;

static RTL_CRITICAL_SECTION total_lock;
static unsigned total_allocations, total_bytes;

/* A generator of its own for each thread keeps the sums the same whatever the order. */
static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static bool filled_with(const unsigned char *block, unsigned size, unsigned char byte)
{
    for (unsigned i = 0; i < size; i++)
        if (block[i] != byte)
            return false;
    return true;
}

static uint32_t work(void *argument)
{
    worker *self = argument;
    unsigned char *blocks[SLOTS] = {0};
    unsigned sizes[SLOTS] = {0}, random = self->number;
    bool intact = true;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned slot = next_random(&random) % SLOTS;
        unsigned char mark = (unsigned char)(self->number * SLOTS + slot);
        if (blocks[slot])
            intact &= filled_with(blocks[slot], sizes[slot], mark);
        free(blocks[slot]);
        sizes[slot] = 1 + next_random(&random) % (round % 50 ? 2000 : 200000);
        blocks[slot] = malloc(sizes[slot]);
        if (!blocks[slot])
            return 1;
        memset(blocks[slot], mark, sizes[slot]);
        self->allocations++;
        self->bytes += sizes[slot];
    }
    for (unsigned slot = 0; slot < SLOTS; slot++)
        free(blocks[slot]);
    RtlEnterCriticalSection(&total_lock);
    total_allocations += self->allocations;
    total_bytes += self->bytes;
    RtlLeaveCriticalSection(&total_lock);
    return intact ? 100 + self->number : 1;
}

static void threads_and_heap(void)
{
    static worker workers[WORKERS];
    HANDLE handles[WORKERS];
    printf("1. %d threads allocate, fill, check and free.\n", WORKERS);
    RtlInitializeCriticalSection(&total_lock);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].number = i;
        NTSTATUS status = ExCreateThread(&workers[i].handle, 0, &workers[i].id, 0, work,
                                         &workers[i], THREAD_PROCESSOR(i));
        check(status == STATUS_SUCCESS, "a thread could not be created");
        handles[i] = workers[i].handle;
    }
    NTSTATUS status = NtWaitForMultipleObjectsEx(WORKERS, handles, WAIT_ALL, 0, 0, 0);
    check(status == STATUS_WAIT_0, "the wait for all threads failed");
    for (unsigned i = 0; i < WORKERS; i++) {
        check(workers[i].allocations == ROUNDS, "a thread stopped early");
        NtClose(workers[i].handle);
    }
    printf("   %u allocations, %u bytes in all, every block held what was put into it.\n",
           total_allocations, total_bytes);
}

/* ---- 2: events, and a thread that starts suspended ---- */

typedef struct table_tennis {
    HANDLE ping, pong;
    unsigned returns;
} table_tennis;

static uint32_t play(void *argument)
{
    table_tennis *game = argument;
    while (game->returns < 10) {
        NtWaitForSingleObjectEx(game->ping, 0, 0, 0);
        game->returns++;
        NtSetEvent(game->pong, 0);
    }
    return game->returns;
}

static void events(void)
{
    table_tennis game = {0};
    HANDLE player;
    int64_t moment = -50 * 10000; /* 50 ms */
    printf("2. Two threads take turns over a pair of events.\n");
    NtCreateEvent(&game.ping, 0, EVENT_AUTO, 0);
    NtCreateEvent(&game.pong, 0, EVENT_AUTO, 0);
    check(ExCreateThread(&player, 0, 0, 0, play, &game, CREATE_SUSPENDED) == STATUS_SUCCESS,
          "the player could not be created");
    NtSetEvent(game.ping, 0);
    check(NtWaitForSingleObjectEx(game.pong, 0, 0, &moment) == STATUS_TIMEOUT,
          "a suspended thread played");
    NtResumeThread(player, 0);
    for (unsigned i = 0; i < 10; i++) {
        NtWaitForSingleObjectEx(game.pong, 0, 0, 0);
        if (i < 9)
            NtSetEvent(game.ping, 0);
    }
    NtWaitForSingleObjectEx(player, 0, 0, 0);
    check(game.returns == 10, "the game ended early");
    printf("   %u returns.\n", game.returns);
    NtClose(player);
    NtClose(game.ping);
    NtClose(game.pong);
}

/* ---- 3: more than there is ---- */

static void exhaustion(void)
{
    static void *hoard[HOARD];
    const uint32_t piece = 64 << 20;
    unsigned taken = 0;
    printf("3. The heap is asked for more than it has; the report below is meant to be there.\n");
    fflush(stdout);
    while (taken < HOARD && (hoard[taken] = malloc(piece)) != 0)
        taken++;
    check(taken > 0 && taken < HOARD, "the heap neither gave nor refused");
    printf("   %u blocks of 64 MiB were given, the next one was refused.\n", taken);
    check(RtlAllocateHeap(0, 0, 0xFFFFFFF0) == 0, "a block of nearly 4 GiB was given");
    for (unsigned i = 0; i < taken; i++)
        free(hoard[i]);
    void *again = malloc(piece);
    check(again != 0, "the heap did not recover");
    free(again);
    printf("   They were freed, and the same request is served again.\n");
}

/* ---- 4: a mistake that must not hurt ---- */

static void bad_frees(void)
{
    printf("4. Two bad frees; each is refused and reported, neither changes anything.\n");
    fflush(stdout);
    char *block = RtlAllocateHeap(0, 0, 100), *other = RtlAllocateHeap(0, 0, 100);
    strcpy(block, "still here");
    check(RtlFreeHeap(0, 0, block + 16) == 0, "a pointer into a block was freed");
    RtlFreeHeap(0, 0, other);
    check(RtlFreeHeap(0, 0, other) == 0, "a block was freed twice");
    check(strcmp(block, "still here") == 0, "a refused free did harm");
    check(RtlSizeHeap(0, 0, block) == 100, "the size is not what was asked for");
    RtlFreeHeap(0, 0, block);
}

int main(void)
{
    printf("A tour of guestrt, told by a PowerPC program.\n");
    threads_and_heap();
    events();
    exhaustion();
    bad_frees();
    if (mistakes)
        printf("%d steps did not do what they should.\n", mistakes);
    else
        printf("All steps did what they should.\n");
    return mistakes ? 1 : 0;
}
