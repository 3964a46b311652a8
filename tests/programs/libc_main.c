/*
 * libc_main.c - the guest's C library against the host's: what printf, strtod, strtol, qsort and
 * the string functions answer to a few thousand inputs. The output must be the same everywhere,
 * byte for byte.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state = 88172645463325252ull;

static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double to_double(uint64_t bits)
{
    double result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7FF8000000000000ull : bits;
}

/* Every kind of double: any bits, a moderate exponent, a short decimal, a small integer. */
static double random_double(void)
{
    uint64_t bits = random_bits();
    switch (random_bits() % 4) {
    case 0:
        return to_double(bits);
    case 1:
        return to_double((bits & ~(0x7FFull << 52)) | (1023 - 40 + bits % 90) << 52);
    case 2:
        return (double)(int64_t)(bits % 2000001 - 1000000) / 1000;
    default:
        return (double)(int)(bits % 2001) - 1000;
    }
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat"

static void print_doubles(void)
{
    static const char *const formats[] = {
        "%g",   "%.14g", "%.17g",   "%e",       "%.0e", "%.3e", "%f",    "%.0f",
        "%.2f", "%.12f", "%a",      "%.3a",     "%.0a", "%A",   "%+.5g", "% f",
        "%#g",  "%#.0f", "%020.4f", "%-25.8ge", "%30e", "%G",   "%.40f", "%#x",
    };
    for (int i = 0; i < 1500; i++) {
        double value = random_double();
        printf("%016llx", (unsigned long long)to_bits(value));
        for (int j = 0; j < 3; j++) {
            const char *format = formats[random_bits() % 23];
            char text[600];
            /* NaNs print their sign, which is not worth agreeing on. */
            int size = snprintf(text, sizeof text, format, isnan(value) ? fabs(value) : value);
            if ((value == 0 || !isnormal(value)) && strpbrk(format, "aA") && strchr(format, '.'))
                size = 0, text[0] = 0; /* the host's own choice of leading digit */
            printf(" %s=%d:%s", format + 1, size, text);
        }
        printf("\n");
    }
    static const double ties[] = {0.5,
                                  1.5,
                                  2.5,
                                  0.125,
                                  0.375,
                                  1e22,
                                  1e23,
                                  9.5,
                                  99.5,
                                  999999.5,
                                  9999995,
                                  0.00001,
                                  0.0001,
                                  123456,
                                  1234567,
                                  5e-324,
                                  2.2250738585072014e-308,
                                  1.7976931348623157e308,
                                  0.1,
                                  0.3,
                                  1.0 / 3,
                                  0,
                                  -0.0,
                                  INFINITY};
    for (unsigned i = 0; i < sizeof ties / sizeof *ties; i++)
        printf("%.0f %.2f %.1f %g %.3g %.14g %.16g %.17g %e %5.1e %a\n", ties[i], ties[i], ties[i],
               ties[i], ties[i], ties[i], ties[i], ties[i], ties[i], ties[i], ties[i]);
}

static void print_integers(void)
{
    static const char *const formats[] = {"%d",    "%5d",  "%-7d|", "%07d", "%+d", "% d",   "%.5d",
                                          "%8.3d", "%u",   "%x",    "%#x",  "%X",  "%#10x", "%o",
                                          "%#o",   "%.0d", "%c",    "%hhd", "%hd", "%#.8X"};
    static const char *const wide[] = {"%lld",   "%llu",     "%llx",    "%#llX",
                                       "%25lld", "%-25llu|", "%025lld", "%.20lld"};
    for (int i = 0; i < 300; i++) {
        int value = (int)random_bits() >> random_bits() % 32;
        const char *format = formats[i % 20];
        printf(format, strchr(format, 'c') ? 'A' + (value & 15) : value);
        printf(" ");
        printf(wide[i % 8], (long long)(random_bits() >> random_bits() % 64));
        printf("\n");
    }
    printf("%s|%10s|%-10s|%.3s|%10.2s|%s|%%|%c|%5c|%-5c|\n", "text", "right", "left", "cut off",
           "both", "", 'x', 'y', 'z');
    printf("%*d|%-*d|%.*f|%ld|%zu|%hu\n", 6, 42, 6, 42, 3, 3.14159, -1L, (size_t)7,
           (unsigned short)65535);
    char small[8];
    printf("%d %s\n", snprintf(small, sizeof small, "%s", "longer than that"), small);
}

static void show_parsed(const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    printf("%s -> %016llx %d", text, (unsigned long long)to_bits(value), (int)(end - text));
    errno = 0;
    long long integer = strtoll(text, &end, 0);
    printf(" %lld %d %d", integer, (int)(end - text), errno);
    errno = 0;
    unsigned long long other = strtoull(text, &end, 16);
    printf(" %llu %d %d\n", other, (int)(end - text), errno);
}

static void parse_numbers(void)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "  12.5xyz",
        "+.5",
        ".",
        "e5",
        "1e",
        "1e+",
        "1e5",
        "0x1.8p3",
        "0x",
        "0x.8",
        "0xg",
        "inf",
        "-Infinity",
        "infx",
        "nan",
        "1e400",
        "-1e400",
        "1e-400",
        "4.9e-324",
        "2.4e-324",
        "2.5e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740992.99999999999999999999999",
        "9007199254740993.00000000000000000000000001",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000000001",
        "1e23",
        "8.5e22",
        "0.1e1000000000000",
        "100000000000000000000000000000000000000000000000000000000000000e-62",
        "0x1p-1074",
        "0x1p-1075",
        "0x1.8p-1075",
        "0x1.fffffffffffff8p0",
        "0x1.fffffffffffff7p0",
        "0x123456789abcdef012345p-3",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "0777",
        "089",
        "18446744073709551616",
        "-1",
        "",
        "   ",
        "- 1",
        "0x7fffffffffffffff",
        "7.2057594037927933e16",
        "5e-324",
        "3e-324",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203126",
    };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        show_parsed(texts[i]);
    for (int i = 0; i < 1500; i++) {
        char text[64];
        int digits = 1 + (int)(random_bits() % 25), size = 0;
        for (int j = 0; j < digits; j++) {
            text[size++] = (char)('0' + random_bits() % 10);
            if (random_bits() % 12 == 0 && !memchr(text, '.', (size_t)size))
                text[size++] = '.';
        }
        snprintf(text + size, sizeof text - (size_t)size, "e%d", (int)(random_bits() % 660) - 340);
        show_parsed(text);
        double value = random_double();
        snprintf(text, sizeof text, "%.17g", value);
        if (to_bits(strtod(text, 0)) != to_bits(value))
            printf("%s does not come back\n", text);
    }
}

static int compare_words(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void sort_and_search(void)
{
    unsigned values[500];
    for (unsigned count = 0; count <= 500; count += 50) {
        unsigned sum = 0, found = 0;
        for (unsigned i = 0; i < count; i++)
            values[i] = (unsigned)random_bits() % 1000;
        qsort(values, count, sizeof *values, compare_words);
        for (unsigned i = 0; i < count; i++)
            sum = sum * 31 + values[i];
        for (unsigned key = 0; key < 1000; key++)
            found += bsearch(&key, values, count, sizeof *values, compare_words) != 0;
        printf("sorted %u: %u, found %u\n", count, sum, found);
    }
}

static void strings(void)
{
    char a[256], b[256];
    unsigned hash = 0;
    for (int i = 0; i < 20000; i++) {
        unsigned size = (unsigned)(random_bits() % 100), from = (unsigned)(random_bits() % 100);
        unsigned to = (unsigned)(random_bits() % 100);
        if (i % 500 == 0)
            for (int j = 0; j < 256; j++)
                a[j] = (char)random_bits(), b[j] = (char)random_bits();
        switch (i % 4) {
        case 0:
            memcpy(b + to, a + from, size);
            break;
        case 1:
            memmove(a + to, a + from, size);
            break;
        case 2:
            memset(b + to, (int)from, size);
            break;
        default:
            hash += (unsigned)(memcmp(a + from, b + to, size) > 0);
            break;
        }
        for (int j = 0; j < 256; j += 5)
            hash = hash * 33 + (unsigned char)a[j] + (unsigned char)b[j] * 7u;
    }
    printf("copies %u\n", hash);
    strcpy(a, "the quick brown fox, jumps; over");
    printf("%d %d %s %s %s %s\n", (int)strspn(a, "eht"), (int)strcspn(a, ";"), strpbrk(a, "xyz"),
           strstr(a, "ox,"), strchr(a, 'b'), strrchr(a, 'o'));
    for (char *word = strtok(a, " ,;"); word; word = strtok(0, " ,;"))
        printf("[%s]", word);
    printf(" %d %d %d\n", strcmp("abc", "abd") < 0, strncmp("abcd", "abce", 3),
           strcmp("b", "a") > 0);
    unsigned classes = 0;
    for (int c = 0; c < 128; c++)
        classes = classes * 31 +
                  (unsigned)(!!isalnum(c) + 2 * !!isalpha(c) + 4 * !!iscntrl(c) + 8 * !!isgraph(c) +
                             16 * !!ispunct(c) + 32 * !!isspace(c) + 64 * !!isxdigit(c) +
                             128 * !!isprint(c) + 256 * tolower(c) + 512 * toupper(c));
    printf("classes %u\n", classes);
}

/* Results to 14 digits: the libraries differ in the last place now and then. */
static void mathematics(void)
{
    static double (*const functions[])(double) = {exp,  log,   log2, log10, sin,   cos,  tan,
                                                  asin, acos,  atan, sinh,  cosh,  tanh, cbrt,
                                                  sqrt, floor, ceil, round, trunc, rint};
    static const double corners[] = {0,   -0.0, 1,    -1,    0.5,   -0.5, 2,      3, 10,
                                     100, 1e-5, 1e22, 1e300, 709.5, -745, 0.7071, 64};
    for (unsigned f = 0; f < sizeof functions / sizeof *functions; f++)
        for (unsigned i = 0; i < sizeof corners / sizeof *corners; i++) {
            double result = functions[f](corners[i]);
            printf(i ? " %.14g" : "\n%.14g", isnan(result) ? NAN : result);
        }
    printf("\n");
    for (unsigned i = 0; i < 17; i++)
        for (unsigned j = 0; j < 17; j++) {
            double x = corners[i], y = corners[j], power = pow(x, y), rest = fmod(x, y);
            printf("%.14g %.14g %.14g %.14g\n", isnan(power) ? NAN : power,
                   isnan(rest) ? NAN : rest, atan2(x, y), hypot(x, y));
        }
    for (int i = 0; i < 200; i++) {
        int exponent;
        double whole, value = random_double();
        if (!isfinite(value))
            continue;
        double fraction = frexp(value, &exponent);
        printf("%a %d ", fraction, exponent);
        printf("%a %a ", modf(value, &whole), ldexp(fraction, (int)(random_bits() % 2200) - 1100));
        printf("%a %a\n", sqrt(fabs(value)), fmod(value, 1.7));
    }
}

static void clocks(void)
{
    time_t now = time(0);
    clock_t start = clock();
    volatile unsigned spin = 0;
    while (spin < 100000)
        spin++;
    printf("clocks %d %d\n", now > 1500000000, clock() >= start);
}

int main(void)
{
    print_doubles();
    print_integers();
    parse_numbers();
    sort_and_search();
    strings();
    mathematics();
    clocks();
    return 42;
}
