/*
 * platform.h - what the C library needs from below: the console's kernel or Linux system calls.
 *
 * The same program built for both behaves the same; the Linux build exists so that qemu-ppc can
 * say what the right output is.
 */
#ifndef GUEST_PLATFORM_H
#define GUEST_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

typedef struct platform_lock {
    uint32_t words[7];
} platform_lock;

/* Before main, once. */
void platform_start(void);

/* [stream] is 1 for output, 2 for errors. */
void platform_write(int stream, const char *text, size_t size);

/* The calling thread's end; on the main thread the program's. */
_Noreturn void platform_exit(int code);
_Noreturn void platform_abort(void);

void platform_lock_init(platform_lock *lock);
void platform_lock_enter(platform_lock *lock); /* recursive */
void platform_lock_leave(platform_lock *lock);

/* Microseconds since 1970, and of a steady clock. */
uint64_t platform_system_time(void);
uint64_t platform_steady_time(void);

/* In libc/exit.c: runs main between the library's set-up and its end, and returns the exit code. */
int guest_run_main(int argc, char **argv);

#endif
