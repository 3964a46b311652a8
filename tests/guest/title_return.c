// When main returns, the title ends: who wanted to know is told, and the exit code stays.
// expect: main returns
// expect: told
// exit: 7
#include "check.h"

static void told(void)
{
    printf("told\n");
}

int main(void)
{
    static TITLE_TERMINATE_REGISTRATION registration = {told, 1, {0, 0}};
    ExRegisterTitleTerminateNotification(&registration, 1);
    printf("main returns\n");
    return 7;
}
