/*
 * pointer.c - objects that the guest knows by their address.
 *
 * Threads have one anyway. Others get a body in a page of the runtime's, behind the header that the
 * console puts there: from then on their signal state is in the body. What the guest holds is
 * counted in host memory; the header only shows it.
 */
#include "kernel/variables.h"
#include "kernel/object.h"

#include "os/assert.h"

/* A slot is OBJECT_HEADER and the largest body. */
#define SLOT_SIZE 0x40u
#define SLOTS     64u

/* Offsets in OBJECT_HEADER, which ends where the body begins. */
enum {
    HEADER_POINTERS = 0x00,
    HEADER_HANDLES = 0x04,
    HEADER_TYPE = 0x10,
    HEADER_SIZE = 0x18,
};

_Static_assert((uint32_t)HEADER_SIZE + GRT_BODY_MAX == SLOT_SIZE, "a slot holds header and body");
_Static_assert(SLOTS *SLOT_SIZE == GRT_PAGE_SIZE, "and a page 64 of them");

/* ---- pages ----------------------------------------------------------------------------------- */

static grt_body_page **page_bucket(grt_dispatch *dispatch, grt_addr page)
{
    return &dispatch->body_pages[page / GRT_PAGE_SIZE % GRT_PAGE_BUCKETS];
}

static void list_free(grt_dispatch *dispatch, grt_body_page *page)
{
    page->next_free = dispatch->free_pages;
    page->last_free = NULL;
    if (page->next_free)
        page->next_free->last_free = page;
    dispatch->free_pages = page;
}

static void unlist_free(grt_dispatch *dispatch, grt_body_page *page)
{
    *(page->last_free ? &page->last_free->next_free : &dispatch->free_pages) = page->next_free;
    if (page->next_free)
        page->next_free->last_free = page->last_free;
}

bool grt_body_page_add(grt_dispatch *dispatch)
{
    grt_body_page *page = os_alloc(sizeof *page);
    if (!page)
        return false;
    page->page = grt_heap_alloc_aligned(dispatch->runtime->user_heap, GRT_PAGE_SIZE, GRT_PAGE_SIZE);
    if (!page->page) {
        os_free(page);
        return false;
    }
    grt_dispatch_lock(dispatch);
    grt_body_page **bucket = page_bucket(dispatch, page->page);
    page->next = *bucket;
    *bucket = page;
    list_free(dispatch, page);
    grt_dispatch_unlock(dispatch);
    return true;
}

void grt_body_pages_destroy(grt_dispatch *dispatch)
{
    for (uint32_t i = 0; i < GRT_PAGE_BUCKETS; i++) {
        while (dispatch->body_pages[i]) {
            grt_body_page *page = dispatch->body_pages[i];
            dispatch->body_pages[i] = page->next;
            grt_heap_free(dispatch->runtime->user_heap, page->page);
            os_free(page);
        }
    }
}

bool grt_body_page_is(grt_dispatch *dispatch, grt_addr block)
{
    const grt_body_page *page = *page_bucket(dispatch, block);
    while (page && page->page != block)
        page = page->next;
    return page != NULL;
}

/* In turn, so that the place of an object that has died rests a while. The page has a free slot. */
static grt_addr take_slot(grt_dispatch *dispatch, grt_body_page *page)
{
    uint64_t unused = ~page->used, later = unused & ~(uint64_t)0 << page->turn;
    uint32_t slot = (uint32_t)__builtin_ctzll(later ? later : unused);
    page->used |= (uint64_t)1 << slot;
    page->turn = (slot + 1) % SLOTS;
    if (page->used == UINT64_MAX)
        unlist_free(dispatch, page);
    return page->page + slot * SLOT_SIZE;
}

void grt_body_page_leave(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->page)
        return;
    uint32_t slot = (object->body - object->page->page) / SLOT_SIZE;
    if (object->page->used == UINT64_MAX)
        list_free(dispatch, object->page);
    object->page->used &= ~((uint64_t)1 << slot);
    object->page = NULL;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static uint8_t type_byte(const grt_object *object)
{
    switch (object->kind) {
    case GRT_OBJECT_EVENT:
        return object->auto_reset ? GRT_TYPE_BYTE_AUTO_EVENT : GRT_TYPE_BYTE_MANUAL_EVENT;
    case GRT_OBJECT_TIMER:
        return object->auto_reset ? GRT_TYPE_BYTE_AUTO_TIMER : GRT_TYPE_BYTE_MANUAL_TIMER;
    case GRT_OBJECT_MUTANT:
        return GRT_TYPE_BYTE_MUTANT;
    case GRT_OBJECT_SEMAPHORE:
        return GRT_TYPE_BYTE_SEMAPHORE;
    default:
        return GRT_TYPE_BYTE_QUEUE;
    }
}

static void write_body(grt_dispatch *dispatch, grt_object *object)
{
    uint8_t bytes[SLOT_SIZE] = {0}, *body = bytes + HEADER_SIZE;
    grt_store32(bytes + HEADER_TYPE, grt_object_type_address(dispatch->runtime, object->kind));
    if (object->kind != GRT_OBJECT_LINK) {
        body[GRT_BODY_TYPE] = type_byte(object);
        grt_store32(body + GRT_BODY_STATE, (uint32_t)object->state);
    }
    if (object->kind == GRT_OBJECT_SEMAPHORE)
        grt_store32(body + GRT_BODY_LIMIT, (uint32_t)object->limit);
    grt_guest_write(dispatch->runtime, object->body - HEADER_SIZE, bytes, sizeof bytes);
    if (object->kind == GRT_OBJECT_LINK)
        return;
    grt_object_store(dispatch, object);
    grt_object_mark_waited(dispatch, object);
}

grt_addr grt_object_address(grt_dispatch *dispatch, grt_object *object)
{
    if (object->thread)
        return object->thread->kthread;
    if (object->body)
        return object->body;
    grt_body_page *page = dispatch->free_pages;
    if (!page)
        return 0;
    object->page = page;
    grt_object_set_body(dispatch, object, take_slot(dispatch, page) + HEADER_SIZE);
    write_body(dispatch, object);
    return object->body;
}

/* ---- counting -------------------------------------------------------------------------------- */

void grt_object_show_counts(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->page)
        return;
    uint8_t counts[8];
    grt_store32(counts + HEADER_POINTERS, object->pointers + object->handles);
    grt_store32(counts + HEADER_HANDLES, object->handles);
    grt_guest_write(dispatch->runtime, object->body - HEADER_SIZE, counts, sizeof counts);
}

static grt_object **held_bucket(grt_dispatch *dispatch, grt_addr kthread)
{
    uint32_t hash = kthread * 2654435761u;
    return &dispatch->held[hash >> 24];
}

void grt_object_hold(grt_dispatch *dispatch, grt_object *object)
{
    if (object->pointers++ == 0 && object->thread) {
        atomic_store(&object->thread->pointed_at, true);
        grt_object **bucket = held_bucket(dispatch, object->thread->kthread);
        object->next_held = *bucket;
        *bucket = object;
    }
    grt_object_show_counts(dispatch, object);
}

void grt_object_let_go(grt_dispatch *dispatch, grt_object *object)
{
    GRT_ASSERT(object->pointers > 0);
    if (--object->pointers == 0 && object->thread) {
        atomic_store(&object->thread->pointed_at, false);
        grt_object **link = held_bucket(dispatch, object->thread->kthread);
        while (*link != object)
            link = &(*link)->next_held;
        *link = object->next_held;
    }
    grt_object_show_counts(dispatch, object);
    grt_object_release(dispatch, object);
}

void grt_object_let_go_all(grt_dispatch *dispatch)
{
    for (uint32_t i = 0; i < GRT_HELD_BUCKETS; i++) {
        while (dispatch->held[i])
            grt_object_let_go(dispatch, dispatch->held[i]);
    }
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* A thread block may be a second thread's once the first one has ended: what is given back then is
 * more likely the older pointer. */
static grt_object *held_thread(grt_dispatch *dispatch, grt_addr kthread)
{
    grt_object *found = NULL, *object = *held_bucket(dispatch, kthread);
    for (; object; object = object->next_held) {
        if (object->thread->kthread == kthread && (!found || object->thread->kernel.ended))
            found = object;
    }
    return found;
}

grt_object *grt_object_held_at(grt_dispatch *dispatch, grt_addr address)
{
    grt_object *object = grt_object_find_body(dispatch, address);
    return object && object->page ? object : held_thread(dispatch, address);
}
