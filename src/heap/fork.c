/*
 * fork.c - stops a heap around a fork.
 */
#include "heap/fork.h"

#include "heap/internal.h"

void grt_heap_fork_prepare(grt_heap *heap)
{
    os_mutex_lock(&heap->lock);
    heap_stop_caches_locked(heap);
}

void grt_heap_fork_parent(grt_heap *heap)
{
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
}

void grt_heap_fork_child(grt_heap *heap)
{
    const heap_cache *own = heap_cache_at_hand(heap);
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        if (cache != own && cache != heap->shared && cache->in_use) {
            heap_forget_owner_locked(heap, cache);
            cache->busy = 0; /* its owner may have been on the way back from a closed gate */
        }
    }
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
}
