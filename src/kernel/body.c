/*
 * body.c - objects in guest memory: found by their address, adopted, kept in step.
 *
 * All accesses are copies that survive whatever the guest did to the page. A body that can no
 * longer be read leaves the object as it was last seen.
 */
#include "kernel/object.h"

#include "os/assert.h"
#include <string.h>

/* What the list words of a body say while threads wait: whoever initialises the memory anew makes
 * an empty list of them, and so it is noticed. "GRTW" and the number of waits so far. */
#define WAITED_MARK 0x47525457u

static uint32_t bucket_of(grt_addr body)
{
    return (body >> 2) * 0x9E3779B1u >> 16 & (GRT_BODY_BUCKETS - 1);
}

/* NONE if it is no dispatcher object's. */
static grt_object_kind kind_of(uint32_t type_byte)
{
    switch (type_byte) {
    case GRT_TYPE_BYTE_MANUAL_EVENT:
    case GRT_TYPE_BYTE_AUTO_EVENT:
        return GRT_OBJECT_EVENT;
    case GRT_TYPE_BYTE_MUTANT:
        return GRT_OBJECT_MUTANT;
    case GRT_TYPE_BYTE_QUEUE:
        return GRT_OBJECT_QUEUE;
    case GRT_TYPE_BYTE_SEMAPHORE:
        return GRT_OBJECT_SEMAPHORE;
    case GRT_TYPE_BYTE_THREAD:
        return GRT_OBJECT_THREAD;
    case GRT_TYPE_BYTE_MANUAL_TIMER:
    case GRT_TYPE_BYTE_AUTO_TIMER:
        return GRT_OBJECT_TIMER;
    default:
        return GRT_OBJECT_NONE;
    }
}

static bool lets_one_through(uint32_t type_byte)
{
    return type_byte == GRT_TYPE_BYTE_AUTO_EVENT || type_byte == GRT_TYPE_BYTE_AUTO_TIMER;
}

/* ---- the table ------------------------------------------------------------------------------- */

grt_object *grt_object_find_body(const grt_dispatch *dispatch, grt_addr body)
{
    grt_object *object = dispatch->bodies[bucket_of(body)];
    while (object && object->body != body)
        object = object->next_body;
    return object;
}

static void unlist(grt_dispatch *dispatch, grt_object *object)
{
    grt_object **link = &dispatch->bodies[bucket_of(object->body)];
    while (*link != object)
        link = &(*link)->next_body;
    *link = object->next_body;
    object->body = 0;
}

void grt_object_set_body(grt_dispatch *dispatch, grt_object *object, grt_addr body)
{
    if (object->body)
        unlist(dispatch, object);
    if (!body)
        return;
    object->body = body;
    object->next_body = dispatch->bodies[bucket_of(body)];
    dispatch->bodies[bucket_of(body)] = object;
}

/* ---- host and guest in step ------------------------------------------------------------------ */

static bool read_body(const grt_dispatch *dispatch, grt_addr body, uint8_t *bytes, uint32_t size)
{
    return grt_guest_read(dispatch->runtime, bytes, body, size);
}

static bool write_word(const grt_dispatch *dispatch, grt_addr at, uint32_t value)
{
    uint8_t word[4];
    grt_store32(word, value);
    return grt_guest_write(dispatch->runtime, at, word, sizeof word);
}

/* Of these the body says all there is, unless a timer is armed. */
#define SIMPLE (GRT_OBJECT_EVENT | GRT_OBJECT_SEMAPHORE | GRT_OBJECT_TIMER)

/* Objects with more to them than their body says keep their kind. */
static bool can_become(const grt_object *object, grt_object_kind kind)
{
    return object->kind == kind || object->page || object->kind == GRT_OBJECT_THREAD ||
           ((object->kind & SIMPLE) && (kind & SIMPLE) && !object->timer.armed);
}

static void change_kind(grt_object *object, grt_object_kind kind)
{
    if (!object->page && (kind & SIMPLE) && can_become(object, kind))
        object->kind = kind;
}

/* The memory of a mutant or an armed timer is something else now. Who waits for what was there
 * waits on, as on the console; the address belongs to the new object. */
static void leave_body(grt_dispatch *dispatch, grt_object *object)
{
    object->references++;
    grt_object_set_body(dispatch, object, 0);
    grt_timer_cancel(dispatch, object);
    if (object->owner)
        grt_mutant_abandon(dispatch, object);
    grt_object_release(dispatch, object);
}

/* The guest initialised the memory while threads wait for what was there. They go on waiting, for
 * what is there now. */
static void notice_reuse(grt_dispatch *dispatch, grt_object *object, const uint8_t *header)
{
    grt_object_kind kind = kind_of(header[GRT_BODY_TYPE]);
    object->reused = true;
    change_kind(object, kind);
    grt_object_mark_waited(dispatch, object);
}

/* A completion port, whose packets are host memory's. */
static bool is_port(const grt_object *object)
{
    return object->kind == GRT_OBJECT_QUEUE && object->page;
}

void grt_object_load(grt_dispatch *dispatch, grt_object *object)
{
    uint8_t bytes[GRT_BODY_SEMAPHORE_SIZE];
    uint32_t size =
        object->kind == GRT_OBJECT_SEMAPHORE ? GRT_BODY_SEMAPHORE_SIZE : GRT_BODY_HEADER_SIZE;
    if (!object->body || object->kind == GRT_OBJECT_THREAD || is_port(object) ||
        !read_body(dispatch, object->body, bytes, size))
        return;
    if (object->first && grt_load32(bytes + GRT_BODY_LIST) != WAITED_MARK)
        notice_reuse(dispatch, object, bytes);
    if (object->kind == GRT_OBJECT_MUTANT)
        return; /* who owns it is not the guest's to say */
    object->state = (int32_t)grt_load32(bytes + GRT_BODY_STATE);
    object->auto_reset = lets_one_through(bytes[GRT_BODY_TYPE]);
    if (size == GRT_BODY_SEMAPHORE_SIZE)
        object->limit = (int32_t)grt_load32(bytes + GRT_BODY_LIMIT);
}

void grt_object_store(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->body || object->kind == GRT_OBJECT_THREAD)
        return;
    if (!write_word(dispatch, object->body + GRT_BODY_STATE, (uint32_t)object->state)) {
        object->stuck = true;
        grt_object_load(dispatch, object); /* what is there counts, if it can be read */
    }
    if (object->kind != GRT_OBJECT_MUTANT)
        return;
    uint8_t abandoned = object->abandoned;
    grt_guest_write(dispatch->runtime, object->body + GRT_BODY_ABANDONED, &abandoned, 1);
    write_word(dispatch, object->body + GRT_BODY_OWNER, object->owner ? object->owner->kthread : 0);
}

bool grt_object_is_there(const grt_dispatch *dispatch, const grt_object *object)
{
    uint8_t type;
    return !object->body || object->page ||
           (read_body(dispatch, object->body, &type, 1) && kind_of(type) == object->kind);
}

void grt_object_mark_waited(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->body || object->kind == GRT_OBJECT_THREAD)
        return;
    uint8_t links[8];
    grt_addr list = object->body + GRT_BODY_LIST;
    grt_store32(links, object->first ? WAITED_MARK : list);
    grt_store32(links + 4, object->first ? (uint32_t)dispatch->waits : list);
    grt_guest_write(dispatch->runtime, list, links, sizeof links);
}

uint32_t grt_object_count_waiters(const grt_object *object)
{
    uint32_t waiting = 0;
    for (const grt_wait_link *link = object->first; link; link = link->next)
        waiting++;
    return waiting;
}

/* What is known about an address that becomes an object of [kind]; null for nothing. */
static grt_object *still_known(grt_dispatch *dispatch, grt_addr body, grt_object_kind kind)
{
    grt_object *object = grt_object_find_body(dispatch, body);
    if (!object || can_become(object, kind))
        return object;
    leave_body(dispatch, object);
    return NULL;
}

static void start_anew(grt_dispatch *dispatch, grt_object *object, grt_object_kind kind)
{
    object->references++;
    object->timer.dpc = 0;
    change_kind(object, kind);
    if (object->first)
        grt_object_mark_waited(dispatch, object);
    grt_object_load(dispatch, object);
    grt_object_signalled(dispatch, object);
    grt_object_release(dispatch, object);
}

bool grt_object_initialise(grt_dispatch *dispatch, grt_addr body, const uint8_t *bytes,
                           uint32_t size, uint32_t *waiting)
{
    grt_object_kind kind = kind_of(bytes[GRT_BODY_TYPE]);
    grt_object *object = grt_object_find_body(dispatch, body);
    *waiting = object ? grt_object_count_waiters(object) : 0;
    if (object && object->kind == GRT_OBJECT_MUTANT && !object->page)
        leave_body(dispatch, object);
    else if (object)
        grt_timer_cancel(dispatch, object);
    bool written = grt_guest_write(dispatch->runtime, body, bytes, size);
    object = still_known(dispatch, body, kind);
    if (object)
        start_anew(dispatch, object, kind);
    return written;
}

/* ---- adoption -------------------------------------------------------------------------------- */

static grt_object *refuse(grt_handle_trouble *trouble, grt_trouble_kind why, uint32_t status)
{
    trouble->why = why;
    trouble->status = status;
    return NULL;
}

/* The thread at [kthread], which lives at least as long as the lock is held; null for none. */
static grt_thread *find_thread(grt_dispatch *dispatch, grt_addr kthread)
{
    GRT_ASSERT(!dispatch->found);
    dispatch->found = grt_thread_find_kthread(dispatch->runtime, kthread);
    return dispatch->found;
}

static grt_object *adopt_thread(grt_dispatch *dispatch, grt_addr body, grt_handle_trouble *trouble)
{
    grt_thread *thread = find_thread(dispatch, body);
    if (!thread)
        return refuse(trouble, GRT_TROUBLE_NO_OBJECT, GRT_NT_INVALID_PARAMETER);
    grt_object *object = grt_object_of_thread(dispatch, thread);
    return object ? object : refuse(trouble, GRT_TROUBLE_NO_MEMORY, GRT_NT_INSUFFICIENT_RESOURCES);
}

/* A mutant that came into being owned, by inlined code. */
static void adopt_owner(grt_dispatch *dispatch, grt_object *mutant, const uint8_t *bytes)
{
    bool owned = (int32_t)grt_load32(bytes + GRT_BODY_STATE) <= 0;
    grt_thread *owner = owned ? find_thread(dispatch, grt_load32(bytes + GRT_BODY_OWNER)) : NULL;
    mutant->state = 1;
    mutant->abandoned = bytes[GRT_BODY_ABANDONED] != 0;
    if (owner && !owner->kernel.ended)
        grt_mutant_take(dispatch, mutant, owner);
}

static grt_object *adopt(grt_dispatch *dispatch, grt_addr body, const uint8_t *bytes,
                         grt_handle_trouble *trouble)
{
    grt_object_kind kind = kind_of(bytes[GRT_BODY_TYPE]);
    trouble->type_byte = bytes[GRT_BODY_TYPE];
    if (kind == GRT_OBJECT_NONE)
        return refuse(trouble, GRT_TROUBLE_NO_OBJECT, GRT_NT_INVALID_PARAMETER);
    if (kind == GRT_OBJECT_THREAD)
        return adopt_thread(dispatch, body, trouble);
    grt_object *object = grt_object_create(dispatch, kind, NULL);
    if (!object)
        return refuse(trouble, GRT_TROUBLE_NO_MEMORY, GRT_NT_INSUFFICIENT_RESOURCES);
    grt_object_set_body(dispatch, object, body);
    grt_object_load(dispatch, object);
    if (kind == GRT_OBJECT_MUTANT)
        adopt_owner(dispatch, object, bytes);
    return object;
}

/* Only mutants have anything behind the header that adoption asks for; others may end at a page. */
static bool read_for_adoption(const grt_dispatch *dispatch, grt_addr body, uint8_t *bytes)
{
    memset(bytes, 0, GRT_BODY_MUTANT_SIZE);
    return read_body(dispatch, body, bytes, GRT_BODY_HEADER_SIZE) &&
           (bytes[GRT_BODY_TYPE] != GRT_TYPE_BYTE_MUTANT ||
            read_body(dispatch, body, bytes, GRT_BODY_MUTANT_SIZE));
}

/* A body of the runtime's own is an object whatever the guest wrote into it. */
static grt_object *made_here(grt_dispatch *dispatch, grt_addr body)
{
    grt_object *object = grt_object_find_body(dispatch, body);
    return object && object->page ? object : NULL;
}

static grt_object *known_or_adopted(grt_dispatch *dispatch, grt_addr body, const uint8_t *bytes,
                                    grt_handle_trouble *trouble)
{
    grt_object_kind kind = kind_of(bytes[GRT_BODY_TYPE]);
    grt_object *object =
        kind == GRT_OBJECT_NONE ? made_here(dispatch, body) : still_known(dispatch, body, kind);
    if (!object)
        return adopt(dispatch, body, bytes, trouble);
    object->references++;
    grt_object_load(dispatch, object);
    return object;
}

grt_object *grt_object_at(grt_dispatch *dispatch, grt_addr address, uint32_t kinds,
                          grt_handle_trouble *trouble)
{
    uint8_t bytes[GRT_BODY_MUTANT_SIZE];
    *trouble = (grt_handle_trouble){.handle = address};
    grt_dispatch_lock(dispatch);
    grt_object *object = read_for_adoption(dispatch, address, bytes)
                             ? known_or_adopted(dispatch, address, bytes, trouble)
                             : refuse(trouble, GRT_TROUBLE_UNREADABLE, GRT_NT_ACCESS_VIOLATION);
    if (object && !(object->kind & kinds)) {
        trouble->found = object->kind;
        grt_object_release(dispatch, object);
        object = refuse(trouble, GRT_TROUBLE_WRONG_KIND, GRT_NT_OBJECT_TYPE_MISMATCH);
    }
    return object;
}
