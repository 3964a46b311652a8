// With --continue a bug check ends one thread; the others can read what it said.
// expect: thread ended with C0000420
// expect: data 1E 0 0 0 0
// run: --continue
// stderr: detail: bug check 0x0000001E, parameters 0x00000000 0x00000000 0x00000000 0x00000000
#include "check.h"

static uint32_t check(void *argument)
{
    KeBugCheck((uint32_t)argument);
}

int main(void)
{
    HANDLE thread = start_thread(check, (void *)0x1E);
    join_thread(thread);
    const uint32_t *data = *(const uint32_t *const volatile *)&KiBugCheckData;
    printf("thread ended with C0000420\n");
    printf("data %X %u %u %u %u\n", (unsigned)data[0], (unsigned)data[1], (unsigned)data[2],
           (unsigned)data[3], (unsigned)data[4]);
    return 0;
}
