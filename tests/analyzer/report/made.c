/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes events. See made.h. */
#include "tests/analyzer/report/made.h"

#include "tests/core/wire/wire_case.h"

struct zs_event made_event(enum zs_event_kind kind)
{
    static const struct zs_exchange_fact nothing;

    return (struct zs_event){
        .kind = kind,
        .fact = &nothing,
        .at = {.time_ns = INT64_C(1750000000123456789), .frame = 7},
        .directed =
            kind != ZS_EVENT_CONNECTION && kind != ZS_EVENT_CONTEXT && kind != ZS_EVENT_CLOSE,
        .dir = ZS_C2S,
    };
}

void made_reading(struct made_reading *m, enum zs_mechanism mechanism, uint8_t flags,
                  const char *body)
{
    struct zs_place at = {.framing = ZS_FRAMING_3, .mechanism = mechanism};

    m->octets = wire_octets(body);
    struct zs_span span = zs_span(m->octets->data, m->octets->len);
    struct zs_frame f = {.flags = flags, .header = 2, .size = span.n, .body = span};
    zs_reading_make(&at, &f, NULL, 0, &m->reading);
}

void made_clear(struct made_reading *m)
{
    g_byte_array_unref(m->octets);
}

void made_sealed(struct made_reading *m, uint64_t sequence)
{
    static const uint8_t header[ZS_CFX_HEADER];
    struct zs_reading *r = &m->reading;

    r->wrapped = r->verified = r->has_inner_flags = true;
    r->unwrapped.confidential = true;
    r->has_sequence = true;
    r->sequence = sequence;
    r->cfx = (struct zs_cfx){
        .flags = ZS_CFX_SEALED, .sequence = sequence, .header = zs_span(header, sizeof header)};
}

char *made_report(const struct zs_report *r, struct zs_report_options options,
                  const struct zs_event *ev)
{
    static const struct zs_report_connection connection = {
        .number = 1, .client = "192.0.2.1:40000", .server = "192.0.2.2:5555"};
    char *text = NULL;
    size_t n = 0;

    options.out = open_memstream(&text, &n);
    r->event(&options, &connection, ev);
    fclose(options.out);
    g_assert_cmpuint(strlen(text), ==, n);
    return text;
}

void made_says(const struct zs_report *r, const struct zs_event *ev, const char *expect)
{
    char *text = made_report(r, (struct zs_report_options){0}, ev);

    g_assert_cmpstr(text, ==, expect);
    free(text);
}

char *made_report_of(const struct zs_report *r, enum zs_mechanism mechanism, uint8_t flags,
                     const char *body)
{
    struct zs_event ev;
    struct made_reading m;

    made_reading(&m, mechanism, flags, body);
    ev = made_event(m.reading.kind == ZS_READ_MESSAGE ? ZS_EVENT_MESSAGE : ZS_EVENT_COMMAND);
    if (ev.kind == ZS_EVENT_MESSAGE)
        ev.message = &m.reading;
    else
        ev.command = &m.reading;
    char *text = made_report(r, (struct zs_report_options){0}, &ev);
    made_clear(&m);
    return text;
}

struct zs_context_facts made_facts(void)
{
    return (struct zs_context_facts){
        .service_principal = (char *)"zmq/server@EXAMPLE.ORG",
        .client_principal = (char *)"alice@EXAMPLE.ORG",
        .opened_by = ZS_ORIGIN_KEYTAB,
        .keytab_entry = (char *)"service.keytab: zmq/server@EXAMPLE.ORG kvno 3",
        .has_kvno = true,
        .kvno = 3,
        .ticket_etype = 18,
        .session_etype = 17,
        .subkey_etype = 18,
        .subkey_from = ZS_SUBKEY_ACCEPTOR,
        .mutual = true,
        .ticket_opened = true,
        .authenticator_opened = true,
        .ap_rep_opened = true,
        .has_gss_flags = true,
        .gss_flags = 0x136,
        .times = {.auth = 1750000000, .end = 1750036000},
        .ticket_flags = 0x40800000,
        .transited = (char *)"A.EXAMPLE",
        .authorization = (char *)"PAC 142",
        .initiator_has_sequence = true,
        .initiator_sequence = 7,
        .skew_ms = -12,
        .verdict = ZS_VERDICT_ACCEPTABLE,
    };
}

struct zs_context_facts made_facts_of_secret(void)
{
    return (struct zs_context_facts){
        .service_principal = (char *)"zmq/server@EXAMPLE.ORG",
        .opened_by = ZS_ORIGIN_SECRET,
        .keytab_entry = (char *)"key log a.keys",
        .ticket_etype = 18,
        .subkey_etype = 18,
        .subkey_from = ZS_SUBKEY_INITIATOR,
        .mutual = true,
        .has_gss_flags = true,
        .gss_flags = 2,
    };
}
