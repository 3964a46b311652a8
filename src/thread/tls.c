/*
 * tls.c - the dynamic TLS slots, and the static part in front of them.
 *
 * The values are in guest memory, where inlined guest code reads them; which slots are taken is
 * runtime state and stays in host memory.
 */
#include "thread/internal.h"

#define COPY_SIZE 0x400u

static bool slot_address(const grt_thread *thread, uint32_t slot, grt_addr *address)
{
    const grt_tls_layout *tls = &thread->runtime->tls;
    if (slot >= tls->slot_count || thread->context == NULL)
        return false;
    *address = thread->context->tls + tls->data_size + slot * 4;
    return true;
}

static bool is_taken(const grt_runtime *runtime, uint32_t slot)
{
    return slot < runtime->tls.slot_count &&
           (atomic_load(&runtime->tls_used[slot / 64]) >> slot % 64 & 1) != 0;
}

static bool store_slot(grt_thread *thread, uint32_t slot, uint32_t value)
{
    grt_addr address;
    return slot_address(thread, slot, &address) &&
           grt_guest_write32(thread->runtime, address, value);
}

/* threads_lock is held. */
static void clear_in_all_threads(grt_runtime *runtime, uint32_t slot)
{
    for (grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next)
        store_slot(thread, slot, 0);
}

void grt_tls_init(grt_runtime *runtime, uint8_t *tls)
{
    if (runtime->config.layout == GRT_LAYOUT_UNLEASHED && runtime->tls.data_size == 0 &&
        !is_taken(runtime, GRT_TLS_QUIRK / 4))
        grt_store32(tls + GRT_TLS_QUIRK, 0xFFFFFFFFu);
}

/* ---- the static part ----------------------------------------------------------------------- */

/* The initial values, which the guest may have changed since, and zeros behind them. */
bool grt_tls_init_extra(grt_runtime *runtime, const grt_context_block *context)
{
    const grt_tls_layout *tls = &runtime->tls;
    bool copied = true;
    for (uint32_t done = 0; done < tls->extra && copied;) {
        uint8_t piece[COPY_SIZE] = {0};
        uint32_t size = tls->extra - done < COPY_SIZE ? tls->extra - done : COPY_SIZE;
        uint32_t raw = done < tls->raw_size ? tls->raw_size - done : 0;
        if (raw > size)
            raw = size;
        copied = grt_guest_read(runtime, piece, tls->raw + done, raw) &&
                 grt_guest_write(runtime, context->tls + done, piece, size);
        done += size;
    }
    return copied;
}

static bool template_is_valid(grt_runtime *runtime, const grt_tls_template *wanted)
{
    return wanted->size == sizeof *wanted && wanted->data_size <= GRT_TLS_DATA_MAX &&
           wanted->raw_size <= wanted->data_size && wanted->slot_count <= GRT_TLS_SLOTS_MAX &&
           (wanted->raw_size == 0 || grt_memory_accessible(runtime->memory, wanted->raw_data,
                                                           wanted->raw_size, GRT_READ_ONLY));
}

static grt_tls_layout layout_for(const grt_tls_template *wanted)
{
    grt_tls_layout tls = {.raw = wanted->raw_data, .raw_size = wanted->raw_size};
    tls.data_size = (wanted->data_size + 15) & ~15u;
    tls.slot_count = wanted->slot_count > GRT_TLS_SLOTS ? wanted->slot_count : GRT_TLS_SLOTS;
    tls.slot_count = (tls.slot_count + 3) & ~3u;
    uint32_t size = tls.data_size + tls.slot_count * 4;
    tls.extra = size > GRT_TLS_SIZE ? size : 0;
    return tls;
}

grt_status grt_runtime_set_tls_template(grt_runtime *runtime, const grt_tls_template *wanted)
{
    if (!template_is_valid(runtime, wanted))
        return GRT_INVALID_ARGUMENT;
    grt_status status = GRT_WRONG_STATE;
    os_mutex_lock(&runtime->threads_lock);
    if (runtime->next_thread_id == 0) {
        runtime->tls = layout_for(wanted);
        grt_process_show_tls(runtime);
        status = GRT_OK;
    }
    os_mutex_unlock(&runtime->threads_lock);
    return status;
}

/* ---- slots --------------------------------------------------------------------------------- */

/* The lowest free slot, or UINT32_MAX. */
static uint32_t find_free(const grt_runtime *runtime)
{
    for (uint32_t slot = 0; slot < runtime->tls.slot_count; slot++) {
        if (!is_taken(runtime, slot))
            return slot;
    }
    return UINT32_MAX;
}

/* A slot that changes hands reads 0 everywhere. threads_lock is held. */
static void turn(grt_runtime *runtime, uint32_t slot)
{
    atomic_fetch_xor(&runtime->tls_used[slot / 64], 1ull << slot % 64);
    clear_in_all_threads(runtime, slot);
    grt_process_show_tls(runtime);
}

uint32_t grt_tls_alloc(grt_runtime *runtime)
{
    os_mutex_lock(&runtime->threads_lock);
    uint32_t slot = find_free(runtime);
    if (slot != UINT32_MAX)
        turn(runtime, slot);
    os_mutex_unlock(&runtime->threads_lock);
    return slot;
}

bool grt_tls_free(grt_runtime *runtime, uint32_t slot)
{
    os_mutex_lock(&runtime->threads_lock);
    bool taken = is_taken(runtime, slot);
    if (taken)
        turn(runtime, slot);
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
    return is_taken(thread->runtime, slot) && store_slot(thread, slot, value);
}
