/* xbox/object.h - objects and handles. */
#ifndef GUEST_XBOX_OBJECT_H
#define GUEST_XBOX_OBJECT_H

#include <xbox/types.h>

NTSTATUS NtClose(HANDLE handle);

#endif
