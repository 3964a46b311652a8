/* x_heap.c - exports that allocate from the title's heaps. */
#include "kernel/x_heap.h"

#include "diag/fault.h"
#include "kernel/vm_text.h"

/* ---- complaints ---------------------------------------------------------------------------- */

static void complain_destroyed(grt_call *call, uint32_t heap, const grt_title_trouble *trouble)
{
    char place[96];
    if (!trouble->by) {
        grt_call_complain(call, "heap %08X was destroyed", (unsigned)heap);
        return;
    }
    grt_call_place(call->runtime, trouble->at, place, sizeof place);
    grt_call_complain(call, "heap %08X was destroyed by thread %u at %s", (unsigned)heap,
                      (unsigned)trouble->by, place);
}

/* For the heap, which has said what it knows, a thread's stack is a part of a block. */
static void complain_of_context(grt_call *call, grt_addr block)
{
    char text[GRT_VM_TEXT_MAX];
    if (grt_fault_describe_context(call->runtime, block, text, sizeof text))
        grt_call_complain(call, "0x%08X is no heap block: %s", (unsigned)block, text);
}

void grt_title_complain(grt_call *call, uint32_t heap, grt_addr block,
                        const grt_title_trouble *trouble)
{
    switch (trouble->reason) {
    case GRT_TITLE_DESTROYED:
        complain_destroyed(call, heap, trouble);
        break;
    case GRT_TITLE_NEVER:
        grt_call_complain(call, "heap %08X was never created", (unsigned)heap);
        break;
    case GRT_TITLE_WRONG_HEAP:
        grt_call_complain(call, "%s: 0x%08X is a block of heap %08X, not of %08X: %s",
                          grt_status_name(GRT_WRONG_HEAP), (unsigned)block,
                          (unsigned)trouble->owner,
                          (unsigned)(grt_title_heap_is_process(heap) ? GRT_PROCESS_HEAP : heap),
                          grt_status_remedy(GRT_WRONG_HEAP));
        break;
    case GRT_TITLE_FULL:
        grt_call_complain(call,
                          "%u bytes do not fit into heap %08X: it may have %llu, and its other "
                          "blocks have %llu of them",
                          (unsigned)trouble->size, (unsigned)heap,
                          (unsigned long long)trouble->limit, (unsigned long long)trouble->bytes);
        break;
    case GRT_TITLE_NO_HOST:
        grt_call_complain(call, "no host memory for the records of heap %08X", (unsigned)heap);
        break;
    case GRT_TITLE_HEAP_OK:
    case GRT_TITLE_HEAP_NO_MEMORY: /* the user heap has said so */
        break;
    case GRT_TITLE_NO_BLOCK:
        complain_of_context(call, block);
        break;
    }
}

/* ---- locks --------------------------------------------------------------------------------- */

/* ---- blocks -------------------------------------------------------------------------------- */

static bool holds_bodies(grt_call *call, grt_addr block)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    bool holds = grt_body_page_is(dispatch, block);
    grt_dispatch_unlock(dispatch);
    return holds;
}

bool grt_is_the_kernels(grt_call *call, grt_addr block)
{
    grt_vm_region region;
    char text[GRT_VM_TEXT_MAX];
    if (block == 0 || block % GRT_PAGE_SIZE != 0)
        return false;
    bool is_region = grt_vm_find(call->runtime, &call->kernel->vm, block, &region) &&
                     region.kind != GRT_VM_PHYSICAL;
    if (!is_region && holds_bodies(call, block)) {
        grt_call_complain(call, "0x%08X holds objects of the kernel", (unsigned)block);
        return true;
    }
    if (!is_region && !grt_thread_owns_block(call->runtime, block))
        return false;
    grt_vm_address_text(call, block, text, sizeof text);
    grt_call_complain(call, "0x%08X is no heap block: %s", (unsigned)block, text);
    return true;
}

grt_addr grt_title_allocate(grt_call *call, uint32_t heap, uint32_t size, bool zeroed)
{
    grt_title_trouble trouble;
    grt_title_heap_wait(call, heap);
    grt_addr block =
        grt_title_heap_allocate(call->runtime, &call->kernel->heaps, heap, size, zeroed, &trouble);
    if (!block)
        grt_title_complain(call, heap, 0, &trouble);
    return block;
}

bool grt_title_free(grt_call *call, uint32_t heap, grt_addr block)
{
    grt_title_trouble trouble;
    if (block == 0)
        return true;
    if (grt_is_the_kernels(call, block))
        return false;
    grt_title_heap_wait(call, heap);
    bool freed = grt_title_heap_free(call->runtime, &call->kernel->heaps, heap, block, &trouble);
    if (!freed)
        grt_title_complain(call, heap, block, &trouble);
    return freed;
}

uint32_t grt_title_size(grt_call *call, uint32_t heap, grt_addr block)
{
    grt_title_trouble trouble;
    grt_title_heap_wait(call, heap);
    bool owned =
        grt_title_heap_is_owner(call->runtime, &call->kernel->heaps, heap, block, &trouble);
    uint32_t size = owned ? grt_heap_size(call->runtime->user_heap, block) : UINT32_MAX;
    if (!owned)
        grt_title_complain(call, heap, block, &trouble);
    return size;
}

/* The heap may move a block in either direction; one that must stay keeps its size instead. */
static grt_addr resize(grt_call *call, uint32_t heap, grt_addr block, uint32_t old, uint32_t size,
                       bool in_place)
{
    grt_title_trouble trouble;
    if (in_place)
        return size <= old ? block : 0;
    grt_title_heap_wait(call, heap);
    grt_addr moved =
        grt_title_heap_resize(call->runtime, &call->kernel->heaps, heap, block, size, &trouble);
    if (!moved)
        grt_title_complain(call, heap, block, &trouble);
    return moved;
}

/* ---- exports ------------------------------------------------------------------------------- */

uint32_t grt_export_RtlAllocateHeap(grt_call *call, uint32_t heap, uint32_t flags, uint32_t size)
{
    return grt_title_allocate(call, heap, size, flags & HEAP_ZERO);
}

uint32_t grt_export_RtlAllocateHeapSlowly(grt_call *call, uint32_t heap, uint32_t flags,
                                          uint32_t size)
{
    return grt_export_RtlAllocateHeap(call, heap, flags, size);
}

uint32_t grt_export_RtlReAllocateHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block,
                                      uint32_t size)
{
    if (block == 0) { /* there is nothing to change the size of */
        grt_call_complain(call, "block is null");
        return 0;
    }
    if (grt_is_the_kernels(call, block))
        return 0;
    uint32_t old = grt_title_size(call, heap, block);
    if (old == UINT32_MAX)
        return 0;
    grt_addr moved = resize(call, heap, block, old, size, flags & HEAP_IN_PLACE_ONLY);
    if (moved && (flags & HEAP_ZERO) && size > old)
        grt_call_fill(call, moved + old, size - old, 0, "the new part of the block");
    return moved;
}

uint32_t grt_export_RtlFreeHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    (void)flags;
    return grt_title_free(call, heap, block);
}

uint32_t grt_export_RtlFreeHeapSlowly(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    return grt_export_RtlFreeHeap(call, heap, flags, block);
}

uint32_t grt_export_RtlSizeHeap(grt_call *call, uint32_t heap, uint32_t flags, grt_addr block)
{
    (void)flags;
    return grt_title_size(call, heap, block);
}
