/*
 * game.c - the guest program that the samples of examples/embed run: it computes a score and waits
 * with an export that the kernel here does not have.
 */
#include <stdint.h>
#include <stdio.h>

void KeStallExecutionProcessor(uint32_t microseconds);

__attribute__((noinline)) int score(int hits, int seconds)
{
    return hits * 100 - seconds;
}

int main(void)
{
    KeStallExecutionProcessor(50);
    KeStallExecutionProcessor(50);
    printf("score %d\n", score(7, 30));
    return 3;
}
