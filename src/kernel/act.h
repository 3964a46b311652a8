/* act.h - doing one thing to one object that the guest names, by handle or by address. */
#ifndef GRT_KERNEL_ACT_H
#define GRT_KERNEL_ACT_H

#include "kernel/call.h"

/* Does something to [object] under the lock; returns its status. [*previous] is what the guest gets
 * to know of the state before. */
typedef uint32_t grt_object_action(grt_call *call, grt_object *object, int32_t amount,
                                   int32_t *previous);

/* Nt...: by handle. [previous_out] may be null; one that cannot be written to means that nothing
 * happened. */
uint32_t grt_call_act(grt_call *call, uint32_t handle, uint32_t kinds, grt_object_action *action,
                      int32_t amount, grt_addr previous_out);
/* The same for callers who want to know [*previous], too; 0 when the object is refused. */
uint32_t grt_call_act_and_tell(grt_call *call, uint32_t handle, uint32_t kinds,
                               grt_object_action *action, int32_t amount, grt_addr previous_out,
                               int32_t *previous);

/* NtQuery...: what is to be known of an object, as the guest's record. */
typedef void grt_object_query(grt_call *call, grt_object *object, uint8_t *bytes);

#define GRT_QUERY_SIZE_MAX 16u

/* Stores [size] bytes of what [query] says of an object at [record_out]. */
uint32_t grt_call_query(grt_call *call, uint32_t handle, uint32_t kinds, grt_object_query *query,
                        grt_addr record_out, uint32_t size);

/* Ke...: by address. [*previous] is 0 when the object is refused, and so it is by the return value,
 * which is a status. */
uint32_t grt_call_act_at(grt_call *call, grt_addr body, uint32_t kinds, grt_object_action *action,
                         int32_t amount, int32_t *previous);

/* Ke...: writes a new object to guest memory. False: reported. */
bool grt_call_initialise(grt_call *call, grt_addr body, const uint8_t *bytes, uint32_t size);

#endif
