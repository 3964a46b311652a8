/* xbox/object.h - objects, handles, names and symbolic links. */
#ifndef GUEST_XBOX_OBJECT_H
#define GUEST_XBOX_OBJECT_H

#include <xbox/types.h>

/* Text with a length; the buffer needs no terminator. */
typedef struct STRING {
    uint16_t length, maximum;
    char *buffer;
} STRING;

#define OBJECT_PERMANENT 0x10u

typedef struct OBJECT_ATTRIBUTES {
    HANDLE root;
    STRING *name;
    uint32_t flags;
} OBJECT_ATTRIBUTES;

/* What is before the body of an object that has a handle. */
typedef struct OBJECT_HEADER {
    uint32_t pointers, handles, flags, creation;
    void *type;
    uint32_t reserved;
} OBJECT_HEADER;

#define DUPLICATE_CLOSE_SOURCE 1u

NTSTATUS NtClose(HANDLE handle);
NTSTATUS NtDuplicateObject(HANDLE source, HANDLE *handle, uint32_t options);

void ObReferenceObject(void *object);
void ObDereferenceObject(void *object);
NTSTATUS ObReferenceObjectByHandle(HANDLE handle, const void *type, void *object_out);
NTSTATUS ObReferenceObjectByName(STRING *name, uint32_t attributes, const void *type, void *context,
                                 void *object_out);
NTSTATUS ObOpenObjectByName(OBJECT_ATTRIBUTES *attributes, const void *type, uint32_t unknown,
                            HANDLE *handle);
NTSTATUS ObOpenObjectByPointer(void *object, HANDLE *handle);
NTSTATUS ObLookupThreadByThreadId(uint32_t id, void *object_out);
NTSTATUS ObLookupAnyThreadByThreadId(uint32_t id, void *object_out);
uint32_t ObIsTitleObject(void *object);
void ObMakeTemporaryObject(void *object);
NTSTATUS NtMakeTemporaryObject(HANDLE handle);

NTSTATUS ObCreateSymbolicLink(STRING *link, STRING *target);
NTSTATUS ObDeleteSymbolicLink(STRING *link);
NTSTATUS NtOpenSymbolicLinkObject(HANDLE *handle, OBJECT_ATTRIBUTES *attributes);
NTSTATUS NtQuerySymbolicLinkObject(HANDLE link, STRING *target);

/* ---- types, each known by its address ---- */

typedef struct OBJECT_TYPE {
    uint32_t routines[6];
    uint32_t pool_tag;
} OBJECT_TYPE;

extern const OBJECT_TYPE *const ExEventObjectType;
extern const OBJECT_TYPE *const ExMutantObjectType;
extern const OBJECT_TYPE *const ExSemaphoreObjectType;
extern const OBJECT_TYPE *const ExThreadObjectType;
extern const OBJECT_TYPE *const ExTimerObjectType;
extern const OBJECT_TYPE *const IoCompletionObjectType;
extern const OBJECT_TYPE *const IoDeviceObjectType;
extern const OBJECT_TYPE *const IoFileObjectType;
extern const OBJECT_TYPE *const ObDirectoryObjectType;
extern const OBJECT_TYPE *const ObSymbolicLinkObjectType;

#endif
