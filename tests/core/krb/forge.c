/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KDC, initiator and acceptor would have sent: RFC 4120, 5.2 to 5.5; RFC 4121, 4.1.1 and 4.2.6;
 * RFC 1964, 1.2; RFC 4757, 7.
 *
 * Limits: what a test does not need is not there: addresses, authorization data. */
#include "tests/core/krb/forge.h"

#include "tests/harness/guard.h"

#include <gcrypt.h>
#include <stdarg.h>
#include <unistd.h>

enum { SEQUENCE = 0x30, SEALED = 0x02 };
#define APPLICATION(n) ((uint8_t)(0x60 | (n)))
#define CONTEXT(n)     ((uint8_t)(0xa0 | (n)))

static void put_be(GByteArray *a, uint64_t v, unsigned octets)
{
    while (octets-- > 0) {
        uint8_t o = (uint8_t)(v >> (8 * octets));
        g_byte_array_append(a, &o, 1);
    }
}

static void put_le32(GByteArray *a, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8) {
        uint8_t o = (uint8_t)v;
        g_byte_array_append(a, &o, 1);
    }
}

static void put(GByteArray *a, GByteArray *piece)
{
    g_byte_array_append(a, piece->data, piece->len);
    g_byte_array_unref(piece);
}

GByteArray *der_octets(const void *p, size_t n)
{
    return g_byte_array_append(g_byte_array_new(), p, (guint)n);
}

static GByteArray *element(uint8_t tag, GByteArray *contents)
{
    GByteArray *a = der_octets(&tag, 1);
    unsigned octets = contents->len < 0x80      ? 0
                      : contents->len < 0x100   ? 1
                      : contents->len < 0x10000 ? 2
                                                : 3;

    if (octets)
        put_be(a, 0x80 | octets, 1);
    put_be(a, contents->len, octets ? octets : 1);
    put(a, contents);
    return a;
}

GByteArray *der(int tag, ...)
{
    GByteArray *contents = g_byte_array_new();
    va_list pieces;

    va_start(pieces, tag);
    for (GByteArray *piece; (piece = va_arg(pieces, GByteArray *));)
        put(contents, piece);
    va_end(pieces);
    return element((uint8_t)tag, contents);
}

GByteArray *der_int(int64_t v)
{
    GByteArray *a = g_byte_array_new();
    unsigned octets = 1;

    while (octets < 8 && (v >> (8 * octets - 1)) != 0 && (v >> (8 * octets - 1)) != -1)
        octets++;
    put_be(a, (uint64_t)v, octets);
    return element(0x02, a);
}

GByteArray *der_string(const char *text)
{
    return element(0x1b, der_octets(text, strlen(text)));
}

GByteArray *der_time(int64_t unix_time)
{
    GDateTime *t = g_date_time_new_from_unix_utc(unix_time);
    char *text = g_strdup_printf("%04d%02d%02d%02d%02d%02dZ", g_date_time_get_year(t),
                                 g_date_time_get_month(t), g_date_time_get_day_of_month(t),
                                 g_date_time_get_hour(t), g_date_time_get_minute(t),
                                 g_date_time_get_second(t));
    GByteArray *a = element(0x18, der_octets(text, strlen(text)));

    g_free(text);
    g_date_time_unref(t);
    return a;
}

GByteArray *der_bits(uint32_t flags)
{
    GByteArray *a = g_byte_array_new();

    put_be(a, 0, 1);
    put_be(a, flags, 4);
    return element(0x03, a);
}

static GByteArray *octet_string(struct zs_span s)
{
    return element(0x04, der_octets(s.p, s.n));
}

static GByteArray *principal(const struct forge_name *n)
{
    GByteArray *names = g_byte_array_new();

    for (size_t i = 0; i < FORGE_NAMES && n->names[i]; i++)
        put(names, der_string(n->names[i]));
    return der(SEQUENCE, der(CONTEXT(0), der_int(1), NULL),
               der(CONTEXT(1), element(SEQUENCE, names), NULL), NULL);
}

static GByteArray *encryption_key(const struct zs_key *k)
{
    return der(SEQUENCE, der(CONTEXT(0), der_int(k->enctype), NULL),
               der(CONTEXT(1), octet_string(zs_span(k->octets, k->n)), NULL), NULL);
}

struct zs_key forge_key(int32_t enctype, uint8_t seed)
{
    uint8_t random[64], octets[64];
    size_t bytes, length;
    struct zs_key k = {0};

    g_assert_cmpint(krb5_c_keylengths(NULL, enctype, &bytes, &length), ==, 0);
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)(seed * 29 + i * 7 + 1);
    krb5_data in = {.data = (char *)random, .length = (unsigned)bytes};
    krb5_keyblock out = {.enctype = enctype, .length = (unsigned)length, .contents = octets};
    g_assert_cmpint(krb5_c_random_to_key(NULL, enctype, &in, &out), ==, 0);
    g_assert_true(zs_key_set(&k, enctype, octets, length));
    return k;
}

static krb5_keyblock keyblock(const struct zs_key *k)
{
    return (krb5_keyblock){
        .enctype = k->enctype, .length = k->n, .contents = (krb5_octet *)k->octets};
}

GByteArray *forge_encrypt(const struct zs_key *key, int usage, struct zs_span plain)
{
    krb5_keyblock kb = keyblock(key);
    krb5_data in = {.data = (char *)plain.p, .length = (unsigned)plain.n};
    size_t n;

    g_assert_cmpint(krb5_c_encrypt_length(NULL, key->enctype, plain.n, &n), ==, 0);
    GByteArray *a = g_byte_array_set_size(g_byte_array_new(), (guint)n);
    krb5_enc_data out = {.ciphertext = {.data = (char *)a->data, .length = (unsigned)n}};
    g_assert_cmpint(krb5_c_encrypt(NULL, &kb, usage, NULL, &in, &out), ==, 0);
    return g_byte_array_set_size(a, out.ciphertext.length);
}

GByteArray *forge_checksum(const struct zs_key *key, int usage, struct zs_span data)
{
    krb5_keyblock kb = keyblock(key);
    krb5_data in = {.data = (char *)data.p, .length = (unsigned)data.n};
    krb5_checksum sum = {0};

    /* Type 0: the mandatory one of the key's enctype. */
    g_assert_cmpint(krb5_c_make_checksum(NULL, 0, &kb, usage, &in, &sum), ==, 0);
    GByteArray *a = der_octets(sum.contents, sum.length);
    krb5_free_checksum_contents(NULL, &sum);
    return a;
}

/* EncryptedData; plain is used up. */
static GByteArray *encrypted(int32_t etype, const struct zs_key *key, int usage, bool has_kvno,
                             int64_t kvno, GByteArray *plain)
{
    GByteArray *cipher = forge_encrypt(key, usage, span_of(plain));
    GByteArray *number = has_kvno ? der(CONTEXT(1), der_int(kvno), NULL) : g_byte_array_new();
    GByteArray *a = der(SEQUENCE, der(CONTEXT(0), der_int(etype), NULL), number,
                        der(CONTEXT(2), octet_string(span_of(cipher)), NULL), NULL);

    g_byte_array_unref(cipher);
    g_byte_array_unref(plain);
    return a;
}

void forge_init(struct forge *f, int32_t enctype)
{
    *f = (struct forge){
        .service = {"EXAMPLE.ORG", {"zmq", "server.example.org"}},
        .client = {"EXAMPLE.ORG", {"alice"}},
        .has_kvno = true,
        .kvno = 3,
        .ticket_etype = enctype,
        .service_key = forge_key(enctype, 1),
        .session_key = forge_key(enctype, 2),
        .initiator_subkey = forge_key(enctype, 3),
        .acceptor_subkey = forge_key(enctype, 4),
        .auth = FORGE_NOW - 3600,
        .start = FORGE_NOW - 3600,
        .end = FORGE_NOW + 3600,
        .ticket_flags = 0x40800000,
        .ap_options = 0x20000000, /* mutual-required */
        .ctime = FORGE_NOW,
        .cusec = 250000,
        .checksum_type = 0x8003,
        .gss_flags = 0x136,
        .initiator_has_sequence = true,
        .initiator_sequence = 1000,
        .acceptor_has_sequence = true,
        .acceptor_sequence = 2000,
    };
}

static GByteArray *optional_time(uint8_t tag, int64_t t)
{
    return t ? der(tag, der_time(t), NULL) : g_byte_array_new();
}

static GByteArray *optional_key(uint8_t tag, const struct zs_key *k)
{
    return k->enctype ? der(tag, encryption_key(k), NULL) : g_byte_array_new();
}

static GByteArray *optional_int(uint8_t tag, bool there, int64_t v)
{
    return there ? der(tag, der_int(v), NULL) : g_byte_array_new();
}

/* RFC 4120, 5.3: EncTicketPart. */
GByteArray *forge_ticket_part(const struct forge *f)
{
    if (f->ticket_part.p)
        return der_octets(f->ticket_part.p, f->ticket_part.n);
    const struct zs_key *key = f->ticket_key.enctype ? &f->ticket_key : &f->session_key;
    GByteArray *transited = der(SEQUENCE, der(CONTEXT(0), der_int(1), NULL),
                                der(CONTEXT(1), octet_string(f->transited), NULL), NULL);
    return der(APPLICATION(3),
               der(SEQUENCE, der(CONTEXT(0), der_bits(f->ticket_flags), NULL),
                   der(CONTEXT(1), encryption_key(key), NULL),
                   der(CONTEXT(2), der_string(f->client.realm), NULL),
                   der(CONTEXT(3), principal(&f->client), NULL), der(CONTEXT(4), transited, NULL),
                   der(CONTEXT(5), der_time(f->auth), NULL), optional_time(CONTEXT(6), f->start),
                   der(CONTEXT(7), der_time(f->end), NULL),
                   optional_time(CONTEXT(8), f->renew_till), NULL),
               NULL);
}

/* RFC 4121, 4.1.1: Lgth, Bnd, Flags, and with delegation DlgOpt, Dlgth, Deleg; little-endian. */
static GByteArray *gss_checksum(const struct forge *f)
{
    GByteArray *a = g_byte_array_new();

    put_le32(a, sizeof f->bindings);
    g_byte_array_append(a, f->bindings, sizeof f->bindings);
    put_le32(a, f->gss_flags);
    if (f->gss_flags & 1 && f->delegation.p) {
        g_byte_array_append(
            a, (const uint8_t[]){1, 0, (uint8_t)f->delegation.n, (uint8_t)(f->delegation.n >> 8)},
            4);
        g_byte_array_append(a, f->delegation.p, (guint)f->delegation.n);
    }
    return a;
}

static GByteArray *optional_checksum(const struct forge *f)
{
    if (!f->checksum_type)
        return g_byte_array_new();
    GByteArray *sum = gss_checksum(f);
    GByteArray *a = der(CONTEXT(3),
                        der(SEQUENCE, der(CONTEXT(0), der_int(f->checksum_type), NULL),
                            der(CONTEXT(1), octet_string(span_of(sum)), NULL), NULL),
                        NULL);
    g_byte_array_unref(sum);
    return a;
}

/* RFC 4120, 5.5.1. */
GByteArray *forge_authenticator_part(const struct forge *f)
{
    if (f->authenticator_part.p)
        return der_octets(f->authenticator_part.p, f->authenticator_part.n);
    return der(
        APPLICATION(2),
        der(SEQUENCE, der(CONTEXT(0), der_int(5), NULL),
            der(CONTEXT(1), der_string(f->client.realm), NULL),
            der(CONTEXT(2), principal(&f->client), NULL), optional_checksum(f),
            der(CONTEXT(4), der_int(f->cusec), NULL), der(CONTEXT(5), der_time(f->ctime), NULL),
            optional_key(CONTEXT(6), &f->initiator_subkey),
            optional_int(CONTEXT(7), f->initiator_has_sequence, f->initiator_sequence), NULL),
        NULL);
}

/* RFC 4120, 5.3 */
GByteArray *forge_ticket(const struct forge *f)
{
    GByteArray *part = encrypted(f->ticket_etype, &f->service_key, KRB5_KEYUSAGE_KDC_REP_TICKET,
                                 f->has_kvno, f->kvno, forge_ticket_part(f));

    return der(APPLICATION(1),
               der(SEQUENCE, der(CONTEXT(0), der_int(5), NULL),
                   der(CONTEXT(1), der_string(f->service.realm), NULL),
                   der(CONTEXT(2), principal(&f->service), NULL), der(CONTEXT(3), part, NULL),
                   NULL),
               NULL);
}

GByteArray *forge_ap_req(const struct forge *f)
{
    GByteArray *authenticator =
        encrypted(f->session_key.enctype, &f->session_key, KRB5_KEYUSAGE_AP_REQ_AUTH, false, 0,
                  forge_authenticator_part(f));

    return der(APPLICATION(14),
               der(SEQUENCE, der(CONTEXT(0), der_int(5), NULL), der(CONTEXT(1), der_int(14), NULL),
                   der(CONTEXT(2), der_bits(f->ap_options), NULL),
                   der(CONTEXT(3), forge_ticket(f), NULL), der(CONTEXT(4), authenticator, NULL),
                   NULL),
               NULL);
}

/* RFC 4120, 5.5.2: EncAPRepPart. */
GByteArray *forge_ap_rep_part(const struct forge *f)
{
    if (f->ap_rep_part.p)
        return der_octets(f->ap_rep_part.p, f->ap_rep_part.n);
    return der(APPLICATION(27),
               der(SEQUENCE, der(CONTEXT(0), der_time(f->ctime), NULL),
                   der(CONTEXT(1), der_int(f->cusec), NULL),
                   optional_key(CONTEXT(2), &f->acceptor_subkey),
                   optional_int(CONTEXT(3), f->acceptor_has_sequence, f->acceptor_sequence), NULL),
               NULL);
}

GByteArray *forge_ap_rep(const struct forge *f)
{
    return der(APPLICATION(15),
               der(SEQUENCE, der(CONTEXT(0), der_int(5), NULL), der(CONTEXT(1), der_int(15), NULL),
                   der(CONTEXT(2),
                       encrypted(f->session_key.enctype, &f->session_key,
                                 KRB5_KEYUSAGE_AP_REP_ENCPART, false, 0, forge_ap_rep_part(f)),
                       NULL),
                   NULL),
               NULL);
}

/* RFC 4120, 5.9.1 */
GByteArray *forge_krb_error(const struct forge *f)
{
    return der(
        APPLICATION(30),
        der(SEQUENCE, der(CONTEXT(0), der_int(5), NULL), der(CONTEXT(1), der_int(30), NULL),
            der(CONTEXT(2), der_time(f->ctime), NULL), der(CONTEXT(3), der_int(f->cusec), NULL),
            der(CONTEXT(4), der_time(FORGE_NOW), NULL), der(CONTEXT(5), der_int(999999), NULL),
            der(CONTEXT(6), der_int(37), NULL), der(CONTEXT(9), der_string(f->service.realm), NULL),
            der(CONTEXT(10), principal(&f->service), NULL),
            der(CONTEXT(11), der_string("Clock skew too great"), NULL), NULL),
        NULL);
}

static void put_header(GByteArray *a, const struct forge_wrap *w, uint16_t ec, uint16_t rrc)
{
    put_be(a, 0x0504, 2);
    put_be(a, w->flags, 1);
    put_be(a, 0xff, 1);
    put_be(a, ec, 2);
    put_be(a, rrc, 2);
    put_be(a, w->sequence, 8);
}

/* RFC 4121, 4.2.5: rotated right by count, which may exceed n. */
static void rotate_right(uint8_t *p, size_t n, size_t count)
{
    uint8_t *copy = g_memdup2(p, n);

    for (size_t i = 0; i < n; i++)
        p[(i + count) % n] = copy[i];
    g_free(copy);
}

/* RFC 4121, 2: wrap tokens have KG-USAGE-ACCEPTOR-SEAL (22) or KG-USAGE-INITIATOR-SEAL (24), sealed or not.
 * 4.2.4: sealed: {text | filler | header with RRC 0}; else text | checksum of {text | header with EC and RRC 0}. */
GByteArray *forge_wrap(const struct forge_wrap *w)
{
    bool sealed = w->flags & SEALED;
    int usage = w->flags & 1 ? 22 : 24;
    GByteArray *inside = g_byte_array_new(), *a = g_byte_array_new(), *payload;

    g_byte_array_append(inside, w->text.p, (guint)w->text.n);
    if (sealed)
        for (unsigned i = 0; i < w->ec; i++)
            put_be(inside, 0xe0, 1);
    if (w->other_header)
        g_byte_array_append(inside, w->inner_header, sizeof w->inner_header);
    else
        put_header(inside, w, sealed ? w->ec : 0, 0);
    if (sealed) {
        payload = forge_encrypt(&w->key, usage, span_of(inside));
        put_header(a, w, w->ec, w->rrc);
    } else {
        GByteArray *sum = forge_checksum(&w->key, usage, span_of(inside));
        put_header(a, w, (uint16_t)sum->len, w->rrc);
        payload = der_octets(w->text.p, w->text.n);
        put(payload, sum);
    }
    g_byte_array_unref(inside);
    rotate_right(payload->data, payload->len, w->rrc);
    put(a, payload);
    return a;
}

static bool is_rc4(const struct forge_old *w)
{
    return w->key.enctype == ENCTYPE_ARCFOUR_HMAC;
}

/* RFC 1964, 1.2.2.3: up to the next block of DES3, and a whole one where there is nothing to fill; RFC 4757, 7.3: one
 * octet. */
static struct zs_span padding_for(const struct forge_old *w)
{
    static const uint8_t of[9][8] = {
        {0},
        {1},
        {2, 2},
        {3, 3, 3},
        {4, 4, 4, 4},
        {5, 5, 5, 5, 5},
        {6, 6, 6, 6, 6, 6},
        {7, 7, 7, 7, 7, 7, 7},
        {8, 8, 8, 8, 8, 8, 8, 8},
    };
    size_t n = is_rc4(w) ? 1 : 8 - w->text.n % 8;

    return zs_span(of[n], n);
}

void forge_old_init(struct forge_old *w, const struct zs_key *key, bool by_acceptor, bool sealed,
                    struct zs_span text)
{
    bool rc4 = key->enctype == ENCTYPE_ARCFOUR_HMAC;

    *w = (struct forge_old){
        .key = *key,
        .sealed = sealed,
        .sign_alg = rc4 ? 0x1100 : 0x0400,
        .seal_alg = !sealed ? 0xffff
                    : rc4   ? 0x1000
                            : 0x0200,
        .filler = 0xffff,
        .sequence = 0x01020304,
        .confounder = {'c', 'o', 'n', 'f', 'o', 'u', 'n', 'd'},
        .text = text,
    };
    memset(w->direction, by_acceptor ? 0xff : 0, sizeof w->direction);
    w->padding = padding_for(w);
}

/* out = HMAC-MD5(key, text). */
static void hmac_md5(const uint8_t key[16], struct zs_span text, uint8_t out[16])
{
    GHmac *h = g_hmac_new(G_CHECKSUM_MD5, key, 16);
    gsize n = 16;

    g_hmac_update(h, text.p, (gssize)text.n);
    g_hmac_get_digest(h, out, &n);
    g_hmac_unref(h);
}

/* RFC 4757, 7.2 and 7.3: HMAC(HMAC(K, "signaturekey\0"), MD5(T | header | text)), its first 8 octets; T, low octet
 * first, is 13 for a wrap token and 15 for a MIC. */
static GByteArray *rc4_checksum(const struct forge_old *w, uint8_t t, struct zs_span header,
                                struct zs_span text)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    uint8_t digest[16], key[16];
    gsize n = sizeof digest;

    g_checksum_update(sum, (const uint8_t[]){t, 0, 0, 0}, 4);
    g_checksum_update(sum, header.p, (gssize)header.n);
    g_checksum_update(sum, text.p, (gssize)text.n);
    g_checksum_get_digest(sum, digest, &n);
    g_checksum_free(sum);
    hmac_md5(w->key.octets, zs_span("signaturekey", 13), key);
    hmac_md5(key, zs_span(digest, sizeof digest), digest);
    return der_octets(digest, 8);
}

/* MIT: HMAC-SHA1-DES3-KD of header and text, usage KG_USAGE_SIGN (23) for both kinds. */
static GByteArray *des3_checksum(const struct forge_old *w, struct zs_span header,
                                 struct zs_span text)
{
    GByteArray *both = der_octets(header.p, header.n);

    g_byte_array_append(both, text.p, (guint)text.n);
    GByteArray *sum = forge_checksum(&w->key, 23, span_of(both));
    g_byte_array_unref(both);
    return sum;
}

/* HMAC(HMAC(K ^ change, 0), which): the key of what RC4 enciphers. */
static void rc4_encipher(const struct forge_old *w, uint8_t change, struct zs_span which,
                         uint8_t *p, size_t n)
{
    gcry_cipher_hd_t cipher;
    uint8_t key[16];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = w->key.octets[i] ^ change;
    hmac_md5(key, zs_span("\0\0\0", 4), key);
    hmac_md5(key, which, key);
    g_assert_cmpint(gcry_cipher_open(&cipher, GCRY_CIPHER_ARCFOUR, GCRY_CIPHER_MODE_STREAM, 0), ==,
                    0);
    /* A weak key is a key. */
    gcry_error_t e = gcry_cipher_setkey(cipher, key, sizeof key);
    g_assert_true(!e || gcry_err_code(e) == GPG_ERR_WEAK_KEY);
    g_assert_cmpint(gcry_cipher_encrypt(cipher, p, n, NULL, 0), ==, 0);
    gcry_cipher_close(cipher);
}

/* CBC; iv NULL: zero. */
static void des3_encipher(const struct forge_old *w, const uint8_t *iv, uint8_t *p, size_t n)
{
    gcry_cipher_hd_t cipher;

    g_assert_cmpint(gcry_cipher_open(&cipher, GCRY_CIPHER_3DES, GCRY_CIPHER_MODE_CBC, 0), ==, 0);
    g_assert_cmpint(gcry_cipher_setkey(cipher, w->key.octets, w->key.n), ==, 0);
    g_assert_cmpint(gcry_cipher_setiv(cipher, iv, iv ? 8 : 0), ==, 0);
    g_assert_cmpint(gcry_cipher_encrypt(cipher, p, n - n % 8, NULL, 0), ==, 0);
    gcry_cipher_close(cipher);
}

/* RFC 1964, 1.2.1.2: SND_SEQ, sealed under the checksum; its number low octet first, in RFC 4757 high octet first. */
static GByteArray *old_sequence(const struct forge_old *w, const GByteArray *checksum)
{
    GByteArray *a = g_byte_array_new();

    if (is_rc4(w))
        put_be(a, w->sequence, 4);
    else
        put_le32(a, w->sequence);
    g_byte_array_append(a, w->direction, sizeof w->direction);
    if (is_rc4(w))
        rc4_encipher(w, 0, span_of(checksum), a->data, a->len);
    else
        des3_encipher(w, checksum->data, a->data, a->len);
    return a;
}

/* Confounder, text and padding. */
static GByteArray *old_body(const struct forge_old *w)
{
    GByteArray *a = der_octets(w->confounder, sizeof w->confounder);

    g_byte_array_append(a, w->text.p, (guint)w->text.n);
    g_byte_array_append(a, w->padding.p, (guint)w->padding.n);
    return a;
}

static void seal_old(const struct forge_old *w, GByteArray *body)
{
    GByteArray *number = g_byte_array_new();

    put_be(number, w->sequence, 4);
    if (is_rc4(w))
        rc4_encipher(w, 0xf0, span_of(number), body->data, body->len);
    else
        des3_encipher(w, NULL, body->data, body->len);
    g_byte_array_unref(number);
}

/* RFC 1964, 1.2.1 and 1.2.2: header, SND_SEQ, SGN_CKSUM over text, and body; in the framing of RFC 2743, 3.1. body is
 * used up. */
static GByteArray *old_token(const struct forge_old *w, bool mic, struct zs_span text,
                             GByteArray *body)
{
    GByteArray *a = g_byte_array_new();

    put_be(a, mic ? 0x0101 : 0x0201, 2);
    put_be(a, w->sign_alg, 2);
    put_be(a, w->seal_alg, 2);
    put_be(a, w->filler, 2);
    struct zs_span header =
        w->other_header ? zs_span(w->signed_header, sizeof w->signed_header) : span_of(a);
    GByteArray *sum =
        is_rc4(w) ? rc4_checksum(w, mic ? 15 : 13, header, text) : des3_checksum(w, header, text);
    put(a, old_sequence(w, sum));
    put(a, sum);
    put(a, body);
    g_byte_array_set_size(a, a->len - (guint)MIN(w->cut, a->len));
    for (size_t i = 0; i < w->zeros; i++)
        put_be(a, 0, 1);
    return der(APPLICATION(0), der_octets("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 11), a,
               NULL);
}

GByteArray *forge_old_wrap(const struct forge_old *w)
{
    GByteArray *plain = old_body(w), *body = old_body(w);

    if (w->sealed)
        seal_old(w, body);
    GByteArray *token = old_token(w, false, span_of(plain), body);
    g_byte_array_unref(plain);
    return token;
}

GByteArray *forge_old_mic(const struct forge_old *w)
{
    return old_token(w, true, w->text, g_byte_array_new());
}

static void put_counted(GByteArray *a, const void *p, size_t n)
{
    put_be(a, n, 2);
    g_byte_array_append(a, p, (guint)n);
}

/* The file format of keytabs, version 5.2, big-endian. */
static void put_entry(GByteArray *file, const struct forge_entry *e)
{
    GByteArray *a = g_byte_array_new();
    uint16_t names = 0;

    while (names < FORGE_NAMES && e->name.names[names])
        names++;
    put_be(a, names, 2);
    put_counted(a, e->name.realm, strlen(e->name.realm));
    for (uint16_t i = 0; i < names; i++)
        put_counted(a, e->name.names[i], strlen(e->name.names[i]));
    put_be(a, 1, 4);         /* name type */
    put_be(a, FORGE_NOW, 4); /* timestamp */
    put_be(a, e->kvno & 0xff, 1);
    put_be(a, (uint64_t)e->key.enctype, 2);
    put_counted(a, e->key.octets, e->key.n);
    if (!e->short_kvno)
        put_be(a, e->kvno, 4);
    put_be(file, a->len, 4);
    put(file, a);
}

char *forge_keytab(const struct forge_entry *entries, size_t n)
{
    GByteArray *file = der_octets("\x05\x02", 2);
    char *path = NULL;
    GError *error = NULL;

    for (size_t i = 0; i < n; i++)
        put_entry(file, &entries[i]);
    int fd = g_file_open_tmp("zs-forge-XXXXXX.keytab", &path, &error);
    g_assert_no_error(error);
    close(fd);
    g_file_set_contents_full(path, (const char *)file->data, file->len, G_FILE_SET_CONTENTS_NONE,
                             0600, &error);
    g_assert_no_error(error);
    g_byte_array_unref(file);
    return path;
}

void forge_remove(char *path)
{
    unlink(path);
    g_free(path);
}

struct zs_keyring *forge_keyring(const struct forge_entry *entries, size_t n)
{
    struct zs_keyring *r = zs_keyring_new();
    char *path = forge_keytab(entries, n), *why = NULL;

    if (!zs_keyring_add_keytab(r, path, &why))
        g_error("%s", why);
    forge_remove(path);
    return r;
}

struct zs_context *forge_observe(const struct forge *f)
{
    return forge_observe_with(f, &f->service_key);
}

struct zs_context *forge_observe_with(const struct forge *f, const struct zs_key *key)
{
    struct forge_entry entry = {.name = f->service, .kvno = (uint32_t)f->kvno, .key = *key};
    struct zs_keyring *r = forge_keyring(&entry, 1);
    GByteArray *req = forge_ap_req(f), *rep = forge_ap_rep(f);
    struct zs_span seen = f->no_ap_rep ? zs_span(NULL, 0) : span_of(rep);
    struct zs_context *c = zs_context_new(r, span_of(req), seen, FORGE_NOW * 1000000000);

    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    zs_keyring_free(r);
    return c;
}

enum zs_rc forge_unwrap(const struct zs_context *c, struct zs_span token, struct zs_span want,
                        struct zs_unwrapped *u)
{
    size_t room = zs_unwrap_room(token.n);
    uint8_t *copy = zs_guard_copy(token.p, token.n), *zeros = g_malloc0(room + 1);
    uint8_t *buf = zs_guard_copy(zeros, room);
    struct zs_unwrapped before;

    memset(u, 0x5a, sizeof *u);
    memcpy(&before, u, sizeof before);
    enum zs_rc rc = zs_context_unwrap(c, zs_span(copy, token.n), buf, room, u);
    if (rc == ZS_OK) {
        g_assert_cmpmem(u->plain.p, u->plain.n, want.p, want.n);
        bool in_buf = u->plain.p >= buf && u->plain.p + u->plain.n <= buf + room;
        bool in_token = u->plain.p >= copy && u->plain.p + u->plain.n <= copy + token.n;
        g_assert_true(in_buf || in_token);
    } else {
        g_assert_cmpmem(u, sizeof *u, &before, sizeof before);
    }
    zs_guard_free(copy, token.n);
    zs_guard_free(buf, room);
    g_free(zeros);
    return rc;
}
