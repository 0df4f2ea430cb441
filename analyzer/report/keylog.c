/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key log: a line for each context whose messages' key is known, as docs/secrets.md says. The only report that
 * holds keys; whoever asks for it gives a stream that keeps none behind (setvbuf).
 *
 * Limits: whether a line was written whole is for the stream's owner to ask, at the end. */
#include "analyzer/report/report.h"

#include "core/krb/secrets.h"

static void keylog_begin(const struct zs_report_options *o, const struct zs_report_capture *c)
{
    (void)o;
    (void)c;
}

static void keylog_event(const struct zs_report_options *o, const struct zs_report_connection *c,
                         const struct zs_event *ev)
{
    char *line = ev->kind == ZS_EVENT_CONTEXT ? zs_context_secret(ev->context.context) : NULL;
    (void)c;

    if (!line)
        return;
    fputs(line, o->out);
    fputc('\n', o->out);
    zs_secret_free(line);
    ++*o->secrets;
}

static void keylog_end(const struct zs_report_options *o, const struct zs_report_summary *s)
{
    (void)o;
    (void)s;
}

const struct zs_report zs_report_keylog = {keylog_begin, keylog_event, keylog_end};
