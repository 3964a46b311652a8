/* version.c - see version.h. */
#include "guestrt/version.h"

const char *grt_version(void)
{
    return GRT_VERSION;
}
