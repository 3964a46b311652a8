/*
 * status.h - what a call of the library can answer, from one table.
 *
 * Numbers are stable: a number is never given to another meaning. Every row is
 * (number, name, sentence, remedy); docs/reference.md lists them.
 */
#ifndef GUESTRT_STATUS_H
#define GUESTRT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_STATUS_MAP(X)                                                                          \
    X(0, OK, "the call did what it says", "nothing to do")                                         \
    X(1, INVALID_ARGUMENT, "an argument is outside what the function accepts",                     \
      "see the function's comment for the accepted values")                                        \
    X(2, NO_HOST_MEMORY, "the host refused memory for the runtime's own records",                  \
      "raise the memory limit of the process (ulimit -v, cgroup memory.max)")                      \
    X(3, NO_ADDRESS_SPACE, "the host has no free address range for the guest window",              \
      "raise RLIMIT_AS (ulimit -v unlimited) or use a 64-bit host; the window needs 4 GiB")        \
    X(4, HOST_REFUSED_COMMIT, "the host refused to back guest pages with memory",                  \
      "see vm.overcommit_memory, RLIMIT_DATA and the cgroup limit named in the report")            \
    X(5, REGION_OVERLAP, "the range overlaps a region that has another owner",                     \
      "choose another range; the report names both owners")                                        \
    X(6, NOT_RESERVED, "the range lies outside every reserved region",                             \
      "reserve the range first with grt_memory_reserve()")                                         \
    X(7, OUT_OF_RANGE, "an address lies outside the range of this object",                         \
      "check the address against the heap's or region's bounds")                                   \
    X(8, OVER_BUDGET, "the configured budget of guest memory would be exceeded",                   \
      "raise the budget, or find who holds the memory in the report")                              \
    X(9, OUT_OF_GUEST_MEMORY, "no guest memory is left for the request",                           \
      "the failure report names the cause and the owners")                                         \
    X(10, DOUBLE_FREE, "the block was freed before", "the report names the block")                 \
    X(11, INTERIOR_POINTER, "the address lies inside a block, not at its start",                   \
      "free the address that the allocation returned")                                             \
    X(12, NOT_A_BLOCK, "no block starts here, and the last one that was here did not either",      \
      "the report says what the address is")                                                       \
    X(13, WRONG_HEAP, "the block belongs to another heap", "free it through its own heap")         \
    X(14, ALREADY_INITIALISED, "the object exists already",                                        \
      "destroy it first; re-creating it would lose what is live")                                  \
    X(15, WRONG_STATE, "the object is not in a state that allows the call",                        \
      "see the function's comment for the order of calls")                                         \
    X(16, HOST_THREAD_FAILED, "the host refused to create a thread",                               \
      "raise RLIMIT_NPROC or the cgroup's pids.max")                                               \
    X(17, NOT_A_FUNCTION, "the guest address is not the start of a translated function",           \
      "check the address; recompile with --function ADDR if the analysis missed it")               \
    X(18, ABI_MISMATCH, "the generated code was made for another version of the contract",         \
      "recompile the image with this version of guestrt")                                          \
    X(19, IMAGE_CONFLICT, "a segment of the image does not fit where it wants to be",              \
      "the report names the segment and the owner of the range")                                   \
    X(20, GUEST_FAULT, "guest code ended in a fault", "read the fault report")                     \
    X(21, STOPPED, "the runtime was stopped by its policy", "read the report that stopped it")     \
    X(22, TIMEOUT, "the time given ran out", "wait longer, or look at what is waited for")         \
    X(23, INTERNAL, "a bug in guestrt", "please report it with the lines logged before it")        \
    X(24, NOT_SUPPORTED, "this host cannot do what was asked", "see docs/platforms.md")

typedef enum grt_status {
#define GRT_STATUS_ENUM(number, name, sentence, remedy) GRT_##name = number,
    GRT_STATUS_MAP(GRT_STATUS_ENUM)
#undef GRT_STATUS_ENUM
} grt_status;

/* The constant's name ("GRT_OVER_BUDGET"); "GRT_STATUS_UNKNOWN" for a number not in the table.
 * Any thread. O(1). */
const char *grt_status_name(grt_status status);

/* One sentence about the status, without a full stop. Any thread. O(1). */
const char *grt_status_sentence(grt_status status);

/* What the caller can do about it. Any thread. O(1). */
const char *grt_status_remedy(grt_status status);

#ifdef __cplusplus
}
#endif

#endif
