/*
 * x_section.c - exports about critical sections.
 *
 * The guest's 28 bytes are written so that whoever looks at them finds what the console would show;
 * they are never read. They are written by the owner only, while it owns the section.
 */
#include "kernel/state.h"

/* Offsets in RTL_CRITICAL_SECTION: a dispatcher header (an auto-reset event), then the lock. */
#define SECTION_SIZE       0x1Cu
#define SECTION_TYPE       0x00u
#define SECTION_SPIN       0x01u
#define SECTION_WAIT_LIST  0x08u
#define SECTION_LOCK_COUNT 0x10u
#define TYPE_AUTO_EVENT    1u
#define LOCK_FREE          0xFFFFFFFFu

/* lock_count, recursion, owner: one write, since each guarded copy has its price. */
static bool show(grt_call *call, grt_addr section, uint32_t depth)
{
    uint8_t words[12];
    grt_store32(words, depth ? depth - 1 : LOCK_FREE);
    grt_store32(words + 4, depth);
    grt_store32(words + 8, depth ? grt_thread_kthread(call->thread) : 0);
    return grt_call_write(call, section + SECTION_LOCK_COUNT, words, sizeof words, "section");
}

static void initialise(grt_call *call, grt_addr section, uint32_t spin_count)
{
    uint8_t bytes[SECTION_SIZE] = {0};
    uint32_t spin = spin_count / 256 + (spin_count % 256 != 0);
    bytes[SECTION_TYPE] = TYPE_AUTO_EVENT;
    bytes[SECTION_SPIN] = (uint8_t)(spin > 255 ? 255 : spin);
    grt_store32(bytes + SECTION_WAIT_LIST, section + SECTION_WAIT_LIST);
    grt_store32(bytes + SECTION_WAIT_LIST + 4, section + SECTION_WAIT_LIST);
    grt_store32(bytes + SECTION_LOCK_COUNT, LOCK_FREE);
    if (!grt_call_write(call, section, bytes, sizeof bytes, "section"))
        return;
    uint32_t owner = grt_section_forget(&call->kernel->sections, section);
    if (owner)
        grt_call_complain(call, "section 0x%08X is initialised while thread %u owns it",
                          (unsigned)section, (unsigned)owner);
}

void grt_export_RtlInitializeCriticalSection(grt_call *call, grt_addr section)
{
    initialise(call, section, 0);
}

uint32_t grt_export_RtlInitializeCriticalSectionAndSpinCount(grt_call *call, grt_addr section,
                                                             uint32_t spin_count)
{
    initialise(call, section, spin_count);
    return GRT_NT_SUCCESS;
}

/* What entering leads to. A section in inaccessible memory is not entered. */
static bool entered(grt_call *call, grt_addr section, grt_section_answer answer, uint32_t depth)
{
    if (answer == GRT_SECTION_OK) {
        if (show(call, section, depth))
            return true;
        grt_section_leave(&call->kernel->sections, call->thread, section);
    } else if (answer == GRT_SECTION_NO_MEMORY) {
        grt_call_complain(call, "no host memory for the record of section 0x%08X",
                          (unsigned)section);
    }
    return false;
}

void grt_export_RtlEnterCriticalSection(grt_call *call, grt_addr section)
{
    grt_section_state state;
    grt_section_answer answer =
        grt_section_enter(&call->kernel->sections, call->thread, section, &state);
    entered(call, section, answer, state.depth);
}

uint32_t grt_export_RtlTryEnterCriticalSection(grt_call *call, grt_addr section)
{
    grt_section_state state;
    grt_section_answer answer =
        grt_section_try(&call->kernel->sections, call->thread, section, &state);
    return entered(call, section, answer, state.depth);
}

void grt_export_RtlLeaveCriticalSection(grt_call *call, grt_addr section)
{
    grt_sections *sections = &call->kernel->sections;
    grt_section_state state;
    switch (grt_section_query(sections, call->thread, section, &state)) {
    case GRT_SECTION_OK:
        /* While it is still ours; afterwards the words belong to the next owner. */
        show(call, section, state.depth - 1);
        grt_section_leave(sections, call->thread, section);
        break;
    case GRT_SECTION_BUSY:
        grt_call_complain(call, "section 0x%08X belongs to thread %u", (unsigned)section,
                          (unsigned)state.owner);
        break;
    case GRT_SECTION_FREE:
    case GRT_SECTION_NO_MEMORY:
        grt_call_complain(call, "section 0x%08X is not owned", (unsigned)section);
        break;
    }
}
