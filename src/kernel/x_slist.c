/*
 * x_slist.c - exports about interlocked singly linked lists.
 *
 * A list header is 8 bytes at a multiple of 8: the first entry, a depth and a sequence number, all
 * changed in one go. Programs mostly do it in code of their own, with ldarx and stdcx., so
 * everything here is in those 8 bytes. A push raises the sequence number: an entry that was popped
 * and pushed back meanwhile is noticed.
 */
#include "kernel/state.h"

typedef struct list_head {
    grt_addr first;
    uint16_t depth, sequence;
} list_head;

static uint64_t pack(list_head head)
{
    return (uint64_t)head.first << 32 | (uint32_t)head.depth << 16 | head.sequence;
}

static list_head unpack(uint64_t value)
{
    return (list_head){(grt_addr)(value >> 32), (uint16_t)(value >> 16), (uint16_t)value};
}

/* An exchange of a value with itself: the header as it is now. False: reported. */
static bool read_head(grt_call *call, grt_addr list, uint64_t *value)
{
    if (list % 8 != 0) {
        grt_call_complain(call, "list 0x%08X is not at a multiple of 8 and is not used",
                          (unsigned)list);
        return false;
    }
    if (grt_guest_exchange64(call->runtime, list, 0, 0, value))
        return true;
    grt_call_complain(call, "list leads to 0x%08X, which cannot be written", (unsigned)list);
    return false;
}

/* True when the header was [*value] and is [head] now; else [*value] is what it is. */
static bool replace(grt_call *call, grt_addr list, uint64_t *value, list_head head)
{
    uint64_t expected = *value;
    grt_thread_check_stop(call->thread); /* others may win for ever */
    return grt_guest_exchange64(call->runtime, list, expected, pack(head), value) &&
           *value == expected;
}

uint32_t grt_export_InterlockedPushEntrySList(grt_call *call, grt_addr list, grt_addr entry)
{
    uint64_t value;
    list_head old;
    if (!read_head(call, list, &value))
        return 0;
    do {
        old = unpack(value);
        if (!grt_call_write_u32(call, entry, old.first, "entry"))
            return 0;
    } while (!replace(call, list, &value,
                      (list_head){entry, (uint16_t)(old.depth + 1), (uint16_t)(old.sequence + 1)}));
    return old.first;
}

/* The entry behind [head]'s first. An entry whose memory is gone is no error if another thread has
 * popped it meanwhile: then the header differs, and [*value] is the new one. */
static bool read_next(grt_call *call, grt_addr list, uint64_t *value, grt_addr *next)
{
    uint64_t before = *value;
    uint8_t bytes[4] = {0};
    while (unpack(before).first != 0 &&
           !grt_guest_read(call->runtime, bytes, unpack(before).first, sizeof bytes)) {
        if (!read_head(call, list, value))
            return false;
        if (*value == before) {
            grt_call_complain(call,
                              "list 0x%08X is broken: its first entry, 0x%08X, cannot be read",
                              (unsigned)list, (unsigned)unpack(before).first);
            return false;
        }
        before = *value;
        grt_thread_check_stop(call->thread);
    }
    *next = grt_load32(bytes);
    return true;
}

uint32_t grt_export_InterlockedPopEntrySList(grt_call *call, grt_addr list)
{
    uint64_t value;
    list_head old;
    grt_addr next;
    if (!read_head(call, list, &value))
        return 0;
    do {
        if (!read_next(call, list, &value, &next))
            return 0;
        old = unpack(value);
        if (old.first == 0)
            return 0;
    } while (
        !replace(call, list, &value, (list_head){next, (uint16_t)(old.depth - 1), old.sequence}));
    return old.first;
}

uint32_t grt_export_InterlockedFlushSList(grt_call *call, grt_addr list)
{
    uint64_t value;
    list_head old;
    if (!read_head(call, list, &value))
        return 0;
    do {
        old = unpack(value);
    } while (old.first != 0 && !replace(call, list, &value, (list_head){0, 0, old.sequence}));
    return old.first;
}
