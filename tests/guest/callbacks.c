// Function pointers: tables, imports as callbacks, sorting, a jump table.
// expect: 16 64 4 2
// expect: imports can be passed on
// expect: sorted 1 2 3 5 8 13 21 34
// expect: switch 10 21 32 43 54 65 76 87 -1
#include "check.h"
#include <stdlib.h>

typedef int operation(int);

static int square(int x)
{
    return x * x;
}
static int cube(int x)
{
    return x * x * x;
}
static int same(int x)
{
    return x;
}
static int half(int x)
{
    return x / 2;
}

static operation *const operations[] = {square, cube, same, half};

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static uint32_t call(uint32_t (*function)(uint32_t), uint32_t argument)
{
    return function(argument);
}

__attribute__((noinline)) static int choose(int x, int y)
{
    switch (x) {
    case 0:
        return y + 10;
    case 1:
        return y * 20 + 1;
    case 2:
        return 31 + y;
    case 3:
        return y << 5 | 11;
    case 4:
        return 55 - y;
    case 5:
        return 65 * y;
    case 6:
        return y ^ 77;
    case 7:
        return 86 + y;
    default:
        return -y;
    }
}

int main(void)
{
    for (int i = 0; i < 4; i++)
        printf("%d%c", operations[i](4), i < 3 ? ' ' : '\n');
    uint32_t slot = KeTlsAlloc();
    KeTlsSetValue(slot, 4711);
    CHECK(call(KeTlsGetValue, slot) == 4711);
    CHECK(call(KeTlsFree, slot) == 1);
    printf("imports can be passed on\n");
    int values[] = {34, 1, 13, 5, 21, 2, 8, 3};
    qsort(values, 8, sizeof *values, compare);
    printf("sorted");
    for (int i = 0; i < 8; i++)
        printf(" %d", values[i]);
    printf("\nswitch");
    for (int i = 0; i < 9; i++)
        printf(" %d", choose(i, i == 0 ? 0 : 1));
    printf("\n");
    return 0;
}
