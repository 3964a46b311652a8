/* two_runtimes.c - two consoles in one process: same addresses, different bytes. */
#include <guestrt/guestrt.h>
#include <stdio.h>

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *first, *second;
    if (grt_runtime_create(&config, &first) != GRT_OK)
        return 1;
    if (grt_runtime_create(&config, &second) != GRT_OK)
        return 1;
    grt_addr one = grt_heap_alloc_zeroed(grt_runtime_user_heap(first), 64);
    grt_addr two = grt_heap_alloc_zeroed(grt_runtime_user_heap(second), 64);
    grt_store32(grt_host(first, one), 1);
    grt_store32(grt_host(second, two), 2);
    printf("%08X holds %u in the first and %u in the second\n", one,
           grt_load32(grt_host(first, one)), grt_load32(grt_host(second, two)));
    printf("%s\n", one == two ? "the guest addresses are equal" : "the guest addresses differ");
    grt_runtime_destroy(first);
    printf("%08X still holds %u in the second\n", two, grt_load32(grt_host(second, two)));
    grt_runtime_destroy(second);
    return 0;
}
