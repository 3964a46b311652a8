// What a program says is printed, what it finds wrong with itself is reported, and it goes on.
// expect: plain
// expect: wide: gr? ok
// expect: rtl
// expect: trace
// expect: number 42
// expect: prompt> nobody answers
// expect: assertion failed: this one: 1 == 2 (debug_text.c, line 77)
// expect: assertion failed: 2 == 3 (0x00000010, line 1)
// expect: handle 9 is odd
// expect: heap is broken
// expect: goes on
// stderr: RtlAssert: assertion failed: this one: 1 == 2 (debug_text.c, line 77); it goes on; called
// stderr: RtlRip: 0x00000007: handle %u is odd; it goes on
// stderr: RtlRip: XSomething: heap is broken; it goes on
// stderr: OutputDebugStringA: text leads to 0x00000010, which cannot be read
// stderr: RtlDebugPrint: format leads to 0x00000010, which cannot be read
// stderr: DbgPrompt: answer_out leads to 0x00000010, which cannot be written
// stderr: DbgBreakPoint: the program asks for a debugger; it goes on; called by thread 1 from main
// stderr: DbgBreakPointWithStatus: the program asks for a debugger, with 00000005; it goes on
// stderr: DebugBreak: the program asks for a debugger; it goes on
#include "check.h"

#define BAD ((char *)0x10)

int main(void)
{
    static const uint16_t wide[] = {'w', 'i',    'd', 'e', ':', ' ',  'g',
                                    'r', 0x2713, ' ', 'o', 'k', '\n', 0};
    char answer[4] = "abc";
    OutputDebugStringA("plain\n");
    OutputDebugStringA(0);
    OutputDebugStringA(BAD);
    OutputDebugStringW(wide);
    RtlOutputDebugString("rtl\n");
    RtlDebugTrace("trace\n");
    RtlDebugPrint("number %d\n", 42);
    RtlDebugPrint(BAD);
    CHECK(DbgPrompt("prompt> ", answer, sizeof answer) == 0);
    DbgPrint("nobody answers\n");
    CHECK(answer[0] == 0 && answer[1] == 'b');
    CHECK(DbgPrompt(0, BAD, 1) == 0);
    CHECK(DbgPrompt(0, BAD, 0) == 0);
    RtlAssert("1 == 2", "debug_text.c", 77, "this one");
    RtlAssert("2 == 3", BAD, 1, 0);
    RtlRip(7, "handle %u is odd", 9);
    RtlRip((uint32_t) "XSomething", "heap is broken");
    DbgBreakPoint();
    DbgBreakPointWithStatus(5);
    DebugBreak();
    CHECK(KiApcNormalRoutineNop(1, 2) == 0 && KiApcNormalRoutineNop_(3, 4) == 0);
    printf("goes on\n");
    return 0;
}
