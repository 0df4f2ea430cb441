/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A captured security context, replayed: RFC 4121, 4.1 and 4.2.
 *
 * Limits: of SPNEGO the inner tokens count, and where its numbers begin is taken from the first message. Sealed is
 * nothing: see the header. */
#include "core/conn/observed.h"

#include "core/conn/sequence.h"
#include "core/wire/token.h"

#include <glib.h>

struct zs_observed {
    struct zs_gss gss;
    enum zs_role role;
    const struct zs_context *context;
    GPtrArray *tokens; /* GBytes: role's own, in their order */
    guint next;        /* the one that is due */
    GBytes *offer;     /* what SPNEGO's initiator offered; NULL: nothing so far */
    bool took_ap_req;
    struct zs_gss_facts facts;
    struct zs_sequence sequence; /* of the other side */
    uint64_t said;               /* the number of role's next token */
};

/* A framed AP-REP without the message: what stands for the one that the captured acceptor did not send. */
static const uint8_t unsent_ap_rep[] = {0x60, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x12, 0x01, 0x02, 0x02, 0x02, 0x00};

static struct zs_span take_own(struct zs_observed *o)
{
    gsize n;

    if (o->next == o->tokens->len)
        return zs_span(NULL, 0);
    const void *p = g_bytes_get_data(g_ptr_array_index(o->tokens, o->next++), &n);
    return zs_span(p, n);
}

static enum zs_gss_step refuse(struct zs_observed *o, const char *reason)
{
    o->facts.reason = reason;
    return ZS_GSS_FAILED;
}

static struct zs_token parse(struct zs_span octets)
{
    struct zs_token t;

    return zs_token_parse(octets, &t) == ZS_OK ? t : (struct zs_token){0};
}

static struct zs_token innermost(struct zs_span octets)
{
    struct zs_token t = parse(octets), inner;

    return t.mech_token.n && zs_token_parse(t.mech_token, &inner) == ZS_OK ? inner : t;
}

/* RFC 4178, 5: whoever is sent a signature over the offer that does not hold goes no further. */
static bool is_forged(const struct zs_observed *o, struct zs_span token)
{
    struct zs_span mic = parse(token).mic;
    bool holds = true;
    gsize n;

    if (!mic.n || !o->offer || !o->context)
        return false;
    const void *offer = g_bytes_get_data(o->offer, &n);
    zs_context_check_mic(o->context, mic, zs_span(offer, n), o->role == ZS_ROLE_CLIENT, &holds);
    return !holds;
}

static enum zs_gss_step initiate(struct zs_observed *o, struct zs_span token, struct zs_span *out)
{
    const struct zs_context_facts *f = o->context ? zs_context_facts(o->context) : NULL;

    if (token.n == 0) {
        *out = take_own(o);
        if (out->n == 0)
            return refuse(o, "the capture has no token of the initiator");
        return f && !f->mutual ? ZS_GSS_COMPLETE : ZS_GSS_CONTINUE;
    }
    switch (innermost(token).kind) {
    case ZS_TOKEN_AP_REP:
        if (!f || !f->ap_rep_opened)
            return refuse(o, f && f->reason ? f->reason : "the AP-REP could not be opened");
        *out = take_own(o);
        return ZS_GSS_COMPLETE;
    case ZS_TOKEN_NEG_RESP:
        *out = take_own(o);
        return ZS_GSS_CONTINUE;
    case ZS_TOKEN_KRB_ERROR:
        return refuse(o, "the acceptor answers with a KRB-ERROR");
    case ZS_TOKEN_NEG_INIT_HINT:
        return refuse(o, "the acceptor answers with a SPNEGO hint: it has no credential");
    default:
        return refuse(o, "the acceptor's answer is no token that goes on");
    }
}

/* As an acceptor with these keys must, whose clock is the capture's. */
static const char *find_fault(const struct zs_context_facts *f)
{
    if (!f->ticket_opened)
        return f->reason ? f->reason : "the ticket could not be opened";
    switch (f->verdict) {
    case ZS_VERDICT_EXPIRED:
        return "the ticket had expired";
    case ZS_VERDICT_NOT_YET_VALID:
        return "the ticket was not yet valid";
    case ZS_VERDICT_SKEW:
        return "the clocks were too far apart";
    case ZS_VERDICT_UNKNOWN:
        return f->reason ? f->reason : "the authenticator could not be opened";
    case ZS_VERDICT_ACCEPTABLE:
        break;
    }
    return NULL;
}

/* DCE style has a third leg; and who signs SPNEGO's offer wants the other to do so as well (RFC 4178, 5). */
static enum zs_gss_step accept_ap_req(struct zs_observed *o, const struct zs_context_facts *f,
                                      struct zs_span *out)
{
    const char *fault = find_fault(f);

    if (fault)
        return refuse(o, fault);
    o->took_ap_req = true;
    *out = take_own(o);
    if (out->n == 0 && f->mutual)
        *out = zs_span(unsent_ap_rep, sizeof unsent_ap_rep);
    bool dce = f->has_gss_flags && f->gss_flags & ZS_GSS_DCE;
    return dce || parse(*out).mic.n ? ZS_GSS_CONTINUE : ZS_GSS_COMPLETE;
}

static enum zs_gss_step accept(struct zs_observed *o, struct zs_span token, struct zs_span *out)
{
    const struct zs_context_facts *f = o->context ? zs_context_facts(o->context) : NULL;

    if (!f)
        return refuse(o, "no key opens the ticket");
    if (innermost(token).kind == ZS_TOKEN_AP_REQ)
        return accept_ap_req(o, f, out);
    *out = take_own(o);
    if (o->took_ap_req)
        return ZS_GSS_COMPLETE;
    /* SPNEGO's first rounds may be about another mechanism. */
    if (parse(token).mech != ZS_MECH_SPNEGO || out->n == 0)
        return refuse(o, "the initiator's token is no AP-REQ");
    return ZS_GSS_CONTINUE;
}

/* Where the first token is SPNEGO's, its MICs use up numbers (RFC 4178, 5), so that the first is not known. */
static void note_mechanism(struct zs_observed *o, struct zs_span token)
{
    struct zs_token t = parse(token);

    if (token.n && (t.kind == ZS_TOKEN_UNKNOWN || t.mech == ZS_MECH_SPNEGO))
        o->sequence.known = false;
    if (!o->offer && t.mech_types.n)
        o->offer = g_bytes_new(t.mech_types.p, t.mech_types.n);
}

static enum zs_gss_step step(void *self, struct zs_span token, struct zs_span *out)
{
    struct zs_observed *o = self;

    if (is_forged(o, token))
        return refuse(o, "the signature over SPNEGO's offer of mechanisms does not hold");
    enum zs_gss_step s =
        o->role == ZS_ROLE_CLIENT ? initiate(o, token, out) : accept(o, token, out);

    note_mechanism(o, token);
    note_mechanism(o, *out);
    return s;
}

static bool wrap(void *self, bool confidential, uint8_t flags, struct zs_span data,
                 struct zs_buf *out)
{
    struct zs_observed *o = self;
    struct zs_cfx header = {.sequence = o->said};

    (void)confidential;
    header.flags = o->role == ZS_ROLE_SERVER ? ZS_CFX_SENT_BY_ACCEPTOR : 0;
    zs_cfx_write(out, &header);
    zs_buf_be(out, flags, 1);
    zs_buf_put(out, data);
    if (out->full)
        return false;
    o->said++;
    return true;
}

static enum zs_rc unwrap(void *self, struct zs_span token, uint8_t *buf,
                         struct zs_gss_opened *opened)
{
    struct zs_observed *o = self;
    struct zs_unwrapped u;

    if (!o->context || !zs_context_usable(o->context))
        return ZS_E_WRAP_CHECKSUM;
    enum zs_rc rc = zs_context_unwrap(o->context, token, buf, token.n, &u);
    if (rc != ZS_OK)
        return rc;
    if (u.sent_by_acceptor != (o->role == ZS_ROLE_CLIENT))
        return ZS_E_WRAP_DIRECTION;
    /* Those of RFC 1964 have 32 bits. */
    uint64_t range = token.p[0] == 0x60 ? UINT32_MAX : UINT64_MAX;
    struct zs_sequence sequence = o->sequence;
    rc = zs_sequence_take(&sequence, u.sequence, range);
    if (rc != ZS_OK)
        return rc;
    o->sequence = sequence;
    *opened = (struct zs_gss_opened){.plain = u.plain,
                                     .confidential = u.confidential,
                                     .has_sequence = true,
                                     .sequence = u.sequence};
    return ZS_OK;
}

static const struct zs_gss_facts *facts(const void *self)
{
    const struct zs_observed *o = self;

    return &o->facts;
}

static const struct zs_gss_body body = {
    .step = step, .wrap = wrap, .unwrap = unwrap, .facts = facts};

/* Where the authenticator stayed closed its flags are not known, and nothing is held against them. */
static void take_facts(struct zs_observed *o, const struct zs_context_facts *f)
{
    bool acceptor = o->role == ZS_ROLE_SERVER;

    o->facts = (struct zs_gss_facts){
        .initiator = f->client_principal,
        .acceptor = f->service_principal,
        .flags = f->has_gss_flags ? f->gss_flags : UINT32_MAX,
        .enctype = f->subkey_etype,
        .expires = f->times.end,
    };
    if (acceptor ? f->initiator_has_sequence : f->acceptor_has_sequence)
        zs_sequence_start(&o->sequence, acceptor ? f->initiator_sequence : f->acceptor_sequence);
    o->said = acceptor ? f->acceptor_sequence : f->initiator_sequence;
}

struct zs_observed *zs_observed_new(enum zs_role role, const struct zs_context *context)
{
    struct zs_observed *o = g_new0(struct zs_observed, 1);

    o->gss = (struct zs_gss){.body = &body, .self = o};
    o->role = role;
    o->context = context;
    o->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    o->facts.flags = UINT32_MAX;
    if (context)
        take_facts(o, zs_context_facts(context));
    return o;
}

void zs_observed_token(struct zs_observed *o, struct zs_span token)
{
    g_ptr_array_add(o->tokens, g_bytes_new(token.p, token.n));
}

const struct zs_gss *zs_observed_gss(struct zs_observed *o)
{
    return &o->gss;
}

void zs_observed_free(struct zs_observed *o)
{
    if (!o)
        return;
    g_ptr_array_unref(o->tokens);
    g_bytes_unref(o->offer);
    g_free(o);
}
