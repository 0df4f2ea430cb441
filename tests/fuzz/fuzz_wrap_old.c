/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/old.c and context.c: tokens of RFC 1964 and RFC 4757 as the wire has them, and such that the holder of the
 * key signed and sealed, with header, number, direction, text and padding from the fuzzer. What opens is what was
 * sealed, and what does not is refused for its own reason. */
#include "tests/fuzz/fuzz_krb.h"

#include "core/wire/token.h"

enum { DES3, RC4, KINDS };

/* The first octets of what is to be signed; the text, which ends in its padding, follows them. */
enum {
    BITS, /* below */
    SIGN_ALG,
    SEAL_ALG = SIGN_ALG + 2,
    FILLER = SEAL_ALG + 2,
    NUMBER = FILLER + 2,
    DIRECTION = NUMBER + 4,
    CONFOUNDER = DIRECTION + 4,
    HEAD = CONFOUNDER + 8,
};
enum { BIT_RC4 = 0x01, BIT_ACCEPTOR = 0x02, BIT_MIC = 0x04, BIT_SEALED = 0x08 };

static struct forge peers[KINDS];

static const struct zs_context *context(int kind)
{
    static struct zs_context *c[KINDS];

    if (!c[kind]) {
        zs_krb_init();
        forge_init(&peers[kind], kind == RC4 ? 23 : 16);
        c[kind] = forge_observe(&peers[kind]);
    }
    return c[kind];
}

static void check_raw(int kind, struct zs_span token)
{
    struct zs_unwrapped u;
    uint8_t *plain;
    bool holds = false;

    enum zs_rc rc = fuzz_unwrap(context(kind), token, &u, &plain);
    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_CFX_HEADER ||
               (rc >= ZS_E_WRAP_SHORT && rc <= ZS_E_WRAP_DIRECTION));
    g_free(plain);
    /* Nobody signed this; the seeds are over other texts. */
    zs_context_check_mic(context(kind), token, zs_span("not signed", 10), true, &holds);
    FUZZ_CHECK(!holds);
}

static bool is_direction(const struct forge_old *w, uint8_t octet)
{
    const uint8_t four[4] = {octet, octet, octet, octet};

    return memcmp(w->direction, four, sizeof four) == 0;
}

/* RFC 1964, 1.2.2.3: octets of padding at the text's end; 0: none that is right. */
static size_t padding_of(struct zs_span text)
{
    size_t same = 0;

    while (same < text.n && text.p[text.n - 1 - same] == text.p[text.n - 1])
        same++;
    size_t said = text.n ? text.p[text.n - 1] : 0;
    return said <= same && said <= 8 ? said : 0;
}

static bool header_fits(const struct forge_old *w, int kind)
{
    return w->sign_alg == (kind == RC4 ? 0x1100 : 0x0400) && w->filler == 0xffff &&
           (w->seal_alg == 0xffff || w->seal_alg == (kind == RC4 ? 0x1000 : 0x0200));
}

/* What must come of w, in the order in which it is judged. */
static enum zs_rc due(const struct forge_old *w, int kind)
{
    if (!header_fits(w, kind))
        return ZS_E_WRAP_HEADER;
    if (w->text.n == 0 || (kind == DES3 && w->text.n % 8))
        return ZS_E_WRAP_SHORT;
    if (w->sealed == (w->seal_alg == 0xffff))
        return ZS_E_WRAP_CHECKSUM;
    if (!is_direction(w, 0) && !is_direction(w, 0xff))
        return ZS_E_WRAP_DIRECTION;
    return padding_of(w->text) ? ZS_OK : ZS_E_WRAP_EC;
}

static void check_wrap(const struct forge_old *w, int kind)
{
    GByteArray *token = forge_old_wrap(w);
    struct zs_unwrapped u;
    uint8_t *plain;

    enum zs_rc rc = fuzz_unwrap(context(kind), span_of(token), &u, &plain);
    FUZZ_CHECK(rc == due(w, kind));
    if (rc == ZS_OK) {
        FUZZ_CHECK(u.plain.n == w->text.n - padding_of(w->text));
        FUZZ_CHECK(u.plain.n == 0 || !memcmp(plain, w->text.p, u.plain.n));
        FUZZ_CHECK(u.confidential == w->sealed && u.sequence == w->sequence);
        FUZZ_CHECK(u.sent_by_acceptor == is_direction(w, 0xff));
    }
    g_free(plain);
    g_byte_array_unref(token);
}

static void check_mic(const struct forge_old *w, int kind)
{
    GByteArray *token = forge_old_mic(w);
    bool fits = header_fits(w, kind) && w->seal_alg == 0xffff;

    for (int by_acceptor = 0; by_acceptor < 2; by_acceptor++) {
        bool holds = false;
        zs_context_check_mic(context(kind), span_of(token), w->text, by_acceptor, &holds);
        FUZZ_CHECK(holds == (fits && is_direction(w, by_acceptor ? 0xff : 0)));
    }
    g_byte_array_unref(token);
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Header and direction are the fuzzer's where strange, else right ones. */
static void check_signed(struct zs_span in, bool sealed, bool strange)
{
    int kind = in.p[BITS] & BIT_RC4 ? RC4 : DES3;
    struct forge_old w;

    context(kind);
    forge_old_init(&w, &peers[kind].acceptor_subkey, in.p[BITS] & BIT_ACCEPTOR, sealed,
                   zs_span_skip(in, HEAD));
    w.padding.n = 0;
    w.sequence = (uint32_t)be16(in.p + NUMBER) << 16 | be16(in.p + NUMBER + 2);
    memcpy(w.confounder, in.p + CONFOUNDER, sizeof w.confounder);
    if (strange) {
        w.sign_alg = be16(in.p + SIGN_ALG);
        w.seal_alg = be16(in.p + SEAL_ALG);
        w.filler = be16(in.p + FILLER);
        memcpy(w.direction, in.p + DIRECTION, sizeof w.direction);
    }
    if (in.p[BITS] & BIT_MIC)
        check_mic(&w, kind);
    else
        check_wrap(&w, kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct zs_span rest = zs_span(data + 1, size - 1);
    if (data[0] == FUZZ_MESSAGE) {
        check_raw(DES3, rest);
        check_raw(RC4, rest);
        return 0;
    }
    if (rest.n < HEAD || data[0] < FUZZ_SEALED || data[0] > FUZZ_UNSEALED)
        return -1;
    if (data[0] == FUZZ_STRANGE)
        check_signed(rest, rest.p[BITS] & BIT_SEALED, true);
    else
        check_signed(rest, data[0] == FUZZ_SEALED, false);
    return 0;
}
