/*
 * spin.h - spin locks: one guest word, the PCR of the thread that has it, or 0.
 *
 * On the console whoever has a spin lock runs; here the host may take its processor away, or the
 * guest may have suspended it. So a thread that spins soon gives its processor away, then sleeps
 * for moments; it can be stopped, and after a while it says what it waits for.
 */
#ifndef GRT_KERNEL_SPIN_H
#define GRT_KERNEL_SPIN_H

#include "kernel/call.h"

/* All of these: on the call's thread, in host, no lock held. */

/* Takes the lock. Does not return when the thread is asked to stop. A lock in memory that is
 * misaligned or not accessible is reported and not taken. */
void grt_spin_take(grt_call *call, grt_addr lock);
/* Takes it if it is free. */
bool grt_spin_try(grt_call *call, grt_addr lock);
/* Frees it; one that is not the thread's is reported and stays as it is. */
void grt_spin_give(grt_call *call, grt_addr lock);

#endif
