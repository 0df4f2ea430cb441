/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that were run again, as ladders: the client's statements on the left, the server's on the right, and
 * between them what ours would have said otherwise.
 *
 * Limits: a difference of a kind is told once a connection and side; the verdict counts all. */
#include "analyzer/report/dialog.h"
#include "analyzer/report/rerun.h"
#include "analyzer/report/words.h"

#include <glib.h>
#include <string.h>

#define RED    "\x1b[31m"
#define GREEN  "\x1b[32m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

enum { HALF = 52 };

static void ladder_begin(const struct zs_rerun_options *o, const struct zs_rerun_connection *c)
{
    fprintf(o->out, "c%" G_GUINT64_FORMAT " %s - %s\n", c->shown->number, c->shown->client,
            c->shown->server);
}

static void ladder_statement(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                             enum zs_role role, struct zs_stamp at, const struct zs_peer_event *ev)
{
    bool refused = ev->kind == ZS_PEER_DEFECT;
    GString *text = g_string_new(NULL);

    if (c->established && !o->all && !refused) {
        g_string_free(text, TRUE);
        return;
    }
    const char *kind = zs_dialog_describe(text, ev);
    g_string_prepend_c(text, ' ');
    g_string_prepend(text, kind);
    double seconds = (double)zs_stamp_since(at, c->first) / 1e9;
    if (o->colours && refused)
        fputs(RED, o->out);
    if (role == ZS_ROLE_CLIENT)
        fprintf(o->out, "%12.6f #%-6" G_GUINT64_FORMAT " %-*s --%c\n", seconds, at.frame, HALF,
                text->str, refused ? 'x' : '>');
    else
        fprintf(o->out, "%12.6f #%-6" G_GUINT64_FORMAT " %-*s %c-- %s\n", seconds, at.frame, HALF,
                "", refused ? 'x' : '<', text->str);
    if (o->colours && refused)
        fputs(PLAIN, o->out);
    g_string_free(text, TRUE);
}

static bool told_before(const struct zs_rerun_connection *c, enum zs_role role,
                        const struct zs_rerun_difference *d)
{
    char *key = g_strjoin("\n", zs_role_name(role), d->field, d->ours, d->captured, NULL);

    return !g_hash_table_add(c->told, key);
}

static void append(GString *line, const char *text)
{
    zs_append_octets(line, zs_span(text, strlen(text)), 80);
}

static void ladder_difference(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                              enum zs_role role, struct zs_stamp at,
                              const struct zs_rerun_difference *d)
{
    GString *line = g_string_new(NULL);

    if (!told_before(c, role, d)) {
        g_string_append_printf(line, "#%" G_GUINT64_FORMAT " ", at.frame);
        append(line, d->field);
        g_string_append(line, ": captured ");
        append(line, d->captured);
        g_string_append(line, ", ours ");
        append(line, d->ours);
        fprintf(o->out, "%s%12s ! %s %s (%s)%s\n", o->colours ? YELLOW : "", "", zs_role_name(role),
                line->str, d->clause, o->colours ? PLAIN : "");
    }
    g_string_free(line, TRUE);
}

/* What a side did wrong, or the sentence in its place. */
static void append_reason(GString *line, const struct zs_rerun_result *r)
{
    if (r->rc != ZS_OK) {
        const struct zs_defect *d = zs_defect_of(r->rc);
        g_string_append_printf(line, ": %s: %s", d->code, d->sentence);
    }
    if (r->reason) {
        g_string_append(line, ": ");
        zs_append_octets(line, zs_span(r->reason, strlen(r->reason)), 400);
    }
    if (r->rc != ZS_OK)
        g_string_append_printf(line, " (%s)", zs_defect_of(r->rc)->clause);
    if (r->reason || r->rc != ZS_OK)
        if (r->at.frame)
            g_string_append_printf(line, "; packet #%" G_GUINT64_FORMAT, r->at.frame);
}

static void append_totals(GString *line, const struct zs_rerun_result *r, enum zs_role role)
{
    g_string_append_printf(line,
                           "%s %" G_GUINT64_FORMAT " message%s (%" G_GUINT64_FORMAT " octet%s)",
                           zs_role_name(role), r->messages[role], r->messages[role] == 1 ? "" : "s",
                           r->octets[role], r->octets[role] == 1 ? "" : "s");
}

static const char *colour_of(enum zs_rerun_verdict v)
{
    switch (v) {
    case ZS_RERUN_SAME:
        return GREEN;
    case ZS_RERUN_BROKEN:
    case ZS_RERUN_FAILED:
        return RED;
    default:
        return YELLOW;
    }
}

static void ladder_verdict(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                           const struct zs_rerun_result *r)
{
    GString *line = g_string_new(zs_rerun_verdict_name(r->verdict));
    (void)c;

    if (r->has_role)
        g_string_append_printf(line, " by the %s", zs_role_name(r->role));
    append_reason(line, r);
    if (r->differences)
        g_string_append_printf(line, "; %" G_GUINT64_FORMAT " difference%s", r->differences,
                               r->differences == 1 ? "" : "s");
    if (r->established)
        g_string_append_printf(line, "; established in %.1f ms", (double)r->handshake_ns / 1e6);
    if (r->verdict != ZS_RERUN_NOT_RUN) {
        g_string_append(line, "; ");
        append_totals(line, r, ZS_ROLE_CLIENT);
        g_string_append(line, ", ");
        append_totals(line, r, ZS_ROLE_SERVER);
    }
    fprintf(o->out, "%s%12s = %s%s\n\n", o->colours ? colour_of(r->verdict) : "", "", line->str,
            o->colours ? PLAIN : "");
    g_string_free(line, TRUE);
}

static void ladder_end(const struct zs_rerun_options *o, const struct zs_rerun_counts *n)
{
    uint64_t all = 0;
    const char *before = ": ";

    for (int v = 0; v <= ZS_RERUN_NOT_RUN; v++)
        all += n->verdict[v];
    fprintf(o->out, "%" G_GUINT64_FORMAT " ZMTP connection%s", all, all == 1 ? "" : "s");
    for (int v = 0; v <= ZS_RERUN_NOT_RUN; v++) {
        if (!n->verdict[v])
            continue;
        fprintf(o->out, "%s%" G_GUINT64_FORMAT " %s", before, n->verdict[v],
                zs_rerun_verdict_name((enum zs_rerun_verdict)v));
        before = ", ";
    }
    fputc('\n', o->out);
}

const struct zs_rerun_report zs_rerun_report_text = {ladder_begin, ladder_statement,
                                                     ladder_difference, ladder_verdict, ladder_end};
