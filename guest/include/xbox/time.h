/* xbox/time.h - clocks, dates and status codes. */
#ifndef GUEST_XBOX_TIME_H
#define GUEST_XBOX_TIME_H

#include <xbox/types.h>

typedef struct TIME_FIELDS {
    uint16_t year, month, day;
    uint16_t hour, minute, second, milliseconds;
    uint16_t weekday; /* 0 is Sunday */
} TIME_FIELDS;

typedef struct KTIME_STAMP_BUNDLE {
    uint64_t interrupt_time; /* 100 ns since the start */
    uint64_t system_time;    /* 100 ns since 1601 */
    uint32_t tick_count;     /* milliseconds since the start */
    uint32_t padding;
} KTIME_STAMP_BUNDLE;

extern volatile KTIME_STAMP_BUNDLE *const KeTimeStampBundle;

uint64_t KeQueryInterruptTime(void) __asm__("KeQueryInterruptTime_pair");
uint32_t KeQueryPerformanceFrequency(void); /* time base ticks a second */
void KeQuerySystemTime(uint64_t *result);   /* 100 ns since 1601 */
uint32_t GetTickCount(void);                /* milliseconds since the start */
void RtlTimeToTimeFields(const uint64_t *time, TIME_FIELDS *fields);
uint32_t RtlTimeFieldsToTime(const TIME_FIELDS *fields, uint64_t *time); /* 0: no date */
uint32_t RtlNtStatusToDosError(NTSTATUS status);

#endif
