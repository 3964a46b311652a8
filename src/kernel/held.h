/*
 * held.h - the list of sections that a thread is inside of: grt_thread.held. Only that thread calls
 * these, where nothing else is said. Sections are mostly left in the reverse order, so the end of
 * the list is looked at first.
 *
 * A section is listed before its owner word becomes the thread's, and until after it has become
 * another. So whoever finds a thread's KTHREAD in the word, and then not the section in the list,
 * knows that it is not that thread who has put it there.
 */
#ifndef GRT_KERNEL_HELD_H
#define GRT_KERNEL_HELD_H

#include "thread/core.h"

static inline uint32_t grt_held_listed(const grt_held *held)
{
    return atomic_load_explicit(&held->listed, memory_order_relaxed);
}

static inline uint32_t grt_held_unlisted(const grt_held *held)
{
    return atomic_load_explicit(&held->unlisted, memory_order_relaxed);
}

/* Any thread. */
static inline uint32_t grt_held_count(const grt_held *held)
{
    return grt_held_listed(held) + grt_held_unlisted(held);
}

/* Only this thread changes the counts, so that no exchange is needed. */
static inline void grt_held_set(atomic_uint *count, uint32_t value)
{
    atomic_store_explicit(count, value, memory_order_relaxed);
}

static inline grt_addr grt_held_at(const grt_held *held, uint32_t index)
{
    return atomic_load_explicit(&held->section[index], memory_order_relaxed);
}

/* Returns whether it found room in the list: what grt_held_take_back() wants to know. */
static inline bool grt_held_push(grt_held *held, grt_addr section)
{
    uint32_t listed = grt_held_listed(held);
    if (listed == GRT_HELD_LISTED) {
        grt_held_set(&held->unlisted, grt_held_unlisted(held) + 1);
        return false;
    }
    grt_held_set(&held->section[listed], section);
    grt_held_set(&held->listed, listed + 1);
    return true;
}

/* The thread has not entered what it has just pushed. */
static inline void grt_held_take_back(grt_held *held, bool was_listed)
{
    atomic_uint *count = was_listed ? &held->listed : &held->unlisted;
    grt_held_set(count, atomic_load_explicit(count, memory_order_relaxed) - 1);
}

/* True iff the section is the last one that was entered, and listed: the common case of leaving. */
static inline bool grt_held_is_last(const grt_held *held, grt_addr section)
{
    uint32_t listed = grt_held_listed(held);
    return listed > 0 && grt_held_at(held, listed - 1) == section;
}

static inline void grt_held_pop_last(grt_held *held)
{
    grt_held_set(&held->listed, grt_held_listed(held) - 1);
}

/* The section's place in the list, counted from 1; 0 when it is not listed. Any thread: what is in
 * the list moves downwards only, as the search does, so that what stays in it is found. */
static inline uint32_t grt_held_place(const grt_held *held, grt_addr section)
{
    uint32_t place = grt_held_listed(held);
    while (place > 0 && grt_held_at(held, place - 1) != section)
        place--;
    return place;
}

/* Whether the thread is inside of the section. Of those that found no room in the list nobody
 * knows, so then it may be any. Any thread. */
static inline bool grt_held_has(const grt_held *held, grt_addr section)
{
    return grt_held_place(held, section) != 0 || grt_held_unlisted(held) != 0;
}

/* For a section that was lost in another way than by leaving it: only if it is listed. */
static inline bool grt_held_forget(grt_held *held, grt_addr section)
{
    uint32_t place = grt_held_place(held, section), listed = grt_held_listed(held);
    if (place == 0)
        return false;
    for (uint32_t i = place; i < listed; i++)
        grt_held_set(&held->section[i - 1], grt_held_at(held, i));
    grt_held_set(&held->listed, listed - 1);
    return true;
}

/* The thread leaves a section for which grt_held_has() was true. */
static inline void grt_held_pop(grt_held *held, grt_addr section)
{
    if (!grt_held_forget(held, section))
        grt_held_set(&held->unlisted, grt_held_unlisted(held) - 1);
}

#endif
