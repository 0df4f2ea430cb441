/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GSS-API tokens by their framing: RFC 2743 3.1, RFC 4121 4.1 and 4.2.6, RFC 1964, RFC 4178, MS-SPNG.
 *
 * Limits: SPNEGO is read as far as its inner token; NTLMSSP is named, not read. */
#include "core/wire/token.h"

#include "core/wire/der.h"

enum {
    TAG_FRAMED = ZS_DER_APPLICATION(0),
    TAG_AP_REQ = ZS_DER_APPLICATION(14),
    TAG_AP_REP = ZS_DER_APPLICATION(15),
    TAG_KRB_ERROR = ZS_DER_APPLICATION(30),
    TAG_NEG_INIT = ZS_DER_CONTEXT(0),
    TAG_NEG_RESP = ZS_DER_CONTEXT(1),
    TOKEN_LENGTH = 4, /* octets of libzmq's length before a token */
};

#define OID(text)                              \
    {                                          \
        (const uint8_t *)text, sizeof text - 1 \
    }
static const struct zs_span oids[ZS_MECH_COUNT] = {
    [ZS_MECH_KRB5] = OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"),
    [ZS_MECH_KRB5_MS] = OID("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"),
    [ZS_MECH_KRB5_U2U] = OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03"),
    [ZS_MECH_SPNEGO] = OID("\x2b\x06\x01\x05\x05\x02"),
    [ZS_MECH_IAKERB] = OID("\x2b\x06\x01\x05\x02\x05"),
    [ZS_MECH_NTLMSSP] = OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"),
};
#undef OID

static enum zs_mech mech_of(struct zs_span oid)
{
    for (int m = ZS_MECH_KRB5; m < ZS_MECH_COUNT; m++)
        if (zs_span_equal(oid, oids[m]))
            return (enum zs_mech)m;
    return ZS_MECH_UNKNOWN;
}

const char *zs_mech_name(enum zs_mech m)
{
    static const char *const names[ZS_MECH_COUNT] = {
        [ZS_MECH_UNKNOWN] = "unknown",   [ZS_MECH_KRB5] = "krb5",     [ZS_MECH_KRB5_MS] = "krb5-ms",
        [ZS_MECH_KRB5_U2U] = "krb5-u2u", [ZS_MECH_SPNEGO] = "spnego", [ZS_MECH_IAKERB] = "iakerb",
        [ZS_MECH_NTLMSSP] = "ntlmssp",
    };
    return names[m];
}

const char *zs_token_kind_name(enum zs_token_kind k)
{
    static const char *const names[ZS_TOKEN_COUNT] = {
        [ZS_TOKEN_UNKNOWN] = "unknown",
        [ZS_TOKEN_AP_REQ] = "AP-REQ",
        [ZS_TOKEN_AP_REP] = "AP-REP",
        [ZS_TOKEN_KRB_ERROR] = "KRB-ERROR",
        [ZS_TOKEN_NEG_INIT] = "NegTokenInit",
        [ZS_TOKEN_NEG_INIT_HINT] = "NegTokenInit-hint",
        [ZS_TOKEN_NEG_RESP] = "NegTokenResp",
        [ZS_TOKEN_NTLMSSP] = "NTLMSSP",
        [ZS_TOKEN_WRAP] = "wrap",
        [ZS_TOKEN_MIC] = "MIC",
        [ZS_TOKEN_WRAP_OLD] = "wrap-1964",
        [ZS_TOKEN_MIC_OLD] = "MIC-1964",
    };
    return names[k];
}

/* MS-SPNG, 2.2.1: NegHints ::= SEQUENCE { hintName [0] GeneralString, hintAddress [1] OCTET STRING }, both
 * optional. RFC 4178 has mechListMIC at the same place, an OCTET STRING. */
static bool is_neg_hints(struct zs_span third)
{
    struct zs_der d = zs_der(third);
    struct zs_der hints = zs_der_enter(&d, ZS_DER_SEQUENCE);
    struct zs_span skipped;

    if (zs_der_peek(&hints) == ZS_DER_CONTEXT(0)) {
        struct zs_der name = zs_der_enter(&hints, ZS_DER_CONTEXT(0));
        zs_der_take(&name, ZS_DER_GENERAL_STRING);
        hints.bad |= !zs_der_end(&name);
    }
    zs_der_optional(&hints, ZS_DER_CONTEXT(1), &skipped);
    return zs_der_end(&hints) && zs_der_end(&d);
}

/* The OCTET STRING that is all of an explicitly tagged field. */
static enum zs_rc read_octets(struct zs_span field, struct zs_span *octets)
{
    struct zs_der d = zs_der(field);
    *octets = zs_der_take(&d, ZS_DER_OCTET_STRING);
    return zs_der_end(&d) ? ZS_OK : ZS_E_DER;
}

/* RFC 4178, 4.2.1: mechTypes [0], reqFlags [1], mechToken [2], mechListMIC [3]; MS-SPNG 2.2.1 puts negHints at
 * [3] and the MIC at [4]. An acceptor that speaks first sends mechTypes and the hint alone; the hint's name is
 * "not_defined_in_RFC4178@please_ignore" or, of old Windows, a principal: it is not looked at. */
static enum zs_rc parse_neg_init(struct zs_der *body, struct zs_token *t)
{
    struct zs_der choice = zs_der_enter(body, TAG_NEG_INIT);
    struct zs_der seq = zs_der_enter(&choice, ZS_DER_SEQUENCE);
    struct zs_span skipped, mech_token, third = {0};

    zs_der_optional(&seq, ZS_DER_CONTEXT(0), &t->mech_types);
    zs_der_optional(&seq, ZS_DER_CONTEXT(1), &skipped);
    bool has_token = zs_der_optional(&seq, ZS_DER_CONTEXT(2), &mech_token);
    zs_der_optional(&seq, ZS_DER_CONTEXT(3), &third);
    zs_der_optional(&seq, ZS_DER_CONTEXT(4), &skipped);
    if (!zs_der_end(&seq) || !zs_der_end(&choice))
        return ZS_E_DER;
    t->kind = ZS_TOKEN_NEG_INIT;
    if (has_token)
        return read_octets(mech_token, &t->mech_token);
    if (is_neg_hints(third))
        t->kind = ZS_TOKEN_NEG_INIT_HINT;
    return ZS_OK;
}

/* RFC 4178, 4.2.2: negState [0], supportedMech [1], responseToken [2], mechListMIC [3]. Appendix C: Windows 2000 sends
 * the responseToken a second time where the MIC belongs. */
static enum zs_rc parse_neg_resp(struct zs_der *body, struct zs_token *t)
{
    struct zs_der choice = zs_der_enter(body, TAG_NEG_RESP);
    struct zs_der seq = zs_der_enter(&choice, ZS_DER_SEQUENCE);
    struct zs_span skipped, response, mic;

    zs_der_optional(&seq, ZS_DER_CONTEXT(0), &skipped);
    zs_der_optional(&seq, ZS_DER_CONTEXT(1), &skipped);
    bool has_token = zs_der_optional(&seq, ZS_DER_CONTEXT(2), &response);
    bool has_mic = zs_der_optional(&seq, ZS_DER_CONTEXT(3), &mic);
    if (!zs_der_end(&seq) || !zs_der_end(&choice))
        return ZS_E_DER;
    t->mech = ZS_MECH_SPNEGO;
    t->kind = ZS_TOKEN_NEG_RESP;
    enum zs_rc rc = has_token ? read_octets(response, &t->mech_token) : ZS_OK;
    if (rc == ZS_OK && has_mic)
        rc = read_octets(mic, &t->mic);
    if (zs_span_equal(t->mic, t->mech_token))
        t->mic = zs_span(NULL, 0);
    return rc;
}

/* A NegotiationToken, and nothing behind it. Only a NegTokenInit is framed in RFC 4178; a framed NegTokenResp
 * is read as well. */
static enum zs_rc parse_neg(struct zs_der *body, struct zs_token *t)
{
    bool is_resp = zs_der_peek(body) == TAG_NEG_RESP;
    enum zs_rc rc = is_resp ? parse_neg_resp(body, t) : parse_neg_init(body, t);

    if (rc != ZS_OK)
        return rc;
    return zs_der_end(body) ? ZS_OK : ZS_E_DER;
}

/* The two octets behind the OID: RFC 4121, 4.1 and RFC 1964, 1.1 and 1.2. */
static enum zs_rc parse_token_id(struct zs_span behind, struct zs_token *t)
{
    static const struct {
        uint16_t id;
        enum zs_token_kind kind;
    } known[] = {
        {0x0100, ZS_TOKEN_AP_REQ},   {0x0200, ZS_TOKEN_AP_REP},  {0x0300, ZS_TOKEN_KRB_ERROR},
        {0x0201, ZS_TOKEN_WRAP_OLD}, {0x0101, ZS_TOKEN_MIC_OLD},
    };
    struct zs_rd rd = zs_rd(behind);
    uint16_t id = zs_rd_be16(&rd);

    if (rd.ran_out)
        return ZS_E_DER;
    t->inner = rd.left;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].id == id)
            t->kind = known[i].kind;
    return ZS_OK;
}

/* RFC 2743, 3.1. RFC 1964's per-message tokens use the same framing. */
static enum zs_rc parse_framed(struct zs_span in, struct zs_token *t)
{
    struct zs_der outer = zs_der(in);
    struct zs_der body = zs_der_enter(&outer, TAG_FRAMED);

    t->oid = zs_der_take(&body, ZS_DER_OID);
    if (body.bad || t->oid.n == 0 || !zs_der_end(&outer))
        return ZS_E_DER;
    t->mech = mech_of(t->oid);
    t->inner = body.left;
    switch (t->mech) {
    case ZS_MECH_SPNEGO:
        return parse_neg(&body, t);
    case ZS_MECH_NTLMSSP:
        t->kind = ZS_TOKEN_NTLMSSP;
        return ZS_OK;
    case ZS_MECH_UNKNOWN:
        return ZS_OK;
    default:
        return parse_token_id(body.left, t);
    }
}

/* Kerberos' own messages without GSS framing, as DCE style and some SPNEGO peers send them. */
static enum zs_rc parse_bare(struct zs_span in, struct zs_token *t)
{
    static const struct {
        uint8_t tag;
        enum zs_token_kind kind;
    } known[] = {{TAG_AP_REQ, ZS_TOKEN_AP_REQ},
                 {TAG_AP_REP, ZS_TOKEN_AP_REP},
                 {TAG_KRB_ERROR, ZS_TOKEN_KRB_ERROR}};
    struct zs_der d = zs_der(in);

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (zs_der_peek(&d) != known[i].tag)
            continue;
        zs_der_take(&d, known[i].tag);
        if (!zs_der_end(&d))
            return ZS_E_DER;
        t->mech = ZS_MECH_KRB5;
        t->kind = known[i].kind;
        t->inner = in;
        return ZS_OK;
    }
    return ZS_E_TOKEN_FRAMING;
}

static bool parse_per_message(struct zs_span in, struct zs_token *t)
{
    if (in.n < 2 || in.p[1] != 0x04 || (in.p[0] != 0x05 && in.p[0] != 0x04))
        return false;
    t->mech = ZS_MECH_KRB5;
    t->kind = in.p[0] == 0x05 ? ZS_TOKEN_WRAP : ZS_TOKEN_MIC;
    t->inner = in;
    return true;
}

enum zs_rc zs_token_parse(struct zs_span in, struct zs_token *t)
{
    struct zs_token got = {.whole = in};
    enum zs_rc rc = ZS_OK;

    if (in.n >= 8 && memcmp(in.p, "NTLMSSP", 8) == 0) {
        got.mech = ZS_MECH_NTLMSSP;
        got.kind = ZS_TOKEN_NTLMSSP;
        got.inner = in;
    } else if (in.n && in.p[0] == TAG_FRAMED) {
        rc = parse_framed(in, &got);
    } else if (in.n && in.p[0] == TAG_NEG_RESP) {
        struct zs_der d = zs_der(in);
        rc = parse_neg(&d, &got);
        got.inner = in;
    } else if (!parse_per_message(in, &got)) {
        rc = parse_bare(in, &got);
    }
    if (rc == ZS_OK)
        *t = got;
    return rc;
}

enum zs_rc zs_token_of_command(const struct zs_command *c, struct zs_span *token)
{
    struct zs_rd rd = zs_rd(c->body);
    uint32_t length = zs_rd_be32(&rd);
    struct zs_token t;

    if (!rd.ran_out && length == rd.left.n) {
        *token = rd.left;
        return ZS_OK;
    }
    if (zs_token_parse(c->body, &t) == ZS_E_TOKEN_FRAMING)
        return ZS_E_TOKEN_LENGTH;
    *token = c->body;
    return ZS_OK;
}

size_t zs_token_begin(struct zs_buf *b, enum zs_form form)
{
    if (form == ZS_FORM_LIBZMQ)
        zs_buf_be(b, 0, TOKEN_LENGTH);
    return b->n;
}

void zs_token_end(struct zs_buf *b, enum zs_form form, size_t begun)
{
    if (b->full || form != ZS_FORM_LIBZMQ)
        return;
    size_t length = b->n - begun;
    if (length > UINT32_MAX) {
        b->full = true;
        return;
    }
    struct zs_buf field = zs_buf(b->p + begun - TOKEN_LENGTH, TOKEN_LENGTH);
    zs_buf_be(&field, length, TOKEN_LENGTH);
}

enum { WRAP_ID = 0x0504, WRAP_FILLER = 0xff };

void zs_cfx_write(struct zs_buf *b, const struct zs_cfx *c)
{
    zs_buf_be(b, WRAP_ID, 2);
    zs_buf_be(b, c->flags, 1);
    zs_buf_be(b, WRAP_FILLER, 1);
    zs_buf_be(b, c->ec, 2);
    zs_buf_be(b, c->rrc, 2);
    zs_buf_be(b, c->sequence, 8);
}

enum zs_rc zs_cfx_parse(struct zs_span token, struct zs_cfx *c)
{
    struct zs_rd rd = zs_rd(token);
    struct zs_cfx got = {.header = zs_span(token.p, ZS_CFX_HEADER)};
    uint16_t id = zs_rd_be16(&rd);

    got.flags = zs_rd_u8(&rd);
    uint8_t filler = zs_rd_u8(&rd);
    got.ec = zs_rd_be16(&rd);
    got.rrc = zs_rd_be16(&rd);
    got.sequence = zs_rd_be64(&rd);
    if (rd.ran_out)
        return ZS_E_WRAP_SHORT;
    if (id != WRAP_ID || filler != WRAP_FILLER)
        return ZS_E_CFX_HEADER;
    got.payload = rd.left;
    *c = got;
    return ZS_OK;
}

enum { MIC_ID = 0x0404 };

enum zs_rc zs_mic_parse(struct zs_span token, struct zs_mic *m)
{
    static const uint8_t filler[5] = {0xff, 0xff, 0xff, 0xff, 0xff};
    struct zs_rd rd = zs_rd(token);
    struct zs_mic got = {.header = zs_span(token.p, ZS_CFX_HEADER)};
    uint16_t id = zs_rd_be16(&rd);

    got.flags = zs_rd_u8(&rd);
    struct zs_span filled = zs_rd_bytes(&rd, sizeof filler);
    got.sequence = zs_rd_be64(&rd);
    if (rd.ran_out)
        return ZS_E_WRAP_SHORT;
    if (id != MIC_ID || !zs_span_equal(filled, zs_span(filler, sizeof filler)))
        return ZS_E_CFX_HEADER;
    got.checksum = rd.left;
    *m = got;
    return ZS_OK;
}
