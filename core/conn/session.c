/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One observed conversation: 23/ZMTP's order of things, the roles of GSSAPI found from the AP-REQ (libzmq never
 * sets as-server), and the acceptor's context.
 *
 * Limits: one context for a connection, of the first AP-REQ; a context token over ZS_TOKEN_LIMIT octets is not
 * kept. Sequence numbers are followed only in a context that opened. */
#include "core/conn/session.h"

#include "core/krb/messages.h"

#include <stdlib.h>
#include <string.h>

const char *zs_dir_name(enum zs_dir d)
{
    return d == ZS_C2S ? "c2s" : "s2c";
}

void zs_session_init(struct zs_session *s, const struct zs_keyring *keys)
{
    *s = (struct zs_session){.keys = keys};
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        zs_greeting_init(&s->side[d].greeting);
}

static void drop_ap_req(struct zs_session *s)
{
    free(s->ap_req);
    s->ap_req = NULL;
    s->ap_req_n = 0;
}

void zs_session_clear(struct zs_session *s)
{
    drop_ap_req(s);
    zs_context_free(s->context);
    zs_context_free(s->earlier);
    *s = (struct zs_session){0};
}

/* 15/ZMTP and 23/ZMTP, backwards: a peer that finds no signature goes on as in ZMTP 1.0, where the signature that
 * it sent reads as the head of an identity frame, whose length is the padding. */
static enum zs_rc fall_back_to_1(struct zs_side *side, struct zs_span in, size_t *used)
{
    uint64_t identity = side->greeting.padding ? side->greeting.padding - 1 : 0;

    if (identity > 255)
        return ZS_E_GREETING_SIGNATURE;
    if (in.n < identity)
        return ZS_MORE;
    side->greeting.part = ZS_GREETING_DONE;
    side->greeting.versioned = false;
    side->identified = true;
    *used = (size_t)identity;
    return ZS_OK;
}

enum zs_rc zs_session_greeting(struct zs_session *s, enum zs_dir dir, struct zs_span in,
                               size_t *used)
{
    struct zs_greeting *g = &s->side[dir].greeting;
    const struct zs_greeting *other = &s->side[zs_dir_other(dir)].greeting;

    if (g->part == ZS_GREETING_REVISION && other->part == ZS_GREETING_DONE && !other->versioned)
        return fall_back_to_1(&s->side[dir], in, used);
    /* One that finds an older revision sends what that revision has behind it. */
    if (g->part == ZS_GREETING_REMAINDER && other->part > ZS_GREETING_REVISION &&
        other->versioned && other->major < 3 && g->major > other->major)
        g->major = other->major;
    return zs_greeting_step(g, in, used);
}

bool zs_session_greeted(const struct zs_session *s, enum zs_dir dir)
{
    return s->side[dir].greeting.part == ZS_GREETING_DONE;
}

/* A peer of an older version is spoken to in that version: both directions use the lower one's framing. */
static enum zs_framing framing_of(const struct zs_session *s)
{
    enum zs_framing framing = ZS_FRAMING_3;

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        const struct zs_greeting *g = &s->side[d].greeting;
        enum zs_framing own = ZS_FRAMING_3;
        if (g->part == ZS_GREETING_DONE && !g->versioned)
            own = ZS_FRAMING_1;
        else if (g->part > ZS_GREETING_REVISION && g->major < 3)
            own = ZS_FRAMING_2;
        if (own < framing)
            framing = own;
    }
    return framing;
}

static enum zs_mechanism mechanism_of_side(const struct zs_side *side)
{
    const struct zs_greeting *g = &side->greeting;
    if (g->part != ZS_GREETING_DONE)
        return ZS_MECHANISM_UNKNOWN;
    if (!g->versioned || g->major < 3)
        return ZS_MECHANISM_NONE;
    return zs_mechanism_of(g->mechanism);
}

struct zs_place zs_session_place(const struct zs_session *s, enum zs_dir dir)
{
    enum zs_framing framing = framing_of(s);
    enum zs_mechanism mechanism = mechanism_of_side(&s->side[dir]);

    if (mechanism == ZS_MECHANISM_UNKNOWN)
        mechanism = mechanism_of_side(&s->side[zs_dir_other(dir)]);
    return (struct zs_place){
        .framing = framing,
        .mechanism = mechanism,
        .identity = framing != ZS_FRAMING_3 && !s->side[dir].identified,
        .context = s->context,
    };
}

static void start_sequences(struct zs_session *s)
{
    const struct zs_context_facts *f = zs_context_facts(s->context);
    struct zs_side *initiator = &s->side[s->initiator];
    struct zs_side *acceptor = &s->side[zs_dir_other(s->initiator)];

    initiator->sequence_known = f->initiator_has_sequence;
    initiator->sequence = f->initiator_sequence;
    acceptor->sequence_known = f->acceptor_has_sequence;
    acceptor->sequence = f->acceptor_sequence;
}

static void make_context(struct zs_session *s, struct zs_span ap_rep, struct zs_turn *turn)
{
    s->earlier = s->context;
    s->context =
        zs_context_new(s->keys, zs_span(s->ap_req, s->ap_req_n), ap_rep, s->ap_req_at.time_ns);
    drop_ap_req(s);
    start_sequences(s);
    turn->context_made = true;
}

static void on_ap_req(struct zs_session *s, enum zs_dir dir, struct zs_span inner,
                      struct zs_stamp at, struct zs_turn *turn)
{
    struct zs_ap_req req;

    s->side[dir].sent_ap_req = true;
    if (s->roles_known)
        return; /* both sides are clients: the first one stands */
    s->roles_known = true;
    s->initiator = dir;
    s->ap_req_at = at;
    if (inner.n > ZS_TOKEN_LIMIT)
        return;
    s->ap_req = malloc(inner.n ? inner.n : 1);
    if (!s->ap_req)
        return;
    if (inner.n)
        memcpy(s->ap_req, inner.p, inner.n);
    s->ap_req_n = inner.n;
    s->mutual = zs_ap_req_parse(inner, &req) == ZS_OK && req.mutual_required;
    if (!s->mutual)
        make_context(s, zs_span(NULL, 0), turn);
}

static void on_token(struct zs_session *s, enum zs_dir dir, const struct zs_token *t,
                     struct zs_stamp at, struct zs_turn *turn)
{
    bool from_acceptor = s->roles_known && dir != s->initiator;

    if (t->kind == ZS_TOKEN_AP_REQ) {
        on_ap_req(s, dir, t->inner, at, turn);
        return;
    }
    if (!from_acceptor)
        return;
    s->answered = true;
    s->hinted |= t->kind == ZS_TOKEN_NEG_INIT_HINT;
    if (s->ap_req)
        make_context(s, t->kind == ZS_TOKEN_AP_REP ? t->inner : zs_span(NULL, 0), turn);
}

/* RFC 4121, 4.2.2 and 4.2.3: the sender bit, and numbers that go up by one. */
static void check_token(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                        struct zs_turn *turn)
{
    struct zs_side *side = &s->side[dir];

    if (r->cfx.header.n == 0 || !s->roles_known)
        return;
    if (!(r->cfx.flags & ZS_CFX_SENT_BY_ACCEPTOR) != (dir == s->initiator))
        turn->defect = ZS_E_WRAP_DIRECTION;
    else if (side->sequence_known && r->cfx.sequence != side->sequence) {
        turn->defect = ZS_E_WRAP_SEQUENCE;
        turn->expected = side->sequence;
    }
    side->sequence_known = true;
    side->sequence = r->cfx.sequence + 1;
}

static bool ends_handshake(const struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    enum zs_mechanism m = mechanism_of_side(&s->side[dir]);

    if (r->kind != ZS_READ_COMMAND)
        return false;
    if (r->content.id == ZS_CMD_READY)
        return true;
    if (r->content.id == ZS_CMD_INITIATE)
        return m == ZS_MECHANISM_PLAIN || m == ZS_MECHANISM_CURVE;
    /* A sealed command that stays closed: in a handshake there is none but READY. */
    return r->wrapped && !r->verified && m == ZS_MECHANISM_GSSAPI;
}

void zs_session_step(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                     struct zs_stamp at, struct zs_turn *turn)
{
    struct zs_side *side = &s->side[dir];

    *turn = (struct zs_turn){0};
    if (r->kind == ZS_READ_IDENTITY) {
        side->identified = true;
        return;
    }
    if (r->kind == ZS_READ_TOKEN)
        on_token(s, dir, &r->token, at, turn);
    else if (s->roles_known && dir != s->initiator)
        s->answered = true;
    if (r->wrapped)
        check_token(s, dir, r, turn);
    if (ends_handshake(s, dir, r))
        side->ready = true;
    if (r->kind == ZS_READ_MESSAGE) {
        side->messages += !r->more;
        side->message_octets += r->data.n;
    }
}

void zs_session_lost(struct zs_session *s, enum zs_dir dir)
{
    s->side[dir].sequence_known = false;
}

void zs_session_preview(struct zs_session *s)
{
    if (s->ap_req && !s->context)
        s->context = zs_context_new(s->keys, zs_span(s->ap_req, s->ap_req_n), zs_span(NULL, 0),
                                    s->ap_req_at.time_ns);
}

bool zs_session_conclude(struct zs_session *s)
{
    struct zs_turn turn = {0};

    if (!s->ap_req)
        return false;
    make_context(s, zs_span(NULL, 0), &turn);
    return turn.context_made;
}

bool zs_session_established(const struct zs_session *s)
{
    if (framing_of(s) != ZS_FRAMING_3)
        return s->side[ZS_C2S].identified && s->side[ZS_S2C].identified;
    return s->side[ZS_C2S].ready && s->side[ZS_S2C].ready;
}

const char *zs_session_explain(const struct zs_session *s, bool closed)
{
    enum zs_mechanism m[ZS_DIR_COUNT] = {mechanism_of_side(&s->side[ZS_C2S]),
                                         mechanism_of_side(&s->side[ZS_S2C])};

    if (zs_session_established(s))
        return NULL;
    if (m[ZS_C2S] == ZS_MECHANISM_UNKNOWN || m[ZS_S2C] == ZS_MECHANISM_UNKNOWN)
        return closed
                   ? "a greeting was never finished: a peer that refuses the other's mechanism or version stops there"
                   : "the capture ends inside the greeting";
    if (m[ZS_C2S] != m[ZS_S2C])
        return "the two greetings name different mechanisms";
    if (m[ZS_C2S] != ZS_MECHANISM_GSSAPI)
        return closed ? "closed before both sides were ready"
                      : "the capture ends before both sides were ready";
    if (!s->roles_known)
        return "no AP-REQ was sent: the client has no ticket, or both sides are servers";
    if (s->side[ZS_C2S].sent_ap_req && s->side[ZS_S2C].sent_ap_req)
        return "both sides sent an AP-REQ: both are clients";
    if (s->hinted)
        return "the acceptor answered with a SPNEGO hint: it could not acquire its credential (libzmq asks for one "
               "that initiates too: KRB5_CLIENT_KTNAME and a cache collection)";
    if (!s->answered)
        return "the acceptor never answered the AP-REQ: it refused the ticket and said nothing";
    return closed ? "closed after the context was established, before both sides were ready"
                  : "the capture ends before both sides were ready";
}
