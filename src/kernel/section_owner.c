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
    os_mutex_unlock(&sections->lock);
}

void grt_section_forget_left(grt_sections *sections, grt_addr section)
{
    os_mutex_lock(&sections->lock);
    for (uint32_t i = 0; i < GRT_SECTION_LEFT; i++) {
        if (sections->left[i].section == section)
            sections->left[i] = (grt_left_section){0, 0, 0};
    }
    os_mutex_unlock(&sections->lock);
}

/* ---- owners -------------------------------------------------------------------------------- */

/* The thread whose KTHREAD it is: its id, and whether it has ended. 0: no thread's. */
static uint32_t find_thread(grt_runtime *runtime, uint32_t kthread, bool *ended)
{
    grt_thread *thread = grt_thread_find_kthread(runtime, kthread);
    if (!thread)
        return 0;
    uint32_t id = thread->id;
    *ended = grt_thread_has_ended(thread);
    grt_thread_release(thread);
    return id;
}

/* The id of the thread that is inside, and whether it has ended; 0: nobody is. */
static uint32_t find_owner(grt_call *call, grt_addr section, uint32_t owner, bool *ended)
{
    *ended = true;
    uint32_t id = left_by(&call->kernel->sections, section, owner);
    if (id == 0)
        id = find_thread(call->runtime, owner, ended);
    return id == call->thread->id ? 0 : id; /* the word may say so, but the thread is not inside */
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
    if ((id != 0 && !ended) || atomic_load(&call->runtime->stopping))
        return false; /* when all are stopped, threads end wherever they are */
    if (!is_still(call, section, owner))
        return true;
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
    uint32_t id = left_by(&call->kernel->sections, section, owner);
    return id != 0 ? id : find_thread(call->runtime, owner, &ended);
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
        if (!grt_guest_load32(runtime, held->section[i] + GRT_SECTION_OWNER, &owner) ||
            owner != thread->kthread)
            continue;
        note_left(&runtime->kernel->sections, held->section[i], thread);
        one = held->section[i];
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
