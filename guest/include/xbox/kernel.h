/*
 * xbox/kernel.h - the kernel calls that guest programs here use.
 *
 * Names and argument order are the console's. A 64-bit value rarely travels by value: this
 * compiler would put it into a pair of registers where the kernel reads one. Timeouts are pointers
 * to a count of 100 ns: null waits for ever, 0 polls, negative is relative, positive absolute since
 * 1601. A handle is a number, 0 is none.
 */
#ifndef GUEST_XBOX_KERNEL_H
#define GUEST_XBOX_KERNEL_H

#include <xbox/apc.h>
#include <xbox/debug.h>
#include <xbox/heap.h>
#include <xbox/lock.h>
#include <xbox/memory.h>
#include <xbox/object.h>
#include <xbox/sync.h>
#include <xbox/task.h>
#include <xbox/thread.h>
#include <xbox/time.h>
#include <xbox/xam.h>

#endif
