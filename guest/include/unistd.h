/* unistd.h - present for programs that include it; it offers nothing. */
#ifndef GUEST_UNISTD_H
#define GUEST_UNISTD_H

#include <sys/types.h>

#endif
