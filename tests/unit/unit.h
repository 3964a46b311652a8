/*
 * unit.h - what every cmocka program of this directory includes first.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__)
#    define UNIT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define UNIT_THREAD_SANITIZER 1
#    endif
#endif
#ifndef UNIT_THREAD_SANITIZER
#    define UNIT_THREAD_SANITIZER 0
#endif

#endif
