// setjmp and longjmp: values, depth, registers that must come back, nesting, many times.
// expect: 0 7
// expect: zero becomes 1
// expect: kept 1234 2.5 -8 0.125
// expect: inner 3 outer 4
// expect: 5000 jumps, sum 12502500
#include "check.h"
#include <setjmp.h>

static jmp_buf outer, inner;

__attribute__((noinline)) static void jump(jmp_buf buffer, int value, int depth)
{
    volatile char space[64];
    space[0] = (char)depth;
    if (depth == 0)
        longjmp(buffer, value);
    jump(buffer, value, depth - 1);
    space[1] = space[0];
}

/* Many values live in nonvolatile registers across the jump. */
__attribute__((noinline)) static void keep(int a, double b, int c, double d)
{
    int x = a * 2, y = c * 2;
    double z = b * 2, w = d * 2;
    if (setjmp(inner) == 0)
        jump(inner, 1, 30);
    printf("kept %d %g %d %g\n", x - a, z - b, y - c, w - d);
}

int main(void)
{
    int value = setjmp(outer);
    if (value == 0) {
        printf("0 ");
        jump(outer, 7, 10);
    }
    printf("%d\n", value);
    value = setjmp(outer);
    if (value == 0)
        jump(outer, 0, 0);
    printf("zero becomes %d\n", value);
    keep(1234, 2.5, -8, 0.125);

    int first = setjmp(outer);
    if (first == 0) {
        int second = setjmp(inner);
        if (second == 0)
            jump(inner, 3, 5);
        printf("inner %d ", second);
        jump(outer, 4, 5);
    }
    printf("outer %d\n", first);

    volatile unsigned sum = 0, count = 0;
    for (volatile int i = 1; i <= 5000; i++) {
        int got = setjmp(inner);
        if (got == 0)
            jump(inner, i, i % 7);
        sum += (unsigned)got;
        count++;
    }
    printf("%u jumps, sum %u\n", count, sum);
    return 0;
}
