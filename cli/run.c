/* run.c - guestrt run: translate (or take from the cache), load, run, pass on the exit code. */
#include "cli.h"
#include "compile.h"
#include "guestrt/fault.h"
#include "guestrt/guestrt.h"
#include "heap/options.h"
#include "thread/layout.h"
#include "translate_options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: guestrt run [OPTIONS] FILE.elf [ARGUMENTS]\n\n"
    "Translates FILE.elf to C, compiles it with the host's C compiler ($GUESTRT_CC, $CC, clang or "
    "cc),\n"
    "keeps the result by content, and runs it on guest threads. What the guest prints goes to\n"
    "stdout, reports go to stderr.\n\n"
    "  -s, --summary            threads, contexts and heap figures on stderr at the end\n"
    "  -v, --verbose            more of the runtime's log; twice: a line for each thread and call\n"
    "      --profile=NAME       flat (default) or console: the guest's memory map\n"
    "      --layout=NAME        unleashed (default) or console: the thread context's layout\n"
    "      --stack-size=BYTES   default guest stack (262144)\n"
    "      --heap-budget=BYTES  refuse heap requests beyond this\n"
    "      --heap=OPTIONS       what the heaps look out for: fill,redzone=16,quarantine=1M...;\n"
    "                           without it $GUESTRT_HEAP says so\n"
    "      --seed=N             guest threads take turns in an order that N decides, on a virtual\n"
    "                           clock: the same N, the same run\n"
    "      --continue           a fault ends the faulting thread, not the program\n"
    "      --stop-on-missing    a call of a missing export ends the program\n"
    "      --stop-on-breakpoint a breakpoint of the program ends it, as a trap does\n"
    "      --stop-on-context    a thread context that cannot be allocated ends the program\n"
    "      --overridable        compile with overridable (weak) functions, as a port would\n"
    "      --no-cache           translate and compile anew\n"
    "  -h, --help\n" TRANSLATE_HELP
    "\nexit codes: the guest's (low 8 bits); 2 usage, 3 the file cannot be read or translated,\n"
    "4 no compiler or no memory, 5 internal; 132 a call of something that is no function,\n"
    "133 a trap, 134 a bug check or an exception, 139 a memory fault of the guest\n";

typedef struct run_command {
    translate_options translate;
    compile_options compile;
    grt_runtime_config config;
    bool summary, help, heap_given;
    unsigned verbose;
} run_command;

enum {
    OPTION_PROFILE = TRANSLATE_OPTION_END,
    OPTION_LAYOUT,
    OPTION_STACK_SIZE,
    OPTION_HEAP_BUDGET,
    OPTION_HEAP,
    OPTION_SEED,
    OPTION_CONTINUE,
    OPTION_STOP_ON_MISSING,
    OPTION_STOP_ON_BREAKPOINT,
    OPTION_STOP_ON_CONTEXT,
    OPTION_OVERRIDABLE,
    OPTION_NO_CACHE,
};

static const struct option long_options[] = {
    {"summary", no_argument, NULL, 's'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"layout", required_argument, NULL, OPTION_LAYOUT},
    {"stack-size", required_argument, NULL, OPTION_STACK_SIZE},
    {"heap-budget", required_argument, NULL, OPTION_HEAP_BUDGET},
    {"heap", required_argument, NULL, OPTION_HEAP},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"continue", no_argument, NULL, OPTION_CONTINUE},
    {"stop-on-missing", no_argument, NULL, OPTION_STOP_ON_MISSING},
    {"stop-on-breakpoint", no_argument, NULL, OPTION_STOP_ON_BREAKPOINT},
    {"stop-on-context", no_argument, NULL, OPTION_STOP_ON_CONTEXT},
    {"overridable", no_argument, NULL, OPTION_OVERRIDABLE},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    TRANSLATE_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Index of [value] among two names; -1, after saying why, when it is neither. */
static int choose(const char *option, const char *value, const char *first, const char *second)
{
    if (!strcmp(value, first))
        return 0;
    if (!strcmp(value, second))
        return 1;
    cli_error("--%s takes %s or %s, not '%s'", option, first, second, value);
    return -1;
}

static bool take_bytes(const char *option, const char *value, uint32_t *bytes)
{
    uint64_t number;
    if (heap_read_bytes(value, strlen(value), &number) && number != 0 && number <= UINT32_MAX) {
        *bytes = (uint32_t)number;
        return true;
    }
    cli_error("--%s takes a number of bytes from 1 to 4294967295 (or with K, M, G), not '%s'",
              option, value);
    return false;
}

static bool take_stack_size(const char *value, uint32_t *bytes)
{
    if (!take_bytes("stack-size", value, bytes))
        return false;
    bool good =
        *bytes >= GRT_MIN_STACK_SIZE && *bytes <= GRT_MAX_STACK_SIZE && *bytes % GRT_PAGE_SIZE == 0;
    if (!good)
        cli_error("--stack-size takes a multiple of %u from %u to %u, not '%s'", GRT_PAGE_SIZE,
                  GRT_MIN_STACK_SIZE, GRT_MAX_STACK_SIZE, value);
    return good;
}

static bool take_seed(const char *value, uint64_t *seed)
{
    if (parse_u64(value, seed) && *seed != 0)
        return true;
    cli_error("--seed takes a number from 1 to 18446744073709551615, not '%s'", value);
    return false;
}

/* [source]: where the text comes from, for the complaint. */
static bool take_heap_options(run_command *command, const char *source, const char *text)
{
    char error[400];
    if (grt_heap_options_parse(text, &command->config.heap_options, error, sizeof error) == GRT_OK)
        return true;
    cli_error("%s: %s", source, error);
    return false;
}

/* Text of the environment is for programs that somebody else starts; the command line wins. */
static bool take_environment(run_command *command)
{
    const char *text = getenv("GUESTRT_HEAP");
    return command->heap_given || text == NULL || take_heap_options(command, "GUESTRT_HEAP", text);
}

static bool take_named(run_command *command, int code, const char *value)
{
    bool profile = code == OPTION_PROFILE;
    int choice = profile ? choose("profile", value, "flat", "console")
                         : choose("layout", value, "unleashed", "console");
    if (choice >= 0 && profile)
        command->config.memory.profile = (grt_profile)choice;
    else if (choice >= 0)
        command->config.layout = (grt_context_layout)choice;
    return choice >= 0;
}

static bool take_option(run_command *command, int code, const char *value)
{
    uint32_t bytes = 0;
    switch (code) {
    case 's':
        command->summary = true;
        return true;
    case 'v':
        command->verbose++;
        return true;
    case 'h':
        command->help = true;
        return true;
    case OPTION_PROFILE:
    case OPTION_LAYOUT:
        return take_named(command, code, value);
    case OPTION_STACK_SIZE:
        return take_stack_size(value, &command->config.stack_size);
    case OPTION_HEAP_BUDGET:
        if (!take_bytes("heap-budget", value, &bytes))
            return false;
        command->config.user_heap_budget = bytes;
        return true;
    case OPTION_HEAP:
        command->heap_given = true;
        return take_heap_options(command, "--heap", value);
    case OPTION_SEED:
        return take_seed(value, &command->config.schedule_seed);
    case OPTION_CONTINUE:
        command->config.on_guest_fault = GRT_POLICY_CONTINUE;
        return true;
    case OPTION_STOP_ON_MISSING:
        command->config.on_missing_export = GRT_POLICY_STOP;
        return true;
    case OPTION_STOP_ON_BREAKPOINT:
        command->config.on_breakpoint = GRT_POLICY_STOP;
        return true;
    case OPTION_STOP_ON_CONTEXT:
        command->config.on_context_failure = GRT_POLICY_STOP;
        return true;
    case OPTION_OVERRIDABLE:
        command->compile.overridable = true;
        return true;
    case OPTION_NO_CACHE:
        command->compile.no_cache = true;
        return true;
    default:
        return translate_options_take(&command->translate, code, value);
    }
}

static bool parse(run_command *command, int argc, char **argv)
{
    int code;
    optind = 1; /* '+': the guest's own options begin after FILE */
    while ((code = getopt_long(argc, argv, "+svh", long_options, NULL)) != -1) {
        if (!take_option(command, code, optarg))
            return false;
        if (command->help)
            return true;
    }
    if (optind >= argc) {
        cli_error("run takes a FILE.elf");
        return false;
    }
    command->compile.image_path = argv[optind];
    return take_environment(command);
}

static void write_output(void *user, const char *text, size_t size)
{
    (void)user;
    fwrite(text, 1, size, stdout);
    fflush(stdout); /* the guest buffers; here order with the reports and nothing lost count */
}

static void print_heap(const char *name, grt_heap *heap)
{
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    fprintf(stderr,
            "%s heap: capacity %llu, live %llu in %llu blocks (peak %llu), free %llu, largest run "
            "%llu, "
            "fragmentation %.1f %%, %llu allocations, %llu frees, %llu refused, %llu bad frees\n",
            name, (unsigned long long)stats.capacity, (unsigned long long)stats.live,
            (unsigned long long)stats.blocks, (unsigned long long)stats.live_peak,
            (unsigned long long)stats.free, (unsigned long long)stats.largest_free,
            stats.fragmentation * 100, (unsigned long long)stats.allocations,
            (unsigned long long)stats.frees, (unsigned long long)stats.failures,
            (unsigned long long)stats.bad_frees);
}

/* What the options of the heaps came to; nothing when none are on. */
static void print_findings(const grt_heap_options *options, const char *name, grt_heap *heap)
{
    char text[256];
    grt_heap_stats stats;
    if (grt_heap_options_format(options, text, sizeof text) == 0)
        return;
    grt_heap_get_stats(heap, &stats);
    fprintf(stderr,
            "%s heap with %s: %llu overruns, %llu writes after free, %llu bytes in quarantine, "
            "%llu guarded blocks\n",
            name, text, (unsigned long long)stats.overruns,
            (unsigned long long)stats.writes_after_free, (unsigned long long)stats.quarantined,
            (unsigned long long)stats.guarded);
}

static void print_summary(const run_command *command, grt_runtime *runtime)
{
    grt_thread_stats threads;
    grt_memory_stats memory;
    grt_runtime_get_thread_stats(runtime, &threads);
    grt_memory_get_stats(grt_runtime_memory(runtime), &memory);
    fprintf(stderr, "threads: %llu created, %llu ended, at most %u at once\n",
            (unsigned long long)threads.created, (unsigned long long)threads.ended,
            threads.live_peak);
    fprintf(stderr, "contexts: %u live, %u cached, %llu reused, %llu bytes, %llu refused\n",
            threads.contexts_live, threads.contexts_cached,
            (unsigned long long)threads.contexts_reused, (unsigned long long)threads.context_bytes,
            (unsigned long long)threads.context_failures);
    print_heap("user", grt_runtime_user_heap(runtime));
    print_heap("physical", grt_runtime_physical_heap(runtime));
    print_findings(&command->config.heap_options, "user", grt_runtime_user_heap(runtime));
    print_findings(&command->config.heap_options, "physical", grt_runtime_physical_heap(runtime));
    fprintf(stderr, "memory: %llu bytes committed (peak %llu) of %llu reserved\n",
            (unsigned long long)memory.committed, (unsigned long long)memory.committed_peak,
            (unsigned long long)memory.reserved);
}

static int fault_exit_code(grt_fault_id fault)
{
    switch (fault) {
    case GRT_FAULT_NONE: /* a policy other than a fault's stopped the program */
        return EXIT_STOPPED;
    case GRT_FAULT_BAD_CALL:
    case GRT_FAULT_BAD_JUMP:
    case GRT_FAULT_NULL_CALL:
    case GRT_FAULT_UNTRANSLATED:
    case GRT_FAULT_SYSTEM_CALL:
    case GRT_FAULT_FELL_OFF:
        return EXIT_GUEST_WILD_CALL;
    case GRT_FAULT_TRAP:
        return EXIT_GUEST_TRAP;
    case GRT_FAULT_BUG_CHECK:
    case GRT_FAULT_EXCEPTION:
        return EXIT_GUEST_BUG_CHECK;
    default:
        return EXIT_GUEST_FAULT;
    }
}

static int exit_code_of(grt_runtime *runtime, grt_status status, uint32_t guest_code)
{
    switch (status) {
    case GRT_OK:
        return (int)(guest_code & 0xFF);
    case GRT_GUEST_FAULT:
    case GRT_STOPPED:
        return fault_exit_code(grt_runtime_first_fault(runtime));
    case GRT_INTERNAL:
        return EXIT_INTERNAL;
    case GRT_NOT_A_FUNCTION:
    case GRT_IMAGE_CONFLICT:
    case GRT_ABI_MISMATCH:
    case GRT_INVALID_ARGUMENT:
        return EXIT_BAD_INPUT;
    default:
        return EXIT_ENVIRONMENT;
    }
}

/* Blocks that were never freed, and freed ones that were never handed out again, were looked at by
 * nobody yet. */
static void check_at_end(const grt_heap_options *options, const char *name, grt_heap *heap)
{
    char text[256];
    if (grt_heap_options_mark(options) && heap && !grt_heap_check(heap, text, sizeof text))
        fprintf(stderr, "[HEAP-DAMAGE] found at the end, heap=%s: %s\n", name, text);
}

static int run_module(run_command *command, const grt_ppc_module *module, int argc, char **argv)
{
    grt_runtime *runtime = NULL;
    uint32_t guest_code = 0;
    grt_status status = grt_runtime_create(&command->config, &runtime);
    if (status == GRT_OK)
        status = grt_runtime_load(runtime, module);
    if (status == GRT_OK)
        status = grt_runtime_run(runtime, argc, (const char *const *)argv, &guest_code);
    fflush(stdout);
    if (status != GRT_OK && status != GRT_GUEST_FAULT && status != GRT_STOPPED)
        cli_error("%s; %s", grt_status_sentence(status), grt_status_remedy(status));
    if (runtime) {
        check_at_end(&command->config.heap_options, "user", grt_runtime_user_heap(runtime));
        check_at_end(&command->config.heap_options, "physical", grt_runtime_physical_heap(runtime));
    }
    if (runtime && command->summary)
        print_summary(command, runtime);
    int exit_code = exit_code_of(runtime, status, guest_code);
    grt_runtime_destroy(runtime);
    return exit_code;
}

static int run(int argc, char **argv)
{
    static run_command command; /* large, and the process does this once */
    translate_options_init(&command.translate);
    command.config = grt_runtime_config_default();
    command.config.output = write_output;
    if (!parse(&command, argc, argv)) {
        fputs("see 'guestrt run --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (command.help) {
        cli_print_help(&cli_command_run);
        return EXIT_FINE;
    }
    int first = optind;
    if (command.verbose)
        command.config.log.level = command.verbose > 1 ? GRT_LOG_DEBUG : GRT_LOG_INFO;
    command.compile.translate = command.translate.recompile;
    command.compile.verbose = command.verbose > 0;
    int exit_code;
    const grt_ppc_module *module = compile_image(&command.compile, &exit_code);
    return module ? run_module(&command, module, argc - first, argv + first) : exit_code;
}

const cli_command cli_command_run = {"run", "translate a PowerPC ELF executable and run it", help,
                                     run};
