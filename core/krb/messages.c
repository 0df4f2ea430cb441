/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kerberos messages of the handshake, by strict DER: RFC 4120 5.2 to 5.5 and 5.9.1, RFC 4121 4.1.1.
 *
 * Limits: addresses are passed over; of a KRB-CRED the first ticket counts. */
#include "core/krb/messages.h"

#include "core/krb/parts.h"
#include "core/wire/der.h"

#include <glib.h>

enum {
    PVNO = 5,
    MSG_AP_REQ = 14,
    MSG_AP_REP = 15,
    MSG_KRB_CRED = 22,
    MSG_KRB_ERROR = 30,
    GSS_C_DELEG = 1
};

/* The element inside an explicit context tag; *bad on anything but exactly one of them. */
static int64_t tagged_int(struct zs_der *d, int n)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    int64_t v = zs_der_int(&in);
    d->bad |= !zs_der_end(&in);
    return v;
}

/* RFC 4120, 5.2.4: Int32 and UInt32; some peers encode the one as the other. */
static uint32_t tagged_int32(struct zs_der *d, int n)
{
    int64_t v = tagged_int(d, n);
    d->bad |= v < INT32_MIN || v > UINT32_MAX;
    return (uint32_t)v;
}

static struct zs_span tagged(struct zs_der *d, int n, uint8_t tag)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_span s = zs_der_take(&in, tag);
    d->bad |= !zs_der_end(&in);
    return s;
}

static int64_t tagged_time(struct zs_der *d, int n)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    int64_t t = zs_der_time(&in);
    d->bad |= !zs_der_end(&in);
    return t;
}

static bool has(const struct zs_der *d, int n)
{
    return zs_der_peek(d) == ZS_DER_CONTEXT(n);
}

static void skip(struct zs_der *d, int n)
{
    if (has(d, n))
        zs_der_take(d, (uint8_t)ZS_DER_CONTEXT(n));
}

/* RFC 4120, 5.2.8: at least 32 bits; the first octet counts unused ones. */
static uint32_t tagged_flags(struct zs_der *d, int n)
{
    struct zs_rd rd = zs_rd(tagged(d, n, ZS_DER_BIT_STRING));
    zs_rd_u8(&rd);
    uint32_t flags = zs_rd_be32(&rd);
    d->bad |= rd.ran_out;
    return flags;
}

static void read_name(struct zs_der *d, int n, struct zs_principal_name *p)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);

    p->type = (int32_t)tagged_int32(&seq, 0);
    p->names = tagged(&seq, 1, ZS_DER_SEQUENCE);
    for (struct zs_der name = zs_der(p->names); name.left.n && !name.bad;)
        seq.bad |= !zs_der_take(&name, ZS_DER_GENERAL_STRING).p && name.bad;
    d->bad |= !zs_der_end(&seq) || !zs_der_end(&in);
}

static void read_encrypted(struct zs_der *d, int n, struct zs_encrypted *e)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);

    e->enctype = (int32_t)tagged_int32(&seq, 0);
    e->has_kvno = has(&seq, 1);
    e->kvno = e->has_kvno ? tagged_int32(&seq, 1) : 0;
    e->cipher = tagged(&seq, 2, ZS_DER_OCTET_STRING);
    d->bad |= !zs_der_end(&seq) || !zs_der_end(&in);
}

static void read_key(struct zs_der *d, int n, struct zs_key_part *k)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);

    k->enctype = (int32_t)tagged_int32(&seq, 0);
    k->octets = tagged(&seq, 1, ZS_DER_OCTET_STRING);
    d->bad |= !zs_der_end(&seq) || !zs_der_end(&in);
}

/* The sequence inside an application tag; the octets behind it are the caller's to judge. */
static struct zs_der enter_message(struct zs_der *d, int application)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_APPLICATION(application));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);
    seq.bad |= !zs_der_end(&in);
    return seq;
}

static void expect(struct zs_der *d, int n, int64_t value)
{
    if (tagged_int(d, n) != value)
        d->bad = true;
}

static void read_ticket(struct zs_der *d, struct zs_principal_name *service,
                        struct zs_encrypted *part)
{
    struct zs_der seq = enter_message(d, 1);

    expect(&seq, 0, PVNO);
    service->realm = tagged(&seq, 1, ZS_DER_GENERAL_STRING);
    read_name(&seq, 2, service);
    read_encrypted(&seq, 3, part);
    d->bad |= !zs_der_end(&seq);
}

enum zs_rc zs_ticket_parse(struct zs_span in, struct zs_principal_name *service,
                           struct zs_encrypted *part)
{
    struct zs_der d = zs_der(in);
    struct zs_principal_name name = {0};
    struct zs_encrypted got = {0};

    read_ticket(&d, &name, &got);
    if (!zs_der_end(&d))
        return ZS_E_DER;
    *service = name;
    *part = got;
    return ZS_OK;
}

enum zs_rc zs_ap_req_parse(struct zs_span in, struct zs_ap_req *r)
{
    struct zs_der d = zs_der(in);
    struct zs_ap_req got = {0};
    struct zs_der seq = enter_message(&d, 14);

    expect(&seq, 0, PVNO);
    expect(&seq, 1, MSG_AP_REQ);
    uint32_t options = tagged_flags(&seq, 2);
    got.use_session_key = options & 1u << 30;
    got.mutual_required = options & 1u << 29;
    struct zs_der ticket = zs_der_enter(&seq, (uint8_t)ZS_DER_CONTEXT(3));
    read_ticket(&ticket, &got.service, &got.ticket);
    seq.bad |= !zs_der_end(&ticket);
    read_encrypted(&seq, 4, &got.authenticator);
    if (!zs_der_end(&seq) || !zs_der_end(&d))
        return ZS_E_DER;
    *r = got;
    return ZS_OK;
}

enum zs_rc zs_ap_rep_parse(struct zs_span in, struct zs_ap_rep *r)
{
    struct zs_der d = zs_der(in);
    struct zs_ap_rep got = {0};
    struct zs_der seq = enter_message(&d, 15);

    expect(&seq, 0, PVNO);
    expect(&seq, 1, MSG_AP_REP);
    read_encrypted(&seq, 2, &got.part);
    if (!zs_der_end(&seq) || !zs_der_end(&d))
        return ZS_E_DER;
    *r = got;
    return ZS_OK;
}

enum zs_rc zs_krb_error_parse(struct zs_span in, struct zs_krb_error *e)
{
    struct zs_der d = zs_der(in);
    struct zs_krb_error got = {0};
    struct zs_der seq = enter_message(&d, 30);

    expect(&seq, 0, PVNO);
    expect(&seq, 1, MSG_KRB_ERROR);
    skip(&seq, 2);
    skip(&seq, 3);
    got.server_time = tagged_time(&seq, 4);
    got.server_usec = tagged_int32(&seq, 5);
    got.code = (int32_t)tagged_int32(&seq, 6);
    skip(&seq, 7);
    skip(&seq, 8);
    got.service.realm = tagged(&seq, 9, ZS_DER_GENERAL_STRING);
    read_name(&seq, 10, &got.service);
    if (has(&seq, 11))
        got.text = tagged(&seq, 11, ZS_DER_GENERAL_STRING);
    skip(&seq, 12);
    if (!zs_der_end(&seq) || !zs_der_end(&d))
        return ZS_E_DER;
    *e = got;
    return ZS_OK;
}

static struct zs_span read_transited(struct zs_der *d, int n)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);

    tagged_int(&seq, 0);
    struct zs_span contents = tagged(&seq, 1, ZS_DER_OCTET_STRING);
    d->bad |= !zs_der_end(&seq) || !zs_der_end(&in);
    return contents;
}

enum zs_rc zs_ticket_part_parse(struct zs_span in, struct zs_ticket_part *t)
{
    struct zs_der d = zs_der(in);
    struct zs_ticket_part got = {0};
    struct zs_der seq = enter_message(&d, 3);

    got.flags = tagged_flags(&seq, 0);
    read_key(&seq, 1, &got.key);
    got.client.realm = tagged(&seq, 2, ZS_DER_GENERAL_STRING);
    read_name(&seq, 3, &got.client);
    got.transited = read_transited(&seq, 4);
    got.times.auth = tagged_time(&seq, 5);
    got.times.start = has(&seq, 6) ? tagged_time(&seq, 6) : got.times.auth;
    got.times.end = tagged_time(&seq, 7);
    got.times.renew_till = has(&seq, 8) ? tagged_time(&seq, 8) : 0;
    skip(&seq, 9);
    if (has(&seq, 10))
        got.authorization = tagged(&seq, 10, ZS_DER_SEQUENCE);
    if (!zs_der_end(&seq))
        return ZS_E_DER;
    *t = got;
    return ZS_OK;
}

static void read_checksum(struct zs_der *d, int n, struct zs_authenticator *a)
{
    struct zs_der in = zs_der_enter(d, (uint8_t)ZS_DER_CONTEXT(n));
    struct zs_der seq = zs_der_enter(&in, ZS_DER_SEQUENCE);

    a->checksum_type = (int32_t)tagged_int32(&seq, 0);
    a->checksum = tagged(&seq, 1, ZS_DER_OCTET_STRING);
    d->bad |= !zs_der_end(&seq) || !zs_der_end(&in);
}

/* RFC 4120, 5.2.4: microseconds are below a million; keeps the sum far from overflow. */
static int64_t microseconds(struct zs_der *d, int64_t seconds, int64_t usec)
{
    if (usec < 0 || usec > 999999)
        d->bad = true;
    return d->bad ? 0 : seconds * 1000000 + usec;
}

static void read_sequence(struct zs_der *d, int n, bool *known, uint32_t *sequence)
{
    if (!has(d, n))
        return;
    *sequence = tagged_int32(d, n);
    *known = true;
}

enum zs_rc zs_authenticator_parse(struct zs_span in, struct zs_authenticator *a)
{
    struct zs_der d = zs_der(in);
    struct zs_authenticator got = {0};
    struct zs_der seq = enter_message(&d, 2);

    expect(&seq, 0, PVNO);
    got.client.realm = tagged(&seq, 1, ZS_DER_GENERAL_STRING);
    read_name(&seq, 2, &got.client);
    if (has(&seq, 3))
        read_checksum(&seq, 3, &got);
    int64_t usec = tagged_int(&seq, 4);
    got.time_us = microseconds(&seq, tagged_time(&seq, 5), usec);
    if (has(&seq, 6))
        read_key(&seq, 6, &got.subkey);
    read_sequence(&seq, 7, &got.has_sequence, &got.sequence);
    skip(&seq, 8);
    if (!zs_der_end(&seq))
        return ZS_E_DER;
    *a = got;
    return ZS_OK;
}

enum zs_rc zs_ap_rep_part_parse(struct zs_span in, struct zs_ap_rep_part *r)
{
    struct zs_der d = zs_der(in);
    struct zs_ap_rep_part got = {0};
    struct zs_der seq = enter_message(&d, 27);

    int64_t seconds = tagged_time(&seq, 0);
    got.time_us = microseconds(&seq, seconds, tagged_int(&seq, 1));
    if (has(&seq, 2))
        read_key(&seq, 2, &got.subkey);
    read_sequence(&seq, 3, &got.has_sequence, &got.sequence);
    if (!zs_der_end(&seq))
        return ZS_E_DER;
    *r = got;
    return ZS_OK;
}

static uint32_t read_le(struct zs_rd *rd, size_t octets)
{
    struct zs_span s = zs_rd_bytes(rd, octets);
    uint32_t v = 0;

    for (size_t i = s.n; i-- > 0;)
        v = v << 8 | s.p[i];
    return v;
}

/* One element of AuthorizationData: its kind, and what it holds. */
static int32_t read_authorization(struct zs_der *d, struct zs_span *contents)
{
    struct zs_der element = zs_der_enter(d, ZS_DER_SEQUENCE);
    int32_t kind = (int32_t)tagged_int(&element, 0);

    *contents = tagged(&element, 1, ZS_DER_OCTET_STRING);
    d->bad |= !zs_der_end(&element);
    return d->bad ? 0 : kind;
}

/* AD-IF-RELEVANT is looked into once: what wraps itself again and again stays what it is. */
int32_t zs_authorization_next(struct zs_span *data)
{
    enum { AD_IF_RELEVANT = 1 };
    struct zs_der d = zs_der(*data);
    struct zs_span contents;

    int32_t kind = d.left.n ? read_authorization(&d, &contents) : 0;
    *data = d.bad ? zs_span(NULL, 0) : d.left;
    if (kind != AD_IF_RELEVANT)
        return kind;
    struct zs_der inside = zs_der(contents);
    struct zs_der list = zs_der_enter(&inside, ZS_DER_SEQUENCE);
    int32_t first = list.left.n && !list.bad ? read_authorization(&list, &contents) : 0;
    return first ? first : kind;
}

enum zs_rc zs_cred_parse(struct zs_span in, struct zs_cred *c)
{
    struct zs_der d = zs_der(in);
    struct zs_cred got = {0};
    struct zs_der seq = enter_message(&d, 22);

    expect(&seq, 0, PVNO);
    expect(&seq, 1, MSG_KRB_CRED);
    zs_der_take(&seq, ZS_DER_CONTEXT(2));
    read_encrypted(&seq, 3, &got.part);
    if (!zs_der_end(&seq) || !zs_der_end(&d))
        return ZS_E_DER;
    *c = got;
    return ZS_OK;
}

/* KrbCredInfo: everything but the key may be absent. */
static void read_cred_info(struct zs_der *info, struct zs_cred_part *c)
{
    zs_der_take(info, ZS_DER_CONTEXT(0));
    c->has_client = has(info, 1);
    if (c->has_client) {
        c->client.realm = tagged(info, 1, ZS_DER_GENERAL_STRING);
        read_name(info, 2, &c->client);
    }
    c->flags = has(info, 3) ? tagged_flags(info, 3) : 0;
    c->times.auth = has(info, 4) ? tagged_time(info, 4) : 0;
    c->times.start = has(info, 5) ? tagged_time(info, 5) : 0;
    c->times.end = has(info, 6) ? tagged_time(info, 6) : 0;
    c->times.renew_till = has(info, 7) ? tagged_time(info, 7) : 0;
    c->has_service = has(info, 8);
    if (c->has_service) {
        c->service.realm = tagged(info, 8, ZS_DER_GENERAL_STRING);
        read_name(info, 9, &c->service);
    }
    skip(info, 10);
}

enum zs_rc zs_cred_part_parse(struct zs_span in, struct zs_cred_part *c)
{
    struct zs_der d = zs_der(in);
    struct zs_cred_part got = {0};
    struct zs_der seq = enter_message(&d, 29);
    struct zs_der tag = zs_der_enter(&seq, ZS_DER_CONTEXT(0));
    struct zs_der list = zs_der_enter(&tag, ZS_DER_SEQUENCE);
    struct zs_der info = zs_der_enter(&list, ZS_DER_SEQUENCE);

    read_cred_info(&info, &got);
    if (seq.bad || tag.bad || list.bad || !zs_der_end(&info))
        return ZS_E_DER;
    *c = got;
    return ZS_OK;
}

/* RFC 4121, 4.1.1: Lgth (16), Bnd, Flags, and with GSS_C_DELEG_FLAG DlgOpt (1), Dlgth, Deleg; all of it
 * little endian. */
enum zs_rc zs_gss_checksum_parse(struct zs_span in, struct zs_gss_checksum *c)
{
    struct zs_rd rd = zs_rd(in);
    struct zs_gss_checksum got = {0};

    uint32_t length = read_le(&rd, 4);
    struct zs_span bindings = zs_rd_bytes(&rd, 16);
    got.flags = read_le(&rd, 4);
    if (rd.ran_out || length != 16)
        return ZS_E_DER;
    for (size_t i = 0; i < bindings.n; i++)
        got.channel_bindings |= bindings.p[i] != 0;
    if (got.flags & GSS_C_DELEG) {
        uint32_t option = read_le(&rd, 2);
        uint32_t n = read_le(&rd, 2);
        got.delegated = zs_rd_bytes(&rd, n);
        if (rd.ran_out || option != 1)
            return ZS_E_DER;
    }
    *c = got;
    return ZS_OK;
}

/* krb5_unparse_name() escapes the separators, the backslash, and the octets that C writes as \n \t \b \0. */
static void append_escaped(GString *out, struct zs_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        switch (c) {
        case '/':
        case '@':
        case '\\':
            g_string_append_c(out, '\\');
            g_string_append_c(out, c);
            break;
        case '\n':
            g_string_append(out, "\\n");
            break;
        case '\t':
            g_string_append(out, "\\t");
            break;
        case '\b':
            g_string_append(out, "\\b");
            break;
        case '\0':
            g_string_append(out, "\\0");
            break;
        default:
            g_string_append_c(out, c);
        }
    }
}

char *zs_principal_format(const struct zs_principal_name *p)
{
    GString *out = g_string_new(NULL);
    struct zs_der names = zs_der(p->names);

    for (bool first = true; names.left.n && !names.bad; first = false) {
        struct zs_span name = zs_der_take(&names, ZS_DER_GENERAL_STRING);
        if (!first)
            g_string_append_c(out, '/');
        append_escaped(out, name);
    }
    g_string_append_c(out, '@');
    append_escaped(out, p->realm);
    return g_string_free(out, FALSE);
}
