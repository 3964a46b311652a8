/* object_type.c - where the guest finds what kinds of objects there are, as long as nobody says. */
#include "kernel/object.h"

__attribute__((weak)) grt_addr grt_object_type_address(const grt_runtime *runtime,
                                                       grt_object_kind kind)
{
    (void)runtime;
    (void)kind;
    return 0;
}
