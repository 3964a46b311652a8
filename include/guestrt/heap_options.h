/*
 * heap_options.h - what a heap can be asked to do beyond its work, at run time.
 *
 * All zero is the default: nothing is on, and nothing costs anything. Every option but the budget
 * makes each call take the heap's lock. The same options have a form in text:
 * "quarantine=1M,redzone=16,fill".
 */
#ifndef GUESTRT_HEAP_OPTIONS_H
#define GUESTRT_HEAP_OPTIONS_H

#include "guestrt/status.h"
#include "guestrt/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes as asked for, both ends included; both 0: no size. */
typedef struct grt_heap_sizes {
    uint32_t min, max;
} grt_heap_sizes;

#define GRT_HEAP_GUARD_SITES_MAX 8u

/* Guest return addresses; the first 0 ends the list. */
typedef struct grt_heap_sites {
    uint32_t site[GRT_HEAP_GUARD_SITES_MAX];
} grt_heap_sites;

/* The options: name, kind of value, the least and the most that it can be, what it does.
 * Kinds: FLAG (no value), COUNT, BYTES (with K, M or G for 2^10, 2^20, 2^30), SIZES (one number or
 * MIN-MAX), SITES (a guest address; may be given several times). Numbers are decimal or 0x... */
#define GRT_HEAP_OPTION_MAP(X)                                                                     \
    X(fill, FLAG, 1, 1,                                                                            \
      "blocks are filled with 9A when they are handed out and with 9D when they are freed; a "     \
      "freed block that was written to is reported when it is handed out again")                   \
    X(slack, FLAG, 1, 1,                                                                           \
      "the bytes that rounding leaves behind a block are filled with 9E, and verified when the "   \
      "block is freed or changes its size")                                                        \
    X(redzone, BYTES, 1, 4096, "as slack, with at least so many bytes behind every block")         \
    X(quarantine, BYTES, 1, UINT32_MAX,                                                            \
      "freed blocks of so many bytes in all are kept, the oldest leaving first, before they can "  \
      "be handed out again")                                                                       \
    X(guard, SIZES, 1, UINT32_MAX,                                                                 \
      "blocks of these sizes get pages of their own, end at the end of these, and have an "        \
      "inaccessible page behind them")                                                             \
    X(guard_site, SITES, 1, UINT32_MAX, "the same for blocks that this call site asks for")        \
    X(guard_sample, COUNT, 1, UINT32_MAX,                                                          \
      "of the requests that would be guarded, or of all when nothing says which, one in so many "  \
      "is")                                                                                        \
    X(sites, COUNT, 1, UINT32_MAX,                                                                 \
      "for one request in so many, who asked for the block and who freed it is kept")              \
    X(budget, BYTES, 1, UINT32_MAX, "requests beyond so many live bytes are refused")              \
    X(fail_nth, COUNT, 1, UINT32_MAX, "the request of this number is refused; 1 is the first")     \
    X(fail_every, COUNT, 1, UINT32_MAX, "one request in so many is refused")                       \
    X(fail_size, SIZES, 1, UINT32_MAX,                                                             \
      "requests of these sizes are refused; with fail_nth or fail_every only these are counted")

#define GRT_HEAP_OPTION_FLAG  bool
#define GRT_HEAP_OPTION_COUNT uint32_t
#define GRT_HEAP_OPTION_BYTES uint32_t
#define GRT_HEAP_OPTION_SIZES grt_heap_sizes
#define GRT_HEAP_OPTION_SITES grt_heap_sites

typedef struct grt_heap_options {
#define GRT_HEAP_OPTION_FIELD(name, kind, least, most, sentence) GRT_HEAP_OPTION_##kind name;
    GRT_HEAP_OPTION_MAP(GRT_HEAP_OPTION_FIELD)
#undef GRT_HEAP_OPTION_FIELD
} grt_heap_options;

/* Reads "name,name=value,...", as `guestrt run --heap` takes it. Empty text: nothing is on.
 * Fails iff: INVALID_ARGUMENT (an unknown name, a name that is given twice, a value that is
 * missing, not wanted, no number or out of range). Then [error] has a sentence that says what and
 * where, and
 * [*options] is untouched. [error] may be null if [error_size] is 0. Any thread. O(text). */
grt_status grt_heap_options_parse(const char *text, grt_heap_options *options, char *error,
                                  size_t error_size);

/* Writes the text that grt_heap_options_parse() makes the same options of, in the order of the
 * table; empty for the default. Returns its length without the terminator, which is written in any
 * case: a length of [size] or more says that [text] was cut. Any thread. */
size_t grt_heap_options_format(const grt_heap_options *options, char *text, size_t size);

/* True iff blocks or what is between them are filled with patterns, which grt_heap_check() looks
 * at.
 */
static inline bool grt_heap_options_mark(const grt_heap_options *options)
{
    return options->fill || options->slack || options->redzone != 0;
}

/* What a word of guest memory or a pointer is made of when it is one of the heap's patterns: "the
 * heap's fill of freed blocks"; null for any other value. O(1), any thread. */
const char *grt_heap_pattern_name(uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
