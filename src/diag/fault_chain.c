/*
 * fault_chain.c - who called whom in the guest.
 *
 * The word at r1 is the caller's r1. Where a function keeps its return address depends on who
 * compiled it: in the word after the caller's back chain (System V), or in the 8 bytes below it
 * (the console's compiler). Both places are looked at; what counts as a return address is decided
 * by the image, which the guest cannot change: it must lie in translated code, right behind an
 * instruction that calls.
 */
#include "diag/fault.h"

#define LINK_BIT    1u
#define OP_BC       16u
#define OP_B        18u
#define OP_BCLR_CTR 19u

static bool read_word(grt_runtime *runtime, grt_addr address, uint32_t *value)
{
    uint8_t word[4];
    if (!grt_guest_read(runtime, word, address, sizeof word))
        return false;
    *value = grt_load32(word);
    return true;
}

/* The instruction at [address] as it is in the image file; false when the file has no bytes there.
 */
static bool image_word(const grt_ppc_module *module, grt_addr address, uint32_t *word)
{
    for (uint32_t i = 0; i < module->segment_count; i++) {
        const grt_ppc_segment *segment = &module->segments[i];
        uint32_t offset = address - segment->address;
        if (segment->file_size >= 4 && offset <= segment->file_size - 4) {
            *word = grt_load32(segment->bytes + offset);
            return true;
        }
    }
    return false;
}

static bool is_call(uint32_t word)
{
    uint32_t opcode = word >> 26;
    return (word & LINK_BIT) != 0 && (opcode == OP_B || opcode == OP_BC || opcode == OP_BCLR_CTR);
}

static bool is_return_address(const grt_runtime *runtime, uint32_t value)
{
    const grt_ppc_module *module = runtime->module;
    uint32_t word;
    char text[8];
    if (module == NULL || value % 4 != 0 || value < 4 ||
        !grt_runtime_symbol(runtime, value - 4, text, sizeof text))
        return false;
    return !image_word(module, value - 4, &word) || is_call(word);
}

/* The return address kept by the function whose frame ends at [caller]. */
static bool saved_return(grt_runtime *runtime, grt_addr caller, uint32_t *value)
{
    return (read_word(runtime, caller + 4, value) && is_return_address(runtime, *value)) ||
           (read_word(runtime, caller - 8, value) && is_return_address(runtime, *value));
}

uint32_t grt_fault_chain(grt_thread *thread, grt_chain_frame *frames, uint32_t capacity,
                         const char **end)
{
    grt_runtime *runtime = thread->runtime;
    uint32_t count = 0, steps = 0;
    bool newest = true;
    uint32_t link = (uint32_t)thread->ppc.lr;
    if (count < capacity && is_return_address(runtime, link))
        frames[count++] = (grt_chain_frame){link, 0};
    grt_addr frame = (uint32_t)thread->ppc.r[1];
    for (*end = "the chain is longer"; count < capacity && steps < 16 * GRT_CHAIN_MAX; steps++) {
        uint32_t caller, value;
        *end = "r1 leaves the stack";
        if (frame % 4 != 0 || frame < thread->stack_limit || frame >= thread->stack_base)
            break;
        *end = "the back chain cannot be read";
        if (!read_word(runtime, frame, &caller))
            break;
        *end = "the thread's first frame";
        if (caller == 0)
            break;
        *end = "the back chain is damaged";
        if (caller <= frame || caller >= thread->stack_base)
            break;
        if (saved_return(runtime, caller, &value)) {
            /* A function that has made no call yet still has in lr what it has saved. Only the
             * newest frame can be that one: further equal addresses are a recursion. */
            bool listed = newest && count == 1 && value == link;
            newest = false;
            if (!listed)
                frames[count++] = (grt_chain_frame){value, frame};
        }
        frame = caller;
        *end = "the chain is longer";
    }
    return count;
}
