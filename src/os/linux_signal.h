/*
 * linux_signal.h - the signal by which one thread interrupts another. Only for src/os/linux_*.c.
 *
 * SIGURG is ignored by default, so one that arrives after the handlers are gone does no harm, and
 * debuggers let it pass without stopping.
 */
#ifndef GRT_OS_LINUX_SIGNAL_H
#define GRT_OS_LINUX_SIGNAL_H

#include <signal.h>

#define OS_INTERRUPT_SIGNAL SIGURG

#endif
