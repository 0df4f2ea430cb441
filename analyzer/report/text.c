/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report that a person reads: a line an event, oldest first.
 *
 * Limits: those of words.h; names end after NAME_MAX_SHOWN octets. Nothing from the wire reaches the terminal unescaped. */
#include "analyzer/report/report.h"
#include "analyzer/report/words.h"

#include <glib.h>
#include <time.h>

enum { NAME_MAX_SHOWN = 400 };

static const char *colour(const struct zs_report_options *o, const char *code)
{
    return o->colours ? code : "";
}
#define BOLD  "\x1b[1m"
#define DIM   "\x1b[2m"
#define RED   "\x1b[31m"
#define GREEN "\x1b[32m"
#define PLAIN "\x1b[0m"

static void append_name(GString *line, const char *text)
{
    zs_append_octets(line, zs_span(text, strlen(text)), NAME_MAX_SHOWN);
}

static void append_enctype(GString *line, int32_t enctype)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    g_string_append(line, zs_enctype_name(enctype, name, sizeof name));
}

static void line_connection(GString *line, const struct zs_event *ev)
{
    g_string_append(line, ev->midstream ? "begins before the capture" : "opened");
}

static void line_greeting(GString *line, const struct zs_greeting *g)
{
    g_string_append_printf(line, "ZMTP %s", zs_greeting_version(g));
    if (g->versioned && !zs_greeting_is_2(g))
        g_string_append_printf(line, " %s%s", g->mechanism, g->as_server ? ", as server" : "");
    else if (g->versioned && zs_socket_type_of_number(g->socket_type))
        g_string_append_printf(line, " %s",
                               zs_socket_type_name(zs_socket_type_of_number(g->socket_type)));
}

static void line_token(GString *line, const struct zs_event_token *t)
{
    g_string_append_printf(line, "%s %s", zs_mech_name(t->token->mech),
                           zs_token_kind_name(t->token->kind));
    if (t->token->mech_token.n)
        g_string_append_printf(line, " with %s %s", zs_mech_name(t->reading->mech.mech),
                               zs_token_kind_name(t->reading->mech.kind));
    if (t->mic != ZS_MIC_NONE)
        g_string_append_printf(line, ", MIC over the offer %s", zs_mic_state_name(t->mic));
    if (t->ap_req) {
        char *service = zs_principal_format(&t->ap_req->service);
        g_string_append(line, " for ");
        append_name(line, service);
        if (t->ap_req->ticket.has_kvno)
            g_string_append_printf(line, ", kvno %u", (unsigned)t->ap_req->ticket.kvno);
        g_string_append(line, ", ");
        append_enctype(line, t->ap_req->ticket.enctype);
        g_free(service);
    }
    if (t->krb_error) {
        g_string_append_printf(line, " %d ", (int)t->krb_error->code);
        zs_append_quoted(line, t->krb_error->text);
    }
}

/* The three enctypes, or the one that they all are; the ticket's is unknown where no AP-REQ was seen. */
static void append_enctypes(GString *line, const struct zs_context_facts *f)
{
    bool one = f->ticket_etype == f->session_etype && f->session_etype == f->subkey_etype;

    if (f->ticket_etype) {
        g_string_append(line, one ? "all keys " : "ticket ");
        append_enctype(line, f->ticket_etype);
    }
    if (f->session_etype && !one) {
        g_string_append(line, ", session ");
        append_enctype(line, f->session_etype);
    }
    if (f->subkey_etype && !one) {
        g_string_append(line, f->ticket_etype ? ", messages " : "messages ");
        append_enctype(line, f->subkey_etype);
    }
    if (f->subkey_etype)
        g_string_append_printf(line, " (%s%s)", zs_subkey_from_name(f->subkey_from),
                               f->subkey_from == ZS_SUBKEY_SESSION ? " key" : " subkey");
}

static const char *verdict_in_words(enum zs_verdict v)
{
    static const char *const words[] = {
        [ZS_VERDICT_UNKNOWN] = "the client's clock is unknown",
        [ZS_VERDICT_ACCEPTABLE] = "times and clock are good",
        [ZS_VERDICT_EXPIRED] = "the ticket had expired, and an acceptor must refuse it",
        [ZS_VERDICT_NOT_YET_VALID] = "the ticket was not valid yet, and an acceptor must refuse it",
        [ZS_VERDICT_SKEW] =
            "the clocks differ by more than five minutes, and an acceptor must refuse it",
    };
    return words[v];
}

/* GLib's clock would look for the time zone's file each time. */
static void append_time(GString *line, int64_t unix_time)
{
    time_t t = (time_t)unix_time;
    struct tm tm;
    char text[32];

    bool known = localtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) > 0;
    g_string_append(line, known ? text : "never");
}

/* The verdict and what it is made from: the ticket's end, and how far the client's clock is ahead. */
static void append_verdict(GString *line, const struct zs_context_facts *f)
{
    g_string_append_printf(line, "; %s (", verdict_in_words(f->verdict));
    g_string_append(line, "ends ");
    append_time(line, f->times.end);
    if (f->authenticator_opened)
        g_string_append_printf(line, ", clock %+.3f s", (double)f->skew_ms / 1000);
    g_string_append_c(line, ')');
}

/* What not every context has. */
static void append_extras(GString *line, const struct zs_context_facts *f)
{
    if (f->delegated) {
        g_string_append(line, "; hands the service a ticket of ");
        append_name(line, f->delegated_client ? f->delegated_client : "a user that is not shown");
        if (f->delegated_end) {
            g_string_append(line, " until ");
            append_time(line, f->delegated_end);
        }
    }
    if (f->channel_bindings)
        g_string_append(line, "; bound to a channel");
    if (f->transited) {
        g_string_append(line, "; by way of ");
        append_name(line, f->transited);
    }
    /* MIT's KDC puts a PAC into every ticket, and so does Active Directory. */
    if (f->authorization && strcmp(f->authorization, "PAC") != 0) {
        g_string_append(line, "; authorization data ");
        append_name(line, f->authorization);
    }
}

static void line_opened(GString *line, const struct zs_context_facts *f)
{
    append_name(line, f->client_principal ? f->client_principal : "unknown client");
    g_string_append(line, " to ");
    append_name(line, f->service_principal ? f->service_principal : "unknown service");
    g_string_append(line, "; ");
    append_enctypes(line, f);
    if (f->ticket_opened)
        append_verdict(line, f);
    if (f->has_gss_flags) {
        g_string_append(line, "; flags");
        zs_append_gss_flags(line, f->gss_flags);
    }
    append_extras(line, f);
    g_string_append(line, "; opened by ");
    append_name(line, f->keytab_entry);
}

static void line_context(GString *line, const struct zs_context_facts *f)
{
    if (f->opened_by)
        line_opened(line, f);
    else
        g_string_append(line, "not opened");
    if (f->reason) {
        g_string_append(line, f->opened_by ? "; " : ": ");
        append_name(line, f->reason);
    }
}

/* The password of PLAIN's HELLO is counted, never shown. */
static void append_credentials(GString *line, struct zs_span body)
{
    struct zs_plain_hello hello;

    if (zs_plain_hello_parse(body, &hello) != ZS_OK)
        return;
    g_string_append(line, " user ");
    zs_append_quoted(line, hello.username);
    g_string_append_printf(line, ", password of %zu octets in the clear", hello.password.n);
}

static void append_reason(GString *line, struct zs_span body)
{
    struct zs_span reason;

    if (zs_error_parse(body, &reason) != ZS_OK)
        reason = body;
    g_string_append_c(line, ' ');
    zs_append_quoted(line, reason);
}

static void append_command_body(GString *line, const struct zs_reading *r)
{
    const struct zs_command *c = &r->content;
    struct zs_ping ping;

    if (r->has_metadata)
        zs_append_metadata(line, c->body);
    switch (c->id) {
    case ZS_CMD_PING:
        if (zs_ping_parse(c->body, &ping) == ZS_OK)
            g_string_append_printf(line, " ttl %u.%u s", ping.ttl / 10u, ping.ttl % 10u);
        break;
    case ZS_CMD_SUBSCRIBE:
    case ZS_CMD_CANCEL:
    case ZS_CMD_JOIN:
    case ZS_CMD_LEAVE:
        g_string_append_c(line, ' ');
        zs_append_quoted(line, c->body);
        break;
    case ZS_CMD_ERROR:
        append_reason(line, c->body);
        break;
    case ZS_CMD_HELLO:
        if (r->mechanism == ZS_MECHANISM_PLAIN)
            append_credentials(line, c->body);
        break;
    default:
        break;
    }
}

static const char *wrapping(const struct zs_reading *r)
{
    if (!r->wrapped)
        return "in the clear";
    if (!r->verified)
        return r->cfx.header.n && !(r->cfx.flags & ZS_CFX_SEALED) ? "signed, not checked"
                                                                  : "sealed, not opened";
    return r->unwrapped.confidential ? "sealed" : "integrity only";
}

/* An answer, and what it answers. */
static void append_answer(GString *line, const struct zs_exchange_fact *f)
{
    char text[80]; /* g_string_append_printf() would allocate, for every message */

    if (!f->answers)
        return;
    g_snprintf(text, sizeof text, ", answers #%" G_GUINT64_FORMAT " after %.3f ms",
               f->asked_at.frame, (double)f->after_ns / 1e6);
    g_string_append(line, text);
}

static void line_command(GString *line, const struct zs_reading *r,
                         const struct zs_exchange_fact *f)
{
    if (r->content.id == ZS_CMD_EMPTY)
        g_string_append(line, "(empty)");
    else if (r->content.id == ZS_CMD_UNKNOWN)
        zs_append_quoted(line, r->content.name);
    else
        g_string_append(line, zs_command_name(r->content.id));
    if (r->content.misnamed)
        g_string_append(line, " (sent as RROR)");
    if (r->wrapped)
        g_string_append_printf(line, " [%s]", wrapping(r));
    if (!r->wrapped || r->verified)
        append_command_body(line, r);
    append_answer(line, f);
}

/* "DEALER → ROUTER ": with a message's last part, by which it is whole. */
static void append_sockets(GString *line, const struct zs_exchange_fact *f)
{
    const char *from = zs_socket_type_name(f->sender), *to = zs_socket_type_name(f->receiver);

    if (!f->last || !from || !to)
        return;
    g_string_append(line, from);
    g_string_append(line, " → ");
    g_string_append(line, to);
    g_string_append_c(line, ' ');
}

/* "[sealed, 7 octets, topic, more]" of a part; of the last of several what the whole message is: "[sealed, 3 parts, 1200
 * octets]". */
static void append_size(GString *line, const struct zs_reading *r, const struct zs_exchange_fact *f)
{
    bool several = f->last && f->part > 1;
    uint64_t octets = several                      ? f->octets
                      : r->wrapped && !r->verified ? r->frame.body.n
                                                   : r->data.n;
    char text[100];

    g_string_append_c(line, '[');
    g_string_append(line, wrapping(r));
    if (several) {
        g_snprintf(text, sizeof text, ", %s%u parts", f->torn ? "the last " : "", f->part);
        g_string_append(line, text);
    }
    g_snprintf(text, sizeof text, ", %" G_GUINT64_FORMAT " octet%s", octets,
               octets == 1 ? "" : "s");
    g_string_append(line, text);
    if (f->role != ZS_PART_PAYLOAD) {
        g_string_append(line, ", ");
        g_string_append(line, zs_part_role_name(f->role));
    }
    if (f->torn && f->part == 1)
        g_string_append(line, ", what is before it is missing");
    g_string_append(line, r->more ? ", more]" : "]");
}

static void line_message(GString *line, const struct zs_report_connection *c,
                         const struct zs_event *ev)
{
    const struct zs_reading *r = ev->message;

    append_sockets(line, ev->fact);
    if (c->principal[ev->dir]) {
        append_name(line, c->principal[ev->dir]);
        g_string_append_c(line, ' ');
    }
    append_size(line, r, ev->fact);
    if (!r->wrapped || r->verified) {
        g_string_append_c(line, ' ');
        zs_append_quoted(line, r->data);
    }
    if (ev->fact->subscribed) {
        g_string_append(line, ", subscribed as ");
        zs_append_quoted(line, ev->fact->subscription);
    }
    append_answer(line, ev->fact);
}

static void line_defect(GString *line, const struct zs_event_defect *d)
{
    const struct zs_defect *row = zs_defect_of(d->rc);

    g_string_append_printf(line, "%s: %s", row->code, row->sentence);
    if (d->detail)
        g_string_append_printf(line, ": %s", d->detail);
    g_string_append_printf(line, " (%s)", row->clause);
}

static void append_sent(GString *line, const char *who, const struct zs_side *side)
{
    g_string_append_printf(
        line, "%s sent %" G_GUINT64_FORMAT " message%s (%" G_GUINT64_FORMAT " octet%s)", who,
        side->messages, side->messages == 1 ? "" : "s", side->message_octets,
        side->message_octets == 1 ? "" : "s");
    if (side->sealed)
        g_string_append_printf(line, " and %" G_GUINT64_FORMAT " that stayed sealed", side->sealed);
}

static void line_gap(GString *line, const struct zs_event_gap *g)
{
    if (g->bytes || !g->unread)
        g_string_append_printf(line, "%" G_GUINT64_FORMAT " octets are not in the capture",
                               g->bytes);
    if (g->unread)
        g_string_append_printf(line,
                               "%s%" G_GUINT64_FORMAT
                               " octets of the capture could not be read: their frame is not all "
                               "there or damaged, or was passed over",
                               g->bytes ? "; " : "", g->unread);
}

static void line_limit(GString *line, const struct zs_event_limit *l)
{
    switch (l->which) {
    case ZS_LIMIT_CONNECTIONS:
        g_string_append_printf(line,
                               "makes room: %" G_GUINT64_FORMAT
                               " TCP connections are open (--max-connections); what still comes "
                               "of it counts as another one",
                               l->most);
        break;
    case ZS_LIMIT_PENDING:
        g_string_append_printf(line,
                               "a missing piece is given up: more than %" G_GUINT64_FORMAT
                               " octets wait for it (--max-pending)",
                               l->most);
        break;
    case ZS_LIMIT_FRAMES:
        g_string_append_printf(line,
                               "a frame is passed over: those whose rest is awaited have more than "
                               "%" G_GUINT64_FORMAT " octets (--max-frame, --max-pending)",
                               l->most);
        break;
    }
}

static void line_close(GString *line, const struct zs_event_close *c)
{
    g_string_append(line, zs_outcome_name(c->outcome));
    if (c->reason)
        g_string_append_printf(line, ": %s", c->reason);
    append_sent(line, "; TCP client", &c->session->side[ZS_C2S]);
    append_sent(line, ", server", &c->session->side[ZS_S2C]);
    if (c->sealed)
        g_string_append_printf(line, "; %s", c->sealed);
}

static void text_begin(const struct zs_report_options *o, const struct zs_report_capture *c)
{
    (void)o;
    (void)c;
}

static const char *context_colour(const struct zs_context_facts *f)
{
    bool refusable = f->ticket_opened && f->verdict > ZS_VERDICT_ACCEPTABLE;
    return f->opened_by && !refusable ? GREEN : RED;
}

static const char *kind_colour(const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_MESSAGE:
        return BOLD;
    case ZS_EVENT_DEFECT:
    case ZS_EVENT_GAP:
    case ZS_EVENT_LIMIT:
        return RED;
    case ZS_EVENT_CONTEXT:
        return context_colour(ev->context.facts);
    case ZS_EVENT_CLOSE:
        return ev->close.outcome == ZS_OUTCOME_FAILED ? RED : "";
    default:
        return "";
    }
}

static void append_event(GString *line, const struct zs_report_connection *c,
                         const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        line_connection(line, ev);
        break;
    case ZS_EVENT_GREETING:
        line_greeting(line, ev->greeting);
        break;
    case ZS_EVENT_TOKEN:
        line_token(line, &ev->token);
        break;
    case ZS_EVENT_CONTEXT:
        line_context(line, ev->context.facts);
        break;
    case ZS_EVENT_COMMAND:
        line_command(line, ev->command, ev->fact);
        break;
    case ZS_EVENT_MESSAGE:
        line_message(line, c, ev);
        break;
    case ZS_EVENT_GAP:
        line_gap(line, &ev->gap);
        break;
    case ZS_EVENT_DEFECT:
        line_defect(line, &ev->defect);
        break;
    case ZS_EVENT_LIMIT:
        line_limit(line, &ev->limit);
        break;
    case ZS_EVENT_CLOSE:
        line_close(line, &ev->close);
        break;
    }
}

static void text_event(const struct zs_report_options *o, const struct zs_report_connection *c,
                       const struct zs_event *ev)
{
    bool backwards = ev->directed && ev->dir == ZS_S2C;
    static GString *line; /* of every event: its memory is used again */
    char clock[ZS_CLOCK_TEXT];
    char head[2 * ZS_REPORT_ENDPOINT + 120]; /* two ends, a clock, two numbers and colours */

    if (!line)
        line = g_string_sized_new(256);
    g_snprintf(head, sizeof head, "%s%s #%" G_GUINT64_FORMAT " c%" G_GUINT64_FORMAT " %s %s %s%s ",
               colour(o, DIM), zs_clock_format(ev->at.time_ns, ZS_CLOCK_LOCAL, clock), ev->at.frame,
               c->number, backwards ? c->server : c->client, ev->directed ? ">" : "-",
               backwards ? c->client : c->server, colour(o, PLAIN));
    g_string_assign(line, head);
    const char *name = zs_event_name(ev->kind);
    g_string_append(line, colour(o, kind_colour(ev)));
    g_string_append(line, name);
    g_string_append_len(line, "           ", MAX(1, 11 - (gssize)strlen(name)));
    append_event(line, c, ev);
    g_string_append(line, colour(o, PLAIN));
    g_string_append_c(line, '\n');
    fwrite(line->str, 1, line->len, o->out);
    if (o->hex && ev->kind == ZS_EVENT_MESSAGE)
        zs_put_hex(o->out, ev->message->data);
}

static void put_count(FILE *out, uint64_t n, const char *what)
{
    fprintf(out, "%" G_GUINT64_FORMAT " %s%s", n, what, n == 1 ? "" : "s");
}

static void text_end(const struct zs_report_options *o, const struct zs_report_summary *s)
{
    put_count(o->out, s->packets, "packet");
    fputs(", ", o->out);
    put_count(o->out, s->connections, "ZMTP connection");
    fprintf(o->out, " (%" G_GUINT64_FORMAT " established), %" G_GUINT64_FORMAT " of ",
            s->established, s->contexts_opened);
    put_count(o->out, s->contexts, "context");
    fputs(" opened, ", o->out);
    put_count(o->out, s->messages, "message");
    if (s->sealed)
        fprintf(o->out, " and %" G_GUINT64_FORMAT " that stayed sealed", s->sealed);
    fputs(", ", o->out);
    put_count(o->out, s->defects, "defect");
    fputc('\n', o->out);
    if (s->evicted)
        fprintf(o->out,
                "%" G_GUINT64_FORMAT
                " TCP connection%s made room for others before %s ended: --max-connections\n",
                s->evicted, s->evicted == 1 ? "" : "s", s->evicted == 1 ? "it" : "they");
    if (s->dropped)
        fprintf(o->out,
                "%" G_GUINT64_FORMAT
                " packet%s dropped by the kernel before %s could be recorded\n",
                s->dropped, s->dropped == 1 ? " was" : "s were", s->dropped == 1 ? "it" : "they");
    if (s->cut)
        fprintf(o->out,
                "%" G_GUINT64_FORMAT
                " packet%s cut short by the recording: capture with a snap length of 0\n",
                s->cut, s->cut == 1 ? " was" : "s were");
    if (s->passed_over)
        fprintf(o->out,
                "%" G_GUINT64_FORMAT " TCP connection%s began before the capture and %s passed "
                "over; -d tcp.port==PORT,zmtp reads those of a port as ZMTP\n",
                s->passed_over, s->passed_over == 1 ? "" : "s",
                s->passed_over == 1 ? "was" : "were");
}

const struct zs_report zs_report_text = {.begin = text_begin, .event = text_event, .end = text_end};
