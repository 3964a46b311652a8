/* test_kernel_print.c - DbgPrint: against the host's printf, and with formats that mean harm. */
#include "kernel_fixture.h"

#include "kernel/format.h"

#define BAD 0x00000010u
/* Guest memory whose next page is not accessible: the end of the data segment. */
#define LAST_PAGE (DATA_BASE + 0x1000u)

static struct {
    size_t size;
    int calls;
    char text[1 << 16];
} printed;

static void collect(void *user, const char *text, size_t size)
{
    (void)user;
    printed.calls++;
    if (printed.size + size >= sizeof printed.text)
        return;
    memcpy(printed.text + printed.size, text, size);
    printed.size += size;
    printed.text[printed.size] = '\0';
}

static void forget(void)
{
    printed.size = 0;
    printed.calls = 0;
    printed.text[0] = '\0';
}

/* Calls DbgPrint with 64-bit argument positions, those beyond r10 on the guest stack. */
static uint32_t debug_print(grt_ppc *ctx, uint8_t *base, const char *format, const uint64_t *values,
                            uint32_t count)
{
    grt_addr s = scratch(ctx);
    uint64_t lr = ctx->lr, r1 = ctx->r[1];
    memcpy(base + s, format, strlen(format) + 1);
    forget();
    ctx->r[1] = s - 0x200;
    ctx->r[3] = s;
    for (uint32_t i = 0; i < count; i++) {
        if (i < 7)
            ctx->r[4 + i] = values[i];
        else
            grt_store64(base + (grt_addr)ctx->r[1] + 0x50 + 8 * (i - 7), values[i]);
    }
    ctx->lr = CALL_SITE;
    grt_ppc_call_import(ctx, base, GRT_INDEX_DbgPrint);
    ctx->lr = lr;
    ctx->r[1] = r1;
    return (uint32_t)ctx->r[3];
}

#define PRINTS(wanted, format, ...)                                                                \
    do {                                                                                           \
        const uint64_t values_[] = {0, __VA_ARGS__};                                               \
        CHECK_EQUAL(debug_print(ctx, base, format, values_ + 1, sizeof values_ / 8 - 1),           \
                    GRT_NT_SUCCESS);                                                               \
        if (strcmp(printed.text, wanted) != 0) {                                                   \
            fprintf(stderr, "%s:%d: \"%s\"\n", __FILE__, __LINE__, printed.text);                  \
            atomic_fetch_add(&check_failures, 1);                                                  \
        }                                                                                          \
    } while (0)

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void plain(grt_ppc *ctx, uint8_t *base)
{
    grt_addr text = DATA_BASE;
    memcpy(base + text, "guest", 6);
    memcpy(base + text + 16, "\0w\0i\0d\0e\1\2\0", 12);
    PRINTS("hello\n", "hello\n", 0);
    PRINTS("", "", 0);
    PRINTS("100% [%]", "100%% [%%]", 0);
    PRINTS("-1 4294967295 ffffffff FFFFFFFF 37777777777", "%d %u %x %X %o", UINT64_MAX, UINT64_MAX,
           UINT64_MAX, UINT64_MAX, UINT64_MAX);
    /* int and long look at the low word only. */
    PRINTS("-2 -2 2", "%d %ld %lu", 0x1FFFFFFFEull, 0xFFFFFFFEull, 0x500000002ull);
    PRINTS("-2 9000000000 9000000000 -2", "%lld %I64u %llu %I32d", UINT64_MAX - 1, 9000000000ull,
           9000000000ull, 0xFFFFFFFEull);
    PRINTS("-1 255 -1 65535", "%hhd %hhu %hd %hu", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF);
    PRINTS("[   42] [42   ] [00042] [+42] [ 42] [0x2a]", "[%5d] [%-5d] [%05d] [%+d] [% d] [%#x]",
           42, 42, 42, 42, 42, 42);
    PRINTS("[   42] [42   ] [042]", "[%*d] [%*d] [%.*d]", 5, 42, (uint64_t)-5, 42, 3, 42);
    PRINTS("guest [  guest] [guest  ] [gu] [   gu]", "%s [%7s] [%-7s] [%.2s] [%5.2s]", text, text,
           text, text, text);
    PRINTS("wide? wide? [wi]", "%S %ls [%.2S]", text + 16, text + 16, text + 16);
    PRINTS("guest", "%hs", text);
    PRINTS("(null)", "%s", 0);
    PRINTS("A[  B]", "%c[%3c]", 'A', 'B');
    PRINTS("82010000 [  82010000]", "%p [%10p]", text, text);
    PRINTS("1.500000 2.5e+00 0.1 -0x1p+0", "%f %.1e %g %a", bits_of(1.5), bits_of(2.5),
           bits_of(0.1), bits_of(-1));
    /* The eighth position and on come from the stack. */
    PRINTS("1 2 3 4 5 6 7 8 9 1.5", "%d %d %d %d %d %d %d %d %lld %g", 1, 2, 3, 4, 5, 6, 7, 8, 9,
           bits_of(1.5));
    PRINTS("%y %", "%y %", 1);
    PRINTS("%-5k", "%-5k", 1);
    CHECK_EQUAL(printed.calls, 1);
}

static grt_runtime_config print_config(void)
{
    grt_runtime_config config = quiet_config();
    config.output = collect;
    return config;
}

static void test_plain(void **state)
{
    (void)state;
    grt_runtime_config config = print_config();
    run_guest_with(&config, (grt_ppc_function *const[]){plain}, 1);
}

static void harmful(grt_ppc *ctx, uint8_t *base)
{
    grt_addr text = DATA_BASE;
    PRINTS("a (bad address 0x00000010) b", "a %s b", BAD);
    PRINTS("(bad address 0x90000000)", "%20s", 0x90000000u);
    PRINTS("(bad address 0xFFFFFFFF)", "%S", 0xFFFFFFFFu);
    PRINTS("x", "%nx", text); /* stores nothing */
    CHECK_EQUAL(peek(base, text), 0);
    /* A string that runs into the end of its page, and one that ends right there. */
    memcpy(base + LAST_PAGE - 4, "tail", 4);
    PRINTS("tail(bad address 0x82010FFC)", "%s", LAST_PAGE - 4);
    PRINTS("tail", "%.4s", LAST_PAGE - 4);
    base[LAST_PAGE - 1] = 0;
    PRINTS("tai", "%s", LAST_PAGE - 4);
    /* Fields of any length are cut, not trusted. */
    uint64_t values[] = {0x7FFFFFFF, 1, 0x80000000u, 1, 0x7FFFFFFF, 1};
    CHECK_EQUAL(debug_print(ctx, base, "%*d%*d%.*d", values, 6), GRT_NT_SUCCESS);
    CHECK_EQUAL(printed.size, 3 * GRT_FORMAT_WIDTH_MAX);
    CHECK_EQUAL(debug_print(ctx, base, "%99999999999999999999d", values, 1), GRT_NT_SUCCESS);
    CHECK_EQUAL(printed.size, GRT_FORMAT_WIDTH_MAX);
    uint64_t big[] = {99999, 99999, bits_of(-1e308)};
    CHECK_EQUAL(debug_print(ctx, base, "%*.*f", big, 3), GRT_NT_SUCCESS);
    CHECK_EQUAL(printed.size, GRT_FORMAT_WIDTH_MAX + 1 + 309 + 1);
    /* Formats that cannot be read, at once or to their end. */
    CHECK_EQUAL(KCALL(DbgPrint, BAD), GRT_NT_ACCESS_VIOLATION);
    forget();
    memcpy(base + LAST_PAGE - 4, "ab%-", 4);
    CHECK_EQUAL(KCALL(DbgPrint, LAST_PAGE - 4), GRT_NT_ACCESS_VIOLATION);
    CHECK(strcmp(printed.text, "ab%-") == 0);
    CHECK_EQUAL(KCALL(DbgPrint, 0xFFFFFFFFu), GRT_NT_ACCESS_VIOLATION);
    /* Stack arguments beyond the stack. */
    uint64_t r1 = ctx->r[1];
    memcpy(base + text, "%d%d%d%d%d%d%d%d", 17);
    forget();
    ctx->r[1] = 0x90000000u;
    CHECK_EQUAL(KCALL(DbgPrint, text, 1, 2, 3, 4, 5, 6, 7), GRT_NT_SUCCESS);
    ctx->r[1] = r1;
    CHECK(strcmp(printed.text, "12345670") == 0);
}

static void test_harmful(void **state)
{
    (void)state;
    grt_runtime_config config = print_config();
    run_guest_with(&config, (grt_ppc_function *const[]){harmful}, 1);
    assert_logged("DbgPrint: format leads to 0x00000010, which cannot be read to its end");
    assert_logged("DbgPrint: the stack argument leads to 0x90000050");
}

static void long_text(grt_ppc *ctx, uint8_t *base)
{
    grt_addr block = KCALL(RtlAllocateHeap, 0, 0, 20001);
    memset(base + block, 'x', 20000);
    base[block + 20000] = 0;
    uint64_t value = block;
    CHECK_EQUAL(debug_print(ctx, base, "%s", &value, 1), GRT_NT_SUCCESS);
    CHECK_EQUAL(printed.size, 20000);
}

static void test_long(void **state)
{
    (void)state;
    grt_runtime_config config = print_config();
    run_guest_with(&config, (grt_ppc_function *const[]){long_text}, 1);
}

/* ---- random formats against the host's printf --------------------------------------------- */

static uint64_t seed;

static void random_formats(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = seed;
    for (int i = 0; i < 20000 && atomic_load(&check_failures) == 0; i++) {
        static const char flags[] = "-+ #0", integers[] = "diuxXo", floats[] = "feEgGaA";
        char spec[64] = "%", host[80], wanted[2048];
        size_t used = 1;
        for (uint32_t n = random_below(&random, 4); n > 0; n--)
            spec[used++] = flags[random_below(&random, 5)];
        if (random_below(&random, 2))
            used += (size_t)sprintf(spec + used, "%u", random_below(&random, 40));
        if (random_below(&random, 2))
            used += (size_t)sprintf(spec + used, ".%u", random_below(&random, 30));
        uint64_t value =
            (uint64_t)random_below(&random, UINT32_MAX) << 32 | random_below(&random, UINT32_MAX);
        value >>= random_below(&random, 64);
        bool number = random_below(&random, 2), wide = random_below(&random, 2);
        char conversion =
            number ? floats[random_below(&random, 7)] : integers[random_below(&random, 6)];
        sprintf(spec + used, "%s%c|", wide && !number ? "ll" : "", conversion);
        sprintf(host, "%.*s%s%c|", (int)used, spec, wide && !number ? "ll" : "", conversion);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        if (number) {
            double real;
            memcpy(&real, &value, sizeof real);
            snprintf(wanted, sizeof wanted, host, real);
        } else if (wide) {
            snprintf(wanted, sizeof wanted, host, (unsigned long long)value);
        } else {
            snprintf(wanted, sizeof wanted, host, (unsigned)value);
        }
#pragma GCC diagnostic pop
        CHECK_EQUAL(debug_print(ctx, base, spec, &value, 1), GRT_NT_SUCCESS);
        if (strcmp(printed.text, wanted) != 0) {
            fprintf(stderr, "%s: \"%s\", not \"%s\"\n", spec, printed.text, wanted);
            atomic_fetch_add(&check_failures, 1);
        }
    }
}

static void test_random_formats(void **state)
{
    (void)state;
    seed = test_seed();
    grt_runtime_config config = print_config();
    run_guest_with(&config, (grt_ppc_function *const[]){random_formats}, 1);
}

/* Any bytes as a format: nothing but text may come of it. */
static void random_bytes(grt_ppc *ctx, uint8_t *base)
{
    static const char letters[] = "%%%%0123456789.*-+ #hlwIjqzLdiuxXocCsSpfeEgGaAnZy";
    uint64_t random = seed;
    for (int i = 0; i < 20000; i++) {
        char format[64];
        uint64_t values[16];
        uint32_t length = random_below(&random, sizeof format - 1);
        for (uint32_t j = 0; j < length; j++)
            format[j] = letters[random_below(&random, sizeof letters - 1)];
        format[length] = '\0';
        for (uint32_t j = 0; j < 16; j++)
            values[j] = random_below(&random, 2) ? random_below(&random, 64)
                                                 : random_below(&random, UINT32_MAX);
        debug_print(ctx, base, format, values, 16);
    }
}

static void test_random_bytes(void **state)
{
    (void)state;
    seed = test_seed();
    grt_runtime_config config = print_config();
    run_guest_with(&config, (grt_ppc_function *const[]){random_bytes}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_harmful),
        cmocka_unit_test(test_long),         cmocka_unit_test(test_random_formats),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
