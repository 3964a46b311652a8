/* jump_main.c - switches in every shape: whoever misses a table, or a case of one, prints other
 * sums, or nothing at all. */
#include <stdio.h>

__attribute__((noinline)) static unsigned mix(unsigned a, unsigned b)
{
    return (a ^ b) * 2654435761u + (a >> 7);
}

#define LEVEL       "O0"
#define NAMED(name) name##_0
#include "jump_table.h"
#define LEVEL       "O1"
#define NAMED(name) name##_1
#include "jump_table.h"
#define LEVEL       "O2"
#define NAMED(name) name##_2
#include "jump_table.h"
#define LEVEL       "O3"
#define NAMED(name) name##_3
#include "jump_table.h"
#define LEVEL       "Os"
#define NAMED(name) name##_s
#include "jump_table.h"

#define SHAPES(X)                                                                                  \
    X(shape_addresses)                                                                             \
    X(shape_ori)                                                                                   \
    X(shape_bytes_of_words)                                                                        \
    X(shape_bytes)                                                                                 \
    X(shape_halfwords)                                                                             \
    X(shape_signed_offsets)                                                                        \
    X(shape_signed_bytes)                                                                          \
    X(shape_two_tables)                                                                            \
    X(shape_computed)                                                                              \
    X(shape_table_in_code)                                                                         \
    X(shape_bgelr)                                                                                 \
    X(shape_ble)                                                                                   \
    X(shape_signed)                                                                                \
    X(shape_limit_in_register)                                                                     \
    X(shape_far_check)                                                                             \
    X(shape_shifted)                                                                               \
    X(shape_spilled)                                                                               \
    X(shape_agreed)                                                                                \
    X(shape_loaded)                                                                                \
    X(shape_shared)
#define MASKED(X) X(masked_clrlwi) X(masked_andi) X(masked_scaled)

/* What the functions of jump_shapes.S do. */
#ifdef __powerpc__
#    define SHAPE(name) unsigned name(unsigned number);
#    define MASK(name)  unsigned name(unsigned number);
#else
#    define SHAPE(name)                                                                            \
        static unsigned name(unsigned number)                                                      \
        {                                                                                          \
            return number < 8 ? 100 + number : 7;                                                  \
        }
#    define MASK(name)                                                                             \
        static unsigned name(unsigned number)                                                      \
        {                                                                                          \
            return 100 + number % 8;                                                               \
        }
#endif
SHAPES(SHAPE)
MASKED(MASK)

static const struct {
    const char *name;
    unsigned (*function)(unsigned number);
} shapes[] = {
#define ROW(name) {#name, name},
    SHAPES(ROW) MASKED(ROW)};

int main(void)
{
    printf("%08x %08x %08x %08x %08x\n", all_0(), all_1(), all_2(), all_3(), all_s());
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        printf("%s:", shapes[i].name);
        for (unsigned number = 0; number < 10; number++)
            printf(" %u", shapes[i].function(number));
        printf(" %u\n", shapes[i].function(0xFFFFFFFF));
    }
    return 0;
}
