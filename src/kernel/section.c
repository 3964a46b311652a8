/* section.c - critical sections: entering, leaving, initialising, as far as nobody has to wait. */
#include "kernel/section.h"

#include "kernel/held.h"
#include "kernel/state.h"

/* Looks at a section before a thread goes to sleep: sections are mostly held for a few
 * instructions. A look takes longer than the console's, so a large spin count is cut. */
#define LOOKS_LEAST 40u
#define LOOKS_MOST  4096u

grt_section_answer grt_section_refuse(grt_call *call, grt_addr section)
{
    grt_call_complain(call, "section leads to 0x%08X, which cannot be written", (unsigned)section);
    return GRT_SECTION_REFUSED;
}

/* The lock is a 32-bit word, and those change in one go only where they are aligned. */
static bool is_aligned(grt_call *call, grt_addr section)
{
    if (section % 4 == 0)
        return true;
    grt_call_complain(call, "section 0x%08X is not at a multiple of 4 and is not used",
                      (unsigned)section);
    return false;
}

/* lock_count and recursion, for those who look at them. Only the owner writes them. */
static bool show(grt_call *call, grt_addr section, uint32_t depth)
{
    uint8_t words[8];
    grt_store32(words, depth - 1); /* GRT_SECTION_FREE for 0 */
    grt_store32(words + 4, depth);
    return grt_guest_write(call->runtime, section + GRT_SECTION_LOCK_COUNT, words, sizeof words);
}

static uint32_t shown_depth(grt_call *call, grt_addr section)
{
    uint32_t depth;
    return grt_guest_load32(call->runtime, section + GRT_SECTION_RECURSION, &depth) ? depth : 0;
}

bool grt_section_take(grt_call *call, grt_addr section, uint32_t *owner)
{
    grt_held *held = &call->thread->held;
    bool listed = grt_held_push(held, section);
    bool there = grt_guest_exchange32(call->runtime, section + GRT_SECTION_OWNER, 0,
                                      call->thread->kthread, owner);
    if (!there || *owner != 0)
        grt_held_take_back(held, listed);
    return there;
}

grt_section_answer grt_section_begin(grt_call *call, grt_addr section)
{
    if (!show(call, section, 1)) {
        grt_section_pass_on(call, section);
        grt_held_forget(&call->thread->held, section);
        return grt_section_refuse(call, section);
    }
    grt_section_forget_left(&call->kernel->sections, section);
    return GRT_SECTION_ENTERED;
}

grt_section_answer grt_section_claim(grt_call *call, grt_addr section, uint32_t *owner)
{
    uint32_t self = call->thread->kthread;
    bool there = grt_section_take(call, section, owner);
    if (!there)
        return grt_section_refuse(call, section);
    if (*owner == 0)
        return grt_section_begin(call, section);
    if (*owner != self || !grt_held_has(&call->thread->held, section))
        return GRT_SECTION_BUSY;
    show(call, section, shown_depth(call, section) + 1);
    return GRT_SECTION_ENTERED;
}

bool grt_section_try(grt_call *call, grt_addr section)
{
    uint32_t owner;
    if (!is_aligned(call, section))
        return false;
    grt_section_answer answer = grt_section_claim(call, section, &owner);
    while (answer == GRT_SECTION_BUSY && grt_section_free_if_nobodys(call, section, owner)) {
        grt_thread_check_stop(call->thread);
        answer = grt_section_claim(call, section, &owner);
    }
    return answer == GRT_SECTION_ENTERED;
}

static uint32_t looks_worthwhile(grt_call *call, grt_addr section)
{
    uint8_t byte = 0;
    if (call->thread->scheduled)
        return 0; /* the owner does not run meanwhile */
    grt_guest_read(call->runtime, &byte, section + GRT_SECTION_SPIN, 1);
    uint32_t count = byte * 256u;
    return count < LOOKS_LEAST ? LOOKS_LEAST : count > LOOKS_MOST ? LOOKS_MOST : count;
}

static grt_section_answer spin(grt_call *call, grt_addr section)
{
    uint32_t owner;
    for (uint32_t left = looks_worthwhile(call, section); left > 0; left--) {
        if (!grt_guest_load32(call->runtime, section + GRT_SECTION_OWNER, &owner))
            return grt_section_refuse(call, section);
        grt_section_answer answer =
            owner == 0 ? grt_section_claim(call, section, &owner) : GRT_SECTION_BUSY;
        if (answer != GRT_SECTION_BUSY)
            return answer;
    }
    return GRT_SECTION_BUSY;
}

void grt_section_enter(grt_call *call, grt_addr section)
{
    uint32_t owner, before = grt_held_count(&call->thread->held);
    if (!is_aligned(call, section))
        return;
    grt_section_answer answer = grt_section_claim(call, section, &owner);
    if (answer == GRT_SECTION_BUSY)
        answer = spin(call, section);
    if (answer == GRT_SECTION_BUSY)
        grt_section_wait(call, section);
    if (call->runtime->config.lock_order && grt_held_count(&call->thread->held) > before)
        grt_lock_order_note(call, section);
}

/* ---- leaving ------------------------------------------------------------------------------- */

/* What the thread leaves is not its own. If it had entered, it is outside now all the same. */
static void refuse_leave(grt_call *call, grt_addr section, uint32_t owner)
{
    bool entered = grt_held_forget(&call->thread->held, section);
    uint32_t id = owner ? grt_section_owner_id(call, section, owner) : 0;
    if (entered)
        grt_call_complain(call, "section 0x%08X was initialised or overwritten inside",
                          (unsigned)section);
    else if (owner == 0)
        grt_call_complain(call, "section 0x%08X is not owned", (unsigned)section);
    else if (id != 0)
        grt_call_complain(call, "section 0x%08X belongs to thread %u", (unsigned)section,
                          (unsigned)id);
    else
        grt_call_complain(call, "section 0x%08X has the owner 0x%08X, which is no thread",
                          (unsigned)section, (unsigned)owner);
    if (entered)
        grt_section_wake(&call->kernel->sections, section);
}

void grt_section_leave(grt_call *call, grt_addr section)
{
    uint32_t owner;
    if (!is_aligned(call, section))
        return;
    if (!grt_guest_load32(call->runtime, section + GRT_SECTION_OWNER, &owner)) {
        grt_held_forget(&call->thread->held, section);
        grt_section_refuse(call, section);
        return;
    }
    if (owner != call->thread->kthread || !grt_held_has(&call->thread->held, section)) {
        refuse_leave(call, section, owner);
        return;
    }
    uint32_t depth = shown_depth(call, section);
    if ((int32_t)depth > 1) {
        show(call, section, depth - 1);
        return;
    }
    show(call, section, 0); /* while it is ours still */
    grt_section_pass_on(call, section);
    grt_held_pop(&call->thread->held, section);
}

/* ---- initialising -------------------------------------------------------------------------- */

static void fill(uint8_t *bytes, grt_addr section, uint32_t spin_count)
{
    uint32_t spins = spin_count / 256 + (spin_count % 256 != 0);
    memset(bytes, 0, GRT_SECTION_SIZE);
    grt_body_fill_header(bytes, section, GRT_TYPE_BYTE_AUTO_EVENT);
    bytes[GRT_SECTION_SPIN] = (uint8_t)(spins > 255 ? 255 : spins);
    grt_store32(bytes + GRT_SECTION_LOCK_COUNT, GRT_SECTION_FREE);
}

void grt_section_initialise(grt_call *call, grt_addr section, uint32_t spin_count)
{
    uint8_t bytes[GRT_SECTION_SIZE];
    uint32_t owner = 0;
    if (!is_aligned(call, section))
        return;
    grt_guest_load32(call->runtime, section + GRT_SECTION_OWNER, &owner);
    uint32_t id = owner ? grt_section_owner_id(call, section, owner) : 0;
    fill(bytes, section, spin_count);
    if (!grt_call_write(call, section, bytes, sizeof bytes, "section"))
        return;
    grt_section_forget_left(&call->kernel->sections, section);
    grt_lock_order_forget(&call->kernel->lock_order, section);
    grt_held_forget(&call->thread->held, section);
    if (id)
        grt_call_complain(call, "section 0x%08X is initialised while thread %u owns it",
                          (unsigned)section, (unsigned)id);
    grt_section_wake(&call->kernel->sections, section);
}
