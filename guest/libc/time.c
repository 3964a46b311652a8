/*
 * time.c - the clocks, and the one locale.
 */
#include "../platform/platform.h"
#include <locale.h>
#include <string.h>
#include <time.h>

time_t time(time_t *result)
{
    time_t now = (time_t)(platform_system_time() / 1000000);
    if (result)
        *result = now;
    return now;
}

clock_t clock(void)
{
    return (clock_t)platform_steady_time();
}

double difftime(time_t later, time_t earlier)
{
    return (double)(later - earlier);
}

struct lconv *localeconv(void)
{
    static struct lconv c_locale = {".", "", ""};
    return &c_locale;
}

char *setlocale(int category, const char *locale)
{
    (void)category;
    if (locale && *locale && strcmp(locale, "C") != 0)
        return 0;
    return "C";
}
