/* jump_table.h - switches as people write them; included once for each level of optimisation, with
 * LEVEL for the compiler and NAMED(name) for the linker. */

/* The table's address is computed before the loop, and the index has no check. */
__attribute__((noinline, optimize(LEVEL))) static unsigned NAMED(masked)(unsigned n)
{
    unsigned sum = 1;
    for (unsigned i = 0; i < n; i++)
        switch ((sum + i) % 8) {
        case 0:
            sum += 3;
            break;
        case 1:
            sum *= 5;
            break;
        case 2:
            sum ^= i;
            break;
        case 3:
            sum = sum << 3 | sum >> 29;
            break;
        case 4:
            sum -= i * 7;
            break;
        case 5:
            sum = ~sum;
            break;
        case 6:
            sum += sum >> 3;
            break;
        case 7:
            sum ^= 0x55;
            break;
        }
    return sum;
}

/* Bytes, calls, and an end that is a case. */
__attribute__((noinline, optimize(LEVEL))) static unsigned NAMED(text)(const unsigned char *text)
{
    unsigned sum = 1;
    for (;;)
        switch (*text++) {
        case 0:
            return sum;
        case 'a':
            sum += 3;
            break;
        case 'b':
            sum *= 5;
            break;
        case 'c':
            sum ^= *text;
            break;
        case 'd':
            sum = sum << 3 | sum >> 29;
            break;
        case 'e':
            sum -= *text * 7u;
            break;
        case 'f':
            sum = ~sum;
            break;
        case 'g':
            sum = mix(sum, *text);
            break;
        case 'h':
            sum = mix(sum, 1) + mix(sum, 2);
            break;
        default:
            sum ^= 0x55;
        }
}

/* A machine with a stack, whose state is kept in many registers across calls. */
__attribute__((noinline, optimize(LEVEL))) static int NAMED(machine)(const unsigned char *code,
                                                                     int a, int b)
{
    int stack[16] = {a, b}, *top = stack + 1;
    unsigned steps = 0;
    for (const unsigned char *at = code;; at++) {
        if (++steps > 10000)
            return -1;
        switch (*at) {
        case 0:
            return *top;
        case 1:
            top[-1] = (int)((unsigned)top[-1] + (unsigned)*top);
            top--;
            break;
        case 2:
            top[-1] = (int)((unsigned)top[-1] - (unsigned)*top);
            top--;
            break;
        case 3:
            top[1] = *top;
            top++;
            break;
        case 4:
            *++top = *++at;
            break;
        case 5: {
            int t = top[-1];
            top[-1] = *top;
            *top = t;
            break;
        }
        case 6:
            if (*top-- > 0)
                at -= at[1];
            at++;
            break;
        case 7:
            *top = (int)mix((unsigned)*top, 3);
            break;
        case 8:
            top--;
            break;
        case 9:
            *top = top[-1];
            break;
        default:
            return -2;
        }
    }
}

/* Signed and narrow indexes, cases below zero, and the second switch after the first's cases. */
__attribute__((noinline, optimize(LEVEL))) static int NAMED(narrow)(signed char c, unsigned short h,
                                                                    int i)
{
    int sum = 0;
    switch (c) {
    case -3:
        sum = 1;
        break;
    case -2:
        sum = h;
        break;
    case -1:
        sum = i + 5;
        break;
    case 0:
        sum = i * 3;
        break;
    case 1:
        sum = i ^ h;
        break;
    case 2:
        sum = 99;
        break;
    case 3:
        sum = -h;
        break;
    }
    switch (h) {
    case 1000:
        return sum + 1;
    case 1001:
        return sum * 2;
    case 1002:
        return sum - i;
    case 1003:
        return sum ^ 7;
    case 1004:
        return sum & i;
    case 1005:
        return -sum;
    case 1006:
        return sum | 64;
    }
    if (i < 0 || i > 6)
        return sum;
    switch (i) {
    case 0:
        return sum + 11;
    case 1:
        return sum * 12;
    case 2:
        return sum - 13;
    case 3:
        return sum ^ 14;
    case 4:
        return sum & 15;
    case 5:
        return -sum;
    case 6:
        return sum | 17;
    }
    return 0;
}

/* A jump to a label whose address is data. */
__attribute__((noinline, optimize(LEVEL))) static unsigned NAMED(labels)(const unsigned char *code)
{
    static const void *const to[] = {&&end, &&add, &&twice, &&turn, &&less};
    unsigned sum = 1;
    goto *to[*code++ % 5];
add:
    sum += *code;
    goto *to[*code++ % 5];
twice:
    sum *= 2;
    goto *to[*code++ % 5];
turn:
    sum = ~sum;
    goto *to[*code++ % 5];
less:
    sum -= 3;
    goto *to[*code++ % 5];
end:
    return sum;
}

__attribute__((noinline, optimize(LEVEL))) static unsigned NAMED(all)(void)
{
    static const unsigned char text[] = "abcdeffghhabzyx\377\200abcdehgfedcba";
    static const unsigned char codes[] = {3, 1, 4, 7, 2, 7, 3, 3, 1, 5, 9, 8, 4, 1, 2, 3, 6, 11, 0};
    unsigned sum = NAMED(masked)(1000);
    sum = sum * 31 + NAMED(text)(text);
    sum = sum * 31 + (unsigned)NAMED(machine)(codes, 5, 9);
    for (int c = -5; c < 5; c++)
        for (unsigned short h = 998; h < 1009; h++)
            for (int i = -2; i < 9; i++)
                sum = sum * 31 + (unsigned)NAMED(narrow)((signed char)c, h, i);
    return sum * 31 + NAMED(labels)((const unsigned char *)"\1\2\3\4\2\1\4\3\1\2\1\0\0");
}
#undef LEVEL
#undef NAMED
