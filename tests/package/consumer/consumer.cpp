// The same from C++.
#include <cstdio>
#include <guestrt/guestrt.h>

int main()
{
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime = nullptr;
    if (grt_runtime_create(&config, &runtime) != GRT_OK)
        return 1;
    grt_heap *heap = grt_runtime_user_heap(runtime);
    const grt_addr block = grt_heap_alloc(heap, 64);
    auto *word = static_cast<grt_be32 *>(grt_host(runtime, block));
    grt_be32_store(word, 42);
    std::printf("guestrt %s: block %s, value %u\n", grt_version(), block % 16 ? "misaligned" : "aligned",
                static_cast<unsigned>(grt_be32_load(*word)));
    const bool freed = grt_heap_free(heap, block) == GRT_OK;
    grt_runtime_destroy(runtime);
    return freed ? 0 : 1;
}
