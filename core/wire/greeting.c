/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greetings of 23/ZMTP, 37/ZMTP, 15/ZMTP and the absence of one in 13/ZMTP.
 *
 * Limits: the filler's 31 octets are not looked at: 23/ZMTP reserves them for later. */
#include "core/wire/greeting.h"

#include "core/wire/frame.h"

enum {
    REVISION_SIZE = 1,
    REMAINDER_2 = 1,  /* socket type */
    REMAINDER_3 = 53, /* minor, mechanism, as-server, filler */
    FILLER = 31,
    MAJOR = 3,
    IDENTITY_MAX = 255,
};

void zs_greeting_init(struct zs_greeting *g)
{
    *g = (struct zs_greeting){.part = ZS_GREETING_SIGNATURE};
}

/* 15/ZMTP, 23/ZMTP: FF and a tenth octet whose lowest bit is set cannot begin a ZMTP 1.0 stream, where they
 * would be a length of 2^56 octets at least. */
static enum zs_rc step_signature(struct zs_greeting *g, struct zs_span in, size_t *used)
{
    if (in.n == 0)
        return ZS_MORE;
    if (in.p[0] != 0xff) {
        g->part = ZS_GREETING_DONE;
        *used = 0;
        return ZS_OK;
    }
    if (in.n < ZS_SIGNATURE_SIZE)
        return ZS_MORE;
    *used = 0;
    g->part = ZS_GREETING_DONE;
    if (in.p[9] & 1) {
        struct zs_rd rd = zs_rd(zs_span(in.p + 1, 8));
        g->versioned = true;
        g->padding = zs_rd_be64(&rd);
        g->part = ZS_GREETING_REVISION;
        *used = ZS_SIGNATURE_SIZE;
    }
    return ZS_OK;
}

static bool is_mechanism_octet(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '+';
}

/* 23/ZMTP: mechanism = 20*20mechanism-char, NUL padded. */
static enum zs_rc read_mechanism(struct zs_span s, char name[ZS_MECHANISM_SIZE + 1])
{
    size_t n = 0;

    while (n < s.n && is_mechanism_octet(s.p[n]))
        n++;
    for (size_t i = n; i < s.n; i++)
        if (s.p[i] != 0)
            return ZS_E_GREETING_MECHANISM;
    if (n == 0)
        return ZS_E_GREETING_MECHANISM;
    memset(name, 0, ZS_MECHANISM_SIZE + 1);
    memcpy(name, s.p, n);
    return ZS_OK;
}

/* libzmq: 0 and 1 are answered with 15/ZMTP, every other revision, 2 too, with ZMTP 3. */
bool zs_greeting_is_2(const struct zs_greeting *g)
{
    return g->versioned && g->part > ZS_GREETING_REVISION && g->major <= 1;
}

static enum zs_rc step_remainder(struct zs_greeting *g, struct zs_span in, size_t *used)
{
    struct zs_rd rd = zs_rd(in);
    struct zs_greeting next = *g;

    if (zs_greeting_is_2(g)) {
        next.socket_type = zs_rd_u8(&rd);
        if (rd.ran_out)
            return ZS_MORE;
        next.part = ZS_GREETING_DONE;
        *g = next;
        *used = REMAINDER_2;
        return ZS_OK;
    }
    next.minor = zs_rd_u8(&rd);
    struct zs_span mechanism = zs_rd_bytes(&rd, ZS_MECHANISM_SIZE);
    uint8_t as_server = zs_rd_u8(&rd);
    zs_rd_bytes(&rd, FILLER);
    if (rd.ran_out)
        return ZS_MORE;
    enum zs_rc rc = read_mechanism(mechanism, next.mechanism);
    if (rc != ZS_OK)
        return rc;
    if (as_server > 1)
        return ZS_E_GREETING_AS_SERVER;
    next.as_server = as_server;
    next.part = ZS_GREETING_DONE;
    *g = next;
    *used = REMAINDER_3;
    return ZS_OK;
}

enum zs_rc zs_greeting_step(struct zs_greeting *g, struct zs_span in, size_t *used)
{
    switch (g->part) {
    case ZS_GREETING_SIGNATURE:
        return step_signature(g, in, used);
    case ZS_GREETING_REVISION:
        if (in.n < REVISION_SIZE)
            return ZS_MORE;
        g->major = in.p[0];
        g->part = ZS_GREETING_REMAINDER;
        *used = REVISION_SIZE;
        return ZS_OK;
    case ZS_GREETING_REMAINDER:
        return step_remainder(g, in, used);
    case ZS_GREETING_DONE:
        break;
    }
    *used = 0;
    return ZS_OK;
}

void zs_greeting_write(struct zs_buf *b, const struct zs_greeting *g)
{
    static const uint8_t filler[FILLER];

    zs_buf_be(b, 0xff, 1);
    zs_buf_be(b, g->padding, 8);
    zs_buf_be(b, 0x7f, 1);
    zs_buf_be(b, MAJOR, 1);
    zs_buf_be(b, g->minor, 1);
    zs_buf_put(b, zs_span(g->mechanism, ZS_MECHANISM_SIZE));
    zs_buf_be(b, g->as_server, 1);
    zs_buf_put(b, zs_span(filler, sizeof filler));
}

const char *zs_greeting_version(const struct zs_greeting *g)
{
    if (g->part == ZS_GREETING_DONE && !g->versioned)
        return "1.0";
    if (g->part <= ZS_GREETING_REVISION)
        return NULL;
    if (zs_greeting_is_2(g))
        return "2.0";
    if (g->part != ZS_GREETING_DONE)
        return NULL;
    return g->major == 3 && g->minor == 0 ? "3.0" : "3.1";
}

enum zs_rc zs_signature_probe(struct zs_span in)
{
    if (in.n > 0 && in.p[0] != 0xff)
        return ZS_E_GREETING_SIGNATURE;
    if (in.n < ZS_SIGNATURE_SIZE)
        return ZS_MORE;
    return in.p[9] == 0x7f ? ZS_OK : ZS_E_GREETING_SIGNATURE;
}

enum zs_rc zs_identity_probe(struct zs_span in)
{
    struct zs_frame f;
    enum zs_rc rc = zs_frame_header_parse(ZS_FRAMING_1, in, &f);

    if (rc == ZS_MORE)
        return ZS_MORE;
    return rc == ZS_OK && f.flags == 0 && f.size <= IDENTITY_MAX ? ZS_OK : ZS_E_GREETING_SIGNATURE;
}
