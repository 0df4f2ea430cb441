/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet times as text. Most packets fall into the second of the one before: its text is kept. */
#include "analyzer/report/report.h"

#include <glib.h>
#include <time.h>

/* The second that was formatted last in a style. */
static struct {
    int64_t seconds;
    bool known;
    char text[ZS_CLOCK_TEXT];
} latest[2];

/* 64 bits of nanoseconds reach from 1677 to 2262: libc knows every one of these seconds. */
static const char *format_seconds(int64_t seconds, enum zs_clock style)
{
    time_t t = (time_t)seconds;
    char *text = latest[style].text;
    struct tm tm = {0};

    if (latest[style].known && latest[style].seconds == seconds)
        return text;
    if (style == ZS_CLOCK_LOCAL) {
        localtime_r(&t, &tm);
        strftime(text, ZS_CLOCK_TEXT, "%H:%M:%S", &tm);
    } else {
        gmtime_r(&t, &tm);
        strftime(text, ZS_CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    latest[style].seconds = seconds;
    latest[style].known = true;
    return text;
}

const char *zs_clock_format(int64_t ns, enum zs_clock style, char text[static ZS_CLOCK_TEXT])
{
    int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
    char fraction[] = "000000000";

    if (rest < 0) { /* before 1970 */
        seconds--;
        rest += 1000000000;
    }
    for (unsigned i = 9; i-- > 0; rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    bool local = style == ZS_CLOCK_LOCAL;
    char *end = g_stpcpy(text, format_seconds(seconds, style));
    end = g_stpcpy(end, ".");
    g_strlcpy(end, fraction, local ? 6 + 1 : 9 + 1);
    if (!local)
        g_strlcat(text, "Z", ZS_CLOCK_TEXT);
    return text;
}
