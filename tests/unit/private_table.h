/* private_table.h - prototypes and enumerators of private_rows.def, as exports.h makes them. */
#ifndef GRT_PRIVATE_TABLE_H
#define GRT_PRIVATE_TABLE_H

#include "kernel/exports.h"

#define GRT_ROWS_FILE "private_rows.def"

#define GRT_TABLE_COUNT PRIVATE_COUNT
#include "kernel/handlers.h"

#endif
