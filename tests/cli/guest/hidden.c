/* hidden.c - jumps whose tables the analysis cannot find: see hidden.S. With an argument it takes
 * the one in the large function too. */
#include <stdio.h>

unsigned small(unsigned number), large(unsigned number);

int main(int argc, char **argv)
{
    (void)argv;
    for (unsigned i = 0; i < 4; i++)
        printf("%u ", small(i));
    printf("\n");
    for (unsigned i = 0; argc > 1 && i < 4; i++)
        printf("%u ", large(i));
    printf("\n");
    return 0;
}
