// Symbolic links: made, read, removed.
// expect: links lead to what they were made for
// expect: removed links are gone
// expect: bad calls are refused
#include "check.h"
#include <string.h>

static STRING string(const char *text)
{
    return (STRING){(uint16_t)strlen(text), (uint16_t)strlen(text), (char *)(uintptr_t)text};
}

static NTSTATUS make(const char *link, const char *target)
{
    STRING from = string(link), to = string(target);
    return ObCreateSymbolicLink(&from, &to);
}

static NTSTATUS open(const char *link, HANDLE *handle)
{
    STRING name = string(link);
    OBJECT_ATTRIBUTES attributes = {0, &name, 0};
    return NtOpenSymbolicLinkObject(handle, &attributes);
}

static NTSTATUS delete (const char *link)
{
    STRING name = string(link);
    return ObDeleteSymbolicLink(&name);
}

int main(void)
{
    static char text[64];
    STRING target = {0, sizeof text, text}, cache = string("cache:");
    HANDLE link, event;
    OBJECT_ATTRIBUTES attributes = {0, &cache, 0};
    CHECK(make("\\??\\cache:", "\\Device\\Harddisk0\\Cache1") == STATUS_SUCCESS);
    CHECK(make("\\??\\CACHE:", "\\Device\\Harddisk0\\Cache1") == STATUS_SUCCESS);
    CHECK(make("\\??\\cache:", "\\Device\\Elsewhere") == STATUS_UNSUCCESSFUL);
    CHECK(open("\\System??\\cache:", &link) == STATUS_SUCCESS);
    CHECK(NtQuerySymbolicLinkObject(link, &target) == STATUS_SUCCESS);
    CHECK(target.length == 24 && memcmp(text, "\\Device\\Harddisk0\\Cache1", 24) == 0);
    CHECK(text[24] == 0 && target.maximum == sizeof text);
    /* Objects of other kinds have names of their own. */
    CHECK(NtCreateEvent(&event, &attributes, 0, 0) == STATUS_SUCCESS);
    printf("links lead to what they were made for\n");

    CHECK(delete ("\\??\\cache:") == STATUS_SUCCESS);
    CHECK(delete ("\\??\\cache:") == STATUS_UNSUCCESSFUL);
    CHECK(open("cache:", &event) == STATUS_OBJECT_NAME_NOT_FOUND && event == 0);
    target.length = 0;
    CHECK(NtQuerySymbolicLinkObject(link, &target) == STATUS_SUCCESS && target.length == 24);
    CHECK(make("cache:", "\\Device\\Elsewhere") == STATUS_SUCCESS);
    CHECK(NtClose(link) == STATUS_SUCCESS);
    CHECK(open("cache:", &link) == STATUS_SUCCESS);
    CHECK(NtQuerySymbolicLinkObject(link, &target) == STATUS_SUCCESS && target.length == 17);
    printf("removed links are gone\n");

    STRING empty = {0, 0, 0}, nowhere = {4, 4, (char *)16}, small = {0, 16, text};
    void *body;
    CHECK(NtQuerySymbolicLinkObject(link, &small) == STATUS_BUFFER_TOO_SMALL && small.length == 0);
    small = (STRING){0, 17, (char *)16};
    CHECK(NtQuerySymbolicLinkObject(link, &small) == STATUS_ACCESS_VIOLATION && small.length == 0);
    CHECK(NtQuerySymbolicLinkObject(link, (STRING *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(NtQuerySymbolicLinkObject(CURRENT_THREAD, &target) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQuerySymbolicLinkObject(0, &target) == STATUS_INVALID_HANDLE);
    CHECK(NtSetEvent(link, 0) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtWaitForSingleObjectEx(link, 0, 0, 0) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObReferenceObjectByHandle(link, 0, &body) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(body, 0, 0, 0, 0) == STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObject(body);
    CHECK(make("", "\\Device") == STATUS_OBJECT_NAME_INVALID);
    CHECK(make("\\??\\", "\\Device") == STATUS_OBJECT_NAME_INVALID);
    CHECK(make("d:", "") == STATUS_OBJECT_NAME_INVALID);
    CHECK(ObCreateSymbolicLink(&nowhere, &cache) == STATUS_ACCESS_VIOLATION);
    CHECK(ObCreateSymbolicLink(&cache, (STRING *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(ObDeleteSymbolicLink(&empty) == STATUS_OBJECT_NAME_INVALID);
    CHECK(ObDeleteSymbolicLink(&nowhere) == STATUS_ACCESS_VIOLATION);
    CHECK(open("", &link) == STATUS_OBJECT_NAME_INVALID);
    CHECK(NtOpenSymbolicLinkObject((HANDLE *)16, &attributes) == STATUS_ACCESS_VIOLATION);
    CHECK(NtOpenSymbolicLinkObject(&link, 0) == STATUS_OBJECT_NAME_INVALID);
    printf("bad calls are refused\n");
    return 0;
}
