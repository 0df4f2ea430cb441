/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A live conversation as text, in the words of the report on captures.
 *
 * Limits: those of words.h. Nothing from the wire reaches the terminal unescaped, but for quiet's messages, which are
 * meant for a pipe. */
#include "analyzer/report/dialog.h"

#include "analyzer/report/words.h"
#include "core/krb/key.h"
#include "core/wire/token.h"

#include <glib.h>

#define DIM   "\x1b[2m"
#define RED   "\x1b[31m"
#define GREEN "\x1b[32m"
#define PLAIN "\x1b[0m"

enum { KIND_WIDTH = 10 };

static void put(const struct zs_dialog *d, const char *colour, const char *who, char mark,
                const char *kind, const char *text)
{
    bool coloured = d->colours && colour;

    fprintf(d->out, "%s%s%c %-*s %s%s\n", coloured ? colour : "", who, mark, KIND_WIDTH, kind, text,
            coloured ? PLAIN : "");
}

static void append_greeting(GString *line, const struct zs_greeting *g)
{
    g_string_append_printf(line, "ZMTP %s %s%s", zs_greeting_version(g), g->mechanism,
                           g->as_server ? ", as server" : "");
}

static void append_token(GString *line, const struct zs_peer_event *ev)
{
    struct zs_token t = {0};

    zs_token_parse(ev->body, &t);
    g_string_append_printf(line, "%s %s, %zu octets", zs_mech_name(t.mech),
                           zs_token_kind_name(t.kind), ev->body.n);
}

static const char *protection(const struct zs_peer_event *ev)
{
    if (!ev->wrapped)
        return "in the clear";
    return ev->confidential ? "sealed" : "integrity only";
}

static void append_command(GString *line, const struct zs_peer_event *ev)
{
    if (ev->command == ZS_CMD_EMPTY) {
        g_string_append(line, "(empty): the context stands");
        return;
    }
    g_string_append_printf(line, "%s [%s]", zs_command_name(ev->command), protection(ev));
    if (ev->command == ZS_CMD_PING)
        g_string_append_printf(line, " ttl %u.%u s", ev->ttl / 10u, ev->ttl % 10u);
    if (ev->body.n) {
        g_string_append_c(line, ' ');
        zs_append_quoted(line, ev->body);
    }
}

static void append_message(GString *line, const struct zs_peer_event *ev)
{
    g_string_append_printf(line, "[%s, %zu octet%s%s] ", protection(ev), ev->body.n,
                           ev->body.n == 1 ? "" : "s", ev->more ? ", more" : "");
    zs_append_quoted(line, ev->body);
}

static void append_defect(GString *line, const struct zs_peer_event *ev)
{
    const struct zs_defect *row = zs_defect_of(ev->rc);

    g_string_append_printf(line, "%s: %s", row->code, row->sentence);
    if (ev->detail) {
        g_string_append(line, ": ");
        zs_append_octets(line, zs_span(ev->detail, strlen(ev->detail)), 400);
    }
    g_string_append_printf(line, " (%s)", row->clause);
}

const char *zs_dialog_describe(GString *line, const struct zs_peer_event *ev)
{
    switch (ev->kind) {
    case ZS_PEER_GREETING:
        append_greeting(line, ev->greeting);
        return "greeting";
    case ZS_PEER_TOKEN:
        append_token(line, ev);
        return "token";
    case ZS_PEER_COMMAND:
        append_command(line, ev);
        return "command";
    case ZS_PEER_ESTABLISHED:
        g_string_append_printf(line, "READY [%s]", protection(ev));
        zs_append_metadata(line, ev->body);
        return "command";
    case ZS_PEER_MESSAGE:
        append_message(line, ev);
        return "message";
    case ZS_PEER_ERROR:
        g_string_append(line, "ERROR ");
        zs_append_quoted(line, ev->body);
        return "command";
    case ZS_PEER_DEFECT:
        append_defect(line, ev);
        return "defect";
    case ZS_PEER_END:
        g_string_append(line, "closed by the other side");
        return "end";
    }
    return "";
}

static void put_quiet(const struct zs_dialog *d, const struct zs_peer_event *ev)
{
    fwrite(ev->body.p, 1, ev->body.n, d->out);
    fputs(ev->more && d->separator ? d->separator : "\n", d->out);
}

static const char *colour_of(const struct zs_peer_event *ev)
{
    if (ev->kind == ZS_PEER_DEFECT || ev->kind == ZS_PEER_ERROR)
        return RED;
    return ev->kind == ZS_PEER_MESSAGE ? NULL : DIM;
}

static void append_expiry(GString *line, int64_t expires)
{
    GDateTime *end = expires ? g_date_time_new_from_unix_local(expires) : NULL;

    if (!end)
        return;
    char *text = g_date_time_format(end, "%Y-%m-%d %H:%M:%S");
    g_string_append_printf(line, "; ends %s", text);
    g_free(text);
    g_date_time_unref(end);
}

static void put_context(const struct zs_dialog *d, const char *who, const struct zs_gss_facts *f)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    GString *line = g_string_new(f->initiator ? f->initiator : "unknown");

    g_string_append_printf(line, " to %s", f->acceptor ? f->acceptor : "unknown");
    if (f->enctype)
        g_string_append_printf(line, "; %s", zs_enctype_name(f->enctype, name, sizeof name));
    g_string_append(line, "; flags");
    zs_append_gss_flags(line, f->flags);
    append_expiry(line, f->expires);
    put(d, GREEN, who, '-', "context", line->str);
    g_string_free(line, TRUE);
}

void zs_dialog_event(const struct zs_dialog *d, const char *who, const struct zs_peer *p, bool said,
                     const struct zs_peer_event *ev)
{
    if (d->quiet) {
        if (ev->kind == ZS_PEER_MESSAGE && !said)
            put_quiet(d, ev);
        return;
    }
    GString *line = g_string_new(NULL);
    const char *kind = zs_dialog_describe(line, ev);
    put(d, colour_of(ev), who, said ? '>' : '<', kind, line->str);
    g_string_free(line, TRUE);
    if (d->hex && ev->kind == ZS_PEER_MESSAGE)
        zs_put_hex(d->out, ev->body);
    if (ev->kind == ZS_PEER_TOKEN && ev->complete && !said)
        put_context(d, who, p->gss->body->facts(p->gss->self));
}

void zs_dialog_open(const struct zs_dialog *d, const char *who, const struct zs_peer *p,
                    int64_t elapsed_ns)
{
    const char *other = zs_socket_type_name(p->other_type);

    if (d->quiet)
        return;
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%s with %s in %.1f ms",
                           zs_socket_type_name(p->options.socket_type), other ? other : "unknown",
                           (double)elapsed_ns / 1e6);
    put(d, GREEN, who, '-', "open", line->str);
    g_string_free(line, TRUE);
}

void zs_dialog_note(const struct zs_dialog *d, const char *who, const char *what, const char *more)
{
    if (!d->quiet)
        put(d, NULL, who, '-', what, more);
}
