/*
 * slow_peer.c - a peer of bench/heap/peer.h for the test of the benchmark: the process's malloc,
 * except that every allocation takes a microsecond, and a thread that was not announced is told.
 */
#define _POSIX_C_SOURCE 199309L
#include "../../bench/heap/peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLOW_NS = 1000 };

static _Thread_local int announced;

static void be_slow(void)
{
    struct timespec start, now;
    if (!announced) {
        fputs("slow_peer: a thread allocates without peer_thread_init\n", stderr);
        exit(1);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < SLOW_NS);
}

const char *peer_name(void)
{
    return "a microsecond more than malloc";
}

int peer_init(void *base, size_t size)
{
    return base != NULL && size > 0x7F000000 ? 0 : -1;
}

void peer_thread_init(void)
{
    announced = 1;
}

void peer_thread_exit(void)
{
    announced = 0;
}

void *peer_alloc(size_t size)
{
    be_slow();
    return malloc(size);
}

void *peer_zalloc(size_t size)
{
    be_slow();
    return calloc(1, size);
}

void *peer_realloc(void *block, size_t size)
{
    be_slow();
    return realloc(block, size);
}

void peer_free(void *block)
{
    free(block);
}
