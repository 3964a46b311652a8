/*
 * section.h - critical sections.
 *
 * Who owns a section and who waits for it is known in host memory, keyed by the section's guest
 * address; the 28 bytes in guest memory are only written, for those who look at them. So a section
 * that the program initialised statically works, and one whose bytes were overwritten still does.
 * A record exists while the section is owned or waited for.
 */
#ifndef GRT_KERNEL_SECTION_H
#define GRT_KERNEL_SECTION_H

#include "kernel/object.h"

#define GRT_SECTION_SHARDS 64u

typedef struct grt_section_waiter {
    grt_thread *thread;
    struct grt_section_waiter *next;
} grt_section_waiter;

typedef struct grt_section {
    struct grt_section *next; /* in its shard */
    grt_addr address;
    uint32_t owner;              /* thread id, 0 = free */
    uint32_t depth;              /* how often the owner has it */
    grt_section_waiter *waiters; /* first come first; they live on their threads' host stacks */
} grt_section;

typedef struct grt_section_shard {
    os_mutex lock;
    grt_section *sections;
    grt_section *spare; /* records to use again, so that entering rarely allocates */
} grt_section_shard;

typedef struct grt_sections {
    grt_section_shard shards[GRT_SECTION_SHARDS];
} grt_sections;

typedef enum grt_section_answer {
    GRT_SECTION_OK,
    GRT_SECTION_BUSY, /* another thread owns it: [*owner] */
    GRT_SECTION_FREE, /* nobody owns it */
    GRT_SECTION_NO_MEMORY,
} grt_section_answer;

/* What a call tells about the section. */
typedef struct grt_section_state {
    uint32_t owner; /* thread id */
    uint32_t depth;
} grt_section_state;

/* All functions: any thread, no lock held by the caller, O(sections of the shard). */

/* Enters, waiting as long as it takes. Does not return when the thread is asked to stop.
 * OK, NO_MEMORY. */
grt_section_answer grt_section_enter(grt_sections *sections, grt_thread *thread, grt_addr address,
                                     grt_section_state *state);
/* OK, BUSY, NO_MEMORY. */
grt_section_answer grt_section_try(grt_sections *sections, grt_thread *thread, grt_addr address,
                                   grt_section_state *state);
/* Whether [thread] owns the section: OK, BUSY, FREE. Changes nothing. */
grt_section_answer grt_section_query(grt_sections *sections, const grt_thread *thread,
                                     grt_addr address, grt_section_state *state);
/* Leaves once, and wakes one waiter when that frees the section. OK, BUSY, FREE. */
grt_section_answer grt_section_leave(grt_sections *sections, const grt_thread *thread,
                                     grt_addr address);
/* The section is initialised anew: nobody owns it any more. Returns the id of its owner, or 0. */
uint32_t grt_section_forget(grt_sections *sections, grt_addr address);
/* How many sections the thread of this id owns, and one of them. O(sections). */
uint32_t grt_section_owned_by(grt_sections *sections, uint32_t thread_id, grt_addr *address);
/* Sections that are owned or waited for. O(sections). */
uint32_t grt_section_count(grt_sections *sections);
void grt_sections_destroy(grt_sections *sections);

#endif
