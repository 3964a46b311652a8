/* thread_words.h - a thread's own blocks, as inlined code of a title reads them. */
#ifndef THREAD_WORDS_H
#define THREAD_WORDS_H

#include "check.h"

static inline uint32_t pcr(void)
{
    uint32_t value;
    __asm__("mr %0, 13" : "=r"(value));
    return value;
}

static inline uint32_t word_at(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

static inline uint32_t byte_at(uint32_t address)
{
    return *(volatile uint8_t *)address;
}

static inline uint32_t kthread(void)
{
    return word_at(pcr() + 0x100);
}

#define SELF ((KTHREAD *)kthread())

static inline uint32_t last_error(void)
{
    return word_at(kthread() + 0x160);
}

/* The exit code that a thread which has ended left in its block. */
static inline uint32_t exit_code_at(uint32_t thread)
{
    return word_at(thread + 0x140);
}

#endif
