/* mem.c - memory: heapsort, an open hash table, mixing of bytes, halves, words and doublewords. */
#include "kernel.h"

enum { ITEMS = 1 << 16, SLOTS = 1 << 17, BYTES = 1 << 18 };

static uint32_t items[ITEMS];
static struct {
    uint32_t key, value;
} slots[SLOTS];
/* One array a width: sharing bytes would make the sum depend on the byte order. */
static struct {
    uint8_t b[BYTES];
    uint16_t h[BYTES / 2];
    uint32_t w[BYTES / 4];
    uint64_t d[BYTES / 8];
} buffer;

static void sift(uint32_t *heap, uint32_t root, uint32_t count)
{
    uint32_t value = heap[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count)
            break;
        if (child + 1 < count && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= value)
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = value;
}

static uint32_t heapsort_round(void)
{
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i] = random_next();
    for (uint32_t i = ITEMS / 2; i-- > 0;)
        sift(items, i, ITEMS);
    for (uint32_t i = ITEMS; i-- > 1;) {
        uint32_t top = items[0];
        items[0] = items[i];
        items[i] = top;
        sift(items, 0, i);
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < ITEMS; i += 97)
        sum = mix(sum, items[i]);
    return sum;
}

static uint32_t hash_round(void)
{
    memset(slots, 0, sizeof slots);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t key = random_next() % 50000 + 1, at = key * 0x9E3779B1u >> 15;
        while (slots[at].key && slots[at].key != key)
            at = (at + 1) & (SLOTS - 1);
        slots[at].key = key;
        slots[at].value += i;
        sum = mix(sum, slots[at].value);
    }
    return sum;
}

static uint32_t mix_round(void)
{
    for (uint32_t i = 1; i < BYTES; i++)
        buffer.b[i] = (uint8_t)(buffer.b[i] + buffer.b[i - 1]);
    for (uint32_t i = 1; i < BYTES / 2; i++)
        buffer.h[i] = (uint16_t)(buffer.h[i] ^ (buffer.h[i - 1] << 3));
    for (uint32_t i = 1; i < BYTES / 4; i++)
        buffer.w[i] += buffer.w[i - 1] >> 5;
    for (uint32_t i = 1; i < BYTES / 8; i++)
        buffer.d[i] ^= buffer.d[i - 1] + (buffer.d[i - 1] << 7);
    uint64_t last = buffer.d[BYTES / 8 - 1];
    return mix(mix(buffer.w[BYTES / 4 - 1], (uint32_t)(last ^ last >> 32)),
               buffer.h[BYTES / 2 - 1] + buffer.b[BYTES - 1]);
}

int main(int argc, char **argv)
{
    uint32_t rounds = rounds_from(argc, argv, 100), sum = 0;
    for (uint32_t i = 0; i < BYTES; i++)
        buffer.b[i] = (uint8_t)random_next();
    for (uint32_t i = 0; i < BYTES / 2; i++)
        buffer.h[i] = (uint16_t)random_next();
    for (uint32_t i = 0; i < BYTES / 4; i++)
        buffer.w[i] = random_next();
    for (uint32_t i = 0; i < BYTES / 8; i++)
        buffer.d[i] = (uint64_t)random_next() << 32 | i;
    for (uint32_t round = 0; round < rounds; round++) {
        sum = mix(sum, heapsort_round());
        sum = mix(sum, hash_round());
        for (int i = 0; i < 4; i++)
            sum = mix(sum, mix_round());
    }
    printf("mem %08x\n", (unsigned)sum);
    return 0;
}
