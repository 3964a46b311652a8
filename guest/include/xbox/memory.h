/* xbox/memory.h - virtual and physical memory, pools. */
#ifndef GUEST_XBOX_MEMORY_H
#define GUEST_XBOX_MEMORY_H

#include <xbox/types.h>

#define MEM_COMMIT   0x1000u
#define MEM_RESERVE  0x2000u
#define MEM_DECOMMIT 0x4000u
#define MEM_RELEASE  0x8000u

#define PAGE_READONLY  0x2u
#define PAGE_READWRITE 0x4u

NTSTATUS NtAllocateVirtualMemory(void **base, uint32_t *size, uint32_t type, uint32_t protection,
                                 uint32_t debug_memory);
NTSTATUS NtFreeVirtualMemory(void **base, uint32_t *size, uint32_t type, uint32_t debug_memory);
void *MmAllocatePhysicalMemoryEx(uint32_t type, uint32_t size, uint32_t protection, uint32_t first,
                                 uint32_t last, uint32_t alignment);
void MmFreePhysicalMemory(uint32_t type, void *address);
void *ExAllocatePoolWithTag(uint32_t size, uint32_t tag);
void ExFreePool(void *address);

#endif
