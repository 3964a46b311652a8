/*
 * probe.c - one guest program with everything that the tests of the command make a guest do; the
 * first argument chooses.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xbox/kernel.h>

/* Known by name and never inlined: one is overridden, one is called at a wrong address. */
__attribute__((noinline, noclone)) int twice(int number)
{
    __asm__ volatile("");
    return number * 2;
}

static volatile int depth_limit = 1 << 30;

__attribute__((noinline)) static int descend(int depth)
{
    volatile char frame[256];
    frame[depth & 255] = (char)depth;
    return depth < depth_limit ? descend(depth + 1) + frame[depth & 255] : depth;
}

static void call(uintptr_t address)
{
    void (*volatile function)(void) = (void (*)(void))address;
    function();
}

/* Neither is seen by the compiler. */
static void write_at(volatile char *place, int value)
{
    *place = (char)value;
}

static void overrun(void)
{
    char *volatile block = malloc(60);
    write_at(block + 60, 7);
}

static void write_to_freed(void)
{
    char *volatile block = malloc(100);
    uintptr_t place = (uintptr_t)block + 50;
    free(block);
    write_at((volatile char *)place, 1);
}

static void jump(void)
{
    jmp_buf place;
    int value = setjmp(place);
    printf("setjmp gave %d\n", value);
    if (value < 3)
        longjmp(place, value + 1);
}

/* Prints enough of integer, floating-point and memory code to notice a wrong translation. */
static void compute(void)
{
    uint32_t hash = 2166136261u;
    double sum = 0;
    for (int i = 1; i < 1000; i++) {
        hash = (hash ^ (uint32_t)i) * 16777619u;
        sum += 1.0 / i;
    }
    char *text = malloc(64);
    snprintf(text, 64, "%08x %.12f %lld", (unsigned)hash, sum, 1234567890123ll * 7);
    printf("%s\ntwice 21 is %d\n", text, twice(21));
    free(text);
    jump();
}

static void print_arguments(int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        printf("<%s>\n", arguments[i]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "compute";
    if (!strcmp(what, "arguments"))
        print_arguments(argc - 2, argv + 2);
    else if (!strcmp(what, "exit"))
        return atoi(argv[2]);
    else if (!strcmp(what, "jump"))
        jump();
    else if (!strcmp(what, "wild-call"))
        call((uintptr_t)twice + 4);
    else if (!strcmp(what, "null-call"))
        call(0);
    else if (!strcmp(what, "trap"))
        __asm__ volatile("trap");
    else if (!strcmp(what, "bug-check"))
        KeBugCheckEx(0x1234, 1, 2, 3, 4);
    else if (!strcmp(what, "abort"))
        abort();
    else if (!strcmp(what, "null-write"))
        *(volatile int *)(argc - 2) = 1;
    else if (!strcmp(what, "stack-overflow"))
        return descend(0);
    else if (!strcmp(what, "overrun"))
        overrun();
    else if (!strcmp(what, "stale"))
        write_to_freed();
    else if (!strcmp(what, "spin"))
        for (volatile int i = 0;; i++)
            ;
    else
        compute();
    return 0;
}
