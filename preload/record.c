/*
 * record.c - the trace that GUESTRT_TRACE asks for: which file, and a stream for each thread.
 */
#define _GNU_SOURCE
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag/trace_format.h"
#include "os/os.h"

static grt_trace_writer *writer; /* null: nothing is recorded */
static pthread_key_t thread_end;
static _Thread_local grt_trace_stream stream;
static _Thread_local unsigned rounds; /* of the thread's destructors */

/* ---- which file ---------------------------------------------------------------------------------
 *
 * A program and those it starts have the same GUESTRT_TRACE. The first has the file; what runs
 * meanwhile has FILE.PID. A process is known by its number and its start, for numbers are reused.
 */

/* When a process started, in clock ticks since boot; 0 when there is none. */
static uint64_t start_of(uint64_t process)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    text[size > 0 ? size : 0] = '\0';
    const char *at = strrchr(text, ')'); /* the name before may hold anything */
    unsigned long long start = 0;
    for (unsigned field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL && sscanf(at, "%llu", &start) == 1 ? start : 0;
}

/* True iff the file is the trace of another process that is still there. */
static bool in_use(int file)
{
    trace_head head;
    ssize_t size = pread(file, &head, sizeof head, 0);
    return size == (ssize_t)sizeof head && memcmp(head.magic, TRACE_MAGIC, 8) == 0 &&
           head.process != (uint64_t)getpid() && head.process_start != 0 &&
           head.process_start == start_of(head.process);
}

static grt_status create_writer(const char *path, int *host_errno)
{
    grt_trace_config config = grt_trace_config_default();
    config.path = path;
    config.program = preload_program();
    config.process = (uint64_t)getpid();
    config.process_start = start_of(config.process);
    return grt_trace_writer_create(&config, &writer, host_errno);
}

/* Decides and writes the head in one go, while others that want the same file wait. */
static grt_status create_locked(const char *wanted, int file, int *host_errno)
{
    char path[PATH_MAX];
    bool taken = file >= 0 && flock(file, LOCK_EX) == 0 && in_use(file);
    int length = taken ? snprintf(path, sizeof path, "%s.%d", wanted, (int)getpid())
                       : snprintf(path, sizeof path, "%s", wanted);
    if (length >= (int)sizeof path) {
        *host_errno = ENAMETOOLONG;
        return GRT_NOT_SUPPORTED;
    }
    return create_writer(path, host_errno);
}

static void say_not_recorded(const char *path, int error)
{
    char text[96];
    os_error_text(error, text, sizeof text);
    preload_say("TRACE", "'%s' cannot be written: %s; %s", path, text,
                error == ENOTSUP ? "it is not a regular file; nothing is recorded"
                                 : "nothing is recorded");
}

/* ---- streams ------------------------------------------------------------------------------------
 */

/* Other destructors of the thread allocate, too: the C library makes several rounds, and the last
 * is soon enough. */
static void close_stream(void *own)
{
    preload_inside++;
    if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(thread_end, own);
    } else {
        grt_trace_stream_close(own);
    }
    preload_inside--;
}

void preload_record_start(void)
{
    const char *wanted = preload_variable("GUESTRT_TRACE");
    if (wanted == NULL) {
        return;
    }
    int host_errno = ENOMEM;
    int file = open(wanted, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    grt_status status = create_locked(wanted, file, &host_errno);
    if (file >= 0) {
        close(file);
    }
    if (status == GRT_OK && pthread_key_create(&thread_end, close_stream) != 0) {
        writer = NULL; /* without the key ended threads would leave their mappings */
        host_errno = EAGAIN;
    }
    if (writer == NULL) {
        say_not_recorded(wanted, host_errno);
    }
}

void preload_record_forget(void)
{
    writer = NULL;
}

bool preload_recording(void)
{
    return writer != NULL;
}

uint64_t preload_record_point(void)
{
    return writer != NULL ? grt_trace_sequence(writer) : 0;
}

void preload_record(const grt_trace_record *record)
{
    if (stream.writer == NULL) {
        grt_trace_stream_open(writer, &stream);
    }
    if (stream.chunk == NULL) {
        pthread_setspecific(thread_end, &stream);
    }
    int error = grt_trace_write(&stream, record);
    if (error != 0) {
        char text[96];
        os_error_text(error, text, sizeof text);
        preload_say("TRACE", "the trace cannot grow: %s; recording ends here", text);
    }
}
