/* x_memory.c - exports about physical memory, pools and the title's heap. */
#include "kernel/state.h"

#define PAGES_64K          0x20000000u
#define PAGES_16M          0x80000000u
#define POOL_BLOCK_MAX     0xFD8u /* larger pool blocks start at a page */
#define HEAP_ZERO          0x8u
#define HEAP_IN_PLACE_ONLY 0x10u
#define XALLOC_PHYSICAL    0x80000000u
#define XALLOC_ZERO        0x40000000u

/* ---- physical memory ----------------------------------------------------------------------- */

static uint32_t physical_page(uint32_t protect)
{
    if (protect & PAGES_16M)
        return 0x1000000u;
    return protect & PAGES_64K ? 0x10000u : GRT_PAGE_SIZE;
}

/* The console sees its 512 MiB through three windows; the last is shifted by a page. The flat
 * profile has no physical addresses of its own: every address stands for itself. */
static grt_addr physical_of(const grt_runtime *runtime, grt_addr address)
{
    if (grt_memory_profile(runtime->memory) == GRT_PROFILE_FLAT)
        return address;
    if (address >= 0xE0000000u)
        return (address & 0x1FFFFFFFu) + 0x1000u;
    return address >= 0xA0000000u ? address & 0x1FFFFFFFu : 0;
}

/* Bounds are physical addresses. A block can only be asked for anywhere, so that a bound that
 * excludes what the heap offers makes the request fail, as on a console that is full there. The
 * flat profile has no such addresses, so bounds mean nothing in it. */
static bool in_bounds(const grt_runtime *runtime, grt_addr block, uint32_t size, uint32_t minimum,
                      uint32_t maximum)
{
    if (grt_memory_profile(runtime->memory) == GRT_PROFILE_FLAT)
        return true;
    uint64_t first = physical_of(runtime, block);
    return first >= minimum && first + size - 1 <= maximum;
}

uint32_t grt_export_MmAllocatePhysicalMemoryEx(grt_call *call, uint32_t type, uint32_t size,
                                               uint32_t protect, uint32_t minimum, uint32_t maximum,
                                               uint32_t alignment)
{
    (void)type;
    uint32_t page = physical_page(protect);
    uint64_t rounded = ((uint64_t)size + page - 1) & ~(uint64_t)(page - 1);
    if (size == 0 || rounded > UINT32_MAX) {
        grt_call_complain(call, "a size of 0x%08X cannot be had", (unsigned)size);
        return 0;
    }
    if (alignment & (alignment - 1)) {
        grt_call_complain(call, "alignment 0x%08X is no power of two", (unsigned)alignment);
        return 0;
    }
    grt_heap *heap = call->runtime->physical_heap;
    grt_addr block =
        grt_heap_alloc_aligned(heap, (uint32_t)rounded, alignment > page ? alignment : page);
    if (block && !in_bounds(call->runtime, block, (uint32_t)rounded, minimum, maximum)) {
        grt_call_complain(call, "no block lies between physical 0x%08X and 0x%08X",
                          (unsigned)minimum, (unsigned)maximum);
        grt_heap_free(heap, block);
        block = 0;
    }
    return block;
}

uint32_t grt_export_MmAllocatePhysicalMemory(grt_call *call, uint32_t type, uint32_t size,
                                             uint32_t protect)
{
    return grt_export_MmAllocatePhysicalMemoryEx(call, type, size, protect, 0, UINT32_MAX, 0);
}

void grt_export_MmFreePhysicalMemory(grt_call *call, uint32_t type, grt_addr address)
{
    (void)type;
    grt_heap_free(call->runtime->physical_heap, address); /* reports what is no block */
}

uint32_t grt_export_MmGetPhysicalAddress(grt_call *call, grt_addr address)
{
    grt_page_info info;
    grt_memory_query(call->runtime->memory, address, &info);
    return info.committed ? physical_of(call->runtime, address) : 0;
}

uint32_t grt_export_MmQueryAllocationSize(grt_call *call, grt_addr address)
{
    grt_vm_region region;
    if (grt_vm_find(&call->kernel->vm, address, &region))
        return (uint32_t)region.size;
    grt_runtime *runtime = call->runtime;
    grt_heap *heap = grt_heap_owns(runtime->physical_heap, address) ? runtime->physical_heap
                                                                    : runtime->user_heap;
    grt_block_info info;
    grt_heap_describe(heap, address, &info);
    return info.state == GRT_BLOCK_LIVE ? info.asked : 0;
}

/* ---- freeing ------------------------------------------------------------------------------- */

/* True iff [block] is a thread's context. */
static bool is_context(grt_runtime *runtime, grt_addr block)
{
    bool found = false;
    os_mutex_lock(&runtime->threads_lock);
    for (const grt_thread *thread = runtime->threads; thread && !found; thread = thread->next)
        found = thread->context && thread->context->block == block;
    for (const grt_context_block *context = runtime->context_cache; context && !found;
         context = context->next)
        found = context->block == block;
    os_mutex_unlock(&runtime->threads_lock);
    return found;
}

static bool holds_bodies(grt_call *call, grt_addr block)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    bool holds = grt_body_page_is(dispatch, block);
    grt_dispatch_unlock(dispatch);
    return holds;
}

/* The kernel takes blocks from the user heap as well, with pages that are inaccessible. A program
 * that frees one of those by a wild pointer must not put such pages back into the heap. They all
 * start at a page, so that other frees pay nothing. */
static bool is_the_kernels(grt_call *call, const grt_heap *heap, grt_addr block)
{
    grt_vm_region region;
    if (block == 0 || block % GRT_PAGE_SIZE != 0 || heap != call->runtime->user_heap)
        return false;
    if (grt_vm_find(&call->kernel->vm, block, &region))
        grt_call_complain(call, "0x%08X belongs to a region of NtAllocateVirtualMemory",
                          (unsigned)block);
    else if (is_context(call->runtime, block))
        grt_call_complain(call, "0x%08X is the context of a thread", (unsigned)block);
    else if (holds_bodies(call, block))
        grt_call_complain(call, "0x%08X holds objects of the kernel", (unsigned)block);
    else
        return false;
    return true;
}

static bool free_block(grt_call *call, grt_heap *heap, grt_addr block)
{
    return !is_the_kernels(call, heap, block) && grt_heap_free(heap, block) == GRT_OK;
}

/* ---- pools --------------------------------------------------------------------------------- */

/* Four printable characters: a tag that was handed in where the size belongs. */
static bool looks_like_tag(uint32_t size)
{
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        uint32_t byte = size >> shift & 0xFF;
        if (byte < 0x20 || byte > 0x7E)
            return false;
    }
    return true;
}

uint32_t grt_export_ExAllocatePoolTypeWithTag(grt_call *call, uint32_t size, uint32_t tag,
                                              uint32_t type)
{
    (void)tag;
    (void)type;
    if (looks_like_tag(size))
        grt_call_complain(call, "the size 0x%08X looks like a four-character tag", (unsigned)size);
    return grt_heap_alloc_aligned(call->runtime->user_heap, size,
                                  size > POOL_BLOCK_MAX ? GRT_PAGE_SIZE : 0);
}

uint32_t grt_export_ExAllocatePoolWithTag(grt_call *call, uint32_t size, uint32_t tag)
{
    return grt_export_ExAllocatePoolTypeWithTag(call, size, tag, 0);
}

uint32_t grt_export_ExAllocatePool(grt_call *call, uint32_t size)
{
    return grt_export_ExAllocatePoolTypeWithTag(call, size, 0, 0);
}

void grt_export_ExFreePool(grt_call *call, grt_addr address)
{
    free_block(call, call->runtime->user_heap, address);
}

/* ---- the title's heap ---------------------------------------------------------------------- */

uint32_t grt_export_RtlAllocateHeap(grt_call *call, uint32_t heap, uint32_t flags, uint32_t size)
{
    (void)heap;
    return flags & HEAP_ZERO ? grt_heap_alloc_zeroed(call->runtime->user_heap, size)
                             : grt_heap_alloc(call->runtime->user_heap, size);
}

uint32_t grt_export_RtlReAllocateHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block,
                                      uint32_t size)
{
    (void)heap;
    grt_heap *user = call->runtime->user_heap;
    if (block == 0) { /* there is nothing to change the size of */
        grt_call_complain(call, "block is null");
        return 0;
    }
    uint32_t old = grt_heap_size(user, block);
    if (old == UINT32_MAX || is_the_kernels(call, user, block))
        return 0;
    /* The heap may move a block in either direction; one that must stay keeps its size instead. */
    if (flags & HEAP_IN_PLACE_ONLY)
        return size <= old ? block : 0;
    grt_addr moved = grt_heap_realloc(user, block, size);
    if (moved && (flags & HEAP_ZERO) && size > old)
        grt_call_fill(call, moved + old, size - old, 0, "the new part of the block");
    return moved;
}

uint32_t grt_export_RtlFreeHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    (void)heap;
    (void)flags;
    return free_block(call, call->runtime->user_heap, block);
}

uint32_t grt_export_RtlSizeHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    (void)heap;
    (void)flags;
    return grt_heap_size(call->runtime->user_heap, block);
}

static grt_heap *xalloc_heap(const grt_call *call, uint32_t flags)
{
    return flags & XALLOC_PHYSICAL ? call->runtime->physical_heap : call->runtime->user_heap;
}

uint32_t grt_export_XAllocMem(grt_call *call, uint32_t size, uint32_t flags)
{
    uint32_t alignment = 1u << (flags >> 24 & 0xF);
    if (flags & XALLOC_PHYSICAL && alignment < GRT_PAGE_SIZE)
        alignment = GRT_PAGE_SIZE;
    grt_addr block =
        grt_heap_alloc_aligned(xalloc_heap(call, flags), size, alignment < 16 ? 16 : alignment);
    if (block && (flags & XALLOC_ZERO))
        grt_call_fill(call, block, size, 0, "the new block");
    return block;
}

void grt_export_XFreeMem(grt_call *call, grt_addr address, uint32_t flags)
{
    free_block(call, xalloc_heap(call, flags), address);
}

void grt_export_RtlFillMemoryUlong(grt_call *call, grt_addr destination, uint32_t length,
                                   uint32_t pattern)
{
    /* Whole words only, as the name says. */
    grt_call_fill(call, destination, length & ~3u, pattern, "destination");
}
