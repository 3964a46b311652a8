/* xbox/object.h - objects and handles. */
#ifndef GUEST_XBOX_OBJECT_H
#define GUEST_XBOX_OBJECT_H

#include <xbox/types.h>

NTSTATUS NtClose(HANDLE handle);

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
