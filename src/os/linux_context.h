/*
 * linux_context.h - reading a signal's machine context. Only for src/os/linux_*.c.
 */
#ifndef GRT_OS_LINUX_CONTEXT_H
#define GRT_OS_LINUX_CONTEXT_H

#include <signal.h>

#include "os/os.h"

/* Describes the fault behind a synchronous signal. Async-signal-safe. */
os_fault os_fault_from_signal(int number, const siginfo_t *info, const void *context);

#endif
