/*
 * plain.c - the smallest program with a kernel call, for tests that translate many times. No C
 * library.
 */
#include <xbox/kernel.h>

int _start(void)
{
    DbgPrint("plain\n");
    return 5;
}
