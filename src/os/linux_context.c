/*
 * linux_context.c - what the machine says about a fault.
 */
#define _GNU_SOURCE
#include "os/linux_context.h"

#include <ucontext.h>

#if defined(__x86_64__)

/* Bits of the page fault error code, and the exception number that carries one. */
#    define PAGE_FAULT_WRITE   0x02
#    define PAGE_FAULT_EXECUTE 0x10
#    define PAGE_FAULT_TRAP    14

static os_fault_access access_of(const ucontext_t *context)
{
    if (context->uc_mcontext.gregs[REG_TRAPNO] != PAGE_FAULT_TRAP) {
        return OS_FAULT_UNKNOWN;
    }
    long long code = context->uc_mcontext.gregs[REG_ERR];
    if ((code & PAGE_FAULT_EXECUTE) != 0) {
        return OS_FAULT_EXECUTE;
    }
    return (code & PAGE_FAULT_WRITE) != 0 ? OS_FAULT_WRITE : OS_FAULT_READ;
}

static uintptr_t pc_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static uintptr_t sp_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

#elif defined(__aarch64__)

/* The kernel appends tagged records to the context; the syndrome register is in one of them. */
#    define ESR_RECORD         0x45535201u
#    define ESR_CLASS_SHIFT    26
#    define ESR_CLASS_MASK     0x3Fu
#    define ESR_FETCH_FROM_EL0 0x20u
#    define ESR_DATA_FROM_EL0  0x24u
#    define ESR_WRITE          0x40u

typedef struct context_record {
    uint32_t tag;
    uint32_t size;
} context_record;

static bool find_syndrome(const ucontext_t *context, uint64_t *syndrome)
{
    const unsigned char *at = (const unsigned char *)context->uc_mcontext.__reserved;
    const unsigned char *end = at + sizeof context->uc_mcontext.__reserved;
    while (at + sizeof(context_record) + sizeof *syndrome <= end) {
        const context_record *record = (const context_record *)at;
        if (record->tag == ESR_RECORD) {
            *syndrome = *(const uint64_t *)(at + sizeof *record);
            return true;
        }
        if (record->tag == 0 || record->size < sizeof *record) {
            return false;
        }
        at += record->size;
    }
    return false;
}

static os_fault_access access_of(const ucontext_t *context)
{
    uint64_t syndrome;
    if (!find_syndrome(context, &syndrome)) {
        return OS_FAULT_UNKNOWN;
    }
    uint64_t class = (syndrome >> ESR_CLASS_SHIFT) & ESR_CLASS_MASK;
    if (class == ESR_FETCH_FROM_EL0) {
        return OS_FAULT_EXECUTE;
    }
    if (class != ESR_DATA_FROM_EL0) {
        return OS_FAULT_UNKNOWN;
    }
    return (syndrome & ESR_WRITE) != 0 ? OS_FAULT_WRITE : OS_FAULT_READ;
}

static uintptr_t pc_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.pc;
}

static uintptr_t sp_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.sp;
}

#else

static os_fault_access access_of(const ucontext_t *context)
{
    (void)context;
    return OS_FAULT_UNKNOWN;
}

static uintptr_t pc_of(const ucontext_t *context)
{
    (void)context;
    return 0;
}

static uintptr_t sp_of(const ucontext_t *context)
{
    (void)context;
    return 0;
}

#endif

static os_fault_kind kind_of(int number)
{
    switch (number) {
    case SIGILL:
    case SIGTRAP:
        return OS_FAULT_ILLEGAL;
    case SIGFPE:
        return OS_FAULT_ARITHMETIC;
    default:
        return OS_FAULT_ACCESS;
    }
}

os_fault os_fault_from_signal(int number, const siginfo_t *info, const void *context)
{
    os_fault fault = {
        .kind = kind_of(number),
        .access = OS_FAULT_UNKNOWN,
        .address = (uintptr_t)info->si_addr,
        .pc = pc_of(context),
        .sp = sp_of(context),
    };
    if (fault.kind == OS_FAULT_ACCESS) {
        fault.access = access_of(context);
    }
    return fault;
}
