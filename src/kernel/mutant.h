/* mutant.h - waits for mutants, as circles of waits see them. */
#ifndef GRT_KERNEL_MUTANT_H
#define GRT_KERNEL_MUTANT_H

#include "kernel/deadlock.h"

/* True iff [wait] lasts until another thread lets go of a mutant, however long that takes; then
 * [*blocked] is what grt_deadlock_enter() wants. The dispatcher's lock is held, on the thread. */
bool grt_mutant_blocks(const grt_wait *wait, grt_blocked *blocked);

#endif
