/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that were run again, as NDJSON: docs/replay.md. */
#include "analyzer/report/jsonline.h"
#include "analyzer/report/rerun.h"

#include <string.h>

static struct zs_json *begin(const char *event, const struct zs_rerun_connection *c,
                             struct zs_stamp at)
{
    struct zs_json *b = zs_json_begin(event);

    zs_json_int(b, "connection", (int64_t)c->shown->number);
    if (at.frame) {
        zs_json_time(b, "time", at.time_ns);
        zs_json_int(b, "frame", (int64_t)at.frame);
    }
    return b;
}

static void json_begin(const struct zs_rerun_options *o, const struct zs_rerun_connection *c)
{
    struct zs_json *b = begin("connection", c, c->first);

    zs_json_string(b, "client", c->shown->client);
    zs_json_string(b, "server", c->shown->server);
    zs_json_end(o->out, b);
}

static const char *kind_name(enum zs_peer_event_kind k)
{
    static const char *const names[] = {
        [ZS_PEER_GREETING] = "greeting", [ZS_PEER_TOKEN] = "token",
        [ZS_PEER_COMMAND] = "command",   [ZS_PEER_ESTABLISHED] = "command",
        [ZS_PEER_MESSAGE] = "message",   [ZS_PEER_ERROR] = "command",
        [ZS_PEER_DEFECT] = "defect",     [ZS_PEER_END] = "end",
    };
    return names[k];
}

static void put_defect(struct zs_json *b, enum zs_rc rc, const char *detail)
{
    const struct zs_defect *d = zs_defect_of(rc);

    zs_json_string(b, "code", d->code);
    zs_json_string(b, "sentence", d->sentence);
    zs_json_string(b, "clause", d->clause);
    if (detail)
        zs_json_text(b, "detail", zs_span(detail, strlen(detail)));
}

static void json_statement(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                           enum zs_role role, struct zs_stamp at, const struct zs_peer_event *ev)
{
    struct zs_json *b = begin("statement", c, at);

    zs_json_string(b, "role", zs_role_name(role));
    zs_json_string(b, "kind", kind_name(ev->kind));
    zs_json_string(b, "awaited", zs_peer_state_name(ev->state));
    if (ev->kind == ZS_PEER_DEFECT) {
        put_defect(b, ev->rc, ev->detail);
    } else if (ev->kind == ZS_PEER_GREETING) {
        zs_json_string(b, "mechanism", ev->greeting->mechanism);
        zs_json_bool(b, "as_server", ev->greeting->as_server);
    } else {
        zs_json_string(b, "command", zs_command_name(ev->command));
        zs_json_bool(b, "wrapped", ev->wrapped);
        if (ev->wrapped)
            zs_json_bool(b, "confidential", ev->confidential);
        zs_json_int(b, "length", (int64_t)ev->body.n);
    }
    if (ev->kind == ZS_PEER_MESSAGE)
        zs_json_bool(b, "more", ev->more);
    zs_json_end(o->out, b);
}

static void json_difference(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                            enum zs_role role, struct zs_stamp at,
                            const struct zs_rerun_difference *d)
{
    struct zs_json *b = begin("difference", c, at);

    zs_json_string(b, "role", zs_role_name(role));
    zs_json_text(b, "field", zs_span(d->field, strlen(d->field)));
    zs_json_text(b, "ours", zs_span(d->ours, strlen(d->ours)));
    zs_json_text(b, "captured", zs_span(d->captured, strlen(d->captured)));
    zs_json_string(b, "clause", d->clause);
    zs_json_end(o->out, b);
}

static void put_totals(struct zs_json *b, const struct zs_rerun_result *r, enum zs_role role)
{
    zs_json_object(b, zs_role_name(role));
    zs_json_int(b, "statements", (int64_t)r->statements[role]);
    zs_json_int(b, "messages", (int64_t)r->messages[role]);
    zs_json_int(b, "octets", (int64_t)r->octets[role]);
    zs_json_object_end(b);
}

static void json_verdict(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                         const struct zs_rerun_result *r)
{
    struct zs_json *b = begin("verdict", c, r->at);

    zs_json_string(b, "verdict", zs_rerun_verdict_name(r->verdict));
    if (r->has_role)
        zs_json_string(b, "by", zs_role_name(r->role));
    if (r->rc != ZS_OK)
        put_defect(b, r->rc, r->reason);
    else if (r->reason)
        zs_json_text(b, "reason", zs_span(r->reason, strlen(r->reason)));
    zs_json_bool(b, "established", r->established);
    if (r->established)
        zs_json_int(b, "handshake_ns", r->handshake_ns);
    put_totals(b, r, ZS_ROLE_CLIENT);
    put_totals(b, r, ZS_ROLE_SERVER);
    zs_json_int(b, "differences", (int64_t)r->differences);
    zs_json_end(o->out, b);
}

static void json_end(const struct zs_rerun_options *o, const struct zs_rerun_counts *n)
{
    struct zs_json *b = zs_json_begin("summary");

    for (int v = 0; v <= ZS_RERUN_NOT_RUN; v++)
        zs_json_int(b, zs_rerun_verdict_name((enum zs_rerun_verdict)v), (int64_t)n->verdict[v]);
    zs_json_end(o->out, b);
}

const struct zs_rerun_report zs_rerun_report_json = {json_begin, json_statement, json_difference,
                                                     json_verdict, json_end};
