/*
 * kernel_fixture.h - the thread fixture with every export imported: import i is row i of the table,
 * and two more that do not exist.
 *
 * Guest functions are C functions. They call exports with KCALL(name, arguments...) and check with
 * CHECK, because cmocka's assertions must not leave a guest thread by longjmp.
 */
#ifndef GRT_KERNEL_FIXTURE_H
#define GRT_KERNEL_FIXTURE_H

#include "thread_fixture.h"

#include "kernel/state.h"

#define IMPORT_UNKNOWN (GRT_INDEX_COUNT + 0u) /* an ordinal nobody knows */
#define IMPORT_NAMED   (GRT_INDEX_COUNT + 1u) /* a known name that is not implemented */
#define IMPORTS        (GRT_INDEX_COUNT + 2u)
#define CALL_SITE      (FN(0) + 4)

static grt_ppc_import fixture_imports[IMPORTS];
static atomic_uint check_failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #condition);                 \
            atomic_fetch_add(&check_failures, 1);                                                  \
        }                                                                                          \
    } while (0)

#define CHECK_EQUAL(left, right)                                                                   \
    do {                                                                                           \
        unsigned long long left_ = (left), right_ = (right);                                       \
        if (left_ != right_) {                                                                     \
            fprintf(stderr, "%s:%d: %s is 0x%llX, not %s\n", __FILE__, __LINE__, #left, left_,     \
                    #right);                                                                       \
            atomic_fetch_add(&check_failures, 1);                                                  \
        }                                                                                          \
    } while (0)

/* A status that the export's row does not list is a fault of the one or the other. */
static inline void check_status(const grt_ppc *ctx, uint32_t import)
{
    const grt_export *row = grt_export_at(import);
    if (row && !grt_export_may_return(row, (uint32_t)ctx->r[3])) {
        fprintf(stderr, "%s returned %s, which its row does not list\n", row->name,
                grt_nt_name((uint32_t)ctx->r[3]));
        atomic_fetch_add(&check_failures, 1);
    }
}

static inline uint32_t guest_call(grt_ppc *ctx, uint8_t *base, uint32_t import,
                                  const uint64_t *arguments, size_t count)
{
    uint64_t lr = ctx->lr;
    for (size_t i = 0; i < count && i < 8; i++)
        ctx->r[3 + i] = arguments[i];
    for (size_t i = 8; i < count; i++)
        grt_store64(base + (grt_addr)ctx->r[1] + 0x50 + 8 * (i - 8), arguments[i]);
    ctx->lr = CALL_SITE;
    grt_ppc_call_import(ctx, base, import);
    ctx->lr = lr;
    check_status(ctx, import);
    return (uint32_t)ctx->r[3];
}

#define KCALL(name, ...)                                                                           \
    guest_call(ctx, base, GRT_INDEX_##name, (const uint64_t[]){__VA_ARGS__},                       \
               sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
#define KCALL0(name) guest_call(ctx, base, GRT_INDEX_##name, NULL, 0)

/* 1 KiB of the calling guest thread's stack. */
static inline grt_addr scratch(const grt_ppc *ctx)
{
    return ((grt_addr)ctx->r[1] - 0x800u) & ~0xFu;
}

static inline void poke(uint8_t *base, grt_addr address, uint32_t value)
{
    grt_store32(base + address, value);
}

static inline uint32_t peek(const uint8_t *base, grt_addr address)
{
    return grt_load32(base + address);
}

static inline grt_dispatch *dispatch_of(const grt_ppc *ctx)
{
    return &ctx->thread->runtime->kernel->dispatch;
}

static inline uint32_t waiting_now(grt_dispatch *dispatch)
{
    grt_dispatch_lock(dispatch);
    uint32_t waiting = dispatch->waiting;
    grt_dispatch_unlock(dispatch);
    return waiting;
}

/* Until so many threads wait. */
static inline void await_waiting(grt_dispatch *dispatch, uint32_t count)
{
    while (waiting_now(dispatch) < count)
        os_thread_yield();
}

/* Pages with bodies of objects, and threads that the guest holds pointers to. */
static inline uint32_t body_pages(const grt_dispatch *dispatch)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < GRT_PAGE_BUCKETS; i++) {
        for (const grt_body_page *page = dispatch->body_pages[i]; page; page = page->next)
            count++;
    }
    return count;
}

static inline uint32_t threads_held(const grt_dispatch *dispatch)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < GRT_HELD_BUCKETS; i++) {
        for (const grt_object *object = dispatch->held[i]; object; object = object->next_held)
            count++;
    }
    return count;
}

/* {length, maximum, buffer} at [at], the text behind it. */
static inline grt_addr string_at(uint8_t *base, grt_addr at, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    poke(base, at, length << 16 | length);
    poke(base, at + 4, at + 8);
    memcpy(base + at + 8, text, length);
    return at;
}

/* OBJECT_ATTRIBUTES {root, name, flags} at [at], the name behind it. */
static inline grt_addr attributes_at(uint8_t *base, grt_addr at, const char *text, uint32_t flags)
{
    poke(base, at, 0);
    poke(base, at + 4, string_at(base, at + 12, text));
    poke(base, at + 8, flags);
    return at;
}

/* Starts [count] threads of FN(function) with arguments 0, 1, ...; handles from [handles] on. */
static inline void start_threads(grt_ppc *ctx, uint8_t *base, grt_addr handles, uint32_t function,
                                 uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, handles + 4 * i, 0, 0, 0, FN(function), i, 0),
                    GRT_NT_SUCCESS);
}

static inline void join_threads(grt_ppc *ctx, uint8_t *base, grt_addr handles, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, handles + 4 * i), 1, 0, 0),
                    GRT_NT_SUCCESS);
        KCALL(NtClose, peek(base, handles + 4 * i));
    }
}

/* Stores a timeout and returns its address. */
static inline grt_addr timeout_at(uint8_t *base, grt_addr address, int64_t units)
{
    grt_store64(base + address, (uint64_t)units);
    return address;
}

#define MILLISECONDS(n) ((int64_t)(n) * -10000)

static inline void import_everything(fixture *fix)
{
    for (uint32_t i = 0; i < GRT_INDEX_COUNT; i++) {
        const grt_export *row = grt_export_at(i);
        fixture_imports[i] = (grt_ppc_import){
            .thunk = 0, .library = row->library, .ordinal = row->ordinal, .name = row->name};
    }
    fixture_imports[IMPORT_UNKNOWN] =
        (grt_ppc_import){.library = GRT_LIBRARY_XAM, .ordinal = 0x7FF};
    fixture_imports[IMPORT_NAMED] =
        (grt_ppc_import){.library = GRT_LIBRARY_XBOXKRNL, .ordinal = 0x005};
    fix->module.imports = fixture_imports;
    fix->module.import_count = IMPORTS;
}

static inline void kernel_create(fixture *fix, const grt_runtime_config *config,
                                 grt_ppc_function *const *functions, uint32_t count)
{
    memset(fix, 0, sizeof *fix);
    log_clear();
    atomic_store(&check_failures, 0);
    assert_int_equal(grt_runtime_create(config, &fix->runtime), GRT_OK);
    module_init(fix, functions, count);
    import_everything(fix);
    assert_int_equal(grt_runtime_load(fix->runtime, &fix->module), GRT_OK);
}

/* Runs [functions][0] on a guest thread of a fresh runtime, the others at FN(1) and on; everything
 * it checked must hold. Returns its exit code. */
static inline uint32_t run_guest_with(const grt_runtime_config *config,
                                      grt_ppc_function *const *functions, uint32_t count)
{
    static fixture fix;
    kernel_create(&fix, config, functions, count);
    uint32_t code = run_to_end(&fix, FN(0), 0);
    fixture_destroy(&fix);
    if (atomic_load(&check_failures) != 0)
        fail();
    return code;
}

/* As run_guest_with(), with the usual configuration. */
#define RUN_GUEST(...)                                                                             \
    do {                                                                                           \
        grt_runtime_config config_ = quiet_config();                                               \
        grt_ppc_function *const functions_[] = {__VA_ARGS__};                                      \
        run_guest_with(&config_, functions_, sizeof functions_ / sizeof *functions_);              \
    } while (0)

#endif
