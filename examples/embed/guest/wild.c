/* wild.c - calls through a function pointer that holds something else. */
#include <stdio.h>

typedef int callback(int);

callback *volatile handler = (callback *)0x82345678;

int main(void)
{
    printf("calling the handler\n");
    return handler(1);
}
