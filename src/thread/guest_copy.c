/*
 * guest_copy.c - copies between host and guest memory that survive whatever the guest did to the
 * pages.
 *
 * Asking first whether a range is accessible would be slower and still wrong: another guest thread
 * may give the page back in between. So the copy is made, and a fault ends it.
 */
#include "os/sanitizer.h"
#include "thread/internal.h"

#if GRT_UNDER_TSAN
/* The sanitizer's memcpy cannot be told not to look. */
GRT_UNWATCHED static void copy_bytes(void *to, const void *from, uint32_t size)
{
    volatile uint8_t *target = to;
    const volatile uint8_t *source = from;
    for (uint32_t i = 0; i < size; i++)
        target[i] = source[i];
}
#else
static void copy_bytes(void *to, const void *from, uint32_t size)
{
    memcpy(to, from, size);
}
#endif

static bool copy(grt_runtime *runtime, grt_addr guest, uint32_t size, void *to, const void *from)
{
    if (size > GRT_WINDOW_SIZE - guest)
        return false;
    grt_copy_guard guard;
    guard.low = (uintptr_t)runtime->base + guest;
    guard.high = guard.low + size;
    if (os_mark(&guard.jump) != 0)
        return false;
    grt_copy_guard_set(&guard);
    copy_bytes(to, from, size);
    grt_copy_guard_set(NULL);
    return true;
}

bool grt_guest_read(grt_runtime *runtime, void *to, grt_addr from, uint32_t size)
{
    return copy(runtime, from, size, to, runtime->base + from);
}

bool grt_guest_write(grt_runtime *runtime, grt_addr to, const void *from, uint32_t size)
{
    return copy(runtime, to, size, runtime->base + to, from);
}

bool grt_guest_write32(grt_runtime *runtime, grt_addr to, uint32_t value)
{
    uint8_t word[4];
    grt_store32(word, value);
    return grt_guest_write(runtime, to, word, sizeof word);
}

/* True when the terminator was found within [size] bytes; *length is what was copied before it. */
static bool copy_string_part(char *to, const char *from, size_t size, size_t *length)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = from[i];
        if (from[i] == '\0') {
            *length = i;
            return true;
        }
    }
    *length = size;
    return false;
}

bool grt_guest_read_string(grt_runtime *runtime, char *to, size_t capacity, grt_addr from)
{
    if (capacity == 0)
        return false;
    to[0] = '\0';
    char part[64];
    size_t done = 0;
    while (done < capacity - 1) {
        /* Page by page in pieces: bytes beyond the terminator may be inaccessible. */
        uint64_t at = (uint64_t)from + done;
        size_t size = GRT_PAGE_SIZE - (size_t)(at % GRT_PAGE_SIZE);
        if (size > sizeof part)
            size = sizeof part;
        if (size > capacity - 1 - done)
            size = capacity - 1 - done;
        if (at >= GRT_WINDOW_SIZE || !grt_guest_read(runtime, part, (grt_addr)at, (uint32_t)size))
            return false;
        size_t length;
        bool ended = copy_string_part(to + done, part, size, &length);
        done += length;
        to[done] = '\0';
        if (ended)
            return true;
    }
    return true;
}
