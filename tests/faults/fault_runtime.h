/*
 * fault_runtime.h - a whole runtime for faults that need one: a guest function written in C, in an
 * image, on the stack of a guest thread.
 */
#ifndef FAULT_RUNTIME_H
#define FAULT_RUNTIME_H

#include "fault.h"

#include "guestrt/runtime.h"
#include "guestrt/thread.h"

#define CODE 0x82000000u

static grt_runtime *runtime;

static inline void open_runtime(grt_ppc_function *function)
{
    static const uint8_t code[16] = {0x4E, 0x80, 0x00, 0x20};
    static grt_ppc_entry entry = {.address = CODE, .size = sizeof code, .name = "guest"};
    static const grt_ppc_segment segment = {CODE, sizeof code, sizeof code,
                                            GRT_SEGMENT_READ | GRT_SEGMENT_EXECUTE, code};
    static const grt_ppc_module module = {.abi = GRT_PPC_ABI,
                                          .name = "game",
                                          .entry = CODE,
                                          .code_base = CODE,
                                          .code_size = sizeof code,
                                          .entry_count = 1,
                                          .entries = &entry,
                                          .segment_count = 1,
                                          .segments = &segment};
    grt_runtime_config config = grt_runtime_config_default();
    config.log = (grt_log){print_line, NULL, GRT_LOG_WARN};
    setvbuf(stdout, NULL, _IONBF, 0);
    entry.function = function;
    EXPECT(grt_runtime_create(&config, &runtime) == GRT_OK);
    EXPECT(grt_runtime_load(runtime, &module) == GRT_OK);
    memory = grt_runtime_memory(runtime);
    heap = grt_runtime_user_heap(runtime);
}

static inline void run_guest(void)
{
    uint32_t code;
    EXPECT(grt_runtime_run(runtime, 0, NULL, &code) == GRT_OK);
}

/* As end(), for a heap that the runtime owns and uses too. */
static inline int end_runtime(uint64_t bad_frees)
{
    expect_sound();
    serve(48);
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    EXPECT(stats.bad_frees == bad_frees);
    grt_runtime_destroy(runtime);
    printf("sound, %u bad frees\n", (unsigned)bad_frees);
    return 0;
}

#endif
