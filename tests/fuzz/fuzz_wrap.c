/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/cfx.c, unwrap.c and lanes.c: wrap tokens as the wire has them, and such that the holder of the key sealed, in
 * which anything stands. What opens is what was sealed, alone and many at once. */
#include "tests/fuzz/fuzz_krb.h"

#include "core/krb/lanes.h"
#include "core/wire/token.h"

static struct forge peers;

static const struct zs_context *context(void)
{
    static struct zs_context *c;

    if (!c) {
        zs_krb_init();
        forge_init(&peers, 18);
        c = forge_observe(&peers);
    }
    return c;
}

/* Where there are lanes: in all of them it is what it is alone. */
static void check_together(struct zs_span token, enum zs_rc rc, struct zs_span plain)
{
    static struct zs_lanes *lanes;
    struct zs_unwrapping many[ZS_LANES_MOST];

    if (!lanes && !(lanes = zs_lanes_new()))
        return;
    unsigned n = zs_lanes_count(lanes);
    for (unsigned i = 0; i < n; i++)
        many[i] = (struct zs_unwrapping){.context = context(),
                                         .token = token,
                                         .buf = g_malloc(zs_unwrap_room(token.n)),
                                         .room = zs_unwrap_room(token.n)};
    zs_lanes_unwrap(lanes, many, n);
    for (unsigned i = 0; i < n; i++) {
        FUZZ_CHECK(many[i].rc == rc);
        FUZZ_CHECK(rc != ZS_OK || (many[i].u.plain.n == plain.n &&
                                   (plain.n == 0 || !memcmp(many[i].u.plain.p, plain.p, plain.n))));
        g_free(many[i].buf);
    }
}

/* Opens token; into *plain, which is g_malloc'd, where it opens. */
static enum zs_rc unwrap(struct zs_span token, struct zs_unwrapped *u, uint8_t **plain)
{
    enum zs_rc rc = fuzz_unwrap(context(), token, u, plain);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_CFX_HEADER ||
               (rc >= ZS_E_WRAP_SHORT && rc <= ZS_E_WRAP_EC));
    check_together(token, rc, rc == ZS_OK ? zs_span(*plain, u->plain.n) : zs_span(NULL, 0));
    return rc;
}

static const struct zs_key *key_of(uint8_t flags)
{
    return flags & ZS_CFX_ACCEPTOR_SUBKEY ? &peers.acceptor_subkey : &peers.initiator_subkey;
}

/* header, then payload as it is before its rotation. */
static GByteArray *token_of(struct zs_span header, const GByteArray *payload)
{
    GByteArray *t = der_octets(header.p, header.n);
    size_t rrc = (size_t)(header.p[6] << 8 | header.p[7]), n = payload->len;

    for (size_t i = 0; i < n; i++)
        g_byte_array_append(t, &payload->data[(i + n - rrc % n) % n], 1);
    return t;
}

/* The header as it is copied inside: RRC is zero there, and EC too where it is only summed. */
static void copy_inside(struct zs_span header, uint8_t copy[ZS_CFX_HEADER])
{
    memcpy(copy, header.p, ZS_CFX_HEADER);
    if (header.p[2] & ZS_CFX_SEALED)
        memset(copy + 6, 0, 2);
    else
        memset(copy + 4, 0, 4);
}

static size_t ec_of(struct zs_span header)
{
    return (size_t)(header.p[4] << 8 | header.p[5]);
}

static int usage_of(struct zs_span header)
{
    return header.p[2] & ZS_CFX_SENT_BY_ACCEPTOR ? 22 : 24;
}

/* What is inside opens if it ends in the outer header and has room for the filler; else not. */
static void check_sealed(struct zs_span header, struct zs_span inside)
{
    uint8_t copy[ZS_CFX_HEADER], *plain;
    struct zs_unwrapped u;
    GByteArray *payload = forge_encrypt(key_of(header.p[2]), usage_of(header), inside);
    GByteArray *token = token_of(header, payload);
    enum zs_rc rc = unwrap(span_of(token), &u, &plain);

    copy_inside(header, copy);
    bool ours = inside.n >= sizeof copy + ec_of(header) &&
                !memcmp(inside.p + inside.n - sizeof copy, copy, sizeof copy);
    FUZZ_CHECK((rc == ZS_OK) == ours);
    if (ours)
        FUZZ_CHECK(u.plain.n == inside.n - sizeof copy - ec_of(header) &&
                   (u.plain.n == 0 || !memcmp(plain, inside.p, u.plain.n)));
    g_free(plain);
    g_byte_array_unref(token);
    g_byte_array_unref(payload);
}

static void check_sealed_well(struct zs_span header, struct zs_span text)
{
    uint8_t copy[ZS_CFX_HEADER];
    GByteArray *inside = der_octets(text.p, text.n);

    copy_inside(header, copy);
    g_byte_array_append(inside, copy, sizeof copy);
    check_sealed(header, span_of(inside));
    g_byte_array_unref(inside);
}

/* The checksum is right for this header: whatever the text, it opens if EC is the checksum's length. */
static void check_unsealed(struct zs_span header, struct zs_span text)
{
    uint8_t copy[ZS_CFX_HEADER], *plain;
    struct zs_unwrapped u;
    GByteArray *payload = der_octets(text.p, text.n), *summed = der_octets(text.p, text.n);

    copy_inside(header, copy);
    g_byte_array_append(summed, copy, sizeof copy);
    GByteArray *sum = forge_checksum(key_of(header.p[2]), usage_of(header), span_of(summed));
    g_byte_array_append(payload, sum->data, sum->len);
    GByteArray *token = token_of(header, payload);
    enum zs_rc rc = unwrap(span_of(token), &u, &plain);

    FUZZ_CHECK((rc == ZS_OK) == (ec_of(header) == sum->len));
    if (rc == ZS_OK)
        FUZZ_CHECK(u.plain.n == text.n && (text.n == 0 || !memcmp(plain, text.p, text.n)));
    g_free(plain);
    g_byte_array_unref(sum);
    g_byte_array_unref(summed);
    g_byte_array_unref(payload);
    g_byte_array_unref(token);
}

static void check_raw(struct zs_span token)
{
    struct zs_unwrapped u;
    uint8_t *plain;
    bool holds = false;

    unwrap(token, &u, &plain);
    g_free(plain);
    zs_context_check_mic(context(), token, zs_span("offered", 7), true, &holds);
    FUZZ_CHECK(!holds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t octets[ZS_CFX_HEADER];

    context();
    if (size == 0)
        return 0;
    struct zs_span rest = zs_span(data + 1, size - 1);
    if (data[0] == FUZZ_MESSAGE) {
        check_raw(rest);
        return 0;
    }
    if (rest.n < sizeof octets || data[0] < FUZZ_SEALED || data[0] > FUZZ_UNSEALED)
        return -1;
    memcpy(octets, rest.p, sizeof octets);
    memcpy(octets, "\x05\x04", 2);
    octets[2] &= (uint8_t)~ZS_CFX_SEALED;
    octets[2] |= data[0] == FUZZ_UNSEALED ? 0 : ZS_CFX_SEALED;
    octets[3] = 0xff;
    struct zs_span header = zs_span(octets, sizeof octets);
    rest = zs_span_skip(rest, sizeof octets);
    if (data[0] == FUZZ_SEALED)
        check_sealed_well(header, rest);
    else if (data[0] == FUZZ_STRANGE)
        check_sealed(header, rest);
    else
        check_unsealed(header, rest);
    return 0;
}
