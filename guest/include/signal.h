/* signal.h - no signals; programs want the type. */
#ifndef GUEST_SIGNAL_H
#define GUEST_SIGNAL_H

typedef int sig_atomic_t;

#endif
