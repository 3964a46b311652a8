/* xbox/memory.h - virtual and physical memory, pools, bytes. */
#ifndef GUEST_XBOX_MEMORY_H
#define GUEST_XBOX_MEMORY_H

#include <xbox/types.h>

#define MEM_COMMIT      0x1000u
#define MEM_RESERVE     0x2000u
#define MEM_DECOMMIT    0x4000u
#define MEM_RELEASE     0x8000u
#define MEM_FREE        0x10000u
#define MEM_PRIVATE     0x20000u
#define MEM_RESET       0x80000u
#define MEM_TOP_DOWN    0x100000u
#define MEM_NOZERO      0x800000u
#define MEM_LARGE_PAGES 0x20000000u /* 64 KiB */
#define MEM_16MB_PAGES  0x80000000u

#define PAGE_NOACCESS          0x1u
#define PAGE_READONLY          0x2u
#define PAGE_READWRITE         0x4u
#define PAGE_WRITECOPY         0x8u
#define PAGE_EXECUTE           0x10u
#define PAGE_EXECUTE_READ      0x20u
#define PAGE_EXECUTE_READWRITE 0x40u
#define PAGE_EXECUTE_WRITECOPY 0x80u
#define PAGE_GUARD             0x100u
#define PAGE_NOCACHE           0x200u
#define PAGE_WRITECOMBINE      0x400u

typedef struct MEMORY_BASIC_INFORMATION {
    uint32_t base;
    uint32_t allocation_base;
    uint32_t allocation_protect;
    uint32_t region_size;
    uint32_t state;
    uint32_t protect;
    uint32_t type;
} MEMORY_BASIC_INFORMATION;

typedef struct MM_STATISTICS_SECTION {
    uint32_t available_pages;
    uint32_t total_virtual_bytes;
    uint32_t reserved_virtual_bytes;
    uint32_t physical_pages;
    uint32_t pool_pages;
    uint32_t stack_pages;
    uint32_t image_pages;
    uint32_t heap_pages;
    uint32_t virtual_pages;
    uint32_t page_table_pages;
    uint32_t cache_pages;
} MM_STATISTICS_SECTION;

typedef struct MM_STATISTICS {
    uint32_t size; /* set by the caller */
    uint32_t total_physical_pages;
    uint32_t kernel_pages;
    MM_STATISTICS_SECTION title, system;
    uint32_t highest_physical_page;
} MM_STATISTICS;

NTSTATUS NtAllocateVirtualMemory(void **base, uint32_t *size, uint32_t type, uint32_t protection,
                                 BOOLEAN debug_memory);
NTSTATUS NtFreeVirtualMemory(void **base, uint32_t *size, uint32_t type, BOOLEAN debug_memory);
NTSTATUS NtProtectVirtualMemory(void **base, uint32_t *size, uint32_t protection, uint32_t *old,
                                BOOLEAN debug_memory);
NTSTATUS NtQueryVirtualMemory(const void *address, MEMORY_BASIC_INFORMATION *information);
NTSTATUS NtAllocateEncryptedMemory(uint32_t flags, uint32_t size, void **base);

uint32_t MmIsAddressValid(const void *address);
uint32_t MmQueryAddressProtect(const void *address);
void MmSetAddressProtect(void *address, uint32_t size, uint32_t protection);
NTSTATUS MmQueryStatistics(MM_STATISTICS *statistics);

void *MmAllocatePhysicalMemory(uint32_t type, uint32_t size, uint32_t protection);
void *MmAllocatePhysicalMemoryEx(uint32_t type, uint32_t size, uint32_t protection, uint32_t first,
                                 uint32_t last, uint32_t alignment);
void MmFreePhysicalMemory(uint32_t type, void *address);
uint32_t MmGetPhysicalAddress(const void *address);
uint32_t MmQueryAllocationSize(const void *address);
void *MmMapIoSpace(uint32_t kind, void *address, uint32_t size, uint32_t flags);

uint32_t KeGetImagePageTableEntry(const void *address);
void KeFlushCacheRange(void *address, uint32_t size);
void KeSweepDcacheRange(void *address, uint32_t size);
void KeSweepIcacheRange(void *address, uint32_t size);
void KeFlushCurrentEntireTb(void);
void KeFlushEntireTb(void);
void KeFlushUserModeTb(void);
void KeFlushUserModeCurrentTb(void);
uint32_t KeLockL2(uint32_t index, uint32_t size);
void KeUnlockL2(void);

void *ExAllocatePool(uint32_t size);
void *ExAllocatePoolWithTag(uint32_t size, uint32_t tag);
void *ExAllocatePoolTypeWithTag(uint32_t size, uint32_t tag, uint32_t type);
void ExFreePool(void *address);
uint32_t ExQueryPoolBlockSize(const void *address);

void RtlFillMemoryUlong(void *destination, uint32_t length, uint32_t pattern);
uint32_t RtlCompareMemory(const void *first, const void *second, uint32_t size);
uint32_t RtlCompareMemoryUlong(const void *source, uint32_t length, uint32_t pattern);
void *XMemCpy(void *destination, const void *source, uint32_t size);
void *XMemCpyStreaming(void *destination, const void *source, uint32_t size);
void *XMemSet(void *destination, int value, uint32_t size);

#endif
