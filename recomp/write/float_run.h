/*
 * float_run.h - floating-point arithmetic without a NaN test for every result.
 *
 * The host's NaNs differ from the guest's in sign and choice of payload, so a result that is a NaN
 * must be made anew. But a NaN operand always gives a NaN: in a run of operations it is enough to
 * test the results that no later operation of the run uses. An operation whose result is
 * overwritten unused does not count as a use: nothing tests what it gives. If a tested result is a
 * NaN, the run's inputs are put back and its floating-point operations done again, with care.
 *
 * A run lies in one block. Other instructions may stand between its operations as long as they
 * neither look at a result that is not yet tested nor change what the second pass would read.
 */
#ifndef GRC_FLOAT_RUN_H
#define GRC_FLOAT_RUN_H

#include "write.h"

enum { GRC_RUN_MAX = 64 }; /* steps, so that the second pass stays small beside the first */

typedef struct grc_float_run {
    uint32_t first, end;            /* steps; first == end: no run worth having starts here */
    bool operation[GRC_RUN_MAX];    /* done again in the second pass */
    uint32_t saved_first;           /* FPRs to keep copies of before the run */
    uint32_t saved_at[GRC_RUN_MAX]; /* and after a load in it */
    uint32_t saved_single;          /* those of both that are copied as singles */
    bool tested[GRC_RUN_MAX];       /* operations whose results are tested at the end */
} grc_float_run;

/* The run that starts at [step], before [end], with single-precision facts [single]. */
void grc_float_run_find(const grc_writer *w, uint32_t step, uint32_t end, uint32_t single,
                        grc_float_run *run);

/* Copies of the FPRs in [saved], of which those in [single] are known to be singles. */
void grc_float_run_save(const grc_writer *w, grc_float_run *run, uint32_t saved, uint32_t single);

/* The test and the second pass. [single] are the facts before the run. */
void grc_float_run_finish(const grc_writer *w, const grc_float_run *run, uint32_t single);

#endif
