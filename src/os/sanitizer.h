/* sanitizer.h - what the code must know of the thread sanitizer, whichever compiler brings it. */
#ifndef GRT_OS_SANITIZER_H
#define GRT_OS_SANITIZER_H

/* GRT_UNDER_TSAN is 1 or 0. GRT_UNWATCHED is for functions that the sanitizer must not see: what it
 * puts in place of a copy or of an atomic operation takes locks, so a jump must not leave it. */
#if defined(__SANITIZE_THREAD__)
#    define GRT_UNDER_TSAN 1
#    define GRT_UNWATCHED  __attribute__((no_sanitize("thread")))
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define GRT_UNDER_TSAN 1
#        define GRT_UNWATCHED  __attribute__((disable_sanitizer_instrumentation))
#    endif
#endif
#ifndef GRT_UNDER_TSAN
#    define GRT_UNDER_TSAN 0
#    define GRT_UNWATCHED
#endif

#endif
