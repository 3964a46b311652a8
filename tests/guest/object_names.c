// Names: found whatever the case, of any length, until the last handle is closed.
// expect: names are found
// expect: they may be long
// expect: they go with the last handle
// expect: permanent objects stay
// expect: bad names are refused
#include "check.h"
#include <string.h>

static int64_t poll = 0;
static char text[65535];

static STRING named(const char *name)
{
    return (STRING){(uint16_t)strlen(name), (uint16_t)strlen(name), (char *)(uintptr_t)name};
}

static NTSTATUS open(STRING name, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes = {0xFFFFFFFCu, &name, 0};
    return ObOpenObjectByName(&attributes, 0, 0, handle);
}

static NTSTATUS create(STRING name, uint32_t flags, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes = {0, &name, flags};
    return NtCreateEvent(handle, &attributes, EVENT_MANUAL, 0);
}

int main(void)
{
    HANDLE event, other, third, none;
    KEVENT *body;
    STRING name = named("Save Game Ready");
    CHECK(open(name, &event) == STATUS_OBJECT_NAME_NOT_FOUND && event == 0);
    CHECK(create(name, 0, &event) == STATUS_SUCCESS);
    CHECK(create(named("SAVE game ready"), 0, &other) == STATUS_OBJECT_NAME_EXISTS);
    CHECK(open(named("save game READY"), &third) == STATUS_SUCCESS);
    CHECK(event != other && other != third);
    NtSetEvent(third, 0);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(open(named("save game READY "), &none) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ObReferenceObjectByName(&name, 0, 0, 0, &body) == STATUS_SUCCESS);
    CHECK(body->header.type == 0 && body->header.signal_state == 1);
    OBJECT_ATTRIBUTES attributes = {0, &name, 0};
    CHECK(NtCreateSemaphore(&none, &attributes, 0, 1) == STATUS_OBJECT_NAME_COLLISION);
    printf("names are found\n");

    memset(text, 'n', sizeof text);
    STRING huge = {sizeof text, sizeof text, text};
    CHECK(create(huge, 0, &none) == STATUS_SUCCESS);
    CHECK(open(huge, &none) == STATUS_SUCCESS);
    huge.length--;
    CHECK(open(huge, &none) == STATUS_OBJECT_NAME_NOT_FOUND);
    printf("they may be long\n");

    KEVENT *same;
    NtClose(event);
    NtClose(other);
    CHECK(open(name, &other) == STATUS_SUCCESS); /* one handle is left */
    NtClose(other);
    NtClose(third);
    CHECK(open(name, &none) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ObReferenceObjectByName(&name, 0, 0, 0, &same) == STATUS_OBJECT_NAME_NOT_FOUND && !same);
    CHECK(KeWaitForSingleObject(body, 0, 0, 0, &poll) == STATUS_SUCCESS); /* the pointer is left */
    CHECK(create(name, 0, &event) == STATUS_SUCCESS);
    NtClose(event);
    ObDereferenceObject(body);
    printf("they go with the last handle\n");

    CHECK(create(named("for ever"), OBJECT_PERMANENT, &event) == STATUS_SUCCESS);
    NtSetEvent(event, 0);
    NtClose(event);
    CHECK(open(named("FOR EVER"), &event) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(NtMakeTemporaryObject(event) == STATUS_SUCCESS);
    CHECK(NtMakeTemporaryObject(event) == STATUS_SUCCESS);
    CHECK(open(named("for ever"), &other) == STATUS_SUCCESS);
    NtClose(event);
    NtClose(other);
    CHECK(open(named("for ever"), &other) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(NtMakeTemporaryObject(event) == STATUS_INVALID_HANDLE);
    CHECK(create(named("while it lasts"), OBJECT_PERMANENT, &event) == STATUS_SUCCESS);
    ObReferenceObjectByHandle(event, 0, &body);
    NtClose(event);
    ObMakeTemporaryObject(body);
    CHECK(open(named("while it lasts"), &event) == STATUS_OBJECT_NAME_NOT_FOUND);
    ObDereferenceObject(body);
    ObMakeTemporaryObject(body);
    CHECK(create(named("left for the end"), OBJECT_PERMANENT, &event) == STATUS_SUCCESS);
    printf("permanent objects stay\n");

    STRING zeros = {3, 3, "a\0b"}, nowhere = {3, 3, (char *)16}, empty = {0, 0, 0};
    CHECK(create(zeros, 0, &event) == STATUS_OBJECT_NAME_INVALID);
    CHECK(create(nowhere, 0, &event) == STATUS_ACCESS_VIOLATION);
    CHECK(create(empty, 0, &event) == STATUS_SUCCESS);
    CHECK(open(empty, &event) == STATUS_INVALID_PARAMETER);
    CHECK(open(zeros, &event) == STATUS_OBJECT_NAME_INVALID);
    CHECK(open(nowhere, &event) == STATUS_ACCESS_VIOLATION);
    CHECK(open(name, (HANDLE *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(ObOpenObjectByName(0, 0, 0, &event) == STATUS_INVALID_PARAMETER);
    CHECK(ObOpenObjectByName((OBJECT_ATTRIBUTES *)16, 0, 0, &event) == STATUS_ACCESS_VIOLATION);
    CHECK(ObReferenceObjectByName(&empty, 0, 0, 0, &body) == STATUS_OBJECT_NAME_INVALID);
    CHECK(ObReferenceObjectByName((STRING *)16, 0, 0, 0, &body) == STATUS_ACCESS_VIOLATION);
    CHECK(ObReferenceObjectByName(&name, 0, 0, 0, (void *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(NtCreateEvent(&event, (void *)16, 0, 0) == STATUS_ACCESS_VIOLATION);
    printf("bad names are refused\n");
    return 0;
}
