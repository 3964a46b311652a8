/* fp.c - floating point: n-body in double, Mandelbrot in double, 4x4 transforms in single. */
#include "kernel.h"
#include <math.h>

enum { BODIES = 5, VECTORS = 512 };

typedef struct body {
    double x, y, z, vx, vy, vz, mass;
} body;

static body bodies[BODIES];
static float matrix[4][4], points[VECTORS][4], moved[VECTORS][4];

static uint32_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint32_t)(bits ^ (bits >> 32));
}

static void advance(double step)
{
    for (int i = 0; i < BODIES; i++) {
        body *a = &bodies[i];
        for (int j = i + 1; j < BODIES; j++) {
            body *b = &bodies[j];
            double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            double square = dx * dx + dy * dy + dz * dz + 0.01;
            double pull = step / (square * sqrt(square));
            a->vx -= dx * b->mass * pull;
            a->vy -= dy * b->mass * pull;
            a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull;
            b->vy += dy * a->mass * pull;
            b->vz += dz * a->mass * pull;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        bodies[i].x += step * bodies[i].vx;
        bodies[i].y += step * bodies[i].vy;
        bodies[i].z += step * bodies[i].vz;
    }
}

static uint32_t mandelbrot(double shift)
{
    uint32_t total = 0;
    for (int row = 0; row < 48; row++) {
        for (int column = 0; column < 64; column++) {
            double cx = column / 32.0 - 1.5 + shift, cy = row / 24.0 - 1.0, x = 0, y = 0;
            int count = 0;
            while (count < 100 && x * x + y * y < 4.0) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                count++;
            }
            total += (uint32_t)count;
        }
    }
    return total;
}

static uint32_t transform(void)
{
    for (int v = 0; v < VECTORS; v++) {
        for (int i = 0; i < 4; i++) {
            float sum = 0;
            for (int k = 0; k < 4; k++)
                sum += matrix[i][k] * points[v][k];
            moved[v][i] = sum;
        }
    }
    float sum = 0;
    for (int v = 0; v < VECTORS; v++)
        sum += moved[v][v & 3];
    matrix[3][0] = sum * 0.0001f;
    return bits_of((double)sum);
}

static double fraction(void)
{
    return (random_next() & 0xFFFF) / 65536.0;
}

int main(int argc, char **argv)
{
    uint32_t rounds = rounds_from(argc, argv, 600), sum = 0;
    for (int i = 0; i < BODIES; i++)
        bodies[i] = (body){fraction() * 9, fraction() * 9, fraction() * 9, fraction(),
                           fraction(),     fraction(),     fraction()};
    for (int i = 0; i < 16; i++)
        matrix[i / 4][i % 4] = (float)fraction();
    for (int i = 0; i < VECTORS * 4; i++)
        points[i / 4][i % 4] = (float)fraction();
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < 2000; i++)
            advance(0.001);
        sum = mix(sum, bits_of(bodies[0].x));
        sum = mix(sum, mandelbrot(round * 0.0001));
        for (int i = 0; i < 40; i++)
            sum = mix(sum, transform());
    }
    printf("fp %08x\n", (unsigned)sum);
    return 0;
}
