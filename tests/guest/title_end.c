// The title ends itself, on another thread: who wanted to know is told, by priority.
// expect: high
// expect: middle one
// expect: middle two
// expect: low
// exit: 0
// stderr: ExRegisterTitleTerminateNotification: 0x00000010 is no function
// stderr: registration leads to 0x00000010, which cannot be read
// stderr: is not registered
#include "check.h"

static void say_high(void)
{
    printf("high\n");
}

static void say_one(void)
{
    printf("middle one\n");
}

static void say_two(void)
{
    printf("middle two\n");
}

static void say_low(void)
{
    printf("low\n");
    XamLoaderTerminateTitle(); /* it ends already */
}

static void say_gone(void)
{
    printf("gone\n");
}

static TITLE_TERMINATE_REGISTRATION low = {say_low, 1, {0, 0}},
                                    high = {say_high, 0x7C800000, {0, 0}},
                                    one = {say_one, 5, {0, 0}}, two = {say_two, 5, {0, 0}},
                                    gone = {say_gone, 9, {0, 0}},
                                    wrong = {(void (*)(void))0x10, 9, {0, 0}};

static uint32_t end_title(void *argument)
{
    (void)argument;
    XamLoaderTerminateTitle();
}

int main(void)
{
    ExRegisterTitleTerminateNotification(&low, 1);
    ExRegisterTitleTerminateNotification(&gone, 1);
    ExRegisterTitleTerminateNotification(&one, 1);
    ExRegisterTitleTerminateNotification(&high, 1);
    ExRegisterTitleTerminateNotification(&two, 1);
    ExRegisterTitleTerminateNotification(&two, 1); /* once all the same */
    ExRegisterTitleTerminateNotification(&gone, 0);
    ExRegisterTitleTerminateNotification(&gone, 0);
    ExRegisterTitleTerminateNotification(&wrong, 1);
    ExRegisterTitleTerminateNotification((TITLE_TERMINATE_REGISTRATION *)0x10, 1);
    start_thread(end_title, 0);
    NtWaitForSingleObjectEx(CURRENT_THREAD, 0, 0, 0);
    printf("never\n");
    return 1;
}
