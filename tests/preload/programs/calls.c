/* Every heap function of the C library, by its rules. Prints nothing when all hold. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int broken;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: %s\n", __LINE__, #condition);                                         \
            broken = 1;                                                                            \
        }                                                                                          \
    } while (0)

/* The compiler must not know what a call returns. */
static void *volatile block;
static volatile size_t huge = SIZE_MAX, half = SIZE_MAX / 2, beyond = (size_t)5 << 30;

static void check_success_keeps_errno(void)
{
    errno = 77;
    block = malloc(100);
    EXPECT(block && errno == 77);
    block = realloc(block, 100000);
    EXPECT(block && errno == 77);
    free(block);
    EXPECT(errno == 77);
    free(NULL);
    EXPECT(errno == 77);
}

static void check_failure(void *got)
{
    EXPECT(got == NULL && errno == ENOMEM);
    errno = 0;
}

static void check_failures(void)
{
    errno = 0;
    check_failure(malloc(huge));
    check_failure(malloc(beyond));
    check_failure(calloc(half, 3));
    check_failure(calloc(huge, 1));
    check_failure(memalign(64, huge));
    check_failure(memalign((size_t)1 << 40, 8));
    check_failure(pvalloc(huge));
    check_failure(reallocarray(NULL, half, 3));
}

static void check_failed_realloc_keeps_block(void)
{
    block = malloc(1000);
    memset(block, 5, 1000);
    errno = 0;
    check_failure(realloc(block, beyond));
    check_failure(reallocarray(block, half, 3));
    EXPECT(((char *)block)[999] == 5);
    free(block);
}

static void check_zero_sizes(void)
{
    void *volatile other;
    block = malloc(0);
    other = malloc(0);
    EXPECT(block && other && block != other);
    EXPECT(realloc(block, 0) == NULL);
    free(other);
    block = calloc(0, 10);
    EXPECT(block);
    free(block);
    EXPECT(malloc_usable_size(NULL) == 0);
}

static void check_calloc_clears(void)
{
    for (size_t size = 1; size < 300000; size = size * 2 + 1) {
        block = malloc(size);
        memset(block, 0xAA, size);
        free(block);
        unsigned char *bytes = calloc(1, size);
        size_t set = 0;
        for (size_t i = 0; i < size; i++)
            set += bytes[i] != 0;
        EXPECT(set == 0);
        free(bytes);
    }
}

static void check_alignments(void)
{
    for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        void *got = NULL;
        EXPECT(posix_memalign(&got, alignment, 100) == 0 && (uintptr_t)got % alignment == 0);
        EXPECT(malloc_usable_size(got) >= 100);
        free(got);
        got = aligned_alloc(alignment, alignment);
        EXPECT(got && (uintptr_t)got % alignment == 0);
        free(got);
    }
    block = memalign(48, 100); /* rounded up */
    EXPECT(block && (uintptr_t)block % 64 == 0);
    free(block);
}

static void check_bad_alignments(void)
{
    void *got = &got;
    errno = 77;
    EXPECT(posix_memalign(&got, 24, 100) == EINVAL && got == &got && errno == 77);
    EXPECT(posix_memalign(&got, 4, 100) == EINVAL && got == &got);
    EXPECT(posix_memalign(&got, 0, 100) == EINVAL && got == &got);
    EXPECT(posix_memalign(&got, 16, huge) == ENOMEM && got == &got && errno == 77);
}

static void check_pages(void)
{
    block = valloc(10);
    EXPECT(block && (uintptr_t)block % 4096 == 0);
    free(block);
    block = pvalloc(4097);
    EXPECT(block && (uintptr_t)block % 4096 == 0 && malloc_usable_size(block) >= 8192);
    free(block);
}

static void check_usable_size(void)
{
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        block = malloc(size);
        size_t usable = malloc_usable_size(block);
        EXPECT(usable >= size);
        memset(block, 1, usable);
        block = realloc(block, size + 1);
        EXPECT(malloc_usable_size(block) >= size + 1);
        free(block);
    }
}

static void check_realloc_keeps_bytes(void)
{
    unsigned char *bytes = malloc(1);
    bytes[0] = 0;
    for (unsigned size = 2; size < 70000; size += size / 3 + 1) {
        unsigned old = (unsigned)malloc_usable_size(bytes);
        bytes = realloc(bytes, size);
        for (unsigned i = old; i < size; i++)
            bytes[i] = (unsigned char)(i * 7);
        for (unsigned i = 1; i < size; i++) {
            if (i >= old && bytes[i] != (unsigned char)(i * 7))
                EXPECT(!"the bytes stay");
        }
    }
    free(bytes);
}

/* Long before main there was a call already; its block is as good as any. */
static void *early;
__attribute__((constructor)) static void before_main(void)
{
    early = malloc(50);
}

int main(void)
{
    EXPECT(early != NULL && malloc_usable_size(early) >= 50);
    free(early);
    check_success_keeps_errno();
    check_failures();
    check_failed_realloc_keeps_block();
    check_zero_sizes();
    check_calloc_clears();
    check_alignments();
    check_bad_alignments();
    check_pages();
    check_usable_size();
    check_realloc_keeps_bytes();
    return broken;
}
