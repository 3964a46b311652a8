/* int.c - integer work: linked-list sort, CRC, a state machine over text, matrix product. */
#include "kernel.h"

typedef struct node {
    struct node *next;
    uint32_t key;
} node;

enum { NODES = 20000, TEXT = 1 << 16, SIZE = 64 };

static node nodes[NODES];
static uint8_t text[TEXT];
static uint32_t crc_table[256];
static int32_t left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static node *merge(node *a, node *b)
{
    node head, *tail = &head;
    while (a && b) {
        node **least = a->key <= b->key ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static node *sort(node *list)
{
    if (!list || !list->next)
        return list;
    node *slow = list, *fast = list->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    node *second = slow->next;
    slow->next = NULL;
    return merge(sort(list), sort(second));
}

static uint32_t list_round(void)
{
    for (int i = 0; i < NODES; i++) {
        nodes[i].key = random_next();
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    }
    uint32_t sum = 0;
    for (node *n = sort(nodes); n; n = n->next)
        sum = mix(sum, n->key);
    return sum;
}

static void crc_prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
        crc_table[i] = value;
    }
}

static uint32_t crc_round(void)
{
    uint32_t crc = ~0u;
    for (int i = 0; i < TEXT; i++)
        crc = crc_table[(crc ^ text[i]) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

/* Counts words, numbers and quoted strings. */
static uint32_t machine_round(void)
{
    enum { BETWEEN, WORD, NUMBER, QUOTE } state = BETWEEN;
    uint32_t words = 0, numbers = 0, quotes = 0;
    for (int i = 0; i < TEXT; i++) {
        uint8_t c = text[i] & 0x7F;
        switch (state) {
        case BETWEEN:
            if (c >= 'a' && c <= 'z') {
                state = WORD;
                words++;
            } else if (c >= '0' && c <= '9') {
                state = NUMBER;
                numbers++;
            } else if (c == '"') {
                state = QUOTE;
            }
            break;
        case WORD:
            if (!((c >= 'a' && c <= 'z') || c == '_'))
                state = BETWEEN;
            break;
        case NUMBER:
            if (c < '0' || c > '9')
                state = c == '.' ? NUMBER : BETWEEN;
            break;
        case QUOTE:
            if (c == '"') {
                quotes++;
                state = BETWEEN;
            }
            break;
        }
    }
    return words * 31 + numbers * 17 + quotes;
}

static uint32_t matrix_round(void)
{
    for (int i = 0; i < SIZE; i++) {
        for (int j = 0; j < SIZE; j++) {
            int32_t sum = 0;
            for (int k = 0; k < SIZE; k++)
                sum += left[i][k] * right[k][j];
            product[i][j] = sum;
        }
    }
    uint32_t check = 0;
    for (int i = 0; i < SIZE; i++)
        check = mix(check, (uint32_t)product[i][SIZE - 1 - i]);
    left[check % SIZE][(check >> 8) % SIZE] = (int32_t)check;
    return check;
}

int main(int argc, char **argv)
{
    uint32_t rounds = rounds_from(argc, argv, 110), sum = 0;
    crc_prepare();
    for (int i = 0; i < TEXT; i++)
        text[i] = (uint8_t)random_next();
    for (int i = 0; i < SIZE * SIZE; i++) {
        left[i / SIZE][i % SIZE] = (int32_t)(random_next() & 0xFFF) - 2048;
        right[i / SIZE][i % SIZE] = (int32_t)(random_next() & 0xFFF) - 2048;
    }
    for (uint32_t round = 0; round < rounds; round++) {
        sum = mix(sum, list_round());
        for (int i = 0; i < 8; i++) {
            text[random_next() % TEXT] ^= (uint8_t)round;
            sum = mix(sum, crc_round());
            sum = mix(sum, machine_round());
            sum = mix(sum, matrix_round());
        }
    }
    printf("int %08x\n", (unsigned)sum);
    return 0;
}
