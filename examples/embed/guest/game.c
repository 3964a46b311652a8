/*
 * game.c - the guest program that the samples of examples/embed run: it asks for a controller, by
 * an export that the kernel here does not have, and computes a score.
 */
#include <stdint.h>
#include <stdio.h>

uint32_t XamInputGetState(uint32_t user, uint32_t flags, void *state);

__attribute__((noinline)) int score(int hits, int seconds)
{
    return hits * 100 - seconds;
}

int main(void)
{
    struct {
        uint32_t packet;
        uint16_t buttons, rest[5];
    } state;
    for (int i = 0; i < 2; i++) {
        if (XamInputGetState(0, 0, &state) == 0)
            printf("packet %u, buttons %04X\n", (unsigned)state.packet, (unsigned)state.buttons);
    }
    printf("score %d\n", score(7, 30));
    return 3;
}
