/* memory_fixture.h - what the tests of memory exports share: short ways to call them. */
#ifndef GRT_MEMORY_FIXTURE_H
#define GRT_MEMORY_FIXTURE_H

#include "kernel_fixture.h"

#define BAD         0x00000010u
#define COMMIT      0x1000u
#define RESERVE     0x2000u
#define DECOMMIT    0x4000u
#define RELEASE     0x8000u
#define RESET       0x80000u
#define TOP_DOWN    0x100000u
#define LARGE_PAGES 0x20000000u
#define READ_WRITE  4u
/* Free in the flat profile: between the user heap and the image. */
#define FREE_RANGE 0x90000000u

static inline bool accessible(grt_ppc *ctx, grt_addr address, uint32_t size, grt_access access)
{
    return grt_memory_accessible(ctx->thread->runtime->memory, address, size, access);
}

/* The base and size that the export writes back are at scratch(ctx). */
static inline uint32_t allocate_as(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size,
                                   uint32_t type, uint32_t protect)
{
    grt_addr s = scratch(ctx);
    poke(base, s, at);
    poke(base, s + 4, size);
    return KCALL(NtAllocateVirtualMemory, s, s + 4, type, protect, 0);
}

static inline uint32_t allocate(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size,
                                uint32_t type)
{
    return allocate_as(ctx, base, at, size, type, READ_WRITE);
}

static inline uint32_t release(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size,
                               uint32_t type)
{
    grt_addr s = scratch(ctx);
    poke(base, s, at);
    poke(base, s + 4, size);
    return KCALL(NtFreeVirtualMemory, s, s + 4, type, 0);
}

/* The old protection is at scratch(ctx) + 8. */
static inline uint32_t protect(grt_ppc *ctx, uint8_t *base, grt_addr at, uint32_t size,
                               uint32_t bits)
{
    grt_addr s = scratch(ctx);
    poke(base, s, at);
    poke(base, s + 4, size);
    return KCALL(NtProtectVirtualMemory, s, s + 4, bits, s + 8, 0);
}

typedef struct basic_information {
    uint32_t base, allocation, made_with, size, state, protect, type;
} basic_information;

static inline basic_information query(grt_ppc *ctx, uint8_t *base, grt_addr address)
{
    grt_addr s = scratch(ctx) + 16;
    CHECK_EQUAL(KCALL(NtQueryVirtualMemory, address, s), GRT_NT_SUCCESS);
    return (basic_information){peek(base, s),      peek(base, s + 4),  peek(base, s + 8),
                               peek(base, s + 12), peek(base, s + 16), peek(base, s + 20),
                               peek(base, s + 24)};
}

static inline grt_runtime_config console_config(void)
{
    grt_runtime_config config = quiet_config();
    config.memory.profile = GRT_PROFILE_CONSOLE;
    return config;
}

/* As RUN_GUEST, in the console profile. */
#define RUN_ON_CONSOLE(function)                                                                   \
    do {                                                                                           \
        grt_runtime_config config_ = console_config();                                             \
        grt_ppc_function *const functions_[] = {function};                                         \
        run_guest_with(&config_, functions_, 1);                                                   \
    } while (0)

#endif
