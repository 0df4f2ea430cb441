/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forge_seeds OUT: writes seeds for the targets of core/krb, forged, into OUT/ap_req, OUT/ap_rep, OUT/wrap,
 * OUT/wrap_old; and those of the sources of keys, into OUT/keylog and OUT/keytab. */
#include "core/krb/secrets.h"

#include "tests/fuzz/fuzz_krb.h"

static void put_seed(const char *out, const char *target, const char *name, struct zs_span s)
{
    char *directory = g_build_filename(out, target, NULL);
    char *path = g_build_filename(directory, name, NULL);
    GError *error = NULL;

    g_mkdir_with_parents(directory, 0777);
    g_file_set_contents(path, (const char *)s.p, (gssize)s.n, &error);
    g_assert_no_error(error);
    g_free(path);
    g_free(directory);
}

static void seed(const char *out, const char *target, enum fuzz_krb what, unsigned number,
                 struct zs_span s)
{
    uint8_t first = (uint8_t)what;
    GByteArray *a = der_octets(&first, 1);
    char *name = g_strdup_printf("forged-%d-%u", (int)what, number);

    g_byte_array_append(a, s.p, (guint)s.n);
    put_seed(out, target, name, span_of(a));
    g_free(name);
    g_byte_array_unref(a);
}

static void seed_sources(const char *out, const struct forge *f)
{
    struct zs_context *c = forge_observe(f);
    struct forge_entry entry = {f->service, 3, false, f->service_key};
    char *line = zs_context_secret(c), *keytab = forge_keytab(&entry, 1), *octets;
    gsize n;

    put_seed(out, "keylog", "forged", zs_span(line, strlen(line)));
    g_assert_true(g_file_get_contents(keytab, &octets, &n, NULL));
    put_seed(out, "keytab", "forged", zs_span(octets, n));
    g_free(octets);
    forge_remove(keytab);
    zs_secret_free(line);
    zs_context_free(c);
}

static void seed_forged(const char *out, const char *target, enum fuzz_krb what, unsigned number,
                        GByteArray *made)
{
    seed(out, target, what, number, span_of(made));
    g_byte_array_unref(made);
}

static void seed_handshake(const char *out, const struct forge *f, unsigned number)
{
    static const uint8_t checksum[] = {16, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1,   1,   1,  1,
                                       1,  1, 1, 1, 1, 1, 0, 0, 1, 0, 3, 0, 'a', 'b', 'c'};

    seed_forged(out, "ap_req", FUZZ_MESSAGE, number, forge_ap_req(f));
    seed_forged(out, "ap_req", FUZZ_TICKET, number, forge_ticket_part(f));
    seed_forged(out, "ap_req", FUZZ_AUTHENTICATOR, number, forge_authenticator_part(f));
    seed(out, "ap_req", FUZZ_CHECKSUM, number, zs_span(checksum, sizeof checksum));
    seed_forged(out, "ap_rep", FUZZ_MESSAGE, number, forge_ap_rep(f));
    seed_forged(out, "ap_rep", FUZZ_AP_REP_PART, number, forge_ap_rep_part(f));
    seed_forged(out, "ap_rep", FUZZ_KRB_ERROR, number, forge_krb_error(f));
}

static void seed_wraps(const char *out, const struct forge *f)
{
    static const uint8_t text[] = "\0a text to be wrapped";
    static const uint8_t header[] = {5, 4, 6, 0xff, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 7};
    static const uint8_t unsealed[] = {5, 4, 4, 0xff, 0, 12, 0, 3, 0, 0, 0, 0, 0, 0, 0, 7};

    for (uint8_t flags = 0; flags < 8; flags++) {
        struct forge_wrap w = {.key = flags & 4 ? f->acceptor_subkey : f->initiator_subkey,
                               .flags = flags,
                               .rrc = flags,
                               .ec = flags & 2 ? 3 : 0,
                               .text = zs_span(text, sizeof text)};
        seed_forged(out, "wrap", FUZZ_MESSAGE, flags, forge_wrap(&w));
    }
    GByteArray *a = der_octets(header, sizeof header);
    g_byte_array_append(a, text, sizeof text);
    seed(out, "wrap", FUZZ_SEALED, 0, span_of(a));
    g_byte_array_append(a, header, sizeof header);
    a->data[a->len - 9] = 0; /* RRC inside */
    seed_forged(out, "wrap", FUZZ_STRANGE, 0, a);
    a = g_byte_array_append(der_octets(unsealed, sizeof unsealed), text, sizeof text);
    seed_forged(out, "wrap", FUZZ_UNSEALED, 0, a);
}

/* Tokens and MICs of both old enctypes, sides and protections; then the same by their parts, as fuzz_wrap_old numbers
 * them: bits, header, number, direction, confounder, text with its padding. */
static void seed_old_wraps(const char *out)
{
    static const char text[] = "\0what was wrapped of old\7\7\7\7\7\7\7\1";

    for (uint8_t bits = 0; bits < 16; bits++) {
        bool rc4 = bits & 1, by_acceptor = bits & 2, mic = bits & 4, sealed = bits & 8;
        uint8_t head[23] = {bits};
        struct zs_key key = forge_key(rc4 ? 23 : 16, 4); /* forge_init()'s acceptor subkey */
        struct forge_old w;
        forge_old_init(&w, &key, by_acceptor, sealed, zs_span(text, 24));
        seed_forged(out, "wrap_old", FUZZ_MESSAGE, bits,
                    mic ? forge_old_mic(&w) : forge_old_wrap(&w));
        const uint16_t fields[3] = {w.sign_alg, w.seal_alg, w.filler};
        for (size_t i = 0; i < 3; i++) {
            head[1 + 2 * i] = (uint8_t)(fields[i] >> 8);
            head[2 + 2 * i] = (uint8_t)fields[i];
        }
        head[10] = bits; /* the number's last */
        memcpy(head + 11, w.direction, 4);
        memcpy(head + 15, w.confounder, 8);
        GByteArray *a = der_octets(head, sizeof head);
        g_byte_array_append(a, (const uint8_t *)text, sizeof text - 1);
        for (enum fuzz_krb what = FUZZ_SEALED; what <= FUZZ_UNSEALED; what++)
            seed(out, "wrap_old", what, bits, span_of(a));
        g_byte_array_unref(a);
    }
}

/* One step of a script of fuzz_peer. */
static void peer_step(GByteArray *a, uint8_t what, uint16_t amount, const char *octets, size_t n)
{
    uint8_t head[3] = {what, (uint8_t)(amount >> 8), (uint8_t)amount};

    g_byte_array_append(a, head, sizeof head);
    g_byte_array_append(a, (const uint8_t *)octets, (guint)n);
}

#define WITH(what, octets) peer_step(a, what, sizeof octets - 1, octets, sizeof octets - 1)

/* A talk to its end: greeting, token, READY and what follows, for one role, form and mode; by fuzz_peer's numbers. */
static void seed_peer(const char *out, uint8_t bits)
{
    enum { RAW, GREETING, TOKEN, SEALED, WAIT = 5, SEND, SUBSCRIBE, PING = 9, SENT = 11 };
    bool server = bits & 0x01, clear = bits & 0x06, padded = bits & 0x10;
    uint8_t first[2] = {bits, server ? 0x50 : 0x51}; /* PAIR, PUB; dialect B, two legs */
    GByteArray *a = der_octets(first, sizeof first);
    const char *metadata = server ? "\x0bSocket-Type\0\0\0\4PAIR" : "\x0bSocket-Type\0\0\0\4XSUB";
    char *name = g_strdup_printf("talk-%02x", bits);
    GByteArray *ready;

    peer_step(a, GREETING, 1, "", 0);
    if (!(bits & 0x02))
        peer_step(a, TOKEN, padded ? server ? 5 : 6 : 0, "", 0);
    if (server && !padded && !(bits & 0x02))
        WITH(RAW, "\x04\x00");
    if (clear)
        ready = der_octets(padded ? "\x04\x1cREADY   " : "\x04\x1a\x05READY", padded ? 10 : 8);
    else
        ready = der_octets(padded ? "\x84\x02" : "\x04\0\x05READY", padded ? 2 : 8);
    g_byte_array_append(ready, (const uint8_t *)metadata, 20);
    peer_step(a, clear ? RAW : SEALED, (uint16_t)ready->len, (const char *)ready->data, ready->len);
    g_byte_array_unref(ready);
    WITH(SEALED, "\0\0\1topic");
    WITH(SEALED, "\0\2\4PING\0\7context");
    WITH(SEALED, "\0\4topic");
    WITH(SEND, "hello");
    WITH(SUBSCRIBE, "topic");
    WITH(PING, "0123456789");
    peer_step(a, SENT, 300, "", 0);
    WITH(SEALED, "\0\1part");
    peer_step(a, WAIT, 60, "", 0);
    WITH(SEALED, "\0\2\5ERROR\2no");
    put_seed(out, "peer", name, span_of(a));
    g_free(name);
    g_byte_array_unref(a);
}

static void seed_peers(const char *out)
{
    for (uint8_t bits = 0; bits < 0x20; bits++)
        seed_peer(out, bits);
}

int main(int argc, char **argv)
{
    struct forge f;

    if (argc != 2)
        return 2;
    zs_krb_init();
    forge_init(&f, 18);
    seed_handshake(argv[1], &f, 0);
    seed_wraps(argv[1], &f);
    seed_old_wraps(argv[1]);
    seed_sources(argv[1], &f);
    seed_peers(argv[1]);
    f.renew_till = f.end;
    f.has_kvno = f.initiator_has_sequence = f.acceptor_has_sequence = false;
    f.initiator_subkey.enctype = f.acceptor_subkey.enctype = 0;
    f.checksum_type = 0;
    seed_handshake(argv[1], &f, 1);
    return 0;
}
