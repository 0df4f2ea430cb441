/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-message tokens of RFC 4121, 4.2.4 and 4.2.6. */
#include "core/krb/cfx.h"

/* out = s rotated left by n octets, which undoes a right rotation; the two do not overlap. */
static void rotate_left(struct zs_span s, size_t n, uint8_t *out)
{
    memcpy(out, s.p + n, s.n - n);
    memcpy(out + s.n - n, s.p, n);
}

/* 4.2.5: the payload as it was before the sender rotated it; in buf if it was. */
static struct zs_span unrotated(const struct zs_cfx *c, uint8_t *buf)
{
    size_t n = c->payload.n ? c->rrc % c->payload.n : 0;

    if (n == 0)
        return c->payload;
    rotate_left(c->payload, n, buf);
    return zs_span(buf, c->payload.n);
}

/* 4.2.4: the header as it goes into ciphertext or checksum: RRC is zero there, and in a checksum EC too. */
static void header_inside(const struct zs_cfx *c, bool sealed, uint8_t out[ZS_CFX_HEADER])
{
    memcpy(out, c->header.p, ZS_CFX_HEADER);
    memset(out + (sealed ? 6 : 4), 0, sealed ? 2 : 4);
}

/* What a sealed payload has beside the text: { confounder | text | header } and the checksum. */
static size_t around(const struct zs_seal *s)
{
    return zs_seal_confounder(s) + ZS_CFX_HEADER + zs_seal_tag(s);
}

/* { text | EC octets of filler | header }: the copy of the header is what binds flags, EC and sequence. n octets
 * were sealed. */
static enum zs_rc take_text(const struct zs_seal *s, const struct zs_cfx *c, size_t n,
                            const uint8_t *buf, struct zs_span *plain)
{
    uint8_t header[ZS_CFX_HEADER];
    size_t inside = n - around(s);
    const uint8_t *text = buf + zs_seal_confounder(s);

    header_inside(c, true, header);
    if (memcmp(text + inside, header, ZS_CFX_HEADER) != 0)
        return ZS_E_WRAP_HEADER;
    if (c->ec > inside)
        return ZS_E_WRAP_EC;
    *plain = zs_span(text, inside - c->ec);
    return ZS_OK;
}

static enum zs_rc open_sealed(struct zs_seal *s, const struct zs_cfx *c, struct zs_span sealed,
                              uint8_t *buf, struct zs_span *plain)
{
    if (sealed.n < around(s))
        return ZS_E_WRAP_SHORT;
    return zs_seal_open(s, sealed, buf) ? take_text(s, c, sealed.n, buf, plain)
                                        : ZS_E_WRAP_CHECKSUM;
}

bool zs_cfx_begin(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf,
                  struct zs_mac_check *check)
{
    return c->flags & ZS_CFX_SEALED && c->payload.n >= around(s) && c->rrc % c->payload.n == 0 &&
           zs_seal_begin(s, c->payload, buf, check);
}

enum zs_rc zs_cfx_end(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf, bool holds,
                      struct zs_span *plain)
{
    return zs_seal_end(s, c->payload, buf, holds) ? take_text(s, c, c->payload.n, buf, plain)
                                                  : ZS_E_WRAP_CHECKSUM;
}

/* { text | checksum }: EC is the checksum's length. */
static enum zs_rc open_unsealed(struct zs_seal *s, const struct zs_cfx *c, struct zs_span in,
                                struct zs_span *plain)
{
    uint8_t header[ZS_CFX_HEADER];

    if (c->ec != zs_seal_tag(s))
        return ZS_E_WRAP_EC;
    if (in.n < c->ec)
        return ZS_E_WRAP_SHORT;
    struct zs_span text = zs_span(in.p, in.n - c->ec);
    header_inside(c, false, header);
    if (!zs_seal_check(s, text, zs_span(header, sizeof header), zs_span_skip(in, text.n)))
        return ZS_E_WRAP_CHECKSUM;
    *plain = text;
    return ZS_OK;
}

enum zs_rc zs_cfx_open(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf,
                       struct zs_span *plain)
{
    struct zs_span in = unrotated(c, buf);

    return c->flags & ZS_CFX_SEALED ? open_sealed(s, c, in, buf, plain)
                                    : open_unsealed(s, c, in, plain);
}

bool zs_cfx_mic_holds(struct zs_seal *s, const struct zs_mic *m, struct zs_span text)
{
    return zs_seal_check(s, text, m->header, m->checksum);
}

static uint8_t *append(uint8_t *p, struct zs_span s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

/* header | E({ confounder | text | header }) */
static bool close_sealed(struct zs_seal *s, struct zs_span header, struct zs_span a,
                         struct zs_span b, uint8_t *p)
{
    size_t confounder = zs_seal_confounder(s);

    gcry_create_nonce(p, confounder);
    uint8_t *end = append(append(append(p + confounder, a), b), header);
    return zs_seal_close(s, p, (size_t)(end - p));
}

/* header | text | checksum(text | header with EC and RRC 0) */
static bool close_unsealed(struct zs_seal *s, const struct zs_cfx *c, struct zs_span a,
                           struct zs_span b, uint8_t *p)
{
    uint8_t header[ZS_CFX_HEADER];
    uint8_t *end = append(append(p, a), b);

    header_inside(c, false, header);
    return zs_seal_sign(s, zs_span(p, (size_t)(end - p)), zs_span(header, sizeof header), end);
}

bool zs_cfx_seal(struct zs_seal *s, const struct zs_cfx *c, struct zs_span a, struct zs_span b,
                 struct zs_buf *out)
{
    bool sealed = c->flags & ZS_CFX_SEALED;
    struct zs_cfx sent = {.flags = c->flags, .sequence = c->sequence};
    size_t begun = out->n, tag = zs_seal_tag(s);

    if (!sealed)
        sent.ec = (uint16_t)tag;
    if (a.n > out->cap || b.n > out->cap - a.n) {
        out->full = true;
        return false;
    }
    zs_cfx_write(out, &sent);
    uint8_t *p = zs_buf_extend(out, a.n + b.n + (sealed ? around(s) : tag));
    if (!p)
        return false;
    sent.header = zs_span(out->p + begun, ZS_CFX_HEADER);
    if (sealed ? close_sealed(s, sent.header, a, b, p) : close_unsealed(s, &sent, a, b, p))
        return true;
    zs_buf_cut(out, begun);
    return false;
}
