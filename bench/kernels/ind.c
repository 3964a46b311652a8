/* ind.c - calls: virtual methods, comparison callbacks, recursion, an interpreter's dispatch. */
#include "kernel.h"

typedef struct shape shape;
typedef struct shape_methods {
    uint32_t (*area)(const shape *);
    void (*grow)(shape *, uint32_t);
} shape_methods;
struct shape {
    const shape_methods *methods;
    uint32_t width, height;
};

enum { SHAPES = 1024, KEYS = 4096 };

static shape shapes[SHAPES];
static uint32_t keys[KEYS];

static uint32_t box_area(const shape *s)
{
    return s->width * s->height;
}
static uint32_t triangle_area(const shape *s)
{
    return s->width * s->height / 2;
}
static uint32_t ring_area(const shape *s)
{
    return s->width * s->width - s->height;
}
static void grow_both(shape *s, uint32_t by)
{
    s->width += by;
    s->height ^= by;
}
static void grow_width(shape *s, uint32_t by)
{
    s->width = (s->width + by) & 0xFFFF;
}

static const shape_methods methods[3] = {
    {box_area, grow_both}, {triangle_area, grow_width}, {ring_area, grow_both}};

static uint32_t shapes_round(void)
{
    uint32_t sum = 0;
    for (int pass = 0; pass < 200; pass++) {
        for (int i = 0; i < SHAPES; i++) {
            sum += shapes[i].methods->area(&shapes[i]);
            shapes[i].methods->grow(&shapes[i], (uint32_t)pass & 7);
        }
    }
    return sum;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}
static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

/* Shell sort, so that every environment runs the same algorithm whatever its qsort is. */
static void sort_with(uint32_t *values, int count, int (*order)(const void *, const void *))
{
    for (int gap = count / 2; gap > 0; gap /= 2) {
        for (int i = gap; i < count; i++) {
            uint32_t value = values[i];
            int at = i;
            for (; at >= gap && order(&values[at - gap], &value) > 0; at -= gap)
                values[at] = values[at - gap];
            values[at] = value;
        }
    }
}

static uint32_t callbacks_round(uint32_t round)
{
    for (int i = 0; i < KEYS; i++)
        keys[i] = random_next();
    sort_with(keys, KEYS, round & 1 ? ascending : descending);
    return mix(keys[0], keys[KEYS / 2]);
}

static uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/* A register machine whose operations are functions. */
typedef struct machine {
    uint32_t registers[8];
    uint32_t at;
} machine;
typedef void operation(machine *, uint32_t);

static void op_add(machine *m, uint32_t a)
{
    m->registers[a & 7] += m->registers[(a >> 3) & 7];
}
static void op_xor(machine *m, uint32_t a)
{
    m->registers[a & 7] ^= m->registers[(a >> 3) & 7] + a;
}
static void op_rotate(machine *m, uint32_t a)
{
    uint32_t value = m->registers[a & 7];
    m->registers[a & 7] = value << 7 | value >> 25;
}
static void op_skip(machine *m, uint32_t a)
{
    m->at += m->registers[a & 7] & 1;
}

static uint32_t interpret(void)
{
    static operation *const operations[4] = {op_add, op_xor, op_rotate, op_skip};
    machine m = {{1, 2, 3, 5, 7, 11, 13, 17}, 0};
    for (int i = 0; i < 100000; i++) {
        uint32_t code = keys[m.at & (KEYS - 1)];
        m.at++;
        operations[code & 3](&m, code >> 2);
    }
    return m.registers[0] ^ m.registers[5];
}

int main(int argc, char **argv)
{
    uint32_t rounds = rounds_from(argc, argv, 70), sum = 0;
    for (int i = 0; i < SHAPES; i++) {
        uint32_t kind = random_next();
        shapes[i] = (shape){&methods[kind % 3], kind >> 8 & 0xFF, kind >> 16 & 0xFF};
    }
    for (uint32_t round = 0; round < rounds; round++) {
        sum = mix(sum, shapes_round());
        sum = mix(sum, callbacks_round(round));
        sum = mix(sum, fibonacci(25));
        for (int i = 0; i < 6; i++)
            sum = mix(sum, interpret());
    }
    printf("ind %08x\n", (unsigned)sum);
    return 0;
}
