/*
 * caches.c - which threads have caches, and how one thread gets at another's.
 */
#include "heap/internal.h"

#include "os/assert.h"

/* ---- coming and going --------------------------------------------------------------------------
 */

static heap_cache *find_unused(const grt_heap *heap)
{
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        if (!cache->in_use) {
            return cache;
        }
    }
    return NULL;
}

static heap_cache *add_cache(grt_heap *heap)
{
    heap_cache *cache = cache_create(heap);
    if (cache != NULL) {
        cache->gate = heap->gates;
        cache->next = heap->caches;
        heap->caches = cache;
    }
    return cache;
}

static void set_cache_of(grt_heap *heap, uint32_t number, heap_cache *cache)
{
    __atomic_store_n(&heap->by_thread[number], cache, __ATOMIC_RELAXED);
}

/* The host may allocate when the slot is filled: where its allocator is this heap, that must be
 * served by something else meanwhile, as preload/ does. */
static heap_cache *adopt(grt_heap *heap, heap_cache *cache, uint32_t number)
{
    cache->in_use = true;
    cache->number = number;
    set_cache_of(heap, number, cache);
    if (os_thread_slot_set(heap->slot, cache) != 0) {
        cache->in_use = false; /* nobody would give it back when the thread ends */
        set_cache_of(heap, number, heap->shared);
        return heap->shared;
    }
    return cache;
}

heap_cache *heap_own_cache_locked(grt_heap *heap)
{
    heap_cache *cache = heap_cache_at_hand(heap);
    if (cache != heap->shared) {
        return cache;
    }
    uint32_t number = os_thread_number();
    if (number == 0) {
        return heap->shared;
    }
    cache = find_unused(heap);
    if (cache == NULL && (cache = add_cache(heap)) == NULL) {
        return heap->shared;
    }
    return adopt(heap, cache, number);
}

void heap_forget_owner_locked(grt_heap *heap, heap_cache *cache)
{
    heap_stop_caches_locked(heap); /* once, instead of for each span that is given up */
    (void)heap_drain_locked(heap, cache);
    heap_start_caches_locked(heap);
    set_cache_of(heap, cache->number, heap->shared);
    cache->in_use = false;
}

void heap_leave_thread(void *value)
{
    heap_cache *cache = value;
    grt_heap *heap = cache->heap;
    os_mutex_lock(&heap->lock);
    heap_forget_owner_locked(heap, cache);
    os_mutex_unlock(&heap->lock);
}

/* ---- stopping others ---------------------------------------------------------------------------
 */

static void set_gate(heap_cache *cache, uint32_t gate)
{
    __atomic_store_n(&cache->gate, gate, CACHE_STRICT ? __ATOMIC_SEQ_CST : __ATOMIC_RELEASE);
}

static void wait_until_out(const heap_cache *cache)
{
    while (__atomic_load_n(&cache->busy, CACHE_STRICT ? __ATOMIC_SEQ_CST : __ATOMIC_ACQUIRE) != 0) {
        os_thread_yield();
    }
}

/* Gates that were closed all along need no barrier: their owners are not inside. */
static bool is_stoppable(const grt_heap *heap, const heap_cache *cache, const heap_cache *own)
{
    return cache != own && cache != heap->shared && cache->in_use && heap->gates == 0;
}

void heap_stop_caches_locked(grt_heap *heap)
{
    if (heap->stops++ > 0) {
        return; /* they stand still already */
    }
    const heap_cache *own = heap_cache_at_hand(heap);
    bool any = false;
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        if (is_stoppable(heap, cache, own)) {
            set_gate(cache, GATE_CLOSED);
            any = true;
        }
    }
    if (!any) {
        return;
    }
    if (!CACHE_STRICT) {
        os_barrier();
    }
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        if (is_stoppable(heap, cache, own)) {
            wait_until_out(cache);
        }
    }
}

void heap_start_caches_locked(grt_heap *heap)
{
    GRT_ASSERT(heap->stops > 0);
    if (--heap->stops > 0) {
        return;
    }
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        if (cache != heap->shared) {
            set_gate(cache, heap->gates);
        }
    }
}

void heap_set_special_locked(grt_heap *heap, bool special)
{
    heap_stop_caches_locked(heap);
    heap->gates = special ? heap->gates | GATE_SPECIAL : heap->gates & ~(uint32_t)GATE_SPECIAL;
    heap_start_caches_locked(heap);
}

void heap_update_gates_locked(grt_heap *heap)
{
    heap_set_special_locked(heap, heap->watch.on || heap->shut_down || heap->inject_countdown != 0);
}
