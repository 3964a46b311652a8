/* xbox/heap.h - the title's heaps. */
#ifndef GUEST_XBOX_HEAP_H
#define GUEST_XBOX_HEAP_H

#include <xbox/types.h>

#define HEAP_NO_SERIALIZE          0x1u
#define HEAP_GROWABLE              0x2u
#define HEAP_ZERO_MEMORY           0x8u
#define HEAP_REALLOC_IN_PLACE_ONLY 0x10u

#define XALLOC_PHYSICAL     0x80000000u
#define XALLOC_ZERO         0x40000000u
#define XALLOC_ALIGNMENT(n) ((uint32_t)(n) << 24) /* as a power of two */

uint32_t GetProcessHeap(void);
uint32_t RtlCreateHeap(uint32_t flags, void *base, uint32_t reserve, uint32_t commit, void *lock,
                       void *parameters);
uint32_t RtlDestroyHeap(uint32_t heap); /* 0: destroyed */
void *RtlAllocateHeap(uint32_t heap, uint32_t flags, uint32_t size);
void *RtlAllocateHeapSlowly(uint32_t heap, uint32_t flags, uint32_t size);
void *RtlReAllocateHeap(uint32_t heap, uint32_t flags, void *block, uint32_t size);
uint32_t RtlFreeHeap(uint32_t heap, uint32_t flags, void *block); /* 0: refused */
uint32_t RtlFreeHeapSlowly(uint32_t heap, uint32_t flags, void *block);
uint32_t RtlSizeHeap(uint32_t heap, uint32_t flags, const void *block); /* ~0: not a block */
uint32_t RtlLockHeap(uint32_t heap);
uint32_t RtlUnlockHeap(uint32_t heap);
uint32_t RtlValidateHeap(uint32_t heap, uint32_t flags, const void *block);
uint32_t RtlCompactHeap(uint32_t heap, uint32_t flags);
uint32_t RtlDebugCompactHeap(uint32_t heap, uint32_t flags);

void *LocalAlloc(uint32_t flags, uint32_t size);
void *LocalFree(void *block); /* null: freed */

uint32_t XamAlloc(uint32_t flags, uint32_t size, void **block);
uint32_t XamAllocEx(uint32_t attributes, uint32_t flags, uint32_t size, void **block);
uint32_t XamFree(void *block);
uint32_t XamAllocSize(const void *block);
void *XMemAlloc(uint32_t size, uint32_t attributes);
void XMemFree(void *block, uint32_t attributes);
uint32_t XMemSize(const void *block, uint32_t attributes);
void *XAllocMem(uint32_t size, uint32_t flags);
void XFreeMem(void *block, uint32_t flags);

#endif
