/* linux_call.h - system calls of 32-bit PowerPC Linux. */
#ifndef GUEST_LINUX_CALL_H
#define GUEST_LINUX_CALL_H

enum {
    LINUX_WRITE = 4,
    LINUX_GETPID = 20,
    LINUX_KILL = 37,
    LINUX_MMAP = 90,
    LINUX_EXIT_GROUP = 234,
    LINUX_CLOCK_GETTIME = 246,
};

long linux_call(long number, ...);

#endif
