/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the beginning of a frame in the middle of a stream: 23/ZMTP's framing, 25/ZMTP-CURVE's MESSAGE, and the
 * commands of 38/ZMTP-GSSAPI in both of its forms.
 *
 * A frame that carries a token or a box shows itself anywhere: its header, its name and its sizes agree in ten octets
 * and more. Frames in the clear do not; they are looked for only where a piece of the stream begins, and must fit it.
 * Every octet is looked at a bounded number of times, and nothing is kept.
 *
 * Limits: who may choose the contents of a message can write such a frame into it, and it is found if the real
 * boundary was lost. In the clear, a beginning in the middle of a piece is not found. */
#include "core/conn/resync.h"

enum { CHAIN = 4 }; /* whole frames in a row, none of them empty, that are no accident */

enum answer { NO, MAYBE, YES };

/* What must stand behind the name. */
enum rest {
    REST_LENGTH, /* libzmq: the length of the token, which is the rest of the frame */
    REST_TOKEN,  /* 38/ZMTP-GSSAPI: the token itself */
    REST_BOX,    /* 25/ZMTP-CURVE: a nonce and a box */
};

static const struct pattern {
    const char *name;
    uint8_t n;
    enum zs_mechanism mechanism;
    enum rest rest;
} patterns[] = {
    {"\x07MESSAGE", 8, ZS_MECHANISM_GSSAPI, REST_LENGTH},
    {"\x08INITIATE", 9, ZS_MECHANISM_GSSAPI, REST_LENGTH},
    {"MESSAGE ", 8, ZS_MECHANISM_GSSAPI, REST_TOKEN},
    {"READY   ", 8, ZS_MECHANISM_GSSAPI, REST_TOKEN},
    {"HELLO   ", 8, ZS_MECHANISM_GSSAPI, REST_TOKEN},
    {"WELCOME ", 8, ZS_MECHANISM_GSSAPI, REST_TOKEN},
    {"INITIATE", 8, ZS_MECHANISM_GSSAPI, REST_TOKEN},
    {"\x07MESSAGE", 8, ZS_MECHANISM_CURVE, REST_BOX},
};

static enum answer begins_with(struct zs_span in, const char *text, size_t n)
{
    size_t seen = in.n < n ? in.n : n;

    if (seen && memcmp(in.p, text, seen) != 0)
        return NO;
    return seen < n ? MAYBE : YES;
}

/* What a writer would have made of it: a short header wherever one is enough, and no command in pieces. */
static enum answer read_header(const struct zs_search *s, struct zs_span in, struct zs_frame *f)
{
    enum zs_rc rc = zs_frame_header_parse(s->framing, in, f);

    if (rc != ZS_OK)
        return rc == ZS_MORE ? MAYBE : NO;
    if (f->size > s->limit)
        return NO;
    if (s->framing == ZS_FRAMING_1)
        return YES;
    bool is_long = f->flags & ZS_FRAME_LONG;
    bool in_pieces = f->flags & ZS_FRAME_COMMAND && f->flags & ZS_FRAME_MORE;
    return is_long == (f->size > 255) && !in_pieces ? YES : NO;
}

/* RFC 2743's framing, SPNEGO's answer, a bare AP-REQ or AP-REP, or a token of RFC 4121. */
static enum answer begins_token(struct zs_span in)
{
    static const uint8_t tags[] = {0x60, 0xa1, 0x6e, 0x6f};

    if (in.n == 0)
        return MAYBE;
    if (memchr(tags, in.p[0], sizeof tags))
        return YES;
    return begins_with(in, "\x05\x04", 2);
}

/* size octets, which in begins with, as far as it goes, stand behind the name. */
static enum answer fits_rest(enum rest rest, struct zs_span in, uint64_t size)
{
    enum { LENGTH = 4, BOX_MIN = 8 + 17 };
    struct zs_rd rd = zs_rd(in);
    uint32_t length;

    switch (rest) {
    case REST_LENGTH:
        if (size <= LENGTH)
            return NO;
        length = zs_rd_be32(&rd);
        if (rd.ran_out)
            return MAYBE;
        return length == size - LENGTH ? YES : NO;
    case REST_TOKEN:
        return size < 2 ? NO : begins_token(in);
    case REST_BOX:
        return size < BOX_MIN ? NO : YES;
    }
    return NO;
}

static enum answer fits(const struct pattern *p, struct zs_span body, uint64_t size)
{
    if (size < p->n)
        return NO;
    enum answer a = begins_with(body, p->name, p->n);
    return a == YES ? fits_rest(p->rest, zs_span_skip(body, p->n), size - p->n) : a;
}

static bool may_be_sealed(enum zs_mechanism m)
{
    return m == ZS_MECHANISM_UNKNOWN || m == ZS_MECHANISM_GSSAPI || m == ZS_MECHANISM_CURVE;
}

/* Does in begin with a frame that carries a token or a box? */
static enum answer sealed_frame(const struct zs_search *s, struct zs_span in,
                                enum zs_mechanism *mechanism)
{
    struct zs_frame f;
    enum answer best = read_header(s, in, &f);

    if (best != YES)
        return best;
    best = NO;
    struct zs_span body = zs_span_skip(in, f.header);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const struct pattern *p = &patterns[i];
        if (s->mechanism != ZS_MECHANISM_UNKNOWN && s->mechanism != p->mechanism)
            continue;
        enum answer a = fits(p, body, f.size);
        if (a > best) {
            best = a;
            *mechanism = p->mechanism;
        }
        /* Where GSSAPI's length may still come, it is too early for CURVE. */
        if (best != NO && p->rest == REST_LENGTH)
            break;
    }
    return best;
}

static bool find_sealed(const struct zs_search *s, struct zs_span in, struct zs_boundary *b)
{
    struct zs_boundary open = {.open = true, .at = in.n};

    if (s->framing != ZS_FRAMING_3 || !may_be_sealed(s->mechanism))
        return false;
    for (size_t i = 0; i < in.n; i++) {
        enum zs_mechanism mechanism = ZS_MECHANISM_UNKNOWN;
        enum answer a = NO;
        if (in.p[i] <= (ZS_FRAME_MORE | ZS_FRAME_LONG | ZS_FRAME_COMMAND))
            a = sealed_frame(s, zs_span_skip(in, i), &mechanism);
        if (a == YES) {
            *b = (struct zs_boundary){.at = i, .proven = true, .mechanism = mechanism};
            return true;
        }
        if (a == MAYBE && open.at == in.n)
            open.at = i;
    }
    if (open.at == in.n)
        return false;
    *b = open;
    return true;
}

/* The handshake's commands have one name in several mechanisms: what they hold tells. */
static bool is_handshake(const struct zs_command *c, enum zs_mechanism *mechanism)
{
    struct zs_plain_hello hello;
    struct zs_curve curve;

    if (c->id == ZS_CMD_READY && zs_metadata_is_whole(c->body))
        return true;
    if ((c->id == ZS_CMD_HELLO && zs_plain_hello_parse(c->body, &hello) == ZS_OK) ||
        (c->id == ZS_CMD_WELCOME && c->body.n == 0) ||
        (c->id == ZS_CMD_INITIATE && zs_metadata_is_whole(c->body))) {
        *mechanism = ZS_MECHANISM_PLAIN;
        return true;
    }
    *mechanism = ZS_MECHANISM_CURVE;
    return zs_curve_parse(c->id, c->body, &curve) == ZS_OK;
}

/* A command in the clear whose name is known, and what it holds is what it must hold. */
static bool is_known_command(const struct zs_frame *f, enum zs_mechanism *mechanism)
{
    struct zs_command c;
    struct zs_ping ping;
    struct zs_span reason;

    *mechanism = ZS_MECHANISM_UNKNOWN;

    if (zs_command_parse(f->body, &c) != ZS_OK || c.form != ZS_FORM_LIBZMQ)
        return false;
    switch (c.id) {
    case ZS_CMD_READY:
    case ZS_CMD_HELLO:
    case ZS_CMD_WELCOME:
    case ZS_CMD_INITIATE:
        return is_handshake(&c, mechanism);
    case ZS_CMD_PING:
        return zs_ping_parse(c.body, &ping) == ZS_OK;
    case ZS_CMD_ERROR:
        return zs_error_parse(c.body, &reason) == ZS_OK;
    case ZS_CMD_MESSAGE: /* in a command frame: GSSAPI's, which find_sealed() knows */
    case ZS_CMD_UNKNOWN:
    case ZS_CMD_EMPTY:
        return false;
    default:
        return true;
    }
}

/* A frame of a large message is longer than any piece: its header has nine octets, five of them zero or nearly so. */
static bool begins_large(const struct zs_frame *f, size_t seen)
{
    return f->header == 9 && f->size > seen - f->header && seen >= 256;
}

/* Frame upon frame, from the beginning of a piece: to its very end, or far enough. */
static bool is_chain(const struct zs_search *s, struct zs_span in)
{
    unsigned filled = 0; /* whole frames that are not empty: a row of zeros is no chain */

    while (in.n) {
        struct zs_frame f;
        enum zs_mechanism ignored;
        enum answer a = read_header(s, in, &f);
        if (a == NO)
            return false;
        if (a == MAYBE)
            return filled >= CHAIN;
        if (f.size > in.n - f.header)
            return filled >= CHAIN || (filled == 0 && begins_large(&f, in.n));
        f.body = zs_span(in.p + f.header, (size_t)f.size);
        if (s->framing == ZS_FRAMING_3 && f.flags & ZS_FRAME_COMMAND &&
            !is_known_command(&f, &ignored))
            return false;
        filled += f.size > 0;
        in = zs_span_skip(in, f.header + f.body.n);
    }
    return filled > 0;
}

/* READY, PING and the like cannot be mistaken. */
static bool is_proof(const struct zs_search *s, struct zs_span in, enum zs_mechanism *mechanism)
{
    struct zs_frame f;

    return s->framing == ZS_FRAMING_3 && read_header(s, in, &f) == YES &&
           f.flags & ZS_FRAME_COMMAND && zs_frame_parse(s->framing, in, s->limit, &f) == ZS_OK &&
           is_known_command(&f, mechanism);
}

/* libzmq's empty command stands between GSSAPI's tokens and READY, at the beginning of a piece: alone there, or before
 * a frame that shows itself. */
static bool begins_empty_command(struct zs_span in)
{
    return in.n >= 2 && in.p[0] == ZS_FRAME_COMMAND && in.p[1] == 0;
}

static bool may_be_clear(const struct zs_search *s)
{
    switch (s->mechanism) {
    case ZS_MECHANISM_GSSAPI:
        return s->bare;
    case ZS_MECHANISM_CURVE:
        return false;
    default:
        return true;
    }
}

bool zs_resync(const struct zs_search *s, struct zs_span in, size_t chunk, struct zs_boundary *b)
{
    struct zs_boundary found;
    bool any = find_sealed(s, in, &found);

    struct zs_span piece = zs_span_skip(in, chunk);
    if (any && !found.open) {
        *b = found;
        if (found.mechanism == ZS_MECHANISM_GSSAPI && found.at == chunk + 2 &&
            begins_empty_command(piece))
            b->at = chunk;
        return true;
    }
    if (piece.n) {
        enum zs_mechanism mechanism = ZS_MECHANISM_UNKNOWN;
        bool proven = is_proof(s, piece, &mechanism);
        if (proven || (may_be_clear(s) && is_chain(s, piece))) {
            *b = (struct zs_boundary){.at = chunk, .proven = proven, .mechanism = mechanism};
            return true;
        }
    }
    if (s->mechanism == ZS_MECHANISM_GSSAPI && piece.n == 2 && begins_empty_command(piece)) {
        *b = (struct zs_boundary){.at = chunk};
        return true;
    }
    if (any)
        *b = found;
    return any;
}

bool zs_resync_proves(struct zs_span in, size_t limit)
{
    const struct zs_search any = {.framing = ZS_FRAMING_3, .limit = limit};
    enum zs_mechanism mechanism;

    return in.n && (sealed_frame(&any, in, &mechanism) == YES || is_proof(&any, in, &mechanism));
}
