/* stdio.h - output through the kernel; there are no files, so opening one fails. */
#ifndef GUEST_STDIO_H
#define GUEST_STDIO_H

#include <stdarg.h>
#include <stddef.h>

typedef struct guest_file FILE;
typedef long fpos_t;

extern FILE *const guest_stdin, *const guest_stdout, *const guest_stderr;
#define stdin  guest_stdin
#define stdout guest_stdout
#define stderr guest_stderr

#define EOF          (-1)
#define BUFSIZ       1024
#define FOPEN_MAX    3
#define FILENAME_MAX 256
#define L_tmpnam     16
#define SEEK_SET     0
#define SEEK_CUR     1
#define SEEK_END     2
#define _IOFBF       0
#define _IOLBF       1
#define _IONBF       2

#define GUEST_PRINTF(text, first) __attribute__((format(printf, text, first)))

int printf(const char *restrict format, ...) GUEST_PRINTF(1, 2);
int fprintf(FILE *restrict file, const char *restrict format, ...) GUEST_PRINTF(2, 3);
int sprintf(char *restrict to, const char *restrict format, ...) GUEST_PRINTF(2, 3);
int snprintf(char *restrict to, size_t size, const char *restrict format, ...) GUEST_PRINTF(3, 4);
int vprintf(const char *restrict format, va_list arguments);
int vfprintf(FILE *restrict file, const char *restrict format, va_list arguments);
int vsprintf(char *restrict to, const char *restrict format, va_list arguments);
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list arguments);

int putchar(int c);
int putc(int c, FILE *file);
int fputc(int c, FILE *file);
int puts(const char *text);
int fputs(const char *restrict text, FILE *restrict file);
size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict file);
int fflush(FILE *file);
int setvbuf(FILE *restrict file, char *restrict buffer, int mode, size_t size);

FILE *fopen(const char *restrict path, const char *restrict mode);
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file);
int fclose(FILE *file);
size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file);
char *fgets(char *restrict to, int size, FILE *restrict file);
int getc(FILE *file);
int fgetc(FILE *file);
int getchar(void);
int ungetc(int c, FILE *file);
int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);
int fseek(FILE *file, long offset, int whence);
long ftell(FILE *file);
void perror(const char *text);
int remove(const char *path);
int rename(const char *from, const char *to);

#endif
