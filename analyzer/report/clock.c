/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet times as text. */
#include "analyzer/report/report.h"

#include <glib.h>

char *zs_clock_format(int64_t ns, const char *date_format, unsigned digits, bool local)
{
    int64_t seconds = ns / 1000000000, rest = ns % 1000000000;

    if (rest < 0) { /* before 1970 */
        seconds--;
        rest += 1000000000;
    }
    /* 64 bits of nanoseconds reach from 1677 to 2262: GLib knows every one of them. */
    GDateTime *t =
        local ? g_date_time_new_from_unix_local(seconds) : g_date_time_new_from_unix_utc(seconds);
    char *date = g_date_time_format(t, date_format);
    char *text = g_strdup_printf("%s.%09d", date, (int)rest);

    text[strlen(text) - 9 + digits] = 0;
    g_free(date);
    g_date_time_unref(t);
    return text;
}
