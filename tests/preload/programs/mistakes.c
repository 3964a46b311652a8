/* Frees what must not be freed, once each, and goes on. With an argument: the one mistake that it
 * names. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile hidden; /* the compiler must not see what is done */

static int one_mistake(const char *name)
{
    char on_stack[32];
    hidden = name[0] == 's' ? on_stack : malloc(100);
    for (int i = 0; i < 1000 && name[0] == 's'; i++)
        free(hidden);
    if (name[0] == 'o')
        memset(hidden, 7, 101);
    return 0;
}

int main(int argc, char **argv)
{
    char on_stack[32];
    if (argc > 1)
        return one_mistake(argv[1]);
    hidden = malloc(100);
    char *other = malloc(100);
    strcpy(other, "whole");
    free(hidden);
    free(hidden);
    hidden = other + 16;
    free(hidden);
    hidden = on_stack;
    free(hidden);
    hidden = other + 32;
    printf("realloc: %d\n", realloc(hidden, 500) != NULL);
    printf("other: %s, %zu\n", other, malloc_usable_size(other));
    free(other);
    for (int i = 0; i < 1000; i++) {
        char *block = malloc(100);
        memset(block, i, 100);
        free(block);
    }
    puts("goes on");
    return 0;
}
