/* version.h - which guestrt this is. grt_version() must agree; grt_runtime_create() checks it. */
#ifndef GUESTRT_VERSION_H
#define GUESTRT_VERSION_H

#define GRT_VERSION_MAJOR 0
#define GRT_VERSION_MINOR 1
#define GRT_VERSION_PATCH 0
#define GRT_VERSION       "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "0.1.0". Any thread. */
const char *grt_version(void);

#ifdef __cplusplus
}
#endif

#endif
