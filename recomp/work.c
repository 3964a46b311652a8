/* work.c - errors of a translation. */
#include "work.h"

#include <stdarg.h>
#include <stdio.h>

static void add_message(grc_work *work, uint32_t address, const char *format, va_list arguments)
{
    grc_report *report = work->report;
    if (report->message_count < GRC_MESSAGE_LIMIT) {
        grc_message *message = &report->messages[report->message_count];
        message->address = address;
        vsnprintf(message->text, sizeof message->text, format, arguments);
    }
    report->message_count++;
}

void grc_error(grc_work *work, uint32_t address, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_message(work, address, format, arguments);
    va_end(arguments);
}

void grc_stop(grc_work *work, grc_status status, uint32_t address, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_message(work, address, format, arguments);
    va_end(arguments);
    work->status = status;
    longjmp(work->stop, 1);
}
