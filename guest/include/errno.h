/* errno.h - the error number: one a thread, kept in the thread block as last error. */
#ifndef GUEST_ERRNO_H
#define GUEST_ERRNO_H

int *guest_errno(void);
#define errno (*guest_errno())

#define ENOENT 2
#define EINTR  4
#define EIO    5
#define EBADF  9
#define ENOMEM 12
#define EINVAL 22
#define EDOM   33
#define ERANGE 34
#define ENOSYS 38
#define EILSEQ 84

#endif
