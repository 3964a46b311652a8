/*
 * tables.c - prints the tables of docs/reference.md that come from the headers, one section each:
 * run.py compares them with the page, so that the page cannot drift.
 */
#include <guestrt/guestrt.h>
#include <inttypes.h>
#include <stdio.h>

/* A field that was added, or taken away, is a row that the tables below must learn. */
_Static_assert(sizeof(grt_memory_config) == 64, "grt_memory_config has other fields now");
_Static_assert(sizeof(grt_heap_config) == 152, "grt_heap_config has other fields now");
_Static_assert(sizeof(grt_thread_config) == 40, "grt_thread_config has other fields now");
_Static_assert(sizeof(grt_runtime_config) == 272, "grt_runtime_config has other fields now");

static void section(const char *name)
{
    printf("== %s\n", name);
}

static void statuses(void)
{
    section("status");
#define ROW(number, name, sentence, remedy)                                                        \
    printf("| %d | `GRT_" #name "` | %s | %s |\n", number, sentence, remedy);
    GRT_STATUS_MAP(ROW)
#undef ROW
}

static void causes(void)
{
    section("cause");
#define ROW(number, name, sentence, remedy)                                                        \
    printf("| %d | `GRT_HEAP_" #name "` | %s | %s |\n", number, sentence, remedy);
    GRT_HEAP_CAUSE_MAP(ROW)
#undef ROW
}

static void faults(void)
{
    section("fault");
#define ROW(number, name, sentence, remedy, code)                                                  \
    printf("| GRT-F%03d | `" #name "` | %s | %s | `%08X` |\n", number, sentence, remedy, code);
    GRT_FAULT_MAP(ROW)
#undef ROW
}

static void guest_statuses(void)
{
    section("ntstatus");
#define ROW(number, name, sentence)                                                                \
    printf("| `%08X` | `GRT_NT_" #name "` | %s |\n", (unsigned)(number), sentence);
    GRT_NT_MAP(ROW)
#undef ROW
}

static void row(const char *field, const char *value, const char *meaning)
{
    printf("| `%s` | %s | %s |\n", field, value, meaning);
}

static void number(const char *field, uint64_t value, const char *meaning)
{
    char text[64];
    snprintf(text, sizeof text, value < 4096 ? "%" PRIu64 : "0x%" PRIX64, value);
    row(field, text, meaning);
}

static const char *policy(grt_policy value)
{
    return value == GRT_POLICY_STOP ? "`STOP`" : "`CONTINUE`";
}

static void memory_config(void)
{
    grt_memory_config config = grt_memory_config_default();
    section("memory-config");
    row("profile", config.profile == GRT_PROFILE_FLAT ? "`FLAT`" : "`CONSOLE`",
        "the guest's memory map");
    number("preferred_base", config.preferred_base,
           "host address wished for guest address 0; taken only if it is free");
    number("budget", config.budget,
           "bytes that may be committed; 0 is the profile's own (flat: none, console: 512 MiB)");
    row("map_page_zero", config.map_page_zero ? "true" : "false",
        "whether page 0 may be committed; if not, it traps");
    row("log", config.log.write == NULL ? "stderr, `WARN`" : "?", "where lines go");
}

/* The kinds of values as people give them. */
#define TEXT_FLAG  ""
#define TEXT_COUNT "=N"
#define TEXT_BYTES "=BYTES"
#define TEXT_SIZES "=SIZE` or `=MIN-MAX"
#define TEXT_SITES "=ADDRESS"

static void heap_options(void)
{
    section("heap-option");
#define ROW(name, kind, least, most, sentence)                                                     \
    printf("| `" #name TEXT_##kind "` | %s |\n", sentence);
    GRT_HEAP_OPTION_MAP(ROW)
#undef ROW
}

static const char *options_text(const grt_heap_options *options)
{
    static char text[256];
    return grt_heap_options_format(options, text, sizeof text) == 0 ? "none" : text;
}

static void heap_config(void)
{
    grt_heap_config config = grt_heap_config_default();
    section("heap-config");
    row("name", config.name, "names the heap in reports");
    number("first", config.first, "first address, on a page");
    number("end", config.end, "one past the last address, on a page");
    number("budget", config.budget, "bytes that may be live; 0 is the capacity");
    number("log_failures_above", config.log_failures_above,
           "failures of at most this many bytes are not logged");
    row("log", config.log.write == NULL ? "stderr, `WARN`" : "?", "where lines go");
    row("options", options_text(&config.options), "what the heap looks out for, see below");
}

static void thread_config(void)
{
    grt_thread_config config = grt_thread_config_default();
    section("thread-config");
    number("entry", config.entry, "guest function to run; must be given");
    number("argument", config.argument, "its r3");
    number("xapi_startup", config.xapi_startup,
           "if not 0, called instead with r3 = entry, r4 = argument");
    number("stack_size", config.stack_size,
           "bytes; 0 is the runtime's default; at least 16 KiB, at most 256 MiB");
    number("flags", config.flags, "0x1 suspended, bits 24-31 processor mask");
    row("name", config.name == NULL ? "none" : config.name, "names the thread in reports");
}

static void runtime_config(void)
{
    grt_runtime_config config = grt_runtime_config_default();
    section("runtime-config");
    row("memory", "see above", "a `grt_memory_config`; its log is replaced by this one's");
    number("user_heap_budget", config.user_heap_budget,
           "bytes that may be live in the user heap; 0 is its capacity");
    row("heap_options", options_text(&config.heap_options), "what both heaps look out for");
    row("layout", config.layout == GRT_LAYOUT_UNLEASHED ? "`UNLEASHED`" : "`CONSOLE`",
        "sizes of the parts of a thread's context");
    number("stack_size", config.stack_size, "default guest stack, bytes");
    number("error_suppression", config.error_suppression, "the word at PCR+0x150 of a new thread");
    row("on_context_failure", policy(config.on_context_failure),
        "`CONTINUE`: ExCreateThread returns STATUS_NO_MEMORY");
    row("on_guest_fault", policy(config.on_guest_fault),
        "`CONTINUE`: only the faulting thread ends");
    row("on_missing_export", policy(config.on_missing_export),
        "`CONTINUE`: reported once, the call fails as its callers expect");
    row("on_breakpoint", policy(config.on_breakpoint),
        "`CONTINUE`: DbgBreakPoint and its kin are reported; `STOP`: they are traps");
    row("lock_order", config.lock_order ? "true" : "false",
        "true: critical sections that are entered in two orders are reported "
        "([locks.md](locks.md)); slower");
    number("schedule_seed", (unsigned)config.schedule_seed,
           "not 0: guest threads take turns in an order that this number decides "
           "([scheduler.md](scheduler.md))");
    row("output", config.output == NULL ? "stderr" : "?", "receives what the guest prints");
    row("output_user", "null", "handed to `output`");
    row("on_thread_start", config.on_thread_start == NULL ? "null" : "?",
        "told of each guest thread, on it, before its first instruction");
    row("on_thread_end", config.on_thread_end == NULL ? "null" : "?",
        "the same after its last, if the start was due");
    row("on_thread_user", "null", "handed to both");
    number("thread_start_delay_ms", config.thread_start_delay_ms,
           "a new thread sleeps that long before its first instruction");
    number("host_scheduling", config.host_scheduling,
           "`GRT_HOST_PRIORITY`, `GRT_HOST_AFFINITY`: what the host is asked for");
    row("log", config.log.write == NULL ? "stderr, `WARN`" : "?", "where lines go");
}

int main(void)
{
    statuses();
    causes();
    faults();
    guest_statuses();
    memory_config();
    heap_config();
    heap_options();
    thread_config();
    runtime_config();
    return 0;
}
