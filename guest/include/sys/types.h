/* sys/types.h - sizes, for programs that expect them here. */
#ifndef GUEST_SYS_TYPES_H
#define GUEST_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long off_t;

#endif
