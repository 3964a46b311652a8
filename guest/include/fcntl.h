/* fcntl.h - present for programs that include it; there are no files. */
#ifndef GUEST_FCNTL_H
#define GUEST_FCNTL_H

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR   2

#endif
