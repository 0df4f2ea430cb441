/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds conversations. See talk.h. */
#include "tests/core/conn/talk.h"

#include "tests/core/wire/wire_case.h"

#define KRB5_OID   "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
#define SPNEGO_OID "\x2b\x06\x01\x05\x05\x02"

enum { AES128 = 17, WRAP_FLAGS = ZS_CFX_SEALED | ZS_CFX_ACCEPTOR_SUBKEY };

void talk_init(struct talk *t)
{
    forge_init(&t->forge, AES128);
    struct forge_entry entry = {
        .name = t->forge.service, .kvno = (uint32_t)t->forge.kvno, .key = t->forge.service_key};
    t->keys = forge_keyring(&entry, 1);
}

void talk_clear(struct talk *t)
{
    zs_keyring_free(t->keys);
}

GByteArray *talk_append(GByteArray *a, GByteArray *b)
{
    g_byte_array_append(a, b->data, b->len);
    g_byte_array_unref(b);
    return a;
}

GByteArray *talk_greeting(uint8_t minor, const char *mechanism, bool as_server)
{
    uint8_t octets[ZS_GREETING_SIZE] = {[0] = 0xff, [9] = 0x7f, [10] = 3, [11] = minor};

    memcpy(octets + 12, mechanism, strlen(mechanism));
    octets[32] = as_server;
    return der_octets(octets, sizeof octets);
}

GByteArray *talk_frame(uint8_t flags, struct zs_span body)
{
    uint8_t head[9] = {flags};
    guint n = 2;

    if (body.n > 255) {
        head[0] |= ZS_FRAME_LONG;
        n = 9;
    }
    for (guint i = 1; i < n; i++)
        head[i] = (uint8_t)((uint64_t)body.n >> 8 * (n - 1 - i));
    return talk_append(der_octets(head, n), der_octets(body.p, body.n));
}

GByteArray *talk_frame_of(uint8_t flags, const char *body)
{
    GByteArray *octets = wire_octets(body);
    GByteArray *frame = talk_frame(flags, span_of(octets));

    g_byte_array_unref(octets);
    return frame;
}

GByteArray *talk_carry(uint8_t flags, enum zs_form form, const char *name, GByteArray *token)
{
    GByteArray *body = g_byte_array_new();
    uint8_t n = (uint8_t)strlen(name);

    if (form == ZS_FORM_PADDED) {
        talk_append(body, der_octets(name, n));
        talk_append(body, der_octets("        ", 8u - n));
    } else {
        const uint8_t length[] = {(uint8_t)(token->len >> 24), (uint8_t)(token->len >> 16),
                                  (uint8_t)(token->len >> 8), (uint8_t)token->len};
        talk_append(body, der_octets(&n, 1));
        talk_append(body, der_octets(name, n));
        talk_append(body, der_octets(length, sizeof length));
    }
    talk_append(body, token);
    GByteArray *frame = talk_frame(flags, span_of(body));
    g_byte_array_unref(body);
    return frame;
}

GByteArray *talk_framed(const char *token_id, GByteArray *message)
{
    return der(0x60, der(0x06, der_octets(KRB5_OID, sizeof KRB5_OID - 1), NULL),
               der_octets(token_id, 2), message, NULL);
}

GByteArray *talk_ap_req(const struct talk *t)
{
    return talk_framed("\x01\x00", forge_ap_req(&t->forge));
}

GByteArray *talk_ap_rep(const struct talk *t)
{
    return talk_framed("\x02\x00", forge_ap_rep(&t->forge));
}

GByteArray *talk_krb_error(const struct talk *t)
{
    return talk_framed("\x03\x00", forge_krb_error(&t->forge));
}

GByteArray *talk_hint(void)
{
    GByteArray *mechanisms = wire_octets("30{06{2a864886f712010202}}");
    GByteArray *hints = wire_octets("30{a0{1b{'not_defined_in_RFC4178@please_ignore'}}}");

    return der(
        0x60, der(0x06, der_octets(SPNEGO_OID, sizeof SPNEGO_OID - 1), NULL),
        der(0xa0, der(0x30, der(0xa0, mechanisms, NULL), der(0xa3, hints, NULL), NULL), NULL),
        NULL);
}

GByteArray *talk_wrap(const struct talk *t, bool acceptor, uint64_t sequence, const char *plain)
{
    GByteArray *text = wire_octets(plain);
    struct forge_wrap w = {.key = t->forge.acceptor_subkey,
                           .flags = acceptor ? WRAP_FLAGS | ZS_CFX_SENT_BY_ACCEPTOR : WRAP_FLAGS,
                           .sequence = sequence,
                           .text = span_of(text)};
    GByteArray *token = forge_wrap(&w);

    g_byte_array_unref(text);
    return token;
}

GByteArray *talk_sealed(const struct talk *t, uint8_t flags, bool acceptor, uint64_t sequence,
                        const char *plain)
{
    return talk_carry(flags, ZS_FORM_LIBZMQ, "MESSAGE", talk_wrap(t, acceptor, sequence, plain));
}

void talk_hear(struct zs_session *s, enum zs_dir dir, GByteArray *octets,
               void (*greeting)(void *user),
               void (*frame)(void *user, enum zs_dir dir, const struct zs_frame *f), void *user)
{
    enum { LIMIT = 1 << 20 }; /* of a frame */
    struct zs_span in = span_of(octets);

    while (in.n) {
        struct zs_frame f;
        size_t used = 0;
        if (!zs_session_greeted(s, dir)) {
            if (greeting)
                greeting(user);
            g_assert_cmpint(zs_session_greeting(s, dir, in, &used), ==, ZS_OK);
        } else {
            enum zs_framing framing = zs_session_place(s, dir).framing;
            g_assert_cmpint(zs_frame_parse(framing, in, LIMIT, &f), ==, ZS_OK);
            frame(user, dir, &f);
            used = f.header + f.body.n;
        }
        in = zs_span_skip(in, used);
    }
    g_byte_array_unref(octets);
}
