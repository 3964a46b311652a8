/*
 * assert.h - assertions about guestrt's own correctness, on in every build.
 *
 * Never for what a guest or an embedder did: that is reported through the log and a status. A
 * failed assertion writes one line to stderr and ends the process, because a runtime that found
 * itself inconsistent must not go on writing to the guest's data.
 */
#ifndef GRT_OS_ASSERT_H
#define GRT_OS_ASSERT_H

#include <stdnoreturn.h>

#ifdef __FILE_NAME__
#    define GRT_ASSERT_FILE __FILE_NAME__
#else
#    define GRT_ASSERT_FILE __FILE__
#endif

#define GRT_ASSERT(condition)                                                                      \
    (__builtin_expect(!!(condition), 1) ? (void)0                                                  \
                                        : os_assert_failed(#condition, GRT_ASSERT_FILE, __LINE__))

noreturn void os_assert_failed(const char *condition, const char *file, int line);

/* Replaces the end of the process, so that a test can see an assertion fail: [hook] gets the line
 * and leaves by longjmp. If it returns, or is null, the process ends. Process-wide. */
void os_assert_set_hook(void (*hook)(const char *text));

#endif
