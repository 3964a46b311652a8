/*
 * kernel.h - the kernel's record and what the rest of the library uses of it.
 *
 * Lock order: the dispatcher's lock (object.h) comes before threads_lock, a heap's and the
 * memory's; the lock of waits (deadlock.h) comes before it, and before those of sections and
 * reader-writer locks. Otherwise the locks of this room are taken alone. No lock is held while
 * guest code runs, while a thread is parked, or while a line is written; vm.lock is held while the
 * heap and the memory are called, which may write one. Under the dispatcher's lock, and under those
 * of section.h and rwlock.h, guest memory is read and written by accesses that never fault; under
 * the others it is not touched.
 */
#ifndef GRT_KERNEL_KERNEL_H
#define GRT_KERNEL_KERNEL_H

#include "guestrt/kernel.h"
#include "thread/core.h"

/* Sets runtime->kernel and runtime->hooks. Needs the log and the configuration only, so it may come
 * before the threads room. Fails iff: NO_HOST_MEMORY. */
grt_status grt_kernel_create(grt_runtime *runtime);

/* Closes all handles and forgets everything; runtime->kernel is null afterwards. Every guest thread
 * has ended, but the threads room is still there: threads whose handles are open are released.
 * Allowed when create failed or was never called. */
void grt_kernel_destroy(grt_runtime *runtime);

/* What grt_runtime_register_export() does. Fails iff: INVALID_ARGUMENT (null, or an unknown
 * library), NO_HOST_MEMORY. */
grt_status grt_kernel_register_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                      const char *name, grt_ppc_function *function);

/* The function to bind an import to: a registered one, else one of the table, else null. Is a
 * grt_export_finder: [*bracket] is true for registered ones, which know nothing of host mode. */
grt_ppc_function *grt_kernel_find_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                         bool *bracket);

/* What unbound imports are bound to: reports the import ctx->import_index once and fails as its
 * callers expect (grt_failure), or stops the runtime by policy. */
void grt_kernel_missing_export(grt_ppc *ctx, uint8_t *base);

/* Calls and forgets the guest functions that want to know of the title's end, one after the other
 * on the calling thread, which holds no lock. Fails iff: what the first of them that failed did so
 * for (see grt_runtime_call). */
grt_status grt_title_notify(grt_runtime *runtime);
/* True iff the program ended itself (and not a fault, a policy or the embedder). Any thread. */
bool grt_kernel_title_ended(const grt_runtime *runtime);

#endif
