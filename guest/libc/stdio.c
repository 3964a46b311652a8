/*
 * stdio.c - two output streams over the platform's write, and an empty input.
 *
 * A stream has a lock, so that what one call prints stays together. Output is kept until the line
 * or the buffer is full; errors go out with the end of each call.
 */
#include "../platform/platform.h"
#include "stdio_private.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct guest_file {
    int stream; /* 0 reads nothing */
    int mode;   /* _IOFBF, _IOLBF, _IONBF */
    bool end_seen;
    size_t used;
    platform_lock lock;
    char buffer[BUFSIZ];
};

static FILE input = {.stream = 0, .mode = _IOFBF};
static FILE output = {.stream = 1, .mode = _IOLBF};
static FILE errors = {.stream = 2, .mode = _IONBF};
FILE *const guest_stdin = &input, *const guest_stdout = &output, *const guest_stderr = &errors;

void guest_stdio_start(void)
{
    platform_lock_init(&input.lock);
    platform_lock_init(&output.lock);
    platform_lock_init(&errors.lock);
}

/* ---- with the lock held ---- */

static void flush(FILE *file)
{
    if (file->used)
        platform_write(file->stream, file->buffer, file->used);
    file->used = 0;
}

static void append(FILE *file, const char *text, size_t size)
{
    while (size) {
        size_t room = BUFSIZ - file->used, piece = size < room ? size : room;
        memcpy(file->buffer + file->used, text, piece);
        file->used += piece;
        text += piece;
        size -= piece;
        if (file->used == BUFSIZ)
            flush(file);
    }
}

/* The end of a call that printed: whole lines leave. */
static void settle(FILE *file)
{
    if (file->mode == _IONBF)
        flush(file);
    if (file->mode != _IOLBF)
        return;
    size_t line = file->used;
    while (line && file->buffer[line - 1] != '\n')
        line--;
    if (!line)
        return;
    platform_write(file->stream, file->buffer, line);
    memmove(file->buffer, file->buffer + line, file->used - line);
    file->used -= line;
}

typedef struct file_sink {
    format_sink sink;
    FILE *file;
} file_sink;

static void write_to_file(format_sink *sink, const char *text, size_t size)
{
    append(((file_sink *)sink)->file, text, size);
}

/* ---- the public side ---- */

static bool enter(FILE *file)
{
    if (file->stream == 0) {
        errno = EBADF;
        return false;
    }
    platform_lock_enter(&file->lock);
    return true;
}

static void leave(FILE *file)
{
    settle(file);
    platform_lock_leave(&file->lock);
}

size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict file)
{
    if (!enter(file))
        return 0;
    append(file, from, size * count);
    leave(file);
    return count;
}

int vfprintf(FILE *restrict file, const char *restrict format, va_list arguments)
{
    if (!enter(file))
        return -1;
    file_sink sink = {{write_to_file, 0}, file};
    int written = guest_format(&sink.sink, format, arguments);
    leave(file);
    return written;
}

int puts(const char *text)
{
    enter(stdout);
    append(stdout, text, strlen(text));
    append(stdout, "\n", 1);
    leave(stdout);
    return 0;
}

int fflush(FILE *file)
{
    if (!file)
        file = stdout;
    if (!enter(file))
        return 0;
    flush(file);
    platform_lock_leave(&file->lock);
    return 0;
}

int setvbuf(FILE *restrict file, char *restrict buffer, int mode, size_t size)
{
    (void)buffer, (void)size;
    if (mode < _IOFBF || mode > _IONBF || !enter(file))
        return -1;
    file->mode = mode;
    leave(file);
    return 0;
}

int fputs(const char *restrict text, FILE *restrict file)
{
    size_t length = strlen(text);
    return fwrite(text, 1, length, file) == length ? 0 : EOF;
}

int fputc(int c, FILE *file)
{
    char byte = (char)c;
    return fwrite(&byte, 1, 1, file) == 1 ? (unsigned char)c : EOF;
}

int putc(int c, FILE *file)
{
    return fputc(c, file);
}

int putchar(int c)
{
    return fputc(c, stdout);
}

int vprintf(const char *restrict format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

int fprintf(FILE *restrict file, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vfprintf(file, format, arguments);
    va_end(arguments);
    return written;
}

int printf(const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return written;
}

void perror(const char *text)
{
    fprintf(stderr, "%s: %s\n", text, strerror(errno));
}

/* ---- input: there is none ---- */

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file)
{
    (void)to, (void)size, (void)count;
    file->end_seen = true;
    return 0;
}

char *fgets(char *restrict to, int size, FILE *restrict file)
{
    (void)to, (void)size;
    file->end_seen = true;
    return 0;
}

int fgetc(FILE *file)
{
    file->end_seen = true;
    return EOF;
}

int getc(FILE *file)
{
    return fgetc(file);
}

int getchar(void)
{
    return fgetc(stdin);
}

int ungetc(int c, FILE *file)
{
    (void)c, (void)file;
    return EOF;
}

int feof(FILE *file)
{
    return file->end_seen;
}

int ferror(FILE *file)
{
    (void)file;
    return 0;
}

void clearerr(FILE *file)
{
    file->end_seen = false;
}

/* ---- files: there are none ---- */

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    (void)path, (void)mode;
    errno = ENOENT;
    return 0;
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file)
{
    (void)file;
    return fopen(path, mode);
}

int fclose(FILE *file)
{
    return fflush(file);
}

int fseek(FILE *file, long offset, int whence)
{
    (void)file, (void)offset, (void)whence;
    errno = EBADF;
    return -1;
}

long ftell(FILE *file)
{
    return fseek(file, 0, SEEK_CUR);
}

int remove(const char *path)
{
    (void)path;
    errno = ENOENT;
    return -1;
}

int rename(const char *from, const char *to)
{
    (void)to;
    return remove(from);
}
