/* x_time.c - exports about clocks and dates. */
#include "kernel/guest_time.h"
#include "kernel/state.h"

#define TIME_BASE_HZ        50000000u
#define UNITS_A_MILLISECOND 10000u
#define FIELDS_SIZE         16u
#define FIELD_COUNT         (FIELDS_SIZE / 2)

uint64_t grt_export_KeQueryInterruptTime(grt_call *call)
{
    return grt_interrupt_time(call->runtime);
}

uint32_t grt_export_GetTickCount(grt_call *call)
{
    return (uint32_t)(grt_interrupt_time(call->runtime) / UNITS_A_MILLISECOND);
}

uint32_t grt_export_KeQueryPerformanceFrequency(grt_call *call)
{
    (void)call;
    return TIME_BASE_HZ;
}

void grt_export_KeQuerySystemTime(grt_call *call, grt_addr time_out)
{
    grt_call_write_u64(call, time_out, grt_kernel_time(call->runtime), "time_out");
}

void grt_export_RtlTimeToTimeFields(grt_call *call, grt_addr time, grt_addr fields_out)
{
    uint64_t value;
    uint8_t bytes[FIELDS_SIZE];
    if (!grt_call_read_u64(call, time, &value, "time"))
        return;
    const grt_time_fields fields = grt_time_split(value);
    const uint16_t parts[FIELD_COUNT] = {fields.year,        fields.month,  fields.day,
                                         fields.hour,        fields.minute, fields.second,
                                         fields.millisecond, fields.weekday};
    for (uint32_t i = 0; i < FIELD_COUNT; i++)
        grt_store16(bytes + 2 * i, parts[i]);
    grt_call_write(call, fields_out, bytes, sizeof bytes, "fields_out");
}

uint32_t grt_export_RtlTimeFieldsToTime(grt_call *call, grt_addr fields, grt_addr time_out)
{
    uint8_t bytes[FIELDS_SIZE];
    uint64_t time;
    if (!grt_call_read(call, bytes, fields, sizeof bytes, "fields"))
        return 0;
    uint16_t parts[FIELD_COUNT];
    for (uint32_t i = 0; i < FIELD_COUNT; i++)
        parts[i] = grt_load16(bytes + 2 * i);
    const grt_time_fields date = {parts[0], parts[1], parts[2], parts[3],
                                  parts[4], parts[5], parts[6], parts[7]};
    return grt_time_join(&date, &time) && grt_call_write_u64(call, time_out, time, "time_out");
}
