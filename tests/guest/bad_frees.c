// Frees of what is not a live block are refused, reported, and change nothing.
// expect: refused: double, interior, never, null is fine
// expect: contents kept
// stderr: GRT_DOUBLE_FREE
// stderr: GRT_INTERIOR_POINTER
// stderr: HEAP-BAD-FREE
#include "check.h"
#include <string.h>

int main(void)
{
    static char not_heap[64];
    char *first = RtlAllocateHeap(0, 0, 40), *second = RtlAllocateHeap(0, 0, 40);
    strcpy(first, "kept");
    CHECK(RtlFreeHeap(0, 0, second) != 0);
    CHECK(RtlFreeHeap(0, 0, second) == 0);
    CHECK(RtlFreeHeap(0, 0, first + 8) == 0);
    CHECK(RtlFreeHeap(0, 0, not_heap) == 0);
    RtlFreeHeap(0, 0, 0);
    printf("refused: double, interior, never, null is fine\n");
    CHECK(strcmp(first, "kept") == 0 && RtlSizeHeap(0, 0, first) == 40);
    CHECK(RtlSizeHeap(0, 0, first + 4) == 0xFFFFFFFF);
    CHECK(RtlFreeHeap(0, 0, first) != 0);
    printf("contents kept\n");
    return 0;
}
