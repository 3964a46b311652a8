/*
 * ctype.c - character classes of ASCII; everything else belongs to none.
 */
#include <ctype.h>

static int within(int c, int first, int last)
{
    return (unsigned)c - (unsigned)first <= (unsigned)(last - first);
}

int isdigit(int c)
{
    return within(c, '0', '9');
}

int islower(int c)
{
    return within(c, 'a', 'z');
}

int isupper(int c)
{
    return within(c, 'A', 'Z');
}

int isalpha(int c)
{
    return within(c | 0x20, 'a', 'z');
}

int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int isxdigit(int c)
{
    return isdigit(c) || within(c | 0x20, 'a', 'f');
}

int isspace(int c)
{
    return c == ' ' || within(c, '\t', '\r');
}

int isblank(int c)
{
    return c == ' ' || c == '\t';
}

int iscntrl(int c)
{
    return within(c, 0, 0x1F) || c == 0x7F;
}

int isgraph(int c)
{
    return within(c, 0x21, 0x7E);
}

int isprint(int c)
{
    return within(c, 0x20, 0x7E);
}

int ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

int tolower(int c)
{
    return isupper(c) ? c | 0x20 : c;
}

int toupper(int c)
{
    return islower(c) ? c & ~0x20 : c;
}
