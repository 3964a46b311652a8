/*
 * process.c - the KPROCESS blocks that thread blocks point to.
 *
 * They are for the guest to look at: what the runtime knows of processes it keeps in host memory,
 * and the links of the list of threads are written from there. The two blocks share a page of their
 * own below the heap.
 */
#include "thread/internal.h"

#define RANGE_FIRST 0x10000u
#define RANGE_END   0x20000u

/* The console's values for every process. */
#define QUANTUM   0x7Fu
#define DIRECTORY 0x001F0000u
static const uint8_t priorities[4] = {10, 13, 17, 6};

/* ---- the blocks ---------------------------------------------------------------------------- */

static void store_list(uint8_t *block, grt_addr address, uint32_t offset)
{
    grt_store32(block + offset, address + offset);
    grt_store32(block + offset + 4, address + offset);
}

static void fill(grt_runtime *runtime, grt_process_type type, grt_addr address)
{
    uint8_t block[GRT_KPROCESS_SIZE] = {0};
    store_list(block, address, GRT_KPROCESS_THREADS);
    store_list(block, address, GRT_KPROCESS_LIST);
    grt_store32(block + GRT_KPROCESS_QUANTUM, QUANTUM);
    grt_store32(block + GRT_KPROCESS_DIRECTORY, DIRECTORY);
    memcpy(block + GRT_KPROCESS_PRIORITIES, priorities, sizeof priorities);
    grt_store32(block + GRT_KPROCESS_STACK_SIZE, runtime->config.stack_size);
    block[GRT_KPROCESS_TYPE] = (uint8_t)type;
    runtime->processes[type].block = address;
    grt_guest_write(runtime, address, block, sizeof block);
}

grt_status grt_processes_create(grt_runtime *runtime)
{
    grt_addr page;
    grt_status status = grt_memory_reserve_anywhere(
        runtime->memory, RANGE_FIRST, RANGE_END, GRT_PAGE_SIZE, GRT_PAGE_SIZE, "processes", &page);
    if (status == GRT_OK)
        status = grt_memory_commit(runtime->memory, page, GRT_PAGE_SIZE);
    if (status != GRT_OK)
        return status;
    fill(runtime, GRT_PROCESS_TITLE, page);
    fill(runtime, GRT_PROCESS_SYSTEM, page + 2 * GRT_KPROCESS_SIZE);
    grt_process_show_tls(runtime);
    return GRT_OK;
}

/* ---- the list of threads (threads_lock is held) -------------------------------------------- */

static grt_addr head_of(const grt_process *process)
{
    return process->block + GRT_KPROCESS_THREADS;
}

/* Where the guest finds the links of [thread], or the list's head. */
static grt_addr link_of(const grt_process *process, const grt_thread *thread)
{
    return thread != NULL ? thread->kthread + GRT_KTHREAD_PROCESS_LINK : head_of(process);
}

/* Writes the two words that join [before] and [after]; either may be null, for the head. */
static void join_links(grt_runtime *runtime, const grt_process *process, const grt_thread *before,
                       const grt_thread *after)
{
    grt_guest_write32(runtime, link_of(process, before), link_of(process, after));
    grt_guest_write32(runtime, link_of(process, after) + 4, link_of(process, before));
}

static void show_count(grt_runtime *runtime, const grt_process *process)
{
    grt_guest_write32(runtime, process->block + GRT_KPROCESS_THREAD_COUNT, process->thread_count);
}

void grt_process_link(grt_thread *thread)
{
    grt_runtime *runtime = thread->runtime;
    grt_process *process = &runtime->processes[atomic_load(&thread->process_type)];
    grt_thread *last = process->last;
    thread->process = process;
    thread->process_previous = last;
    *(last != NULL ? &last->process_next : &process->first) = thread;
    process->last = thread;
    process->thread_count++;
    join_links(runtime, process, last, thread);
    join_links(runtime, process, thread, NULL);
    show_count(runtime, process);
}

void grt_process_unlink(grt_thread *thread)
{
    grt_process *process = thread->process;
    if (process == NULL)
        return;
    grt_thread *before = thread->process_previous, *after = thread->process_next;
    *(before != NULL ? &before->process_next : &process->first) = after;
    *(after != NULL ? &after->process_previous : &process->last) = before;
    thread->process = NULL;
    process->thread_count--;
    join_links(thread->runtime, process, before, after);
    show_count(thread->runtime, process);
}

/* ---- what TLS blocks are made of ----------------------------------------------------------- */

static void store_bitmap(const grt_runtime *runtime, uint8_t *bitmap)
{
    for (uint32_t slot = 0; slot < runtime->tls.slot_count; slot++) {
        if ((atomic_load(&runtime->tls_used[slot / 64]) >> slot % 64 & 1) == 0)
            bitmap[slot / 8] |= (uint8_t)(0x80u >> slot % 8);
    }
}

void grt_process_show_tls(grt_runtime *runtime)
{
    const grt_tls_layout *tls = &runtime->tls;
    uint8_t bytes[GRT_KPROCESS_TLS_BITMAP - GRT_KPROCESS_TLS_RAW + GRT_TLS_SLOTS_MAX / 8] = {0};
    grt_store32(bytes + GRT_KPROCESS_TLS_RAW - GRT_KPROCESS_TLS_RAW, tls->raw);
    grt_store32(bytes + GRT_KPROCESS_TLS_DATA_SIZE - GRT_KPROCESS_TLS_RAW, tls->data_size);
    grt_store32(bytes + GRT_KPROCESS_TLS_RAW_SIZE - GRT_KPROCESS_TLS_RAW, tls->raw_size);
    grt_store16(bytes + GRT_KPROCESS_TLS_SLOT_BYTES - GRT_KPROCESS_TLS_RAW,
                (uint16_t)(tls->slot_count * 4));
    bytes[GRT_KPROCESS_TYPE - GRT_KPROCESS_TLS_RAW] = GRT_PROCESS_TITLE;
    store_bitmap(runtime, bytes + GRT_KPROCESS_TLS_BITMAP - GRT_KPROCESS_TLS_RAW);
    grt_guest_write(runtime, runtime->processes[GRT_PROCESS_TITLE].block + GRT_KPROCESS_TLS_RAW,
                    bytes, sizeof bytes);
}
