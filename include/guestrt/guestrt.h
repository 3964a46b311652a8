/* guestrt.h - everything. Each header can also be included alone. */
#ifndef GUESTRT_GUESTRT_H
#define GUESTRT_GUESTRT_H

#include "guestrt/version.h"
#include "guestrt/types.h"
#include "guestrt/status.h"
#include "guestrt/log.h"
#include "guestrt/memory.h"
#include "guestrt/heap.h"
#include "guestrt/trace.h"
#include "guestrt/ppc.h"
#include "guestrt/runtime.h"
#include "guestrt/thread.h"
#include "guestrt/kernel.h"
#include "guestrt/fault.h"

#endif
