/* kthread.h - the calling thread's blocks. */
#ifndef KTHREAD_H
#define KTHREAD_H

#include <stdint.h>

static inline uint8_t *pcr(void)
{
    uint8_t *block;
    __asm__ volatile("mr %0, 13" : "=r"(block));
    return block;
}

static inline void *kthread(void)
{
    return *(void **)(pcr() + 0x100);
}

static inline uint8_t irql(void)
{
    return *(volatile uint8_t *)(pcr() + 0x18);
}

#endif
