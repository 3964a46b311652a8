/* check.h - one line a check; the runner compares stdout with the `// expect:` lines. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <xbox/kernel.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            printf("line %d: not so: %s\n", __LINE__, #condition);                                 \
    } while (0)

#define MILLISECONDS(n) (-(int64_t)(n)*10000)

static inline HANDLE start_thread(thread_entry *entry, void *argument)
{
    HANDLE handle = 0;
    if (ExCreateThread(&handle, 0, 0, 0, entry, argument, 0) != STATUS_SUCCESS)
        printf("a thread could not be created\n");
    return handle;
}

static inline void join_thread(HANDLE thread)
{
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    NtClose(thread);
}

#endif
