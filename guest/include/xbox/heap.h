/* xbox/heap.h - the title's heap. */
#ifndef GUEST_XBOX_HEAP_H
#define GUEST_XBOX_HEAP_H

#include <xbox/types.h>

#define HEAP_ZERO_MEMORY 0x8u

void *RtlAllocateHeap(uint32_t heap, uint32_t flags, uint32_t size);
void *RtlReAllocateHeap(uint32_t heap, uint32_t flags, void *block, uint32_t size);
uint32_t RtlFreeHeap(uint32_t heap, uint32_t flags, void *block);       /* 0: refused */
uint32_t RtlSizeHeap(uint32_t heap, uint32_t flags, const void *block); /* ~0: not a block */

#endif
