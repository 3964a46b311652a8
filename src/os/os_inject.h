/*
 * os_inject.h - makes host calls fail on purpose, for tests.
 *
 * Compiled into every build, so that the build that ships is the build that was tested. Every call
 * of os.h that can fail asks first; while nothing is armed that costs one relaxed load. The usual
 * test raises [nth] until the operation under test succeeds without the failure having fired.
 */
#ifndef GRT_OS_INJECT_H
#define GRT_OS_INJECT_H

#include <stdbool.h>

/* Makes the [nth] host call from now on (1 = the next one) fail, and with [sticky] all after it as
 * well. 0 disarms. Process-wide; any thread. */
void os_inject_failure(unsigned nth, bool sticky);

/* How many host calls were made to fail since the last os_inject_failure(). */
unsigned os_inject_fired(void);

/* For the host layer: true iff the calling host call must fail. */
bool os_inject_should_fail(void);

#endif
