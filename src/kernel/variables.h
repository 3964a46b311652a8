/*
 * variables.h - the data exports: one page of guest memory that is there once a program imports any
 * of them.
 *
 * The guest may overwrite all of it: nothing here is ever read back.
 */
#ifndef GRT_KERNEL_VARIABLES_H
#define GRT_KERNEL_VARIABLES_H

#include "kernel/ticker.h"
#include "kernel/object.h"

/* GRT_VARIABLE_KiBugCheckData: the row's place among the variables. */
enum {
#define GRT_EXPORT_ANY(...)
#define GRT_VARIABLE(library, ordinal, name, size, sentence) GRT_VARIABLE_##name,
#include "guestrt/exports.def"
    GRT_VARIABLE_COUNT
};

/* One a runtime; [address] is set while a program is loaded, and constant while it runs. */
typedef struct grt_variables {
    grt_addr address; /* of the page; 0: no program imports a variable */
    grt_ticker ticker;
} grt_variables;

/* Is a grt_variable_finder: [*address] is 0 when there is no such variable. Fails iff: what
 * grt_memory_reserve_anywhere() and grt_memory_commit() fail for, HOST_THREAD_FAILED. */
grt_status grt_variables_find(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                              grt_addr *address);
/* Fills in what is known of the program that was loaded. */
void grt_variables_loaded(grt_runtime *runtime);
/* Ends the ticker and gives the page back. No guest thread runs. */
void grt_variables_destroy(grt_runtime *runtime);

/* The guest address of a variable (GRT_VARIABLE_...); 0 when the program imports none. */
grt_addr grt_variables_address(const grt_runtime *runtime, uint32_t index);

/* The guest address of the record that stands for a kind of objects, as the guest hands it in to
 * name a type; 0 when there is none, or when the program imports no variable and so cannot name it.
 * O(1). */
grt_addr grt_object_type_address(const grt_runtime *runtime, grt_object_kind kind);

/* The command line that the guest can look at; longer ones are cut. */
void grt_variables_set_command_line(grt_runtime *runtime, int argc, const char *const *argv);

#endif
