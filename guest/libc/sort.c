/*
 * sort.c - heapsort: no extra memory and no bad case. And binary search.
 */
#include <stdlib.h>

typedef int comparison(const void *, const void *);

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void sift_down(char *array, size_t root, size_t count, size_t size, comparison *compare)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(array + child * size, array + (child + 1) * size) < 0)
            child++;
        if (compare(array + root * size, array + child * size) >= 0)
            return;
        swap(array + root * size, array + child * size, size);
    }
}

void qsort(void *array, size_t count, size_t size, comparison *compare)
{
    for (size_t root = count / 2; root-- > 0;)
        sift_down(array, root, count, size, compare);
    for (size_t last = count; last-- > 1;) {
        swap(array, (char *)array + last * size, size);
        sift_down(array, 0, last, size, compare);
    }
}

void *bsearch(const void *key, const void *array, size_t count, size_t size, comparison *compare)
{
    const char *first = array;
    while (count) {
        const char *middle = first + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            first = middle + size;
            count--;
        }
        count /= 2;
    }
    return 0;
}
