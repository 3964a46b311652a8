/* sync_fixture.h - shorthands for guest threads that make objects and meet at them. */
#ifndef GRT_SYNC_FIXTURE_H
#define GRT_SYNC_FIXTURE_H

#include "kernel_fixture.h"

#define BAD  0x00000010u /* page 0 is never accessible */
#define HOUR MILLISECONDS(3600000)

/* Where a guest thread keeps what it hands to exports: none of them overlap. */
#define OUT(s)     (s)
#define TIMEOUT(s) ((s) + 0x40)
#define HANDLES(s) ((s) + 0x80)

static inline uint32_t new_event(grt_ppc *ctx, uint8_t *base, uint32_t type, uint32_t set)
{
    CHECK_EQUAL(KCALL(NtCreateEvent, OUT(scratch(ctx)), 0, type, set), GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static inline uint32_t new_semaphore(grt_ppc *ctx, uint8_t *base, int32_t count, int32_t limit)
{
    CHECK_EQUAL(KCALL(NtCreateSemaphore, OUT(scratch(ctx)), 0, (uint32_t)count, (uint32_t)limit),
                GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static inline uint32_t new_mutant(grt_ppc *ctx, uint8_t *base, uint32_t owned)
{
    CHECK_EQUAL(KCALL(NtCreateMutant, OUT(scratch(ctx)), 0, owned), GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static inline uint32_t new_timer(grt_ppc *ctx, uint8_t *base, uint32_t type)
{
    CHECK_EQUAL(KCALL(NtCreateTimer, OUT(scratch(ctx)), 0, type), GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static inline uint32_t new_port(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtCreateIoCompletion, OUT(scratch(ctx)), 0, 0, 0), GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

/* A guest thread that runs FN(function); its handle. */
static inline uint32_t new_thread(grt_ppc *ctx, uint8_t *base, uint32_t function, uint32_t argument)
{
    CHECK_EQUAL(KCALL(ExCreateThread, OUT(scratch(ctx)), 0, 0, 0, FN(function), argument, 0),
                GRT_NT_SUCCESS);
    return peek(base, OUT(scratch(ctx)));
}

static inline uint32_t wait_one(grt_ppc *ctx, uint8_t *base, uint32_t handle)
{
    return KCALL(NtWaitForSingleObjectEx, handle, 1, 0, 0);
}

/* Waits for so many units of 100 ns, below 0 relative. */
static inline uint32_t wait_until(grt_ppc *ctx, uint8_t *base, uint32_t handle, int64_t units)
{
    return KCALL(NtWaitForSingleObjectEx, handle, 1, 0,
                 timeout_at(base, TIMEOUT(scratch(ctx)), units));
}

static inline uint32_t look(grt_ppc *ctx, uint8_t *base, uint32_t handle)
{
    return wait_until(ctx, base, handle, 0);
}

static inline uint32_t look_at(grt_ppc *ctx, uint8_t *base, grt_addr body)
{
    return KCALL(KeWaitForSingleObject, body, 0, 1, 0, timeout_at(base, TIMEOUT(scratch(ctx)), 0));
}

static inline void join_guest(grt_ppc *ctx, uint8_t *base, uint32_t thread)
{
    CHECK_EQUAL(wait_one(ctx, base, thread), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtClose, thread), GRT_NT_SUCCESS);
}

/* Whole pages of guest memory that can be given back. */
static inline grt_addr new_pages(grt_ppc *ctx, uint8_t *base, uint32_t size)
{
    grt_addr s = scratch(ctx);
    poke(base, s + 0x60, 0);
    poke(base, s + 0x64, size);
    CHECK_EQUAL(KCALL(NtAllocateVirtualMemory, s + 0x60, s + 0x64, 0x3000, 4, 0), GRT_NT_SUCCESS);
    return peek(base, s + 0x60);
}

/* Afterwards nothing is there. */
static inline void decommit_pages(grt_ppc *ctx, uint8_t *base, grt_addr pages, uint32_t size)
{
    grt_addr s = scratch(ctx);
    poke(base, s + 0x60, pages);
    poke(base, s + 0x64, size);
    CHECK_EQUAL(KCALL(NtFreeVirtualMemory, s + 0x60, s + 0x64, 0x4000, 0), GRT_NT_SUCCESS);
}

/* OBJECT_ATTRIBUTES with a name, behind the handles. */
static inline grt_addr named(grt_ppc *ctx, uint8_t *base, const char *name)
{
    return attributes_at(base, scratch(ctx) + 0x200, name, 0);
}

#endif
