/* xbox/debug.h - text, bug checks, exceptions and the end of the program. */
#ifndef GUEST_XBOX_DEBUG_H
#define GUEST_XBOX_DEBUG_H

#include <xbox/types.h>

/*
 * The kernel reads further arguments where the console's compiler puts them: r4-r10, then 8-byte
 * slots from r1+0x54. This compiler agrees on the registers only, and passes floating point
 * elsewhere, so hand over at most seven words. printf() formats in the guest for that reason.
 */
uint32_t DbgPrint(const char *format, ...);
void RtlDebugPrint(const char *format, ...);
void OutputDebugStringA(const char *text);
void OutputDebugStringW(const uint16_t *text);
void RtlOutputDebugString(const char *text);
void RtlDebugTrace(const char *text);
uint32_t DbgPrompt(const char *prompt, char *answer, uint32_t size);

/* ---- something is wrong ---- */

void DbgBreakPoint(void);
void DbgBreakPointWithStatus(uint32_t code);
void DebugBreak(void);
void RtlAssert(const char *assertion, const char *file, uint32_t line, const char *message);
void RtlRip(uint32_t origin, const char *format, ...);
_Noreturn void KeBugCheck(uint32_t code);
_Noreturn void KeBugCheckEx(uint32_t code, uint32_t a, uint32_t b, uint32_t c, uint32_t d);
extern const uint32_t *const KiBugCheckData; /* code and parameters of the last one */
extern const uint32_t *const KeDebugMonitorData;
extern const uint32_t *const KeCertMonitorData;

/* ---- exceptions ---- */

#define EXCEPTION_THREAD_NAME 0x406D1388u /* parameters: 0x1000, name, thread id or -1, 0 */
#define EXCEPTION_CPP_THROW   0xE06D7363u

typedef struct EXCEPTION_RECORD {
    uint32_t code, flags;
    struct EXCEPTION_RECORD *next;
    void *address;
    uint32_t parameter_count;
    uint32_t parameters[15];
} EXCEPTION_RECORD;

void RtlRaiseException(const EXCEPTION_RECORD *record); /* returns for a thread's name only */
_Noreturn void RtlRaiseStatus(NTSTATUS status);
uint32_t RtlCaptureStackBackTrace(uint32_t skip, uint32_t count, void **trace, uint32_t *hash);
uint32_t KiApcNormalRoutineNop(uint32_t argument1, uint32_t argument2);
uint32_t KiApcNormalRoutineNop_(uint32_t argument1, uint32_t argument2);

/* ---- the title ---- */

typedef struct TITLE_TERMINATE_REGISTRATION {
    void (*routine)(void);
    uint32_t priority; /* higher ones are called first */
    uint32_t links[2];
} TITLE_TERMINATE_REGISTRATION;

void ExRegisterTitleTerminateNotification(TITLE_TERMINATE_REGISTRATION *registration,
                                          uint32_t create);
_Noreturn void HalReturnToFirmware(uint32_t mode);
_Noreturn void XamLoaderTerminateTitle(void);

/* The loader's entry of the program. */
typedef struct LOADER_ENTRY {
    uint32_t links[6];
    char *base, *image_base;
    uint32_t size;
    uint32_t names[4];
    uint32_t flags, full_size;
    void *entry_point;
    uint16_t load_count, index;
    uint32_t unused[5];
    const uint32_t *header;
    uint32_t unused_too[2];
} LOADER_ENTRY;

extern const LOADER_ENTRY *const *const XexExecutableModuleHandle;
extern const char *const ExLoadedImageName;
extern const char *const ExLoadedCommandLine;

#endif
