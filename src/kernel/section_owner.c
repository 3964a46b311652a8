/* section_owner.c - who is behind an owner word: a thread, an ended one, or nobody. */
#include "diag/log.h"
#include "kernel/held.h"
#include "kernel/state.h"

/* ---- sections that ended threads have left owned ----------------------------------------------
 *
 * Once a thread's record is gone, its KTHREAD is just a number, and may be the next thread's. */

static uint32_t left_by(grt_sections *sections, grt_addr section, uint32_t kthread)
{
    uint32_t id = 0;
    os_mutex_lock(&sections->lock);
    for (uint32_t i = 0; i < GRT_SECTION_LEFT && id == 0; i++) {
        const grt_left_section *left = &sections->left[i];
        if (left->section == section && left->kthread == kthread)
            id = left->thread_id;
    }
    os_mutex_unlock(&sections->lock);
    return id;
}

static void note_left(grt_sections *sections, grt_addr section, const grt_thread *thread)
{
    os_mutex_lock(&sections->lock);
    grt_left_section *left = &sections->left[sections->left_next++ % GRT_SECTION_LEFT];
    *left = (grt_left_section){section, thread->kthread, thread->id};
    atomic_store(&sections->left_any, true);
    os_mutex_unlock(&sections->lock);
}

void grt_section_forget_left(grt_sections *sections, grt_addr section)
{
    if (!atomic_load_explicit(&sections->left_any, memory_order_relaxed))
        return;
    os_mutex_lock(&sections->lock);
    for (uint32_t i = 0; i < GRT_SECTION_LEFT; i++) {
        if (sections->left[i].section == section)
            sections->left[i] = (grt_left_section){0, 0, 0};
    }
    os_mutex_unlock(&sections->lock);
}

/* ---- owners -------------------------------------------------------------------------------- */

/* The id of the thread that an owner word means, and whether it has ended; 0: no thread. A living
 * one that is inside comes before one that has ended inside, and that before a living one that just
 * has this KTHREAD now. */
static uint32_t find_owner(grt_call *call, grt_addr section, uint32_t owner, bool *ended)
{
    grt_thread *thread = grt_thread_find_kthread(call->runtime, owner);
    uint32_t id = thread ? thread->id : 0;
    *ended = thread && grt_thread_has_ended(thread);
    bool inside = thread && !*ended && grt_held_has(&thread->held, section);
    uint32_t left = inside ? 0 : left_by(&call->kernel->sections, section, owner);
    if (left != 0) {
        id = left;
        *ended = true;
    }
    grt_thread_release(thread);
    return id;
}

/* An owner may leave and end while it is looked for. */
static bool is_still(grt_call *call, grt_addr section, uint32_t owner)
{
    uint32_t found;
    return grt_guest_load32(call->runtime, section + GRT_SECTION_OWNER, &found) && found == owner;
}

bool grt_section_free_if_nobodys(grt_call *call, grt_addr section, uint32_t owner)
{
    bool ended;
    uint32_t found, id = find_owner(call, section, owner, &ended);
    if (id == call->thread->id)
        id = 0; /* the word may say so, but the thread is not inside */
    if ((id != 0 && !ended) || atomic_load(&call->runtime->stopping))
        return false; /* when all are stopped, threads end wherever they are */
    if (!is_still(call, section, owner)) {
        grt_section_forget_left(&call->kernel->sections, section);
        return true;
    }
    if (find_owner(call, section, owner, &ended) != id && id != 0)
        return true; /* somebody left it and entered it again meanwhile */
    if (id != 0) {
        grt_call_complain(call, "section 0x%08X is owned by thread %u, which has ended",
                          (unsigned)section, (unsigned)id);
        return false;
    }
    grt_call_complain(
        call,
        "section 0x%08X has the owner 0x%08X, which no thread inside is: it was never "
        "initialised, or overwritten, and is taken as free",
        (unsigned)section, (unsigned)owner);
    grt_guest_exchange32(call->runtime, section + GRT_SECTION_OWNER, owner, 0, &found);
    return true;
}

uint32_t grt_section_owner_id(grt_call *call, grt_addr section, uint32_t owner)
{
    bool ended;
    return find_owner(call, section, owner, &ended);
}

/* ---- the end of a thread ------------------------------------------------------------------- */

/* Whoever enters such a section waits for ever, as on the console; this line says why. */
void grt_section_thread_ended(grt_runtime *runtime, grt_thread *thread)
{
    const grt_held *held = &thread->held;
    uint32_t owned = grt_held_unlisted(held);
    grt_addr one = 0;
    for (uint32_t i = 0; i < grt_held_listed(held); i++) {
        uint32_t owner;
        if (!grt_guest_load32(runtime, grt_held_at(held, i) + GRT_SECTION_OWNER, &owner) ||
            owner != thread->kthread)
            continue;
        note_left(&runtime->kernel->sections, grt_held_at(held, i), thread);
        one = grt_held_at(held, i);
        owned++;
    }
    if (owned > 0 && !atomic_load(&runtime->stopping))
        grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                     "thread id %08X ended inside %u critical section%s, among them 0x%08X",
                     (unsigned)thread->id, (unsigned)owned, owned == 1 ? "" : "s", (unsigned)one);
}

uint32_t grt_section_count(grt_runtime *runtime)
{
    uint32_t count = 0;
    os_mutex_lock(&runtime->threads_lock);
    for (const grt_thread *thread = runtime->threads; thread; thread = thread->next)
        count += grt_held_count(&thread->held);
    os_mutex_unlock(&runtime->threads_lock);
    return count;
}
