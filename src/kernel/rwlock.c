/* rwlock.c - reader-writer locks: who is in, who waits, who is next. */
#include "kernel/rwlock.h"

#include "diag/log.h"
#include "kernel/state.h"

/* Offsets in ERWLOCK. The words up to the event are the state, the objects are the console's way to
 * wait and only initialised here. */
#define LOCK_EVENT     0x10u
#define LOCK_SEMAPHORE 0x20u
#define COUNT_FREE     0xFFFFFFFFu

/* The lines of those who wait. */
enum { READERS = 0, WRITERS = 1 };

/* ---- records; the shard's lock is held ----------------------------------------------------- */

static grt_rwlock_shard *shard_of(struct grt_kernel *kernel, grt_addr address)
{
    uint32_t hash = address * 2654435761u;
    return &kernel->rwlocks.shards[hash >> 26];
}

static grt_rwlock **link_of(grt_rwlock_shard *shard, grt_addr address)
{
    grt_rwlock **link = &shard->locks;
    while (*link && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

/* The record of a lock, made if there is none; null without host memory. */
static grt_rwlock *record_of(grt_rwlock_shard *shard, grt_addr address)
{
    grt_rwlock *lock = *link_of(shard, address);
    if (lock)
        return lock;
    lock = shard->spare;
    if (lock)
        shard->spare = lock->next;
    else
        lock = os_alloc(sizeof *lock);
    if (!lock)
        return NULL;
    lock->next = shard->locks; /* the rest is as it was made, or as the last one left it: empty */
    lock->address = address;
    shard->locks = lock;
    return lock;
}

static bool is_free(const grt_rwlock *lock)
{
    return lock->writer.thread_id == 0 && lock->readers_in == 0;
}

static bool anybody_waits(const grt_rwlock *lock)
{
    return lock->waiting[READERS].first || lock->waiting[WRITERS].first;
}

static void drop_if_idle(grt_rwlock_shard *shard, grt_rwlock *lock)
{
    if (!is_free(lock) || anybody_waits(lock))
        return;
    *link_of(shard, lock->address) = lock->next;
    lock->next = shard->spare;
    shard->spare = lock;
}

/* ---- turns; the shard's lock is held ------------------------------------------------------- */

/* lock_count, then who waits and who is in, as the console counts: lock_count is how many threads
 * came and have not left, less one. */
static bool show(grt_call *call, const grt_rwlock *lock)
{
    uint8_t words[LOCK_EVENT];
    uint32_t in = lock->writer.thread_id != 0 ? 1 : lock->readers_in;
    grt_store32(words, in + lock->waiting[READERS].count + lock->waiting[WRITERS].count - 1);
    grt_store32(words + 4, lock->waiting[WRITERS].count);
    grt_store32(words + 8, lock->waiting[READERS].count);
    grt_store32(words + 12, lock->readers_in);
    return grt_guest_write(call->runtime, lock->address, words, sizeof words);
}

static bool may_enter(const grt_rwlock *lock, bool writer)
{
    if (is_free(lock))
        return true;
    return !writer && lock->readers_in > 0 && lock->waiting[WRITERS].count == 0;
}

static void enter(grt_rwlock *lock, bool writer, const grt_thread *thread)
{
    if (writer) {
        lock->writer = (grt_holder){thread->id, thread->kthread};
        return;
    }
    lock->readers_in++;
    grt_holders_add(&lock->readers, thread->id, thread->kthread);
}

/* One reader less on the list: [thread], or one that is not listed. */
static void forget_reader(grt_rwlock *lock, const grt_thread *thread)
{
    grt_holders *readers = &lock->readers;
    uint32_t i = readers->count;
    while (i > 0 && readers->list[i - 1].thread_id != thread->id)
        i--;
    if (i > 0)
        readers->list[i - 1] = readers->list[--readers->count];
    else if (readers->count > lock->readers_in)
        lock->strangers = true;
}

static void empty(grt_rwlock *lock)
{
    lock->writer = (grt_holder){0, 0};
    lock->readers_in = 0;
    lock->readers.count = 0;
    lock->strangers = false;
}

static void join(grt_rwlock *lock, grt_rwlock_waiter *waiter)
{
    grt_rwlock_line *line = &lock->waiting[waiter->writer];
    waiter->previous = line->last;
    *(line->last ? &line->last->next : &line->first) = waiter;
    line->last = waiter;
    line->count++;
}

static void part(grt_rwlock *lock, grt_rwlock_waiter *waiter)
{
    grt_rwlock_line *line = &lock->waiting[waiter->writer];
    *(waiter->previous ? &waiter->previous->next : &line->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &line->last) = waiter->previous;
    line->count--;
}

static void let_in(grt_rwlock *lock, grt_rwlock_waiter *waiter)
{
    part(lock, waiter);
    enter(lock, waiter->writer, waiter->thread);
    waiter->granted = true;
    grt_thread_unpark(waiter->thread);
}

/* Nobody is in any more: whose turn is it? */
static void let_next_in(grt_rwlock *lock, bool writer_left)
{
    bool readers_turn = writer_left || lock->waiting[WRITERS].count == 0;
    while (readers_turn && lock->waiting[READERS].count > 0)
        let_in(lock, lock->waiting[READERS].first);
    if (is_free(lock) && lock->waiting[WRITERS].count > 0)
        let_in(lock, lock->waiting[WRITERS].first);
}

/* [thread] lets one out, mostly itself; if that was all, the next are let in. */
static void leave(grt_rwlock *lock, const grt_thread *thread)
{
    bool writer = lock->writer.thread_id != 0;
    if (!writer) {
        lock->readers_in--;
        forget_reader(lock, thread);
    }
    if (!writer && lock->readers_in > 0)
        return;
    empty(lock);
    let_next_in(lock, writer);
}

/* ---- what the exports do ------------------------------------------------------------------- */

typedef enum answer { ENTERED, ENTERED_RAW, BUSY, NO_MEMORY, NO_ACCESS } answer;

/* Nobody is in, but the words say otherwise: on the console the lock would be taken for ever. */
static bool looks_raw(grt_call *call, const grt_rwlock *lock)
{
    uint8_t word[4];
    return is_free(lock) && grt_guest_read(call->runtime, word, lock->address, sizeof word) &&
           grt_load32(word) != COUNT_FREE;
}

static answer try_locked(grt_call *call, grt_rwlock_shard *shard, grt_addr address, bool writer)
{
    grt_rwlock *lock = record_of(shard, address);
    if (!lock)
        return NO_MEMORY;
    if (!may_enter(lock, writer))
        return BUSY;
    bool raw = looks_raw(call, lock);
    enter(lock, writer, call->thread);
    if (show(call, lock))
        return raw ? ENTERED_RAW : ENTERED;
    leave(lock, call->thread);
    drop_if_idle(shard, lock);
    return NO_ACCESS;
}

static bool report(grt_call *call, grt_addr address, answer result)
{
    if (result == NO_MEMORY)
        grt_call_complain(call, "no host memory for the record of lock 0x%08X", (unsigned)address);
    else if (result == NO_ACCESS)
        grt_call_complain(call, "lock leads to 0x%08X, which cannot be written", (unsigned)address);
    else if (result == ENTERED_RAW)
        grt_call_complain(call,
                          "lock 0x%08X was never initialised, or overwritten, and is taken as free",
                          (unsigned)address);
    return result == ENTERED || result == ENTERED_RAW;
}

bool grt_rwlock_try(grt_call *call, grt_addr address, bool writer)
{
    grt_rwlock_shard *shard = shard_of(call->kernel, address);
    os_mutex_lock(&shard->lock);
    answer result = try_locked(call, shard, address, writer);
    os_mutex_unlock(&shard->lock);
    return report(call, address, result);
}

/* Who has to get out first: whoever is in, also for a reader that waits behind a writer. */
static void holders(grt_runtime *runtime, const grt_blocked *blocked, grt_holders *holders)
{
    const grt_rwlock_waiter *waiter = blocked->waiter;
    grt_rwlock_shard *shard = shard_of(runtime->kernel, blocked->lock);
    os_mutex_lock(&shard->lock);
    const grt_rwlock *lock = waiter->granted ? NULL : *link_of(shard, blocked->lock);
    if (lock && lock->writer.thread_id != 0)
        grt_holders_add(holders, lock->writer.thread_id, lock->writer.kthread);
    else if (lock && !lock->strangers)
        *holders = lock->readers;
    os_mutex_unlock(&shard->lock);
}

static const grt_lock_kind reader_kind = {holders, NULL, "as a reader for lock", "is in"};
static const grt_lock_kind writer_kind = {holders, NULL, "as a writer for lock", "is in"};

/* Linked: sleeps until somebody lets it in, or the thread is asked to stop. */
static void sleep_until_in(grt_thread *thread, grt_rwlock_shard *shard, grt_rwlock *lock,
                           grt_rwlock_waiter *waiter)
{
    os_mutex_lock(&shard->lock);
    while (!waiter->granted && !atomic_load(&thread->stop_requested)) {
        uint32_t token = grt_thread_park_begin(thread);
        os_mutex_unlock(&shard->lock);
        grt_thread_park(thread, token, UINT64_MAX);
        os_mutex_lock(&shard->lock);
    }
    if (!waiter->granted) {
        part(lock, waiter);
        drop_if_idle(shard, lock);
    }
    os_mutex_unlock(&shard->lock);
}

static void wait_until_in(grt_call *call, grt_addr address, grt_rwlock *lock,
                          grt_rwlock_waiter *waiter)
{
    grt_blocked blocked = {.thread = call->thread,
                           .kind = waiter->writer ? &writer_kind : &reader_kind,
                           .waiter = waiter,
                           .lock = address,
                           .call_site = call->call_site};
    grt_deadlock_enter(&blocked);
    sleep_until_in(call->thread, shard_of(call->kernel, address), lock, waiter);
    grt_deadlock_leave(&blocked);
    grt_thread_check_stop(call->thread);
}

void grt_rwlock_acquire(grt_call *call, grt_addr address, bool writer)
{
    grt_rwlock_shard *shard = shard_of(call->kernel, address);
    grt_rwlock_waiter waiter = {.thread = call->thread, .writer = writer};
    os_mutex_lock(&shard->lock);
    answer result = try_locked(call, shard, address, writer);
    grt_rwlock *lock = result == BUSY ? *link_of(shard, address) : NULL; /* while it is linked */
    if (lock) {
        join(lock, &waiter);
        show(call, lock);
    }
    os_mutex_unlock(&shard->lock);
    if (lock)
        wait_until_in(call, address, lock, &waiter);
    else
        report(call, address, result);
}

void grt_rwlock_release(grt_call *call, grt_addr address)
{
    grt_rwlock_shard *shard = shard_of(call->kernel, address);
    os_mutex_lock(&shard->lock);
    grt_rwlock *lock = *link_of(shard, address);
    bool nobody = !lock || is_free(lock);
    uint32_t writer = nobody ? 0 : lock->writer.thread_id;
    if (!nobody) {
        leave(lock, call->thread);
        show(call, lock);
        drop_if_idle(shard, lock);
    }
    os_mutex_unlock(&shard->lock);
    if (nobody)
        grt_call_complain(call, "nobody is in lock 0x%08X", (unsigned)address);
    else if (writer != 0 && writer != call->thread->id)
        grt_call_complain(call, "lock 0x%08X was thread %u's, and is released all the same",
                          (unsigned)address, (unsigned)writer);
}

/* ---- initialising -------------------------------------------------------------------------- */

/* Whoever is in is out; whoever waits gets in as after a writer. */
static bool reset(grt_rwlock *lock)
{
    bool busy = !is_free(lock) || anybody_waits(lock);
    empty(lock);
    let_next_in(lock, true);
    return busy;
}

void grt_rwlock_initialise(grt_call *call, grt_addr address)
{
    uint8_t bytes[GRT_RWLOCK_SIZE] = {0};
    grt_store32(bytes, COUNT_FREE);
    grt_body_fill_header(bytes + LOCK_EVENT, address + LOCK_EVENT, GRT_TYPE_BYTE_AUTO_EVENT);
    grt_body_fill_header(bytes + LOCK_SEMAPHORE, address + LOCK_SEMAPHORE, GRT_TYPE_BYTE_SEMAPHORE);
    grt_store32(bytes + LOCK_SEMAPHORE + GRT_BODY_LIMIT, INT32_MAX);
    if (!grt_call_write(call, address, bytes, sizeof bytes, "lock"))
        return;
    grt_rwlock_shard *shard = shard_of(call->kernel, address);
    os_mutex_lock(&shard->lock);
    grt_rwlock *lock = *link_of(shard, address);
    bool busy = lock && reset(lock);
    if (lock) {
        show(call, lock);
        drop_if_idle(shard, lock);
    }
    os_mutex_unlock(&shard->lock);
    if (busy)
        grt_call_complain(call, "lock 0x%08X is initialised while threads are in or wait",
                          (unsigned)address);
}

/* ---- the end ------------------------------------------------------------------------------- */

void grt_rwlock_thread_ended(grt_runtime *runtime, const grt_thread *thread)
{
    uint32_t count = 0;
    grt_addr one = 0;
    for (uint32_t i = 0; i < GRT_RWLOCK_SHARDS; i++) {
        grt_rwlock_shard *shard = &runtime->kernel->rwlocks.shards[i];
        os_mutex_lock(&shard->lock);
        for (const grt_rwlock *lock = shard->locks; lock; lock = lock->next) {
            if (lock->writer.thread_id != thread->id)
                continue;
            count++;
            one = lock->address;
        }
        os_mutex_unlock(&shard->lock);
    }
    if (count > 0 && !atomic_load(&runtime->stopping))
        grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                     "thread id %08X ended as the writer in %u reader-writer lock%s, among them "
                     "0x%08X",
                     (unsigned)thread->id, (unsigned)count, count == 1 ? "" : "s", (unsigned)one);
}

static void free_list(grt_rwlock *lock)
{
    while (lock) {
        grt_rwlock *next = lock->next;
        os_free(lock);
        lock = next;
    }
}

void grt_rwlocks_destroy(grt_rwlocks *locks)
{
    for (uint32_t i = 0; i < GRT_RWLOCK_SHARDS; i++) {
        free_list(locks->shards[i].locks);
        free_list(locks->shards[i].spare);
        locks->shards[i] = (grt_rwlock_shard){0};
    }
}
