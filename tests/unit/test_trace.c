/* Allocation traces: what is written is read, in order; what is damaged is named. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag/trace_format.h"
#include "guestrt/trace.h"
#include "os/os_inject.h"

enum { FILE_MAX = 64 << 20 };

/* ---- a trace from its writer ------------------------------------------------------------------
 */

typedef struct fixture {
    char directory[64];
    char path[96];
    grt_trace_writer *writer;
    grt_trace_stream stream;
    uint8_t *bytes;
    size_t size;
    grt_trace_reader *reader;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->directory, "/tmp/guestrt-trace-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/t", f->directory);
    grt_trace_config config = grt_trace_config_default();
    config.path = f->path;
    config.program = "test";
    config.process = 42;
    int host_errno;
    assert_int_equal(grt_trace_writer_create(&config, &f->writer, &host_errno), GRT_OK);
    grt_trace_stream_open(f->writer, &f->stream);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    grt_trace_reader_destroy(f->reader);
    grt_trace_stream_close(&f->stream);
    grt_trace_writer_destroy(f->writer);
    unlink(f->path);
    rmdir(f->directory);
    free(f->bytes);
    free(f);
    return 0;
}

static void load(fixture *f)
{
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    f->bytes = realloc(f->bytes, FILE_MAX);
    f->size = fread(f->bytes, 1, FILE_MAX, file);
    fclose(file);
    char error[256];
    grt_trace_reader_destroy(f->reader);
    grt_status status = grt_trace_reader_create(f->bytes, f->size, &f->reader, error, sizeof error);
    assert_string_equal(error, "");
    assert_int_equal(status, GRT_OK);
}

static void write_record(fixture *f, grt_trace_record record)
{
    record.sequence = grt_trace_sequence(f->writer);
    if (record.op == GRT_TRACE_REALLOC) {
        record.sequence_end = grt_trace_sequence(f->writer);
    }
    assert_int_equal(grt_trace_write(&f->stream, &record), 0);
}

static grt_trace_event next(fixture *f)
{
    grt_trace_event event;
    grt_trace_step step = grt_trace_next(f->reader, &event);
    assert_string_equal(grt_trace_reader_error(f->reader), "");
    assert_int_equal(step, GRT_TRACE_EVENT);
    return event;
}

static void expect_end(fixture *f, uint64_t left_out)
{
    grt_trace_event event;
    assert_int_equal(grt_trace_next(f->reader, &event), GRT_TRACE_END);
    assert_int_equal(grt_trace_next(f->reader, &event), GRT_TRACE_END);
    assert_int_equal(grt_trace_left_out(f->reader), left_out);
}

static void write_one_of_each(fixture *f)
{
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = 100, .block = 0x20000});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ZEROED, .size = 0, .block = 0xFFFFFFF0});
    write_record(f, (grt_trace_record){
                        .op = GRT_TRACE_ALIGNED, .size = 7, .alignment = 0x1000000, .block = 16});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = UINT32_MAX, .failed = true});
    write_record(f,
                 (grt_trace_record){
                     .op = GRT_TRACE_REALLOC, .size = 300, .block = 0x20000, .moved_to = 0x20100});
    write_record(f,
                 (grt_trace_record){
                     .op = GRT_TRACE_REALLOC, .size = 1u << 31, .block = 0x20100, .failed = true});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_REALLOC,
                                       .size = 5,
                                       .block = 0x20105,
                                       .failed = true,
                                       .bad_block = true});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = 0x20100});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = 0x20100, .bad_block = true});
}

static void expect_event(fixture *f, grt_trace_event wanted)
{
    grt_trace_event event = next(f);
    assert_int_equal(event.op, wanted.op);
    assert_int_equal(event.thread, 1);
    assert_int_equal(event.sequence, wanted.sequence);
    assert_int_equal(event.size, wanted.size);
    assert_int_equal(event.alignment, wanted.alignment);
    assert_int_equal(event.block, wanted.block);
    assert_int_equal(event.slot, wanted.slot);
    assert_int_equal(event.failed, wanted.failed);
    assert_int_equal(event.bad_block, wanted.bad_block);
}

static void expect_one_of_each(fixture *f)
{
    const uint32_t none = GRT_TRACE_NO_SLOT;
    expect_event(f, (grt_trace_event){GRT_TRACE_ALLOC, 1, 1, 100, 0, 0x20000, 0, false, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_ZEROED, 1, 2, 0, 0, 0xFFFFFFF0, 1, false, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_ALIGNED, 1, 3, 7, 0x1000000, 16, 2, false, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_ALLOC, 1, 4, UINT32_MAX, 0, 0, none, true, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_REALLOC, 1, 6, 300, 0, 0x20100, 0, false, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_REALLOC, 1, 8, 1u << 31, 0, 0, 0, true, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_REALLOC, 1, 10, 5, 0, 0, none, true, true});
    expect_event(f, (grt_trace_event){GRT_TRACE_FREE, 1, 11, 0, 0, 0x20100, 0, false, false});
    expect_event(f, (grt_trace_event){GRT_TRACE_FREE, 1, 12, 0, 0, 0x20100, none, false, true});
    expect_end(f, 0);
}

static void test_what_is_written_is_read(void **state)
{
    fixture *f = *state;
    write_one_of_each(f);
    load(f);
    grt_trace_info info;
    grt_trace_reader_info(f->reader, &info);
    assert_string_equal(info.program, "test");
    assert_int_equal(info.process, 42);
    assert_int_equal(info.threads, 1);
    expect_one_of_each(f);
    grt_trace_rewind(f->reader);
    expect_one_of_each(f);
}

static void test_an_empty_trace(void **state)
{
    fixture *f = *state;
    load(f);
    expect_end(f, 0);
}

/* Also the largest file that one stream makes piece by piece, and one whose piece was given back.
 */
static void test_many_records(void **state)
{
    fixture *f = *state;
    enum { COUNT = 400000 };
    for (uint32_t i = 0; i < COUNT; i++) {
        write_record(
            f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = i, .block = (i % 7 + 1) << 16});
        write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = (i % 7 + 1) << 16});
        if (i % 100000 == 0) {
            grt_trace_stream_close(&f->stream);
        }
    }
    load(f);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(next(f).size, i);
        assert_int_equal(next(f).slot, 0);
    }
    expect_end(f, 0);
}

static void test_slots_are_dense(void **state)
{
    fixture *f = *state;
    enum { LIVE = 5000 };
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= LIVE; i++) {
            write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = i, .block = i * 16});
        }
        for (uint32_t i = 1; i <= LIVE; i++) {
            uint32_t block = (i * 17 % LIVE + 1) * 16; /* in another order */
            write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = block});
        }
    }
    load(f);
    static uint32_t slot_of[LIVE + 1];
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= LIVE; i++) {
            slot_of[i] = next(f).slot;
            assert_true(slot_of[i] < LIVE);
        }
        for (uint32_t i = 1; i <= LIVE; i++) {
            grt_trace_event event = next(f);
            assert_int_equal(event.slot, slot_of[event.block / 16]);
        }
    }
    expect_end(f, 0);
}

/* A number that was taken but never written: what follows may depend on it. */
static void test_records_behind_a_missing_one_are_left_out(void **state)
{
    fixture *f = *state;
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = 1, .block = 0x20000});
    (void)grt_trace_sequence(f->writer);
    write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = 0x30000});
    write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = 0x20000});
    load(f);
    assert_int_equal(next(f).size, 1);
    expect_end(f, 2);
}

/* The block that a realloc leaves may be another thread's before the realloc has returned. */
static void test_a_moving_block_is_nobodys_in_between(void **state)
{
    fixture *f = *state;
    grt_trace_stream other;
    grt_trace_stream_open(f->writer, &other);
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = 1, .block = 0x20000});
    grt_trace_record moves = {.op = GRT_TRACE_REALLOC, .block = 0x20000, .moved_to = 0x30000};
    grt_trace_record takes = {.op = GRT_TRACE_ALLOC, .size = 2, .block = 0x20000};
    moves.sequence = grt_trace_sequence(f->writer);
    takes.sequence = grt_trace_sequence(f->writer);
    moves.sequence_end = grt_trace_sequence(f->writer);
    assert_int_equal(grt_trace_write(&f->stream, &moves), 0);
    assert_int_equal(grt_trace_write(&other, &takes), 0);
    load(f);
    assert_int_equal(next(f).slot, 0);
    assert_int_equal(next(f).slot, 1);
    grt_trace_event event = next(f);
    assert_int_equal(event.op, GRT_TRACE_REALLOC);
    assert_int_equal(event.slot, 0);
    expect_end(f, 0);
    grt_trace_stream_close(&other);
}

/* ---- threads ----------------------------------------------------------------------------------
 */

enum { THREADS = 4, CALLS = 20000 };

typedef struct shared {
    fixture *f;
    pthread_mutex_t lock;
    grt_addr unused[THREADS * 8]; /* a heap of a few blocks that all threads share */
    unsigned count;
} shared;

static grt_addr take_block(shared *all)
{
    pthread_mutex_lock(&all->lock);
    grt_addr block = all->unused[--all->count];
    pthread_mutex_unlock(&all->lock);
    return block;
}

static void give_block(shared *all, grt_addr block)
{
    pthread_mutex_lock(&all->lock);
    all->unused[all->count++] = block;
    pthread_mutex_unlock(&all->lock);
}

static void *record_calls(void *user)
{
    shared *all = user;
    grt_trace_stream stream;
    grt_trace_stream_open(all->f->writer, &stream);
    for (int i = 0; i < CALLS; i++) {
        grt_trace_record record = {.op = GRT_TRACE_ALLOC, .size = stream.thread};
        record.block = take_block(all);
        record.sequence = grt_trace_sequence(all->f->writer);
        grt_trace_write(&stream, &record);
        record.op = GRT_TRACE_FREE;
        record.sequence = grt_trace_sequence(all->f->writer);
        give_block(all, record.block);
        grt_trace_write(&stream, &record);
    }
    grt_trace_stream_close(&stream);
    return NULL;
}

/* The reader would notice a block that is served twice or freed before it is there. */
static void test_threads_come_into_one_order(void **state)
{
    shared all = {.f = *state, .lock = PTHREAD_MUTEX_INITIALIZER, .count = THREADS};
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        all.unused[i] = (i + 1) * 0x1000;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, record_calls, &all);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    load(all.f);
    uint32_t calls_of[THREADS + 2] = {0};
    for (uint64_t i = 1; i <= THREADS * CALLS * 2; i++) {
        grt_trace_event event = next(all.f);
        assert_int_equal(event.sequence, i);
        assert_true(event.slot < THREADS && event.thread < THREADS + 2);
        calls_of[event.thread]++;
    }
    expect_end(all.f, 0);
    for (uint32_t i = 2; i < THREADS + 2; i++) {
        assert_int_equal(calls_of[i], CALLS * 2);
    }
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void test_a_file_that_cannot_grow(void **state)
{
    fixture *f = *state;
    write_record(f, (grt_trace_record){.op = GRT_TRACE_ALLOC, .size = 1, .block = 0x20000});
    grt_trace_stream other, third;
    grt_trace_stream_open(f->writer, &other);
    grt_trace_stream_open(f->writer, &third);
    grt_trace_record record = {.op = GRT_TRACE_ALLOC, .size = 2, .block = 0x30000};
    record.sequence = grt_trace_sequence(f->writer);
    os_inject_failure(1, true);
    assert_int_equal(grt_trace_write(&other, &record), ENOSPC);
    assert_int_equal(grt_trace_write(&other, &record), 0); /* it was said */
    assert_int_equal(grt_trace_write(&third, &record), 0);
    os_inject_failure(0, false);
    write_record(f, (grt_trace_record){.op = GRT_TRACE_FREE, .block = 0x20000}); /* has ended */
    load(f);
    assert_int_equal(next(f).size, 1);
    expect_end(f, 0);
}

static void test_a_replaced_file_is_left_alone(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    FILE *other = fopen(f->path, "w");
    fclose(other);
    grt_trace_record record = {.op = GRT_TRACE_FREE, .sequence = 1, .block = 0x20000};
    assert_int_equal(grt_trace_write(&f->stream, &record), ESTALE);
    other = fopen(f->path, "r");
    assert_int_equal(fgetc(other), EOF);
    fclose(other);
}

static void expect_refused(const char *path, int wanted)
{
    grt_trace_config config = grt_trace_config_default();
    grt_trace_writer *writer;
    int host_errno;
    config.path = path;
    assert_int_equal(grt_trace_writer_create(&config, &writer, &host_errno), GRT_NOT_SUPPORTED);
    assert_int_equal(host_errno, wanted);
    assert_null(writer);
}

static void test_what_cannot_be_written(void **state)
{
    (void)state;
    grt_trace_config config = grt_trace_config_default();
    grt_trace_writer *writer;
    int host_errno;
    assert_int_equal(grt_trace_writer_create(&config, &writer, &host_errno), GRT_INVALID_ARGUMENT);
    config.path = "x";
    config.size++;
    assert_int_equal(grt_trace_writer_create(&config, &writer, &host_errno), GRT_INVALID_ARGUMENT);
    expect_refused("/no/such/directory/t", ENOENT);
    expect_refused("/dev/full", ENOTSUP);
    expect_refused("/tmp", EISDIR);
    static char long_path[8192];
    memset(long_path, 'x', sizeof long_path - 1);
    expect_refused(long_path, ENAMETOOLONG);
}

static void test_no_host_memory(void **state)
{
    fixture *f = *state;
    write_one_of_each(f);
    load(f);
    char error[256];
    unsigned nth = 0;
    grt_status status;
    do { /* of creating a reader */
        grt_trace_reader *reader;
        os_inject_failure(++nth, false);
        status = grt_trace_reader_create(f->bytes, f->size, &reader, error, sizeof error);
        grt_trace_reader_destroy(reader);
        assert_true(status == GRT_OK || status == GRT_NO_HOST_MEMORY);
    } while (os_inject_fired() != 0);
    assert_true(nth > 4);
    os_inject_failure(1, true); /* of the table of live blocks */
    grt_trace_event event;
    assert_int_equal(grt_trace_next(f->reader, &event), GRT_TRACE_BAD);
    os_inject_failure(0, false);
    assert_non_null(strstr(grt_trace_reader_error(f->reader), "no memory"));
}

/* ---- damage: traces made by hand ------------------------------------------------------------- */

typedef struct by_hand {
    uint8_t file[4 * TRACE_PAGE];
    size_t size;
} by_hand;

static trace_chunk_head *chunk_at(by_hand *trace, size_t page)
{
    return (trace_chunk_head *)(void *)(trace->file + page * TRACE_PAGE);
}

static void make_by_hand(by_hand *trace, const char *first, size_t first_size, const char *second,
                         size_t second_size)
{
    memset(trace, 0, sizeof *trace);
    trace_head head = {TRACE_MAGIC, GRT_TRACE_VERSION, TRACE_ORDER, 0, 0, "hand", {0}};
    trace_chunk_head one = {TRACE_CHUNK_MAGIC, TRACE_PAGE, 1, 0, 0};
    trace_chunk_head two = {TRACE_CHUNK_MAGIC, TRACE_PAGE, 2, 0, 0};
    memcpy(trace->file, &head, sizeof head);
    memcpy(chunk_at(trace, 1), &one, sizeof one);
    memcpy(chunk_at(trace, 1) + 1, first, first_size);
    memcpy(chunk_at(trace, 2), &two, sizeof two);
    memcpy(chunk_at(trace, 2) + 1, second, second_size);
    trace->size = 3 * TRACE_PAGE;
}

/* Reads to the end; the first error, or "" */
static const char *read_by_hand(const by_hand *trace)
{
    static char error[256];
    grt_trace_reader *reader;
    grt_trace_event event;
    grt_status status =
        grt_trace_reader_create(trace->file, trace->size, &reader, error, sizeof error);
    assert_int_equal(status == GRT_OK, error[0] == '\0');
    if (status != GRT_OK) {
        assert_int_equal(status, GRT_INVALID_ARGUMENT);
        assert_null(reader);
        return error;
    }
    while (grt_trace_next(reader, &event) == GRT_TRACE_EVENT) {
    }
    snprintf(error, sizeof error, "%s", grt_trace_reader_error(reader));
    grt_trace_reader_destroy(reader);
    return error;
}

typedef struct damage {
    const char *first; /* the records of two threads */
    size_t first_size;
    const char *second;
    size_t second_size;
    const char *error;
} damage;

#define RECORDS(text) "" text, sizeof text - 1

/* Block 16 is a difference of +1: 2 as zigzag. The first record is at byte 4120. */
static const damage damages[] = {
    {RECORDS("\1\1\5\2"), RECORDS("\5\1\2"), ""},
    {RECORDS("\1\1\5\2"), RECORDS("\5\1\4"),
     "byte 8216: free of block 0x00000020, which is unknown"},
    {RECORDS("\1\1\5\2"), RECORDS("\4\1\5\4\1\2"),
     "byte 8216: realloc of block 0x00000020, which is unknown"},
    {RECORDS("\1\1\5\2\1\1\5\0"), RECORDS(""),
     "byte 4124: block 0x00000010 is returned while it is live"},
    {RECORDS("\1\1\5\2"), RECORDS("\1\1\5\4"), "byte 8216: sequence number 1 is there twice"},
    {RECORDS("\1\0\5\2"), RECORDS(""), "byte 4121: a sequence number that does not grow"},
    {RECORDS("\7\1\5\2"), RECORDS(""), "byte 4120: no record begins with 0x07"},
    {RECORDS("\x41\1\5\2"), RECORDS(""), "byte 4120: no record begins with 0x41"},
    {RECORDS("\x11\1\5\2"), RECORDS(""), "byte 4120: no record begins with 0x11"},
    {RECORDS("\x14\1\5\2\1\2"), RECORDS(""), "byte 4120: no record begins with 0x14"},
    {RECORDS("\x0D\1\2"), RECORDS(""), "byte 4120: no record begins with 0x0D"},
    {RECORDS("\1\1\x80\x80\x80\x80\x10\2"), RECORDS(""),
     "byte 4122: a size of 4294967296 bytes, which is beyond 32 bits"},
    {RECORDS("\1\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\2"), RECORDS(""),
     "byte 4122: a number of more than 64 bits"},
    {RECORDS("\1\1\5\0"), RECORDS(""), "byte 4123: a block outside of 32-bit addresses"},
    {RECORDS("\1\1\5\1"), RECORDS(""), "byte 4123: a block outside of 32-bit addresses"},
    {RECORDS("\1\1\5\x80\x80\x80\x80\2"), RECORDS(""),
     "byte 4123: a block outside of 32-bit addresses"},
    {RECORDS("\1\1\5\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1"), RECORDS(""),
     "byte 4123: a block outside of 32-bit addresses"},
    {RECORDS("\3\1\x20\5\2"), RECORDS(""), "byte 4122: an alignment of 2 to the power of 32"},
    {RECORDS("\x15\1\x80\x80\x80\x80\x10"), RECORDS(""), "byte 4122: a block beyond 32 bits"},
};

static void test_damaged_records_are_named(void **state)
{
    (void)state;
    by_hand trace;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        const damage *d = &damages[i];
        make_by_hand(&trace, d->first, d->first_size, d->second, d->second_size);
        if (d->second_size > 0 && strcmp(d->second, "\1\1\5\4") != 0) {
            chunk_at(&trace, 2)->base = 0; /* its first record is number 2 */
            ((uint8_t *)(chunk_at(&trace, 2) + 1))[1] = 2;
        }
        assert_string_equal(read_by_hand(&trace), d->error);
    }
}

static void test_a_record_that_the_chunk_cuts(void **state)
{
    (void)state;
    by_hand trace;
    make_by_hand(&trace, RECORDS(""), RECORDS(""));
    uint8_t *at = (uint8_t *)(chunk_at(&trace, 1) + 1), *end = trace.file + 2 * TRACE_PAGE;
    for (; at + 3 < end - 4; at += 3) {
        memcpy(at, "\x09\1\1", 3); /* a refused request of one byte */
    }
    memset(at, 0x81, (size_t)(end - at)); /* a number without an end */
    at[0] = GRT_TRACE_ALLOC;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "byte %td: the chunk ends inside a record", at - trace.file);
    assert_string_equal(read_by_hand(&trace), wanted);
}

static void expect_damage(by_hand *trace, const char *error)
{
    assert_string_equal(read_by_hand(trace), error);
    make_by_hand(trace, RECORDS("\1\1\5\2"), RECORDS(""));
}

static void test_damaged_heads_are_named(void **state)
{
    (void)state;
    by_hand trace;
    make_by_hand(&trace, RECORDS("\1\1\5\2"), RECORDS(""));
    trace.file[3] = 'x';
    expect_damage(&trace, "byte 0: this is not a trace: it does not begin with GRTTRACE");
    trace.file[8] = 9;
    expect_damage(&trace, "byte 8: the trace has version 9, and only version 1 can be read");
    memcpy(trace.file + 12, "\1\2\3\4", 4);
    expect_damage(&trace, "byte 12: the trace was made on a machine with another byte order");
    memset(trace.file + offsetof(trace_head, program), 'x', 256);
    expect_damage(&trace, "byte 32: the program's name has no end");
    chunk_at(&trace, 2)->magic = 7;
    expect_damage(&trace, "byte 8192: there should be a chunk");
    chunk_at(&trace, 2)->magic = 0;
    expect_damage(&trace, "byte 8192: there should be a chunk, but it has no head");
    chunk_at(&trace, 2)->size = 4095;
    expect_damage(&trace, "byte 8196: a chunk cannot have 4095 bytes");
    chunk_at(&trace, 2)->size = 0;
    expect_damage(&trace, "byte 8196: a chunk cannot have 0 bytes");
    chunk_at(&trace, 2)->size = 2 * TRACE_PAGE;
    expect_damage(&trace,
                  "byte 8192: the file ends inside a chunk of 8192 bytes: it was cut short");
    chunk_at(&trace, 2)->thread = 0;
    expect_damage(&trace, "byte 8200: thread numbers begin at 1");
    chunk_at(&trace, 2)->index = 1;
    expect_damage(&trace, "byte 8192: chunk 1 of thread 2, where chunk 0 should be");
    chunk_at(&trace, 2)->thread = 1;
    expect_damage(&trace, "byte 8192: chunk 0 of thread 1, where chunk 1 should be");
    chunk_at(&trace, 2)->thread = 1;
    chunk_at(&trace, 2)->index = 1;
    expect_damage(&trace, "byte 8208: the chunk does not go on where the thread's last one ended");
}

/* Wherever a file is cut, it is read, or the cut is named; never more. */
static void test_a_file_cut_anywhere(void **state)
{
    (void)state;
    by_hand trace;
    make_by_hand(&trace, RECORDS("\1\1\5\2"), RECORDS("\5\2\2"));
    for (size_t size = 0; size < 3 * TRACE_PAGE; size++) {
        trace.size = size;
        bool whole = size == TRACE_PAGE || size == 2 * TRACE_PAGE; /* chunks are missing, or none */
        assert_int_equal(read_by_hand(&trace)[0] == '\0', whole);
    }
}

/* A chunk that was taken when the program was killed. */
static void test_a_chunk_without_a_head_at_the_end(void **state)
{
    (void)state;
    by_hand trace;
    make_by_hand(&trace, RECORDS("\1\1\5\2"), RECORDS("\5\2\2"));
    trace.size += TRACE_PAGE;
    assert_string_equal(read_by_hand(&trace), "");
}

#define WITH_TRACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRACE(test_what_is_written_is_read),
        WITH_TRACE(test_an_empty_trace),
        WITH_TRACE(test_many_records),
        WITH_TRACE(test_slots_are_dense),
        WITH_TRACE(test_records_behind_a_missing_one_are_left_out),
        WITH_TRACE(test_a_moving_block_is_nobodys_in_between),
        WITH_TRACE(test_threads_come_into_one_order),
        WITH_TRACE(test_a_file_that_cannot_grow),
        WITH_TRACE(test_a_replaced_file_is_left_alone),
        cmocka_unit_test(test_what_cannot_be_written),
        WITH_TRACE(test_no_host_memory),
        cmocka_unit_test(test_damaged_records_are_named),
        cmocka_unit_test(test_a_record_that_the_chunk_cuts),
        cmocka_unit_test(test_damaged_heads_are_named),
        cmocka_unit_test(test_a_file_cut_anywhere),
        cmocka_unit_test(test_a_chunk_without_a_head_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
