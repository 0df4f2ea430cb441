/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event stream: one JSON object a line, as docs/events.md says.
 *
 * Limits: those of jsonline.h. Of metadata the first METADATA_MAX properties are shown. */
#include "analyzer/report/jsonline.h"
#include "analyzer/report/report.h"

#include <glib.h>
#include <string.h>

#define SCHEMA_VERSION 1

enum { METADATA_MAX = 1000 };

static void put_seconds(struct zs_json *b, const char *name, int64_t seconds)
{
    GDateTime *t = seconds ? g_date_time_new_from_unix_utc(seconds) : NULL;
    if (!t)
        return;
    char *text = g_date_time_format(t, "%Y-%m-%dT%H:%M:%SZ");
    zs_json_string(b, name, text);
    g_free(text);
    g_date_time_unref(t);
}

static void json_begin(const struct zs_report_options *o, const struct zs_report_capture *c)
{
    struct zs_json *b = zs_json_begin("capture");
    zs_json_int(b, "schema", SCHEMA_VERSION);
    zs_json_strings(b, "files", c->files);
    zs_json_strings(b, "link_types", c->link_types);
    zs_json_end(o->out, b);
}

static void put_connection(struct zs_json *b, const struct zs_report_connection *c,
                           const struct zs_event *ev)
{
    zs_json_string(b, "client", c->client);
    zs_json_string(b, "server", c->server);
    zs_json_bool(b, "midstream", ev->midstream);
}

static void put_greeting(struct zs_json *b, const struct zs_greeting *g)
{
    zs_json_string(b, "version", zs_greeting_version(g));
    if (g->versioned && !zs_greeting_is_2(g)) {
        zs_json_string(b, "mechanism", g->mechanism);
        zs_json_bool(b, "as_server", g->as_server);
    } else if (g->versioned) {
        zs_json_string(b, "socket_type",
                       zs_socket_type_name(zs_socket_type_of_number(g->socket_type)));
    }
}

static void put_enctype(struct zs_json *b, const char *name, int32_t enctype)
{
    char text[ZS_ENCTYPE_NAME_MAX];
    if (enctype)
        zs_json_string(b, name, zs_enctype_name(enctype, text, sizeof text));
}

/* SPNEGO: the mechanism's own token inside. */
static void put_inner(struct zs_json *b, const struct zs_reading *r)
{
    if (r->token.mech_token.n == 0)
        return;
    zs_json_string(b, "inner_mechanism", zs_mech_name(r->mech.mech));
    zs_json_string(b, "inner_kind", zs_token_kind_name(r->mech.kind));
}

static void put_token(struct zs_json *b, const struct zs_event_token *t)
{
    zs_json_string(b, "mechanism", zs_mech_name(t->token->mech));
    zs_json_string(b, "kind", zs_token_kind_name(t->token->kind));
    put_inner(b, t->reading);
    zs_json_string(b, "name", zs_command_name(t->reading->command.id));
    zs_json_string(b, "form", zs_form_name(t->reading->command.form));
    zs_json_int(b, "length", (int64_t)t->token->whole.n);
    if (t->mic != ZS_MIC_NONE)
        zs_json_string(b, "mech_list_mic", zs_mic_state_name(t->mic));
    if (t->ap_req) {
        char *service = zs_principal_format(&t->ap_req->service);
        zs_json_text(b, "service_principal", zs_span(service, strlen(service)));
        g_free(service);
        if (t->ap_req->ticket.has_kvno)
            zs_json_int(b, "kvno", t->ap_req->ticket.kvno);
        put_enctype(b, "ticket_etype", t->ap_req->ticket.enctype);
    }
    if (t->krb_error) {
        zs_json_int(b, "error_code", t->krb_error->code);
        zs_json_text(b, "error_text", t->krb_error->text);
    }
}

static void put_flags(struct zs_json *b, const char *name, uint32_t flags)
{
    zs_json_array(b, name);
    for (unsigned bit = 0; bit < 32; bit++)
        if (flags & 1u << bit && zs_gss_flag_name(bit))
            zs_json_element(b, zs_gss_flag_name(bit));
    zs_json_array_end(b);
}

static void put_flags_in_hex(struct zs_json *b, const char *name, uint32_t flags)
{
    char text[11];
    g_snprintf(text, sizeof text, "0x%08x", (unsigned)flags);
    zs_json_string(b, name, text);
}

/* "PAC 142": a list by spaces as an array. */
static void put_words(struct zs_json *b, const char *name, const char *words)
{
    if (!words)
        return;
    char **list = g_strsplit(words, " ", -1);
    zs_json_strings(b, name, (const char *const *)list);
    g_strfreev(list);
}

static void put_ticket_times(struct zs_json *b, const struct zs_ticket_times *t)
{
    zs_json_object(b, "ticket_times");
    put_seconds(b, "auth", t->auth);
    put_seconds(b, "start", t->start);
    put_seconds(b, "end", t->end);
    put_seconds(b, "renew_till", t->renew_till);
    zs_json_object_end(b);
}

static void put_text_of(struct zs_json *b, const char *name, const char *text)
{
    if (text)
        zs_json_text(b, name, zs_span(text, strlen(text)));
}

static void put_context(struct zs_json *b, const struct zs_event_context *c)
{
    const struct zs_context_facts *f = c->facts;

    zs_json_bool(b, "opened", f->opened_by);
    zs_json_string(b, "initiator", zs_dir_name(c->initiator));
    if (f->why != ZS_WHY_OPENED)
        zs_json_string(b, "reason_code", zs_why_code(f->why));
    put_text_of(b, "reason", f->reason);
    put_text_of(b, "client_principal", f->client_principal);
    put_text_of(b, "service_principal", f->service_principal);
    if (f->opened_by)
        zs_json_string(b, "opened_by", zs_origin_name(f->opened_by));
    put_text_of(b, "keytab_entry", f->keytab_entry);
    if (f->has_kvno)
        zs_json_int(b, "kvno", f->kvno);
    put_enctype(b, "ticket_etype", f->ticket_etype);
    zs_json_bool(b, "mutual", f->mutual);
    if (!f->opened_by)
        return;
    put_enctype(b, "session_etype", f->session_etype);
    put_enctype(b, "subkey_etype", f->subkey_etype);
    if (f->subkey_etype)
        zs_json_string(b, "subkey_from", zs_subkey_from_name(f->subkey_from));
    if (f->ticket_opened) {
        put_ticket_times(b, &f->times);
        put_flags_in_hex(b, "ticket_flags", f->ticket_flags);
        put_text_of(b, "transited", f->transited);
        put_words(b, "authorization_data", f->authorization);
    }
    if (f->initiator_has_sequence)
        zs_json_uint(b, "initiator_sequence", f->initiator_sequence);
    if (f->acceptor_has_sequence)
        zs_json_uint(b, "acceptor_sequence", f->acceptor_sequence);
    if (f->has_gss_flags)
        put_flags(b, "gss_flags", f->gss_flags);
    if (f->authenticator_opened) {
        zs_json_bool(b, "channel_bindings", f->channel_bindings);
        zs_json_bool(b, "delegated", f->delegated);
        put_text_of(b, "delegated_principal", f->delegated_client);
        if (f->delegated_client)
            put_flags_in_hex(b, "delegated_ticket_flags", f->delegated_flags);
        put_seconds(b, "delegated_until", f->delegated_end);
        zs_json_int(b, "skew_ms", f->skew_ms);
    }
    if (f->ticket_opened)
        zs_json_string(b, "verdict", zs_verdict_name(f->verdict));
}

/* An object has a name once; one that comes again gets "#2" behind it. seen: name -> times it came. */
static char *unique_name(GHashTable *seen, const char *name)
{
    guint times = GPOINTER_TO_UINT(g_hash_table_lookup(seen, name));
    char *unique = g_strdup(name);

    while (g_hash_table_contains(seen, unique)) {
        g_free(unique);
        unique = g_strdup_printf("%s#%u", name, ++times);
    }
    if (times)
        g_hash_table_insert(seen, g_strdup(name), GUINT_TO_POINTER(times));
    g_hash_table_insert(seen, g_strdup(unique), GUINT_TO_POINTER(1));
    return unique;
}

static void put_property(struct zs_json *b, GHashTable *seen, const struct zs_property *p)
{
    char *valid = g_utf8_make_valid((const char *)p->name.p, (gssize)p->name.n);
    char *name = unique_name(seen, valid), *value = zs_json_valid(p->value);

    zs_json_string(b, name, value);
    if (!zs_json_is_text(p->value)) {
        char *twin = g_strconcat(name, "_base64", NULL);
        char *unique = unique_name(seen, twin);
        zs_json_base64(b, unique, p->value);
        g_free(unique);
        g_free(twin);
    }
    g_free(value);
    g_free(name);
    g_free(valid);
}

static void put_metadata(struct zs_json *b, struct zs_span metadata)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct zs_property p;
    enum zs_rc rc = ZS_OK;

    zs_json_object(b, "metadata");
    for (int i = 0; i < METADATA_MAX && zs_metadata_next(&metadata, &p, &rc); i++)
        put_property(b, seen, &p);
    zs_json_object_end(b);
    g_hash_table_unref(seen);
}

/* The password of PLAIN's HELLO is nobody's business here. */
static void put_username(struct zs_json *b, struct zs_span body)
{
    struct zs_plain_hello hello;

    if (zs_plain_hello_parse(body, &hello) == ZS_OK)
        zs_json_text(b, "username", hello.username);
}

static void put_command_body(struct zs_json *b, const struct zs_reading *r)
{
    const struct zs_command *c = &r->content;
    struct zs_ping ping;
    struct zs_span reason;

    if (r->has_metadata)
        put_metadata(b, c->body);
    switch (c->id) {
    case ZS_CMD_PING:
        if (zs_ping_parse(c->body, &ping) == ZS_OK)
            zs_json_int(b, "ttl_ms", ping.ttl * 100);
        break;
    case ZS_CMD_SUBSCRIBE:
    case ZS_CMD_CANCEL:
        zs_json_text(b, "topic", c->body);
        break;
    case ZS_CMD_JOIN:
    case ZS_CMD_LEAVE:
        zs_json_text(b, "group", c->body);
        break;
    case ZS_CMD_ERROR:
        if (zs_error_parse(c->body, &reason) == ZS_OK)
            zs_json_text(b, "reason", reason);
        break;
    case ZS_CMD_HELLO:
        if (r->mechanism == ZS_MECHANISM_PLAIN)
            put_username(b, c->body);
        break;
    default:
        break;
    }
}

/* What is said of everything that stands inside a wrap token or a box. */
static void put_wrapping(struct zs_json *b, const struct zs_reading *r)
{
    zs_json_bool(b, "wrapped", r->wrapped);
    if (r->wrapped)
        zs_json_bool(b, "verified", r->verified);
    if (r->has_sequence) {
        zs_json_bool(b, "confidential",
                     r->cfx.header.n ? r->cfx.flags & ZS_CFX_SEALED : r->unwrapped.confidential);
        zs_json_uint(b, "sequence", r->sequence);
    }
    if (r->has_inner_flags)
        zs_json_int(b, "inner_flags", r->inner_flags);
}

static void put_command(struct zs_json *b, const struct zs_reading *r)
{
    if (r->content.id == ZS_CMD_UNKNOWN)
        zs_json_text(b, "name", r->content.name);
    else
        zs_json_string(b, "name", zs_command_name(r->content.id));
    zs_json_string(b, "form", zs_form_name(r->content.form));
    put_wrapping(b, r);
    if (!r->wrapped || r->verified)
        put_command_body(b, r);
}

static void put_message(struct zs_json *b, const struct zs_reading *r, bool no_data)
{
    put_wrapping(b, r);
    if (r->wrapped && !r->verified) {
        zs_json_int(b, "sealed_length", (int64_t)r->frame.body.n);
        return;
    }
    zs_json_bool(b, "more", r->more);
    zs_json_int(b, "length", (int64_t)r->data.n);
    if (!no_data)
        zs_json_base64(b, "data", r->data);
}

static void put_defect(struct zs_json *b, const struct zs_event_defect *d)
{
    const struct zs_defect *row = zs_defect_of(d->rc);

    zs_json_string(b, "code", row->code);
    zs_json_string(b, "sentence", row->sentence);
    zs_json_string(b, "detail", d->detail);
    zs_json_string(b, "clause", row->clause);
}

static void put_totals(struct zs_json *b, const char *name, const struct zs_side *side)
{
    zs_json_object(b, name);
    zs_json_int(b, "messages", (int64_t)side->messages);
    zs_json_int(b, "bytes", (int64_t)side->message_octets);
    zs_json_int(b, "sealed", (int64_t)side->sealed);
    zs_json_object_end(b);
}

static void put_close(struct zs_json *b, const struct zs_event_close *c)
{
    zs_json_string(b, "outcome", zs_outcome_name(c->outcome));
    zs_json_string(b, "reason", c->reason);
    zs_json_string(b, "sealed_reason", c->sealed);
    put_totals(b, "c2s", &c->session->side[ZS_C2S]);
    put_totals(b, "s2c", &c->session->side[ZS_S2C]);
}

static void json_event(const struct zs_report_options *o, const struct zs_report_connection *c,
                       const struct zs_event *ev)
{
    struct zs_json *b = zs_json_begin(zs_event_name(ev->kind));

    zs_json_time(b, "time", ev->at.time_ns);
    zs_json_int(b, "frame", (int64_t)ev->at.frame);
    zs_json_int(b, "connection", (int64_t)c->number);
    if (ev->directed)
        zs_json_string(b, "direction", zs_dir_name(ev->dir));
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        put_connection(b, c, ev);
        break;
    case ZS_EVENT_GREETING:
        put_greeting(b, ev->greeting);
        break;
    case ZS_EVENT_TOKEN:
        put_token(b, &ev->token);
        break;
    case ZS_EVENT_CONTEXT:
        put_context(b, &ev->context);
        break;
    case ZS_EVENT_COMMAND:
        put_command(b, ev->command);
        break;
    case ZS_EVENT_MESSAGE:
        put_message(b, ev->message, o->no_data);
        break;
    case ZS_EVENT_GAP:
        zs_json_int(b, "bytes", (int64_t)ev->gap.bytes);
        zs_json_int(b, "unread", (int64_t)ev->gap.unread);
        break;
    case ZS_EVENT_DEFECT:
        put_defect(b, &ev->defect);
        break;
    case ZS_EVENT_LIMIT:
        zs_json_string(b, "limit", zs_limit_name(ev->limit.which));
        zs_json_int(b, "most", (int64_t)ev->limit.most);
        break;
    case ZS_EVENT_CLOSE:
        put_close(b, &ev->close);
        break;
    }
    zs_json_end(o->out, b);
}

static void json_end(const struct zs_report_options *o, const struct zs_report_summary *s)
{
    struct zs_json *b = zs_json_begin("summary");

    zs_json_time(b, "time", s->last.time_ns);
    zs_json_int(b, "frame", (int64_t)s->last.frame);
    zs_json_int(b, "packets", (int64_t)s->packets);
    zs_json_int(b, "packets_not_read", (int64_t)s->not_read);
    zs_json_int(b, "connections", (int64_t)s->connections);
    zs_json_int(b, "established", (int64_t)s->established);
    zs_json_int(b, "contexts", (int64_t)s->contexts);
    zs_json_int(b, "contexts_opened", (int64_t)s->contexts_opened);
    zs_json_int(b, "messages", (int64_t)s->messages);
    zs_json_int(b, "bytes", (int64_t)s->octets);
    zs_json_int(b, "sealed", (int64_t)s->sealed);
    zs_json_int(b, "defects", (int64_t)s->defects);
    zs_json_int(b, "passed_over", (int64_t)s->passed_over);
    if (s->dropped)
        zs_json_int(b, "dropped", (int64_t)s->dropped);
    if (s->evicted)
        zs_json_int(b, "evicted", (int64_t)s->evicted);
    zs_json_double(b, "duration", (double)MAX(zs_stamp_since(s->last, s->first), 0) / 1e9);
    zs_json_int(b, "peak_memory", (int64_t)s->peak_memory);
    zs_json_end(o->out, b);
}

const struct zs_report zs_report_json = {.begin = json_begin, .event = json_event, .end = json_end};
