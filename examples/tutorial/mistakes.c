/*
 * mistakes.c - the guest program of docs/tutorial.md: three bugs on purpose, one after the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int level_size = 16; /* bytes of a file that was cut short */

struct node {
    struct node *next;
    char name[56];
};

static struct node *load_level(int header_size, int file_size)
{
    /* A file shorter than its own header makes the size negative. */
    return malloc((size_t)(file_size - header_size));
}

static int depth_of(struct node *node)
{
    if (!node)
        return 0;
    char label[64];
    snprintf(label, sizeof label, "node %s", node->name);
    return (int)strlen(label) + depth_of(node->next);
}

static struct node *make_node(const char *name)
{
    struct node *node = malloc(sizeof *node);
    strcpy(node->name, name);
    return node;
}

int main(void)
{
    struct node *first = make_node("first");
    printf("1. a node named %s is freed twice\n", first->name);
    free(first);
    free(first);

    printf("2. a level shorter than its header\n");
    struct node *level = load_level(32, level_size);
    printf("   the block is %s\n", level ? "there" : "refused");

    struct node *ring = make_node("ring");
    ring->next = ring;
    printf("3. the depth of a ring\n");
    return depth_of(ring);
}
