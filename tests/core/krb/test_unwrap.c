/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wrap tokens of RFC 4121, forged: what opens, at every length, rotation and filler; what must not, with the cases
 * of MIT's t_invalid.c; and which key opens what. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "tests/core/krb/forge.h"

enum {
    ACCEPTOR = 0x01, /* flags of the header */
    SEALED = 0x02,
    SUBKEY = 0x04,
    HEADER = 16,
    CONFOUNDER = 16,
    TAG = 12, /* of the SHA-1 enctypes */
};

static const int32_t enctypes[] = {17, 18, 19, 20, 25, 26};

static uint8_t text[70000];
static struct zs_context *fixed; /* of forge_init(18), made once: no test can change it */
static struct forge_wrap plain_wrap;

static enum zs_rc unwrap_forged(const struct zs_context *c, const struct forge_wrap *w,
                                struct zs_unwrapped *u)
{
    GByteArray *token = forge_wrap(w);
    enum zs_rc rc = forge_unwrap(c, span_of(token), w->text, u);

    g_byte_array_unref(token);
    return rc;
}

/* w opens, and is what w says. */
static void opens(const struct zs_context *c, const struct forge_wrap *w)
{
    struct zs_unwrapped u;

    g_assert_cmpint(unwrap_forged(c, w, &u), ==, ZS_OK);
    g_assert_true(u.confidential == ((w->flags & SEALED) != 0));
    g_assert_true(u.sent_by_acceptor == ((w->flags & ACCEPTOR) != 0));
    g_assert_true(u.acceptor_subkey == ((w->flags & SUBKEY) != 0));
    g_assert_cmpuint(u.sequence, ==, w->sequence);
    g_assert_cmpuint(u.rrc, ==, w->rrc);
    g_assert_true(!u.confidential || u.ec == w->ec);
}

static void every_length_opens(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct forge f;
        forge_init(&f, enctypes[e]);
        struct zs_context *c = forge_observe(&f);
        for (size_t n = 0; n <= sizeof text; n += n < 70 ? 1 : n < 300 ? 61 : 20011)
            for (uint8_t flags = SUBKEY; flags <= (SUBKEY | SEALED | ACCEPTOR); flags++) {
                struct forge_wrap w = {.key = f.acceptor_subkey,
                                       .flags = flags,
                                       .sequence = UINT64_MAX - n,
                                       .text = zs_span(text, n)};
                opens(c, &w);
            }
        zs_context_free(c);
    }
}

/* 4.2.5: a right rotation by any count, more than the payload's length included. Windows rotates by 28. */
static void every_rotation_is_undone(void)
{
    static const size_t lengths[] = {0, 1, 16, 23};

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            struct forge_wrap w = plain_wrap;
            w.flags = (uint8_t)(SUBKEY | (sealed ? SEALED : 0));
            w.text = zs_span(text, lengths[i]);
            for (unsigned rrc = 0; rrc < 150; rrc++) {
                w.rrc = (uint16_t)rrc;
                opens(fixed, &w);
            }
            w.rrc = UINT16_MAX;
            opens(fixed, &w);
        }
}

/* 4.2.4: EC octets of filler behind the text, whatever they are. DCE style has 16. */
static void filler_is_taken_off(void)
{
    static const uint16_t counts[] = {1, 2, 15, 16, 17, 255, 256, UINT16_MAX};

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        for (size_t n = 0; n <= 20; n += 5) {
            struct forge_wrap w = plain_wrap;
            w.text = zs_span(text, n);
            w.ec = counts[i];
            opens(fixed, &w);
            w.rrc = (uint16_t)(w.ec + 28);
            opens(fixed, &w);
        }
}

/* What each octet of the header guards, sealed and not. EC and RRC of a token that is not sealed say how to read
 * it and are not under the checksum: where altered they move text and checksum. */
static void each_altered_octet_is_found(void)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        struct forge_wrap w = plain_wrap;
        w.flags = (uint8_t)(SUBKEY | (sealed ? SEALED : 0));
        w.text = zs_span(text, 37);
        GByteArray *token = forge_wrap(&w);
        for (size_t i = 0; i < token->len; i++)
            for (int bit = 0; bit < 8; bit++) {
                struct zs_unwrapped u;
                token->data[i] ^= (uint8_t)(1 << bit);
                enum zs_rc rc = forge_unwrap(fixed, span_of(token), w.text, &u);
                token->data[i] ^= (uint8_t)(1 << bit);
                g_assert_cmpint(rc, !=, ZS_OK);
                if (i < 2 || i == 3)
                    g_assert_cmpint(rc, ==, ZS_E_CFX_HEADER);
                else if (i >= 8)
                    g_assert_cmpint(rc, ==,
                                    sealed && i < HEADER ? ZS_E_WRAP_HEADER : ZS_E_WRAP_CHECKSUM);
            }
        g_byte_array_unref(token);
    }
}

static void cut_or_prolonged_is_found(void)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        struct forge_wrap w = plain_wrap;
        struct zs_unwrapped u;
        size_t least = sealed ? HEADER + CONFOUNDER + HEADER + TAG : HEADER + TAG;
        w.flags = (uint8_t)(SUBKEY | (sealed ? SEALED : 0));
        w.text = zs_span(text, 37);
        GByteArray *token = forge_wrap(&w);
        for (size_t n = 0; n < token->len; n++)
            g_assert_cmpint(forge_unwrap(fixed, zs_span(token->data, n), w.text, &u), ==,
                            n < least ? ZS_E_WRAP_SHORT : ZS_E_WRAP_CHECKSUM);
        g_byte_array_append(token, (const uint8_t *)"", 1);
        g_assert_cmpint(forge_unwrap(fixed, span_of(token), w.text, &u), ==, ZS_E_WRAP_CHECKSUM);
        g_byte_array_unref(token);
    }
}

/* A sealed token whose inner header is the outer one with an octet replaced; at counts from the id's first. */
static enum zs_rc with_inner_octet(size_t at, uint8_t value, uint8_t outer_ec, size_t n)
{
    struct forge_wrap w = plain_wrap;
    struct zs_unwrapped u;

    w.text = zs_span(text, n);
    GByteArray *token = forge_wrap(&w);
    memcpy(w.inner_header, token->data, HEADER);
    g_byte_array_unref(token);
    w.inner_header[at] = value;
    w.other_header = true;
    token = forge_wrap(&w);
    token->data[5] = outer_ec;
    enum zs_rc rc = forge_unwrap(fixed, span_of(token), zs_span(text, n - outer_ec), &u);
    g_byte_array_unref(token);
    return rc;
}

static void inner_header_must_be_the_outer_one(void)
{
    for (size_t at = 0; at < HEADER; at++)
        g_assert_cmpint(with_inner_octet(at, 0xc3, 0, 37), ==, ZS_E_WRAP_HEADER);
    /* EC altered outside or inside alone */
    g_assert_cmpint(with_inner_octet(5, 0, 5, 37), ==, ZS_E_WRAP_HEADER);
    g_assert_cmpint(with_inner_octet(5, 5, 0, 37), ==, ZS_E_WRAP_HEADER);
    /* RRC stands inside as zero */
    g_assert_cmpint(with_inner_octet(7, 28, 0, 37), ==, ZS_E_WRAP_HEADER);
}

/* An EC that holds inside and outside, up to all of the text and past it. */
static void ec_larger_than_the_text_is_found(void)
{
    for (uint8_t ec = 0; ec < 60; ec++)
        g_assert_cmpint(with_inner_octet(5, ec, ec, 37), ==, ec <= 37 ? ZS_OK : ZS_E_WRAP_EC);
}

/* The ciphertext of fewer octets than a header has: they were sealed by who holds the key, and are no token. */
static void short_plaintext_is_found(void)
{
    for (size_t n = 0; n < HEADER; n++) {
        struct zs_unwrapped u;
        GByteArray *token = der_octets("\x05\x04\x06\xff\0\0\0\0\0\0\0\0\0\0\0\1", HEADER);
        GByteArray *sealed = forge_encrypt(&plain_wrap.key, 24, zs_span(text, n));
        g_byte_array_append(token, sealed->data, sealed->len);
        g_assert_cmpint(forge_unwrap(fixed, span_of(token), zs_span(NULL, 0), &u), ==,
                        ZS_E_WRAP_SHORT);
        g_byte_array_unref(sealed);
        g_byte_array_unref(token);
    }
}

static void unsealed_ec_is_the_checksums_length(void)
{
    struct forge_wrap w = plain_wrap;
    struct zs_unwrapped u;

    w.flags = SUBKEY;
    w.text = zs_span(text, 37);
    GByteArray *token = forge_wrap(&w);
    for (unsigned ec = 0; ec < 256; ec++) {
        token->data[5] = (uint8_t)ec;
        g_assert_cmpint(forge_unwrap(fixed, span_of(token), w.text, &u), ==,
                        ec == TAG ? ZS_OK : ZS_E_WRAP_EC);
    }
    g_byte_array_unref(token);
}

/* Sent by one side and said to be the other's: the keys of the two directions differ. */
static void direction_is_under_the_key(void)
{
    for (uint8_t flags = SUBKEY; flags <= (SUBKEY | SEALED | ACCEPTOR); flags++) {
        struct forge_wrap w = plain_wrap;
        struct zs_unwrapped u;
        w.flags = flags;
        GByteArray *token = forge_wrap(&w);
        token->data[2] ^= ACCEPTOR;
        g_assert_cmpint(forge_unwrap(fixed, span_of(token), w.text, &u), ==, ZS_E_WRAP_CHECKSUM);
        g_byte_array_unref(token);
    }
}

static void mic_is_no_wrap_token(void)
{
    GByteArray *token = forge_wrap(&plain_wrap);
    struct zs_unwrapped u;

    token->data[0] = 0x04;
    g_assert_cmpint(forge_unwrap(fixed, span_of(token), plain_wrap.text, &u), ==, ZS_E_CFX_HEADER);
    g_byte_array_unref(token);
}

/* Which keys the handshake had, which one sealed, and what comes of it. */
struct choice {
    const char *name;
    bool ap_rep, initiator_subkey, acceptor_subkey, mutual;
    char sealed_by; /* a: acceptor's subkey, i: initiator's, s: session key */
    uint8_t flag;   /* SUBKEY or 0 */
    enum zs_rc rc;
    enum zs_subkey_from key;
};

/* clang-format off */
static const struct choice choices[] = {
    /*                                ap_rep init   acc    mutual */
    {"acceptor's, flagged",           true,  true,  true,  true,  'a', SUBKEY, ZS_OK, ZS_SUBKEY_ACCEPTOR},
    {"acceptor's, not flagged",       true,  true,  true,  true,  'a', 0,      ZS_E_WRAP_CHECKSUM, 0},
    {"initiator's, not flagged",      true,  true,  true,  true,  'i', 0,      ZS_OK, ZS_SUBKEY_INITIATOR},
    {"initiator's, flagged",          true,  true,  true,  true,  'i', SUBKEY, ZS_E_WRAP_CHECKSUM, 0},
    {"session key, no subkeys",       true,  false, false, true,  's', 0,      ZS_OK, ZS_SUBKEY_SESSION},
    {"session key beside a subkey",   true,  true,  false, true,  's', 0,      ZS_E_WRAP_CHECKSUM, 0},
    {"session key, acceptor's too",   true,  false, true,  true,  's', 0,      ZS_OK, ZS_SUBKEY_SESSION},
    {"no mutual, initiator's",        false, true,  false, false, 'i', 0,      ZS_OK, ZS_SUBKEY_INITIATOR},
    {"no mutual, session key",        false, false, false, false, 's', 0,      ZS_OK, ZS_SUBKEY_SESSION},
    {"lost AP-REP, copied subkey",    false, true,  true,  true,  'i', SUBKEY, ZS_OK, ZS_SUBKEY_INITIATOR},
    {"lost AP-REP, fresh subkey",     false, true,  true,  true,  'a', SUBKEY, ZS_E_WRAP_CHECKSUM, 0},
    {"lost AP-REP, not flagged",      false, true,  true,  true,  'i', 0,      ZS_OK, ZS_SUBKEY_INITIATOR},
};
/* clang-format on */

static void key_follows_the_flag(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        const struct choice *k = &choices[i];
        struct forge f;
        struct zs_unwrapped u;
        forge_init(&f, 18);
        struct forge_wrap w = plain_wrap;
        w.flags = (uint8_t)(SEALED | k->flag);
        w.key = k->sealed_by == 'a'   ? f.acceptor_subkey
                : k->sealed_by == 'i' ? f.initiator_subkey
                                      : f.session_key;
        f.initiator_subkey.enctype *= k->initiator_subkey;
        f.acceptor_subkey.enctype *= k->acceptor_subkey;
        f.ap_options *= k->mutual;
        f.no_ap_rep = !k->ap_rep;
        struct zs_context *c = forge_observe(&f);
        g_test_message("%s", k->name);
        g_assert_cmpint(unwrap_forged(c, &w, &u), ==, k->rc);
        if (k->rc == ZS_OK)
            g_assert_cmpint(u.key, ==, k->key);
        zs_context_free(c);
    }
}

/* Subkeys of another enctype than the session's: each opens what it sealed. */
static void enctypes_mix(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct forge f;
        forge_init(&f, 18);
        f.service_key = forge_key(f.ticket_etype = 23, 1);
        f.session_key = forge_key(16, 2);
        f.initiator_subkey = forge_key(enctypes[(e + 1) % G_N_ELEMENTS(enctypes)], 3);
        f.acceptor_subkey = forge_key(enctypes[e], 4);
        struct zs_context *c = forge_observe(&f);
        g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_OPENED);
        struct forge_wrap w = plain_wrap;
        w.key = f.acceptor_subkey;
        opens(c, &w);
        w.key = f.initiator_subkey;
        w.flags = SEALED | ACCEPTOR;
        opens(c, &w);
        zs_context_free(c);
    }
}

/* The AP-REP alone gives the key: an authenticator that was hurt on its way does not close the messages. */
static void messages_open_beside_a_damaged_authenticator(void)
{
    struct forge f;

    forge_init(&f, 18);
    f.authenticator_part = zs_span(text, 40);
    struct zs_context *c = forge_observe(&f);
    g_assert_false(zs_context_facts(c)->authenticator_opened);
    opens(c, &plain_wrap);
    zs_context_free(c);
}

static void closed_context_opens_nothing(void)
{
    struct zs_context *c =
        zs_context_new(NULL, zs_span(NULL, 0), zs_span(NULL, 0), FORGE_NOW * 1000000000);
    struct zs_unwrapped u;

    g_assert_cmpint(unwrap_forged(c, &plain_wrap, &u), !=, ZS_OK);
    zs_context_free(c);
    /* nor does another session's */
    struct forge f;
    forge_init(&f, 18);
    f.session_key = forge_key(18, 12);
    f.initiator_subkey = forge_key(18, 13);
    f.acceptor_subkey = forge_key(18, 14);
    c = forge_observe(&f);
    g_assert_cmpint(unwrap_forged(c, &plain_wrap, &u), ==, ZS_E_WRAP_CHECKSUM);
    zs_context_free(c);
}

static void too_little_room_is_refused(void)
{
    GByteArray *token = forge_wrap(&plain_wrap);
    struct zs_unwrapped u = {.sequence = 4711};
    uint8_t buf[1];

    g_assert_cmpint(zs_context_unwrap(fixed, span_of(token), buf, sizeof buf, &u), ==,
                    ZS_E_WRAP_SHORT);
    g_assert_cmpuint(u.sequence, ==, 4711);
    g_byte_array_unref(token);
}

/* Any order, as often as one likes: Wireshark jumps. */
static void any_order_opens(void)
{
    static const uint8_t order[] = {7, 0, 3, 3, 9, 1, 7, 2, 8, 0};

    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct forge f;
        forge_init(&f, enctypes[e]);
        struct zs_context *c = forge_observe(&f);
        for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
            struct forge_wrap w = plain_wrap;
            w.key = f.acceptor_subkey;
            w.sequence = order[i];
            w.flags = order[i] % 2 ? SUBKEY | SEALED : SUBKEY | ACCEPTOR;
            w.rrc = order[i];
            opens(c, &w);
        }
        zs_context_free(c);
    }
}

int main(int argc, char **argv)
{
    struct forge f;

    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 13 + i / 251);
    forge_init(&f, 18);
    fixed = forge_observe(&f);
    plain_wrap = (struct forge_wrap){.key = f.acceptor_subkey,
                                     .flags = SUBKEY | SEALED,
                                     .sequence = 1000,
                                     .text = zs_span(text, 100)};
#define CASE(name) g_test_add_func("/unwrap/" #name, name)
    CASE(every_length_opens);
    CASE(every_rotation_is_undone);
    CASE(filler_is_taken_off);
    CASE(each_altered_octet_is_found);
    CASE(cut_or_prolonged_is_found);
    CASE(inner_header_must_be_the_outer_one);
    CASE(ec_larger_than_the_text_is_found);
    CASE(short_plaintext_is_found);
    CASE(unsealed_ec_is_the_checksums_length);
    CASE(direction_is_under_the_key);
    CASE(mic_is_no_wrap_token);
    CASE(key_follows_the_flag);
    CASE(enctypes_mix);
    CASE(messages_open_beside_a_damaged_authenticator);
    CASE(closed_context_opens_nothing);
    CASE(too_little_room_is_refused);
    CASE(any_order_opens);
#undef CASE
    int failed = g_test_run();
    zs_context_free(fixed);
    return failed;
}
