/* assert.h - assertions; may be included again with another NDEBUG. */
#undef assert
#ifdef NDEBUG
#    define assert(condition) ((void)0)
#else
#    define assert(condition)                                                                      \
        ((condition) ? (void)0 : guest_assert_failed(#condition, __FILE__, __LINE__))
#endif

#ifndef GUEST_ASSERT_H
#    define GUEST_ASSERT_H

#    define static_assert _Static_assert
_Noreturn void guest_assert_failed(const char *condition, const char *file, int line);

#endif
