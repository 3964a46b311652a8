/* create.h - what all exports that create, open or hand out objects share. */
#ifndef GRT_KERNEL_CREATE_H
#define GRT_KERNEL_CREATE_H

#include "kernel/call.h"

/* Opens a handle for [object], whose reference it takes, and stores it. Returns a status. The lock
 * is not held. */
uint32_t grt_call_hand_out(grt_call *call, grt_object *object, grt_addr handle_out);

/* Stores a handle that was opened for [object] under the lock; [handle] 0: none was left, which is
 * said. One that cannot be stored is closed again. Returns a status. */
uint32_t grt_call_store_handle(grt_call *call, uint32_t handle, grt_addr handle_out);

/* The name that the guest's {length, maximum, buffer} at [string] holds; null with SUCCESS when it
 * is empty. Links lose the prefix of their directory. The caller frees it with os_free(). */
uint32_t grt_call_read_string(grt_call *call, grt_addr string, grt_name_space space,
                              grt_name **name);
/* The name out of OBJECT_ATTRIBUTES {root, name, flags}, either of which may be null. */
uint32_t grt_call_read_name(grt_call *call, grt_addr attributes, grt_name_space space,
                            grt_name **name);

/* A handle of a new object like [model], which takes the name over and clears [*name], or of the
 * object that has the name. Returns a status; [*handle] is 0 when there is none, also with SUCCESS
 * and OBJECT_NAME_EXISTS: then no handle was left. The lock is not held. */
uint32_t grt_call_open_handle(grt_call *call, const grt_object *model, grt_name **name,
                              uint32_t *handle);

/* Creates an object like [model] (kind, state, auto_reset, limit, owner), or opens the one that has
 * its name, and stores a handle. Returns a status. */
uint32_t grt_call_create(grt_call *call, const grt_object *model, grt_addr attributes,
                         grt_addr handle_out);

/* Gives the guest the address of [object], whose reference it takes over as a pointer's. [type] is
 * the guest's OBJECT_TYPE, or 0. Returns a status. The lock is not held. */
uint32_t grt_call_point_out(grt_call *call, grt_object *object, grt_addr type, grt_addr object_out);

/* False when [type] is not 0 and not the OBJECT_TYPE of [object]. */
bool grt_call_is_of_type(const grt_call *call, const grt_object *object, grt_addr type);

/* A reference to the object at [address], which the guest may hold a pointer to; null when there is
 * none, which is said. The lock is not held. */
grt_object *grt_call_pointed_at(grt_call *call, grt_addr address);

/* Gives back a reference. The lock is not held. */
void grt_call_release(grt_call *call, grt_object *object);

#endif
