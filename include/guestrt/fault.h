/*
 * fault.h - the ways in which guest code can end badly, from one table.
 *
 * Each row is (number, name, sentence, remedy, exit code of the thread). A report quotes the number
 * as "GRT-F002". Numbers are stable: a number is never given to another meaning.
 */
#ifndef GUESTRT_FAULT_H
#define GUESTRT_FAULT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_FAULT_MAP(X)                                                                           \
    X(1, READ, "read from an address that is not accessible",                                      \
      "follow the call chain to where the address was computed", 0xC0000005u)                      \
    X(2, WRITE, "write to an address that is not accessible",                                      \
      "follow the call chain to where the address was computed", 0xC0000005u)                      \
    X(3, ACCESS, "access to an address that is not accessible",                                    \
      "follow the call chain to where the address was computed", 0xC0000005u)                      \
    X(4, NULL_POINTER, "access through a null pointer",                                            \
      "look for a failed call whose result was used; allocation failures are logged above",        \
      0xC0000005u)                                                                                 \
    X(5, READ_ONLY, "write to read-only memory",                                                   \
      "guest code writes to its own image's constants or code", 0xC0000005u)                       \
    X(6, STACK_OVERFLOW, "the guest stack overflowed",                                             \
      "look for recursion in the call chain, or give the thread a larger stack", 0xC00000FDu)      \
    X(7, STACK_UNDERFLOW, "access above the top of the guest stack",                               \
      "look for a frame that was popped twice or an argument read past the caller's", 0xC0000005u) \
    X(8, HOST_STACK_OVERFLOW, "guest recursion overflowed the host's stack",                       \
      "look for recursion in the call chain, or give the thread a larger stack", 0xC00000FDu)      \
    X(9, BAD_CALL, "indirect call to an address that is no function",                              \
      "look at where the pointer came from; if it is code, recompile with --function ADDRESS",     \
      0xC0000005u)                                                                                 \
    X(10, NULL_CALL, "indirect call through a null pointer",                                       \
      "look at which function pointer was never set", 0xC0000005u)                                 \
    X(11, TRAP, "a trap instruction's condition held",                                             \
      "compilers place traps behind divisions and assertions: look at the instruction",            \
      0x80000003u)                                                                                 \
    X(12, UNTRANSLATED, "an instruction that was not translated",                                  \
      "see what the recompiler said about this address", 0xC000001Du)                              \
    X(13, SYSTEM_CALL, "a system call instruction",                                                \
      "programs for the console call the kernel through imports, not with sc", 0xC000001Cu)        \
    X(14, BAD_RETURN, "return to another place than the call came from",                           \
      "the saved return address was overwritten: look for a buffer on the stack", 0xC0000005u)     \
    X(15, UNALIGNED_RESERVE, "a reservation at an unaligned address",                              \
      "lwarx needs a multiple of 4, ldarx a multiple of 8", 0x80000002u)                           \
    X(16, FELL_OFF, "execution ran past the end of the known code",                                \
      "a function that does not return came back, or the analysis cut a function short",           \
      0xC000001Du)                                                                                 \
    X(17, BAD_LONGJMP, "longjmp to a buffer that no live setjmp filled",                           \
      "the function that called setjmp has returned, or the call crosses a host callback",         \
      0xC0000026u)                                                                                 \
    X(18, SETJMP_LIMIT, "too many setjmp buffers are live, or the host has no memory for one",     \
      "look for a loop that calls setjmp with ever new buffers", 0xC0000017u)                      \
    X(19, BUG_CHECK, "the guest stopped itself with a bug check",                                  \
      "the code and its parameters are the guest's own words for what is wrong", 0xC0000420u)      \
    X(20, BAD_STACK_POINTER, "r1 does not point into the thread's stack",                          \
      "a frame was popped wrongly, or r1 was overwritten", 0xC0000005u)                            \
    X(21, ARITHMETIC, "an arithmetic exception of the host",                                       \
      "please report it: translated code must not raise one", 0xC0000094u)                         \
    X(22, ILLEGAL, "an illegal instruction of the host",                                           \
      "an assertion in host code, or a library for another processor", 0xC000001Du)                \
    X(23, HOST_CODE, "host code called by the guest faulted",                                      \
      "look at the export or override in a host debugger", 0xC0000005u)                            \
    X(24, EXCEPTION, "the guest raised an exception that nothing handles",                         \
      "its code and parameters are the guest's own; E06D7363 is a C++ throw", 0xC0000144u)         \
    X(25, BAD_JUMP, "jump within a function to a place that was not known to be jumped to",        \
      "recompile with --jump-anywhere=ADDRESS of the jump, which is the pc", 0xC0000005u)

typedef enum grt_fault_id {
    GRT_FAULT_NONE = 0,
#define GRT_FAULT_ENUM(number, name, sentence, remedy, code) GRT_FAULT_##name = number,
    GRT_FAULT_MAP(GRT_FAULT_ENUM)
#undef GRT_FAULT_ENUM
        GRT_FAULT_COUNT
} grt_fault_id;

/* The name without prefix ("WRITE"), its sentence, what to do, and the exit code that the thread
 * gets. An unknown number has the name "UNKNOWN". Any thread. O(1). */
const char *grt_fault_name(grt_fault_id id);
const char *grt_fault_sentence(grt_fault_id id);
const char *grt_fault_remedy(grt_fault_id id);
uint32_t grt_fault_exit_code(grt_fault_id id);

/* The first fault that guest code ended in, on any thread; GRT_FAULT_NONE when there was none. Any
 * thread. O(1). */
struct grt_runtime;
grt_fault_id grt_runtime_first_fault(const struct grt_runtime *runtime);

#ifdef __cplusplus
}
#endif

#endif
