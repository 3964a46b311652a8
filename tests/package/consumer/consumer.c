/* The smallest program that uses an installed guestrt: a block of guest memory, a big-endian word.
 */
#include <guestrt/guestrt.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    grt_status status = grt_runtime_create(&config, &runtime);
    if (status != GRT_OK) {
        fprintf(stderr, "%s: %s\n", grt_status_name(status), grt_status_remedy(status));
        return 1;
    }
    grt_heap *heap = grt_runtime_user_heap(runtime);
    grt_addr block = grt_heap_alloc(heap, 64);
    grt_be32 *word = (grt_be32 *)grt_host(runtime, block);
    grt_be32_store(word, 42);
    printf("guestrt %s: block %s, value %u\n", grt_version(), block % 16 ? "misaligned" : "aligned",
           (unsigned)grt_be32_load(*word));
    status = grt_heap_free(heap, block);
    grt_runtime_destroy(runtime);
    return status == GRT_OK && strcmp(grt_version(), GRT_VERSION) == 0 ? 0 : 1;
}
