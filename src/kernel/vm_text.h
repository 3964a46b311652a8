/* vm_text.h - what is at an address, in words for a complaint. */
#ifndef GRT_KERNEL_VM_TEXT_H
#define GRT_KERNEL_VM_TEXT_H

#include "kernel/call.h"
#include "kernel/vm.h"

#define GRT_VM_TEXT_MAX 256u

/* "the region 0x40000000 of 0x10000 bytes, asked for by thread 1 from main+0x24" */
void grt_vm_region_text(const grt_runtime *runtime, const grt_vm_region *region, char *text,
                        size_t size);

/* The region that holds [address] and where in it, or what else is there. Takes locks, none of
 * which may be held. */
void grt_vm_address_text(const grt_call *call, grt_addr address, char *text, size_t size);

#endif
