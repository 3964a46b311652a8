/* xbox/time.h - clocks and status codes. */
#ifndef GUEST_XBOX_TIME_H
#define GUEST_XBOX_TIME_H

#include <xbox/types.h>

uint32_t KeQueryPerformanceFrequency(void); /* time base ticks a second */
void KeQuerySystemTime(uint64_t *result);   /* 100 ns since 1601 */

#endif
