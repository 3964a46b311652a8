/* A Linux program that knows nothing of guestrt. It makes one mistake: a block is freed twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct row {
    struct row *next;
    char text[];
} row;

static row *add(row *next, int number)
{
    row *made = malloc(sizeof *made + 16);
    made->next = next;
    snprintf(made->text, 16, "row %d", number);
    return made;
}

static void drop_all(row *first)
{
    while (first) {
        row *next = first->next;
        free(first);
        first = next;
    }
}

int main(void)
{
    row *first = NULL;
    for (int i = 0; i < 1000; i++)
        first = add(first, i);
    char *copy = strdup(first->text);
    printf("%s\n", copy);
    row *volatile last = first;
    drop_all(first);
    free(last);
    free(copy);
    return 0;
}
