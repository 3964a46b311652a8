/*
 * work.h - what every step of one translation carries along: options, memory, errors.
 */
#ifndef GRC_WORK_H
#define GRC_WORK_H

#include "arena.h"
#include "guestrt/recomp.h"

typedef struct grc_work {
    const grc_options *options;
    grc_report *report;
    grc_arena arena;   /* lives as long as the translation */
    grc_arena scratch; /* for one function; whoever uses it frees it */
    jmp_buf stop;      /* grc_stop() goes here */
    grc_status status;
} grc_work;

/* Adds an error to the report and goes on. */
void grc_error(grc_work *work, uint32_t address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds an error to the report and ends the translation. */
_Noreturn void grc_stop(grc_work *work, grc_status status, uint32_t address, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));

#endif
