/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/proto: a script of what the other side says and this side is asked to do, for a client or a server, over a
 * context that only pretends, so that a fuzzer can seal what it likes. What an event borrows can be read; limits hold;
 * closed stays closed; and the same script in pieces of one octet is met with the same events and the same answer. */
#include "core/proto/peer.h"

#include "core/wire/token.h"
#include "tests/core/proto/pretend.h"
#include "tests/fuzz/fuzz.h"

#include <glib.h>

enum { FRAME_LIMIT = 2048, OUTPUT_LIMIT = 4096, STEPS_MAX = 64 };

/* The first octet of a script, by bits; then one of socket types (ours, and by the high half dialect and legs). */
enum {
    SERVER = 0x01,
    NULL_ = 0x02,
    PLAINTEXT = 0x04,
    INTEGRITY = 0x08,
    PADDED = 0x10,
    STRICT = 0x20,
    DENY = 0x40
};

/* Each further step: what, two octets of length or amount, and octets. */
enum what {
    RAW,
    GREETING,
    TOKEN,    /* the one that is due, in a command named by the length */
    SEALED,   /* octets: flags of the frame, then what is wrapped */
    NUMBERED, /* the same, whose sequence number is the length */
    WAIT,
    SEND,
    SUBSCRIBE,
    CANCEL,
    PING,
    ERROR_,
    SENT,
    WHAT_COUNT
};

struct subject {
    struct zs_peer peer;
    struct pretend context;
    struct zs_allow *allow;
    GString *log;
    int64_t now;
    bool closed;
    size_t piece; /* octets at once; 0: all */
};

static void feel(struct subject *s, struct zs_span octets)
{
    uint32_t sum = (uint32_t)octets.n;

    for (size_t i = 0; i < octets.n; i++)
        sum = sum * 31 + octets.p[i];
    g_string_append_printf(s->log, " %zu:%08x", octets.n, sum);
}

static void check_event(struct subject *s, const struct zs_peer_event *ev)
{
    const struct zs_peer *p = &s->peer;

    FUZZ_CHECK(!s->closed);
    FUZZ_CHECK(ev->rc == ZS_OK || zs_defect_of(ev->rc));
    FUZZ_CHECK((ev->kind == ZS_PEER_DEFECT) <= (ev->rc != ZS_OK && p->failed == ev->rc));
    FUZZ_CHECK(ev->body.n <= FRAME_LIMIT);
    FUZZ_CHECK(ev->kind != ZS_PEER_MESSAGE || p->state == ZS_PEER_OPEN);
    FUZZ_CHECK(!ev->wrapped || !(p->options.null || p->options.plaintext));
    FUZZ_CHECK(ev->kind != ZS_PEER_GREETING || zs_greeting_version(ev->greeting));
    g_string_append_printf(s->log, "\n%d %d %d %d%d%d %d", ev->kind, ev->state, ev->command,
                           ev->wrapped, ev->more, ev->complete, ev->rc);
    feel(s, ev->body);
    if (ev->detail)
        g_string_append(s->log, ev->detail);
    bool over = ev->kind == ZS_PEER_DEFECT || ev->kind == ZS_PEER_ERROR || ev->kind == ZS_PEER_END;
    FUZZ_CHECK(over == (p->state == ZS_PEER_CLOSED));
    s->closed = over;
}

static void check_limits(const struct subject *s)
{
    FUZZ_CHECK(s->peer.output.room <= OUTPUT_LIMIT && s->peer.output.n <= OUTPUT_LIMIT);
    FUZZ_CHECK(s->peer.input.room <= FRAME_LIMIT + ZS_FRAME_HEADER_MAX);
    FUZZ_CHECK(s->peer.plain.room <= FRAME_LIMIT);
    FUZZ_CHECK(s->peer.state != ZS_PEER_CLOSED || zs_peer_deadline(&s->peer) == INT64_MAX);
}

/* In pieces that end where their memory does. */
static void hear(struct subject *s, struct zs_span octets)
{
    for (size_t at = 0; at < octets.n;) {
        size_t n = s->piece && s->piece < octets.n - at ? s->piece : octets.n - at;
        uint8_t *copy = g_memdup2(octets.p + at, n);
        struct zs_span in = zs_span(copy, n);
        struct zs_peer_event ev;
        while (zs_peer_step(&s->peer, &in, s->now, &ev))
            check_event(s, &ev);
        FUZZ_CHECK(in.n == 0);
        g_free(copy);
        at += n;
    }
    check_limits(s);
}

static void hear_token(struct subject *s, uint16_t which)
{
    static const enum zs_command_id names[] = {ZS_CMD_INITIATE, ZS_CMD_HELLO, ZS_CMD_WELCOME};
    uint8_t storage[128], token[32];
    struct zs_buf b = zs_buf(storage, sizeof storage);
    enum zs_form form = which & 4 ? ZS_FORM_PADDED : ZS_FORM_LIBZMQ;
    size_t frame = zs_frame_begin(&b);

    zs_command_begin(&b, form, names[(which & 3) % 3]);
    size_t begun = zs_token_begin(&b, form);
    zs_buf_put(&b, pretend_token(s->context.passed, token));
    zs_token_end(&b, form, begun);
    zs_frame_end(&b, frame, ZS_FRAME_COMMAND);
    hear(s, zs_buf_span(&b));
}

static void hear_sealed(struct subject *s, uint64_t sequence, struct zs_span in)
{
    uint8_t storage[FRAME_LIMIT], first = in.n ? in.p[0] : 0;
    struct zs_buf b = zs_buf(storage, sizeof storage);
    enum zs_form form = s->peer.form;
    uint8_t flags = first & 0x40 ? 0 : ZS_CFX_SEALED;
    size_t frame = zs_frame_begin(&b);

    flags |= s->context.initiator ? ZS_CFX_SENT_BY_ACCEPTOR : 0;
    zs_command_begin(&b, form, first & 0x80 ? ZS_CMD_READY : ZS_CMD_MESSAGE);
    size_t begun = zs_token_begin(&b, form);
    pretend_wrap(&b, flags, sequence, zs_span(NULL, 0), in.n ? zs_span_skip(in, 1) : in);
    zs_token_end(&b, form, begun);
    zs_frame_end(&b, frame, first & (ZS_FRAME_MORE | ZS_FRAME_COMMAND));
    if (!b.full)
        hear(s, zs_buf_span(&b));
}

static void hear_greeting(struct subject *s, uint16_t bits)
{
    uint8_t storage[ZS_GREETING_SIZE];
    struct zs_buf b = zs_buf(storage, sizeof storage);
    struct zs_greeting g = {.minor = bits & 1, .as_server = bits & 2};

    strcpy(g.mechanism, s->peer.options.null ? "NULL" : "GSSAPI");
    zs_greeting_write(&b, &g);
    hear(s, zs_buf_span(&b));
}

static void wait(struct subject *s, uint16_t tenths)
{
    struct zs_peer_event ev;

    s->now += tenths * INT64_C(100000000);
    if (zs_peer_tick(&s->peer, s->now, &ev))
        check_event(s, &ev);
}

static void sent(struct subject *s, uint16_t n)
{
    struct zs_span out = zs_peer_output(&s->peer);
    struct zs_span taken = zs_span(out.p, n < out.n ? n : out.n);

    feel(s, taken);
    zs_peer_sent(&s->peer, taken.n);
}

static void act(struct subject *s, enum what what, uint16_t amount, struct zs_span octets)
{
    struct zs_peer *p = &s->peer;
    char reason[256] = "";

    switch (what) {
    case RAW:
        hear(s, octets);
        break;
    case GREETING:
        hear_greeting(s, amount);
        break;
    case TOKEN:
        hear_token(s, amount);
        break;
    case SEALED:
        hear_sealed(s, s->context.receive, octets);
        break;
    case NUMBERED:
        hear_sealed(s, amount, octets);
        break;
    case WAIT:
        wait(s, amount);
        break;
    case SEND:
        zs_peer_send(p, octets, amount & 1);
        break;
    case SUBSCRIBE:
        zs_peer_subscribe(p, octets);
        break;
    case CANCEL:
        zs_peer_cancel(p, octets);
        break;
    case PING:
        zs_peer_ping(p, amount, octets);
        break;
    case ERROR_:
        memcpy(reason, octets.p, octets.n < 255 ? octets.n : 255);
        s->closed |= zs_peer_error(p, reason);
        break;
    case SENT:
        sent(s, amount);
        break;
    case WHAT_COUNT:
        break;
    }
    check_limits(s);
}

static struct zs_peer_options options_of(uint8_t bits, uint8_t types)
{
    struct zs_peer_options o =
        zs_peer_options(bits & SERVER ? ZS_ROLE_SERVER : ZS_ROLE_CLIENT,
                        (enum zs_socket_type)(ZS_SOCKET_PAIR + (types & 15)));

    o.null = bits & NULL_;
    o.plaintext = bits & PLAINTEXT;
    o.integrity_only = bits & INTEGRITY;
    o.form = bits & PADDED ? ZS_FORM_PADDED : ZS_FORM_LIBZMQ;
    o.as_server = bits & STRICT ? ZS_AS_SERVER_SPEC : ZS_AS_SERVER_LENIENT;
    o.dialect = (enum zs_dialect)(types >> 4 & 3);
    o.frame_limit = FRAME_LIMIT;
    o.handshake_limit = FRAME_LIMIT / 2;
    o.output_limit = OUTPUT_LIMIT;
    o.heartbeat_ns = INT64_C(5000000000);
    return o;
}

/* What was said to it, to a log. */
static GString *play(const uint8_t *data, size_t size, size_t piece)
{
    struct subject s = {.log = g_string_new(NULL), .piece = piece, .now = 1};
    struct zs_rd rd = zs_rd(zs_span(data, size));
    uint8_t bits = zs_rd_u8(&rd), types = zs_rd_u8(&rd);
    struct zs_peer_options o = options_of(bits, types);
    struct zs_peer_event ev;
    const char *why;

    s.allow = zs_allow_new();
    zs_allow_add(s.allow, bits & DENY ? "bob@EXAMPLE.ORG" : "@EXAMPLE.ORG", &why);
    o.allow = s.allow;
    pretend_init(&s.context, !(bits & SERVER), 1 + (types >> 6));
    zs_peer_init(&s.peer, &o, &s.context.gss, s.now);
    for (unsigned n = 0; n < STEPS_MAX && rd.left.n >= 3; n++) {
        enum what what = (enum what)(zs_rd_u8(&rd) % WHAT_COUNT);
        uint16_t amount = zs_rd_be16(&rd);
        bool with = what != GREETING && what != TOKEN && what != WAIT && what != SENT;
        size_t length = amount < rd.left.n ? amount : rd.left.n;
        act(&s, what, amount, with ? zs_rd_bytes(&rd, length) : zs_span("", 0));
    }
    if (zs_peer_end(&s.peer, s.now, &ev))
        check_event(&s, &ev);
    FUZZ_CHECK(s.closed);
    feel(&s, zs_peer_output(&s.peer));
    zs_peer_clear(&s.peer);
    zs_allow_free(s.allow);
    return s.log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GString *whole = play(data, size, 0), *cut = play(data, size, 1);

    if (strcmp(whole->str, cut->str) != 0) {
        fprintf(stderr, "whole:%s\nin pieces:%s\n", whole->str, cut->str);
        FUZZ_CHECK(!"the same in pieces");
    }
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
    return 0;
}
