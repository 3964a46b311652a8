/*
 * section.c - critical sections: who owns them and who waits.
 *
 * A section that becomes free wakes its first waiter but is not handed to it: whoever comes first
 * takes it. That is much faster when a thread leaves and enters again at once, and no wake-up is
 * lost: the woken waiter stays linked until it owns the section, and every leave wakes the first.
 */
#include "kernel/section.h"

#include "os/assert.h"

/* Tries before a thread goes to sleep: sections are mostly held for a few instructions. */
#define SPINS 40

static grt_section_shard *shard_of(grt_sections *sections, grt_addr address)
{
    uint32_t hash = address * 2654435761u; /* spreads neighbours; sections are 28 bytes apart */
    return &sections->shards[hash >> 26];
}

static grt_section **link_of(grt_section_shard *shard, grt_addr address)
{
    grt_section **link = &shard->sections;
    while (*link && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

/* The record of a section, made if there is none; null without host memory. */
static grt_section *record_of(grt_section_shard *shard, grt_addr address)
{
    grt_section **link = link_of(shard, address);
    if (*link)
        return *link;
    grt_section *section = shard->spare;
    if (section)
        shard->spare = section->next;
    else
        section = os_alloc(sizeof *section);
    if (!section)
        return NULL;
    *section = (grt_section){.next = shard->sections, .address = address};
    shard->sections = section;
    return section;
}

/* Drops the record once nobody owns or awaits the section. */
static void drop_if_idle(grt_section_shard *shard, grt_section *section)
{
    if (section->owner || section->waiters)
        return;
    *link_of(shard, section->address) = section->next;
    section->next = shard->spare;
    shard->spare = section;
}

/* Takes the section if it is free or the thread's already. */
static grt_section_answer take(grt_section *section, const grt_thread *thread,
                               grt_section_state *state)
{
    grt_section_answer answer = GRT_SECTION_OK;
    if (section->owner && section->owner != thread->id)
        answer = GRT_SECTION_BUSY;
    else
        section->depth++;
    if (answer == GRT_SECTION_OK)
        section->owner = thread->id;
    *state = (grt_section_state){section->owner, section->depth};
    return answer;
}

grt_section_answer grt_section_try(grt_sections *sections, grt_thread *thread, grt_addr address,
                                   grt_section_state *state)
{
    grt_section_shard *shard = shard_of(sections, address);
    os_mutex_lock(&shard->lock);
    grt_section *section = record_of(shard, address);
    grt_section_answer answer = section ? take(section, thread, state) : GRT_SECTION_NO_MEMORY;
    os_mutex_unlock(&shard->lock);
    return answer;
}

static void append_waiter(grt_section *section, grt_section_waiter *waiter)
{
    grt_section_waiter **link = &section->waiters;
    while (*link)
        link = &(*link)->next;
    waiter->next = NULL;
    *link = waiter;
}

static void remove_waiter(grt_section *section, const grt_section_waiter *waiter)
{
    grt_section_waiter **link = &section->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

static void wake_first(const grt_section *section)
{
    if (!section->owner && section->waiters)
        grt_thread_unpark(section->waiters->thread);
}

/* Sleeps until the section could be taken or the thread is asked to stop: then BUSY. */
static grt_section_answer wait_for(grt_section_shard *shard, grt_thread *thread, grt_addr address,
                                   grt_section_state *state)
{
    grt_section_waiter waiter = {.thread = thread};
    grt_section_answer answer;
    os_mutex_lock(&shard->lock);
    grt_section *section = record_of(shard, address);
    if (!section) {
        os_mutex_unlock(&shard->lock);
        return GRT_SECTION_NO_MEMORY;
    }
    append_waiter(section, &waiter); /* keeps the record alive */
    for (;;) {
        uint32_t token = grt_thread_park_begin(thread);
        answer = take(section, thread, state);
        if (answer == GRT_SECTION_OK || atomic_load(&thread->stop_requested))
            break;
        os_mutex_unlock(&shard->lock);
        grt_thread_park(thread, token, UINT64_MAX);
        os_mutex_lock(&shard->lock);
    }
    remove_waiter(section, &waiter);
    wake_first(section); /* the wake-up meant for this thread may be the only one */
    drop_if_idle(shard, section);
    os_mutex_unlock(&shard->lock);
    return answer;
}

grt_section_answer grt_section_enter(grt_sections *sections, grt_thread *thread, grt_addr address,
                                     grt_section_state *state)
{
    for (int spin = 0; spin < SPINS; spin++) {
        grt_section_answer answer = grt_section_try(sections, thread, address, state);
        if (answer != GRT_SECTION_BUSY)
            return answer;
    }
    grt_section_answer answer = wait_for(shard_of(sections, address), thread, address, state);
    if (answer == GRT_SECTION_BUSY)
        grt_thread_check_stop(thread);
    GRT_ASSERT(answer != GRT_SECTION_BUSY);
    return answer;
}

static grt_section_answer ownership(const grt_section *section, const grt_thread *thread,
                                    grt_section_state *state)
{
    *state =
        section ? (grt_section_state){section->owner, section->depth} : (grt_section_state){0, 0};
    if (!state->owner)
        return GRT_SECTION_FREE;
    return state->owner == thread->id ? GRT_SECTION_OK : GRT_SECTION_BUSY;
}

grt_section_answer grt_section_query(grt_sections *sections, const grt_thread *thread,
                                     grt_addr address, grt_section_state *state)
{
    grt_section_shard *shard = shard_of(sections, address);
    os_mutex_lock(&shard->lock);
    grt_section_answer answer = ownership(*link_of(shard, address), thread, state);
    os_mutex_unlock(&shard->lock);
    return answer;
}

grt_section_answer grt_section_leave(grt_sections *sections, const grt_thread *thread,
                                     grt_addr address)
{
    grt_section_shard *shard = shard_of(sections, address);
    grt_section_state state;
    os_mutex_lock(&shard->lock);
    grt_section *section = *link_of(shard, address);
    grt_section_answer answer = ownership(section, thread, &state);
    if (answer == GRT_SECTION_OK && --section->depth == 0) {
        section->owner = 0;
        wake_first(section);
        drop_if_idle(shard, section);
    }
    os_mutex_unlock(&shard->lock);
    return answer;
}

uint32_t grt_section_forget(grt_sections *sections, grt_addr address)
{
    grt_section_shard *shard = shard_of(sections, address);
    uint32_t owner = 0;
    os_mutex_lock(&shard->lock);
    grt_section *section = *link_of(shard, address);
    if (section) {
        owner = section->owner;
        section->owner = 0;
        section->depth = 0;
        wake_first(section);
        drop_if_idle(shard, section);
    }
    os_mutex_unlock(&shard->lock);
    return owner;
}

/* Sections that [wanted] owns, or all of them when it is 0. */
static uint32_t count(grt_sections *sections, uint32_t wanted, grt_addr *address)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < GRT_SECTION_SHARDS; i++) {
        grt_section_shard *shard = &sections->shards[i];
        os_mutex_lock(&shard->lock);
        for (const grt_section *section = shard->sections; section; section = section->next) {
            if (wanted && section->owner != wanted)
                continue;
            *address = section->address;
            found++;
        }
        os_mutex_unlock(&shard->lock);
    }
    return found;
}

uint32_t grt_section_owned_by(grt_sections *sections, uint32_t thread_id, grt_addr *address)
{
    return count(sections, thread_id, address);
}

uint32_t grt_section_count(grt_sections *sections)
{
    grt_addr address;
    return count(sections, 0, &address);
}

static void free_list(grt_section *section)
{
    while (section) {
        grt_section *next = section->next;
        os_free(section);
        section = next;
    }
}

void grt_sections_destroy(grt_sections *sections)
{
    for (uint32_t i = 0; i < GRT_SECTION_SHARDS; i++) {
        free_list(sections->shards[i].sections);
        free_list(sections->shards[i].spare);
        sections->shards[i] = (grt_section_shard){0};
    }
}
