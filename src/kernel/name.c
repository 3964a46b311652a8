/*
 * name.c - names of objects, in a hash table. Letters are equal to those of the other case, as in
 * the console's namespace; there are no directories, a name is taken as a whole.
 */
#include "kernel/object.h"

#include "os/assert.h"

#define FNV_BASIS 0x811C9DC5u
#define FNV_PRIME 0x01000193u

static uint8_t folded(char character)
{
    uint8_t byte = (uint8_t)character;
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

grt_name *grt_name_create(uint32_t length, grt_name_space space)
{
    grt_name *name = os_alloc(sizeof *name + length + 1);
    if (!name)
        return NULL;
    name->space = space;
    name->length = length;
    return name;
}

void grt_name_seal(grt_name *name)
{
    name->text[name->length] = '\0';
    name->hash = FNV_BASIS ^ (uint32_t)name->space;
    for (uint32_t i = 0; i < name->length; i++)
        name->hash = (name->hash ^ folded(name->text[i])) * FNV_PRIME;
}

static bool equal(const grt_name *left, const grt_name *right)
{
    if (left->hash != right->hash || left->length != right->length || left->space != right->space)
        return false;
    uint32_t i = 0;
    while (i < left->length && folded(left->text[i]) == folded(right->text[i]))
        i++;
    return i == left->length;
}

static uint32_t bucket_of(const grt_name *name)
{
    return (name->hash >> 16 ^ name->hash) & (GRT_NAME_BUCKETS - 1);
}

grt_object *grt_name_find(const grt_dispatch *dispatch, const grt_name *wanted)
{
    grt_name *name = dispatch->names[bucket_of(wanted)];
    while (name && !equal(name, wanted))
        name = name->next;
    return name ? name->object : NULL;
}

void grt_name_give(grt_dispatch *dispatch, grt_object *object, grt_name *name)
{
    GRT_ASSERT(!object->name);
    grt_name **bucket = &dispatch->names[bucket_of(name)];
    name->object = object;
    name->next = *bucket;
    *bucket = name;
    object->name = name;
}

void grt_name_forget(grt_dispatch *dispatch, grt_object *object)
{
    grt_name *name = object->name;
    if (!name)
        return;
    grt_name **link = &dispatch->names[bucket_of(name)];
    while (*link != name)
        link = &(*link)->next;
    *link = name->next;
    object->name = NULL;
    os_free(name);
}

/* ---- permanence ------------------------------------------------------------------------------ */

void grt_object_make_permanent(grt_object *object)
{
    if (object->permanent)
        return;
    object->permanent = true;
    object->references++;
}

void grt_object_make_temporary(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->permanent)
        return;
    object->permanent = false;
    if (object->handles == 0)
        grt_name_forget(dispatch, object);
    grt_object_release(dispatch, object);
}

/* Only what has a name is permanent. */
void grt_name_end_permanence(grt_dispatch *dispatch)
{
    for (uint32_t i = 0; i < GRT_NAME_BUCKETS; i++) {
        while (dispatch->names[i]) {
            grt_object *object = dispatch->names[i]->object;
            grt_name_forget(dispatch, object);
            grt_object_make_temporary(dispatch, object);
        }
    }
}
