/* version.c - the library's version, for programs that were compiled against another one. */
#include "guestrt/version.h"

const char *grt_version(void)
{
    return GRT_VERSION;
}
