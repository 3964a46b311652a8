/* create.h - what all exports that create objects share. */
#ifndef GRT_KERNEL_CREATE_H
#define GRT_KERNEL_CREATE_H

#include "kernel/call.h"

/* Opens a handle for [object], whose reference it takes, and stores it. Returns a status. The lock
 * is not held. */
uint32_t grt_call_hand_out(grt_call *call, grt_object *object, grt_addr handle_out);

/* Reads the name out of OBJECT_ATTRIBUTES {root, name, flags}; name points to {length, maximum,
 * buffer}. Empty when there is none. [name] has room for GRT_OBJECT_NAME_MAX + 1. */
uint32_t grt_call_read_name(grt_call *call, grt_addr attributes, char *name);

/* Creates an object like [model] (kind, state, auto_reset, limit, owner), or opens the one that has
 * its name, and stores a handle. Returns a status. */
uint32_t grt_call_create(grt_call *call, const grt_object *model, grt_addr attributes,
                         grt_addr handle_out);

#endif
