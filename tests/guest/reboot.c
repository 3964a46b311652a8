// A title that wants the console to start anew ends.
// expect: before
// expect: told
// exit: 0
// stderr: HalReturnToFirmware(2) ends the title; called from main+
#include "check.h"

static void told(void)
{
    printf("told\n");
}

int main(void)
{
    static TITLE_TERMINATE_REGISTRATION registration = {told, 1, {0, 0}};
    ExRegisterTitleTerminateNotification(&registration, 1);
    printf("before\n");
    HalReturnToFirmware(2);
    printf("after\n");
    return 1;
}
