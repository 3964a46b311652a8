/* replay_check.c - see replay_check.h. */
#include "replay_check.h"
#include <stdio.h>
#include <string.h>

static bool fail(replay_check *check, const char *what)
{
    snprintf(check->text, sizeof check->text, "block 0x%08X of %u bytes: %s",
             (unsigned)check->block->address, (unsigned)check->block->size, what);
    return false;
}

/* Fills [address, address + size) with the stamp's bytes, whole words first. */
static void fill(grt_memory *memory, replay_block *block)
{
    uint8_t *bytes = grt_memory_host(memory, block->address);
    uint32_t at = 0;
    for (; at + 8 <= block->size; at += 8)
        memcpy(bytes + at, &block->stamp, 8);
    memcpy(bytes + at, &block->stamp, block->size - at);
}

/* The first byte that differs; [size] when none does. */
static uint32_t find_difference(const uint8_t *bytes, uint32_t size, uint64_t stamp)
{
    for (uint32_t at = 0; at < size; at += 8) {
        uint32_t part = size - at < 8 ? size - at : 8;
        if (memcmp(bytes + at, &stamp, part) == 0)
            continue;
        while (bytes[at] == ((const uint8_t *)&stamp)[at % 8])
            at++;
        return at;
    }
    return size;
}

bool replay_check_contents(grt_memory *memory, const replay_block *block, char *text, size_t size)
{
    if (!block->address || !block->stamp)
        return true;
    uint32_t at =
        find_difference(grt_memory_host(memory, block->address), block->size, block->stamp);
    if (at == block->size)
        return true;
    snprintf(text, size, "block 0x%08X of %u bytes: byte %u is not what was written",
             (unsigned)block->address, (unsigned)block->size, (unsigned)at);
    return false;
}

static bool check_size(replay_check *check)
{
    uint32_t wanted = check->block->size ? check->block->size : 1;
    return grt_heap_size(check->heap, check->block->address) == wanted ||
           fail(check, "the heap says another size");
}

bool replay_check_before(replay_check *check)
{
    check->before = check->block ? check->block->size : 0;
    bool gives = check->event->op == GRT_TRACE_FREE || check->event->op == GRT_TRACE_REALLOC;
    if (!gives || !check->block || !check->block->address)
        return true;
    return check_size(check) &&
           replay_check_contents(check->memory, check->block, check->text, sizeof check->text);
}

/* A realloc keeps the bytes up to the smaller size; before says how many there were. */
static bool check_kept(replay_check *check)
{
    replay_block kept = *check->block;
    if (check->event->failed || kept.size > check->before)
        kept.size = check->before;
    return replay_check_contents(check->memory, &kept, check->text, sizeof check->text);
}

static bool check_zeroed(replay_check *check)
{
    const uint8_t *bytes = grt_memory_host(check->memory, check->block->address);
    return find_difference(bytes, check->block->size, 0) == check->block->size ||
           fail(check, "a zeroed block is not zero");
}

static bool check_alignment(replay_check *check)
{
    uint32_t alignment = check->event->alignment > 16 ? check->event->alignment : 16;
    bool moved = check->event->op == GRT_TRACE_REALLOC; /* may stay where it was */
    return check->block->address % (moved ? 16 : alignment) == 0 ||
           fail(check, "the address is not aligned");
}

bool replay_check_after(replay_check *check)
{
    replay_block *block = check->block;
    if (!block || !block->address)
        return true;
    bool fresh = check->event->op != GRT_TRACE_REALLOC;
    bool good = check_alignment(check) && check_size(check) && (fresh || check_kept(check)) &&
                (check->event->op != GRT_TRACE_ZEROED || check_zeroed(check));
    /* Each filling is another, so that a block of the same slot before cannot pass for this one. */
    block->stamp = (check->event->sequence << 20 | (check->event->slot & 0xFFFFF)) | 1;
    if (good)
        fill(check->memory, block);
    return good;
}
