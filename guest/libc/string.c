/*
 * string.c - strings, and searching bytes.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memchr(const void *from, int byte, size_t size)
{
    const unsigned char *at = from;
    for (; size; size--, at++)
        if (*at == (unsigned char)byte)
            return (void *)at;
    return 0;
}

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end)
        end++;
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t size)
{
    const char *end = memchr(text, 0, size);
    return end ? (size_t)(end - text) : size;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strnlen(from, size);
    char *end = to + strlen(to);
    memcpy(end, from, length);
    end[length] = 0;
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size; size--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

size_t strxfrm(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);
    if (length < size)
        memcpy(to, from, length + 1);
    return length;
}

char *strchr(const char *text, int byte)
{
    for (;; text++) {
        if (*text == (char)byte)
            return (char *)text;
        if (!*text)
            return 0;
    }
}

char *strrchr(const char *text, int byte)
{
    const char *found = 0;
    for (;; text++) {
        if (*text == (char)byte)
            found = text;
        if (!*text)
            return (char *)found;
    }
}

/* Bytes of [text] before the first one whose membership of [set] is not [inside]. */
static size_t span(const char *text, const char *set, bool inside)
{
    uint32_t members[8] = {0};
    for (; *set; set++)
        members[(unsigned char)*set / 32] |= 1u << ((unsigned char)*set % 32);
    size_t length = 0;
    for (unsigned char c; (c = (unsigned char)text[length]) != 0; length++)
        if ((members[c / 32] >> (c % 32) & 1) != inside)
            break;
    return length;
}

size_t strspn(const char *text, const char *set)
{
    return span(text, set, true);
}

size_t strcspn(const char *text, const char *set)
{
    return span(text, set, false);
}

char *strpbrk(const char *text, const char *set)
{
    text += span(text, set, false);
    return *text ? (char *)text : 0;
}

char *strstr(const char *text, const char *what)
{
    size_t length = strlen(what);
    if (!length)
        return (char *)text;
    for (; (text = strchr(text, *what)) != 0; text++)
        if (!strncmp(text, what, length))
            return (char *)text;
    return 0;
}

char *strtok_r(char *restrict text, const char *restrict separators, char **restrict state)
{
    char *start = text ? text : *state;
    start += strspn(start, separators);
    char *end = start + strcspn(start, separators);
    *state = *end ? end + 1 : end;
    *end = 0;
    return *start ? start : 0;
}

char *strtok(char *restrict text, const char *restrict separators)
{
    static char *state;
    return strtok_r(text, separators, &state);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : 0;
}

char *strerror(int number)
{
    switch (number) {
    case 0:
        return "Success";
    case ENOENT:
        return "No such file or directory";
    case EIO:
        return "Input/output error";
    case EBADF:
        return "Bad file descriptor";
    case ENOMEM:
        return "Cannot allocate memory";
    case EINVAL:
        return "Invalid argument";
    case EDOM:
        return "Numerical argument out of domain";
    case ERANGE:
        return "Numerical result out of range";
    case ENOSYS:
        return "Function not implemented";
    default:
        return "Unknown error";
    }
}
