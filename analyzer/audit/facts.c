/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to what an audit keeps of them.
 *
 * Limits: names end after ZS_FACTS_NAME octets. Passwords are not looked at. */
#include "analyzer/audit/facts.h"

enum { LARGE = 64 << 10 /* octets of a frame, more than any handshake's own */ };

struct zs_facts *zs_facts_new(uint64_t connection, const char *client, const char *server)
{
    struct zs_facts *f = g_new0(struct zs_facts, 1);

    f->connection = connection;
    f->client = g_strdup(client);
    f->server = g_strdup(server);
    return f;
}

void zs_facts_free(struct zs_facts *f)
{
    if (!f)
        return;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        if (f->identity[d])
            g_bytes_unref(f->identity[d]);
    g_free(f->answer);
    g_free(f->client);
    g_free(f->server);
    g_free(f);
}

bool zs_facts_ticket_was_taken(const struct zs_facts *f)
{
    return f->session->answered && !f->session->refused && !f->session->hinted;
}

void zs_facts_clip(char *out, size_t size, struct zs_span text)
{
    static const char more[] = "...";
    const size_t most = size - 1;
    size_t n = text.n;

    if (n > most) {
        n = most - strlen(more);
        while (n && (text.p[n] & 0xc0) == 0x80) /* UTF-8: in the middle of a character */
            n--;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] ? (char)text.p[i] : ' ';
    g_strlcpy(out + n, n < text.n ? more : "", size - n);
}

static void add(struct zs_mark *m, const struct zs_event *ev)
{
    if (m->count == 0) {
        m->directed = ev->directed;
        m->dir = (uint8_t)ev->dir;
        m->first = ev->at;
    }
    m->count += m->count < UINT32_MAX;
}

static void see(struct zs_facts *f, enum zs_sight sight, const struct zs_event *ev)
{
    add(&f->sight[sight], ev);
}

/* MS-NLMP's OID, 1.3.6.1.4.1.311.2.2.10, in SPNEGO's list (RFC 4178, 4.2.1). */
static bool offers_ntlm(struct zs_span mech_types)
{
    static const uint8_t ntlm[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
                                   0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};

    return mech_types.n >= sizeof ntlm && memmem(mech_types.p, mech_types.n, ntlm, sizeof ntlm);
}

static void on_mechanism(struct zs_facts *f, enum zs_mech mech, const struct zs_event *ev)
{
    switch (mech) {
    case ZS_MECH_SPNEGO:
        see(f, ZS_SIGHT_SPNEGO, ev);
        break;
    case ZS_MECH_NTLMSSP:
        see(f, ZS_SIGHT_NTLM, ev);
        break;
    case ZS_MECH_IAKERB:
    case ZS_MECH_KRB5_U2U:
    case ZS_MECH_UNKNOWN:
        see(f, ZS_SIGHT_OTHER_MECH, ev);
        break;
    default:
        break;
    }
}

/* A confounder is in it: two acceptors never say the same. */
static void on_ap_rep(struct zs_facts *f, const struct zs_event *ev)
{
    struct zs_span token = ev->token.reading->content.body;

    see(f, ZS_SIGHT_AP_REP, ev);
    if (!f->answer)
        f->answer = g_compute_checksum_for_data(G_CHECKSUM_SHA256, token.p, token.n);
}

static void on_token(struct zs_facts *f, const struct zs_event *ev)
{
    const struct zs_token *t = ev->token.token, *inner = &ev->token.reading->mech;
    const struct zs_krb_error *error = ev->token.krb_error;

    see(f, ZS_SIGHT_TOKEN, ev);
    /* A hint is what libzmq's acceptor says when it has no credential: it negotiates nothing. A token without framing
     * is one of DCE style. */
    if (t->kind != ZS_TOKEN_NEG_INIT_HINT && t->oid.n)
        on_mechanism(f, t->mech, ev);
    if (t->kind == ZS_TOKEN_NTLMSSP || inner->kind == ZS_TOKEN_NTLMSSP)
        see(f, ZS_SIGHT_NTLM, ev);
    if (offers_ntlm(t->mech_types))
        see(f, ZS_SIGHT_NTLM_OFFER, ev);
    if (inner->kind == ZS_TOKEN_AP_REQ)
        see(f, ZS_SIGHT_AP_REQ, ev);
    if (inner->kind == ZS_TOKEN_AP_REP)
        on_ap_rep(f, ev);
    if (inner->kind == ZS_TOKEN_KRB_ERROR)
        see(f, ZS_SIGHT_KRB_ERROR, ev);
    if (error) {
        f->krb_error = error->code;
        f->krb_error_ahead_s = error->server_time - ev->at.time_ns / 1000000000;
    }
}

/* What the token that a frame travels in shows. */
static void on_wrapping(struct zs_facts *f, const struct zs_reading *r, const struct zs_event *ev)
{
    if (r->mechanism != ZS_MECHANISM_GSSAPI || !r->wrapped)
        return;
    see(f, r->verified ? ZS_SIGHT_VERIFIED : ZS_SIGHT_CLOSED, ev);
    if (r->token.kind == ZS_TOKEN_WRAP_OLD)
        see(f, ZS_SIGHT_WRAP_OLD, ev);
    if (r->cfx.header.n) {
        see(f, ZS_SIGHT_WRAP, ev);
        if (r->cfx.flags & ZS_CFX_ACCEPTOR_SUBKEY)
            see(f, ZS_SIGHT_ACCEPTOR_SUBKEY, ev);
    }
    bool unsealed = r->verified ? !r->unwrapped.confidential
                                : r->cfx.header.n && !(r->cfx.flags & ZS_CFX_SEALED);
    if (unsealed)
        see(f, ZS_SIGHT_UNSEALED, ev);
}

static void on_metadata(struct zs_facts *f, enum zs_dir dir, struct zs_span metadata)
{
    struct zs_property p;
    enum zs_rc rc;

    while (!f->identity[dir] && zs_metadata_next(&metadata, &p, &rc))
        if (zs_property_is(&p, "Identity") && p.value.n && p.value.n <= UINT8_MAX)
            f->identity[dir] = g_bytes_new(p.value.p, p.value.n);
}

static void on_command(struct zs_facts *f, const struct zs_event *ev)
{
    const struct zs_reading *r = ev->command;
    struct zs_plain_hello hello;

    on_wrapping(f, r, ev);
    f->misnamed = r->command.misnamed;
    if (r->has_metadata)
        on_metadata(f, ev->dir, r->content.body);
    if (r->mechanism == ZS_MECHANISM_GSSAPI &&
        (r->content.id == ZS_CMD_INITIATE || r->content.id == ZS_CMD_HELLO))
        see(f, ZS_SIGHT_TOKEN, ev); /* what it carries is none that can be read */
    if (r->content.id == ZS_CMD_ERROR)
        see(f, ZS_SIGHT_ERROR, ev);
    if (r->mechanism != ZS_MECHANISM_PLAIN || r->content.id != ZS_CMD_HELLO ||
        zs_plain_hello_parse(r->content.body, &hello) != ZS_OK)
        return;
    if (f->sight[ZS_SIGHT_PLAIN_HELLO].count == 0)
        zs_facts_clip(f->user, sizeof f->user, hello.username);
    see(f, ZS_SIGHT_PLAIN_HELLO, ev);
}

static void on_message(struct zs_facts *f, const struct zs_event *ev)
{
    const struct zs_reading *r = ev->message;

    on_wrapping(f, r, ev);
    see(f, ZS_SIGHT_MESSAGE, ev);
    if (r->mechanism == ZS_MECHANISM_GSSAPI && !r->wrapped)
        see(f, ZS_SIGHT_BARE, ev);
    if (f->ticket_end && ev->at.time_ns / 1000000000 > f->ticket_end)
        see(f, ZS_SIGHT_AFTER_END, ev);
}

/* Whatever comes before the first message is of the handshake. */
static void on_frame(struct zs_facts *f, const struct zs_reading *r, const struct zs_event *ev)
{
    if (f->sight[ZS_SIGHT_MESSAGE].count == 0 && r->frame.size > LARGE)
        see(f, ZS_SIGHT_LARGE, ev);
}

/* libzmq: what it calls an ERROR of PLAIN runs past its body, each time, and nobody is to be suspected for it. */
static void on_defect(struct zs_facts *f, const struct zs_event *ev)
{
    enum zs_rc rc = ev->defect.rc;

    if (rc == ZS_E_COMMAND_NAME && f->misnamed)
        return;
    add(&f->defect[rc], ev);
    if (rc == ZS_E_AP_REQ_REPLAYED && ev->defect.detail)
        g_strlcpy(f->replayed, ev->defect.detail, sizeof f->replayed);
}

static void on_close(struct zs_facts *f, const struct zs_event *ev)
{
    const struct zs_session *s = ev->close.session;

    f->outcome = ev->close.outcome;
    if (ev->close.has_handshake)
        f->stands_from = f->sight[ZS_SIGHT_GREETING].first.time_ns + ev->close.handshake_ns;
    f->reason = ev->close.reason;
    f->session = s;
    f->context = s->context ? zs_context_facts(s->context) : NULL;
    struct zs_place place = zs_session_place(s, ZS_S2C);
    f->mechanism = place.mechanism;
    f->old = place.framing != ZS_FRAMING_3;
    see(f, ZS_SIGHT_CLOSE, ev);
}

void zs_facts_event(struct zs_facts *f, const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        f->midstream = ev->midstream;
        f->stands_from = ev->at.time_ns;
        break;
    case ZS_EVENT_GREETING:
        see(f, ZS_SIGHT_GREETING, ev);
        break;
    case ZS_EVENT_TOKEN:
        on_token(f, ev);
        on_frame(f, ev->token.reading, ev);
        break;
    case ZS_EVENT_CONTEXT:
        see(f, ZS_SIGHT_CONTEXT, ev);
        f->ticket_end = ev->context.facts->times.end;
        break;
    case ZS_EVENT_COMMAND:
        on_command(f, ev);
        on_frame(f, ev->command, ev);
        break;
    case ZS_EVENT_MESSAGE:
        on_message(f, ev);
        break;
    case ZS_EVENT_GAP:
        see(f, ZS_SIGHT_LOSS, ev);
        break;
    case ZS_EVENT_DEFECT:
        on_defect(f, ev);
        break;
    case ZS_EVENT_LIMIT:
        see(f, ZS_SIGHT_LOSS, ev);
        break;
    case ZS_EVENT_CLOSE:
        on_close(f, ev);
        break;
    }
}
