/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/core/proto/pretend.h"

#include "core/wire/token.h"

#include <string.h>

enum { CHECKSUM = 4, TOKEN = 16 };

struct zs_span pretend_token(unsigned n, uint8_t storage[32])
{
    static const uint8_t frame[] = {0x60, 0x0e, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                    0xf7, 0x12, 0x01, 0x02, 0x02, 0x00, 0x00, 0x00};

    memcpy(storage, frame, TOKEN);
    storage[13] = n % 2 ? 2 : 1; /* AP-REP, AP-REQ */
    storage[15] = (uint8_t)n;
    return zs_span(storage, TOKEN);
}

static enum zs_gss_step refuse(struct pretend *c, const char *reason)
{
    c->facts.reason = reason;
    return ZS_GSS_FAILED;
}

static enum zs_gss_step step(void *self, struct zs_span token, struct zs_span *out)
{
    struct pretend *c = self;
    uint8_t expected[32];

    if (c->passed == c->legs)
        return refuse(c, "a token behind the last");
    if (c->initiator != (c->passed % 2 == 0)) {
        struct zs_span due = pretend_token(c->passed, expected);
        if (c->broken || token.n != due.n || memcmp(token.p, due.p, due.n) != 0)
            return refuse(c, "not the token that is due");
        c->passed++;
    }
    if (c->passed < c->legs)
        *out = pretend_token(c->passed++, c->token);
    return c->passed == c->legs ? ZS_GSS_COMPLETE : ZS_GSS_CONTINUE;
}

static uint32_t sum(uint32_t s, struct zs_span in)
{
    for (size_t i = 0; i < in.n; i++)
        s = s * 31 + in.p[i] + 1;
    return s;
}

void pretend_wrap(struct zs_buf *out, uint8_t flags, uint64_t sequence, struct zs_span head,
                  struct zs_span data)
{
    struct zs_cfx header = {.flags = flags, .sequence = sequence};
    size_t begun = out->n;

    zs_cfx_write(out, &header);
    zs_buf_put(out, head);
    zs_buf_put(out, data);
    if (!out->full)
        zs_buf_be(out, sum(0, zs_span_skip(zs_buf_span(out), begun)), CHECKSUM);
}

static bool wrap(void *self, bool confidential, uint8_t flags, struct zs_span data,
                 struct zs_buf *out)
{
    struct pretend *c = self;
    uint8_t header = c->initiator ? 0 : ZS_CFX_SENT_BY_ACCEPTOR;

    header |= confidential ? ZS_CFX_SEALED : 0;
    pretend_wrap(out, header, c->send, zs_span(&flags, 1), data);
    if (out->full)
        return false;
    c->send++;
    return true;
}

static enum zs_rc unwrap(void *self, struct zs_span token, uint8_t *buf,
                         struct zs_gss_opened *opened)
{
    struct pretend *c = self;
    struct zs_cfx header;

    enum zs_rc rc = zs_cfx_parse(token, &header);
    if (rc != ZS_OK)
        return rc;
    if (header.payload.n < CHECKSUM)
        return ZS_E_WRAP_SHORT;
    struct zs_span text = zs_span(header.payload.p, header.payload.n - CHECKSUM);
    struct zs_rd rd = zs_rd(zs_span_skip(header.payload, text.n));
    if (zs_rd_be32(&rd) != sum(0, zs_span(token.p, token.n - CHECKSUM)))
        return ZS_E_WRAP_CHECKSUM;
    if (((header.flags & ZS_CFX_SENT_BY_ACCEPTOR) != 0) != c->initiator)
        return ZS_E_WRAP_DIRECTION;
    if (header.sequence != c->receive)
        return header.sequence < c->receive ? ZS_E_WRAP_DUPLICATE : ZS_E_WRAP_GAP;
    c->receive++;
    if (text.n)
        memcpy(buf, text.p, text.n);
    *opened = (struct zs_gss_opened){.plain = zs_span(buf, text.n),
                                     .confidential = header.flags & ZS_CFX_SEALED,
                                     .has_sequence = true,
                                     .sequence = header.sequence};
    return ZS_OK;
}

static const struct zs_gss_facts *facts(const void *self)
{
    const struct pretend *c = self;

    return &c->facts;
}

static const struct zs_gss_body body = {
    .step = step, .wrap = wrap, .unwrap = unwrap, .facts = facts};

void pretend_init(struct pretend *c, bool initiator, unsigned legs)
{
    *c = (struct pretend){
        .gss = {.body = &body, .self = c},
        .initiator = initiator,
        .legs = legs,
        .facts = {.initiator = "alice@EXAMPLE.ORG",
                  .acceptor = "zmq/server.example.org@EXAMPLE.ORG",
                  .flags = ZS_GSS_MUTUAL | ZS_GSS_CONF | ZS_GSS_INTEG},
    };
}
