/*
 * tls.c - the dynamic TLS slots.
 *
 * The values are in guest memory, where inlined guest code reads them; which slots are taken is
 * runtime state and stays in host memory.
 */
#include "thread/internal.h"

static bool slot_address(const grt_thread *thread, uint32_t slot, grt_addr *address)
{
    if (slot >= GRT_TLS_SLOTS || thread->context == NULL)
        return false;
    *address = thread->context->tls + slot * 4;
    return true;
}

static bool store_slot(grt_thread *thread, uint32_t slot, uint32_t value)
{
    uint8_t word[4];
    grt_addr address;
    grt_store32(word, value);
    return slot_address(thread, slot, &address) &&
           grt_guest_write(thread->runtime, address, word, sizeof word);
}

/* threads_lock is held. */
static void clear_in_all_threads(grt_runtime *runtime, uint32_t slot)
{
    for (grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next)
        store_slot(thread, slot, 0);
}

void grt_tls_init(grt_runtime *runtime, uint8_t *tls)
{
    memset(tls, 0, GRT_TLS_SIZE);
    bool taken = (runtime->tls_used >> (GRT_TLS_QUIRK / 4)) & 1;
    if (runtime->config.layout == GRT_LAYOUT_UNLEASHED && !taken)
        grt_store32(tls + GRT_TLS_QUIRK, 0xFFFFFFFFu);
}

uint32_t grt_tls_alloc(grt_runtime *runtime)
{
    uint32_t slot = UINT32_MAX;
    os_mutex_lock(&runtime->threads_lock);
    if (~runtime->tls_used != 0) {
        slot = (uint32_t)__builtin_ctzll(~runtime->tls_used);
        runtime->tls_used |= 1ull << slot;
        clear_in_all_threads(runtime, slot);
    }
    os_mutex_unlock(&runtime->threads_lock);
    return slot;
}

bool grt_tls_free(grt_runtime *runtime, uint32_t slot)
{
    if (slot >= GRT_TLS_SLOTS)
        return false;
    os_mutex_lock(&runtime->threads_lock);
    bool taken = (runtime->tls_used >> slot) & 1;
    if (taken) {
        runtime->tls_used &= ~(1ull << slot);
        clear_in_all_threads(runtime, slot);
    }
    os_mutex_unlock(&runtime->threads_lock);
    return taken;
}

uint32_t grt_tls_get(grt_thread *thread, uint32_t slot)
{
    uint8_t word[4];
    grt_addr address;
    if (!slot_address(thread, slot, &address) ||
        !grt_guest_read(thread->runtime, word, address, sizeof word))
        return 0;
    return grt_load32(word);
}

bool grt_tls_set(grt_thread *thread, uint32_t slot, uint32_t value)
{
    if (slot >= GRT_TLS_SLOTS || ((thread->runtime->tls_used >> slot) & 1) == 0)
        return false;
    return store_slot(thread, slot, value);
}
