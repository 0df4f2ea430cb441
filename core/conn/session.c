/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One observed conversation: 23/ZMTP's order of things, the roles of GSSAPI found from the AP-REQ (libzmq never
 * sets as-server), and the acceptor's context.
 *
 * Limits: one context for a connection, of the first AP-REQ; one over ZS_TOKEN_LIMIT octets is opened without its
 * AP-REP, and an AP-REP of that size is not kept for an AP-REQ that the capture has behind it. Tokens inside SPNEGO are
 * not looked into. */
#include "core/conn/session.h"

#include "core/conn/authenticators.h"
#include "core/krb/messages.h"

#include <glib.h>

enum { MECH_TYPES_LIMIT = 1024 }; /* octets of an offer that are kept: some eighty mechanisms */

/* Of each connection so many tokens are tried with every session secret, none of them larger: who floods a capture with
 * sealed octets must not cost a key log's lines times those. */
enum { SEARCHES = 4, SEARCH_OCTETS = 128 << 10 };

const char *zs_mic_state_name(enum zs_mic_state m)
{
    static const char *const names[] = {
        [ZS_MIC_NONE] = "none",
        [ZS_MIC_UNCHECKED] = "unchecked",
        [ZS_MIC_VERIFIED] = "verified",
        [ZS_MIC_WRONG] = "wrong",
    };
    return names[m];
}

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
    g_free(s->ap_req);
    s->ap_req = NULL;
    s->ap_req_n = 0;
}

static void drop_early_ap_rep(struct zs_session *s)
{
    g_free(s->early_ap_rep);
    s->early_ap_rep = NULL;
    s->early_ap_rep_n = 0;
}

void zs_session_clear(struct zs_session *s)
{
    drop_ap_req(s);
    drop_early_ap_rep(s);
    g_free(s->mech_types);
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
    if (g->part == ZS_GREETING_REMAINDER && zs_greeting_is_2(other) && !zs_greeting_is_2(g))
        g->major = other->major;
    enum zs_rc rc = zs_greeting_step(g, in, used);
    if (g->part == ZS_GREETING_DONE && zs_greeting_is_2(g))
        s->side[dir].socket_type = zs_socket_type_of_number(g->socket_type);
    return rc;
}

bool zs_session_greeted(const struct zs_session *s, enum zs_dir dir)
{
    return s->side[dir].assumed || s->side[dir].greeting.part == ZS_GREETING_DONE;
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
        else if (zs_greeting_is_2(g))
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
    if (!g->versioned || zs_greeting_is_2(g))
        return ZS_MECHANISM_NONE;
    return zs_mechanism_of(g->mechanism);
}

/* By this side's greeting, or the other's, or what the frames show. */
static enum zs_mechanism mechanism_at(const struct zs_session *s, enum zs_dir dir)
{
    enum zs_mechanism m = mechanism_of_side(&s->side[dir]);

    if (m == ZS_MECHANISM_UNKNOWN)
        m = mechanism_of_side(&s->side[zs_dir_other(dir)]);
    return m == ZS_MECHANISM_UNKNOWN ? s->assumed : m;
}

bool zs_session_awaits_ap_req(const struct zs_session *s)
{
    for (int d = 0; d < ZS_DIR_COUNT && !s->roles_known; d++) {
        enum zs_mechanism m = mechanism_of_side(&s->side[d]);
        if (m == ZS_MECHANISM_UNKNOWN || m == ZS_MECHANISM_GSSAPI)
            return true;
    }
    return false;
}

struct zs_place zs_session_place(const struct zs_session *s, enum zs_dir dir)
{
    enum zs_framing framing = framing_of(s);
    enum zs_mechanism mechanism = mechanism_at(s, dir);

    return (struct zs_place){
        .framing = framing,
        .mechanism = mechanism,
        .identity = framing != ZS_FRAMING_3 && !s->side[dir].identified,
        .context = s->context,
    };
}

/* Behind a loss, or where tokens came first, the first number says nothing about the next one. */
static void start_sequence(struct zs_side *side, bool known, uint64_t first)
{
    if (side->losses || side->sequence.known || !known)
        return;
    zs_sequence_start(&side->sequence, first + side->mics);
}

static struct zs_context *rebuild(const struct zs_session *s, struct zs_span ap_req,
                                  struct zs_span ap_rep)
{
    struct zs_context *c = zs_context_new(s->keys, ap_req, ap_rep, s->ap_req_at.time_ns);

    if (!ap_rep.n && s->side[zs_dir_other(s->initiator)].losses)
        zs_context_blame_loss(c);
    return c;
}

static void put_context(struct zs_session *s, struct zs_context *made)
{
    s->earlier = s->context;
    s->context = made;
    const struct zs_context_facts *f = zs_context_facts(s->context);
    start_sequence(&s->side[s->initiator], f->initiator_has_sequence, f->initiator_sequence);
    start_sequence(&s->side[zs_dir_other(s->initiator)], f->acceptor_has_sequence,
                   f->acceptor_sequence);
}

/* It has the answer to its AP-REQ, or will have none. */
static void take_context(struct zs_session *s, struct zs_context *made, struct zs_turn *turn)
{
    put_context(s, made);
    drop_ap_req(s);
    drop_early_ap_rep(s);
    turn->context_made = true;
}

/* The AP-REQ that was kept, with its answer or without. */
static void conclude(struct zs_session *s, struct zs_span ap_rep, struct zs_turn *turn)
{
    if (s->ap_req)
        take_context(s, rebuild(s, zs_span(s->ap_req, s->ap_req_n), ap_rep), turn);
}

/* Packets of two directions may stand in a capture in another order than they were sent. */
static void keep_early_ap_rep(struct zs_session *s, enum zs_dir dir, struct zs_span inner)
{
    if (s->early_ap_rep || s->authenticators_only || inner.n > ZS_TOKEN_LIMIT)
        return;
    s->early_ap_rep = g_memdup2(inner.p, inner.n);
    s->early_ap_rep_n = inner.n;
    s->early_from = dir;
}

static struct zs_span early_ap_rep(const struct zs_session *s)
{
    return zs_span(s->early_ap_rep, s->early_ap_rep_n);
}

/* The AP-REQ that was kept may have its answer before it. What does not open is none, as far as anybody can tell, and
 * must not stand in the way of one that comes behind. */
static void try_early_ap_rep(struct zs_session *s, struct zs_turn *turn)
{
    if (s->early_from == s->initiator)
        drop_early_ap_rep(s);
    if (!s->early_ap_rep)
        return;
    s->answered = true;
    struct zs_context *made = rebuild(s, zs_span(s->ap_req, s->ap_req_n), early_ap_rep(s));
    if (zs_context_facts(made)->ap_rep_opened)
        take_context(s, made, turn);
    else
        zs_context_free(made);
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
    bool readable = zs_ap_req_parse(inner, &req) == ZS_OK;
    s->mutual = readable && req.mutual_required;
    if (readable && s->authenticators &&
        zs_authenticators_seen(s->authenticators, req.authenticator.cipher, at, &turn->first))
        turn->defect = ZS_E_AP_REQ_REPLAYED;
    if (s->authenticators_only)
        return;
    if (inner.n > ZS_TOKEN_LIMIT)
        turn->defect = ZS_E_TOKEN_SIZE;
    if (!s->mutual || inner.n > ZS_TOKEN_LIMIT) {
        take_context(s, rebuild(s, inner, zs_span(NULL, 0)), turn);
        return;
    }
    s->ap_req = g_memdup2(inner.p, inner.n);
    s->ap_req_n = inner.n;
    try_early_ap_rep(s, turn);
}

/* The mechanism's own token: the one inside SPNEGO's, if it is there. */
static void on_mech_token(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                          struct zs_stamp at, struct zs_turn *turn)
{
    const struct zs_token *t = &r->mech;

    if (t->kind == ZS_TOKEN_AP_REQ) {
        on_ap_req(s, dir, t->inner, at, turn);
        return;
    }
    if (!s->roles_known)
        s->foreign |= t->mech != ZS_MECH_KRB5 && t->mech != ZS_MECH_KRB5_MS;
    if (!s->roles_known && t->kind == ZS_TOKEN_AP_REP)
        keep_early_ap_rep(s, dir, t->inner);
    if (!s->roles_known || dir == s->initiator)
        return;
    s->answered = true;
    if (t->kind == ZS_TOKEN_NEG_INIT_HINT) {
        s->hinted = true;
        turn->defect = ZS_E_ACCEPTOR_HINT;
    }
    s->refused |= t->kind == ZS_TOKEN_KRB_ERROR;
    if (t->kind == ZS_TOKEN_AP_REP)
        conclude(s, t->inner, turn);
    else if (t->kind != ZS_TOKEN_NEG_RESP) /* SPNEGO may go on without a token of Kerberos' own */
        conclude(s, zs_span(NULL, 0), turn);
}

/* What SPNEGO's initiator offers, which comes but once. */
static void keep_mech_types(struct zs_session *s, struct zs_span offer)
{
    if (s->mech_types || offer.n == 0 || offer.n > MECH_TYPES_LIMIT)
        return;
    s->mech_types = g_memdup2(offer.p, offer.n);
    s->mech_types_n = offer.n;
}

/* RFC 4178, 5: the MIC of SPNEGO is a per-message token of the mechanism inside, over the offer. */
static void check_mic(struct zs_session *s, enum zs_dir dir, struct zs_span mic,
                      struct zs_turn *turn)
{
    struct zs_span offer = zs_span(s->mech_types, s->mech_types_n);
    bool holds;

    turn->mic = ZS_MIC_UNCHECKED;
    if (!offer.n || !s->context ||
        !zs_context_check_mic(s->context, mic, offer, dir != s->initiator, &holds))
        return;
    turn->mic = holds ? ZS_MIC_VERIFIED : ZS_MIC_WRONG;
    if (!holds && turn->defect == ZS_OK)
        turn->defect = ZS_E_MECH_LIST_MIC;
}

static void on_token(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                     struct zs_stamp at, struct zs_turn *turn)
{
    if (r->token.kind == ZS_TOKEN_NEG_INIT)
        keep_mech_types(s, r->token.mech_types);
    if (r->token.mic.n) { /* before a context is made that starts the numbers */
        s->side[dir].mics++;
        zs_sequence_skip(&s->side[dir].sequence);
    }
    on_mech_token(s, dir, r, at, turn);
    if (r->token.mic.n)
        check_mic(s, dir, r->token.mic, turn);
}

/* RFC 4121, 2 and 4.2.2: the flag says whether the acceptor's subkey is the key, and where the acceptor asserted one it
 * is. What is not known of the handshake is not held against it. Older tokens have no such flag. */
static bool fits_subkey(const struct zs_session *s, const struct zs_reading *r)
{
    const struct zs_context_facts *f = s->context ? zs_context_facts(s->context) : NULL;

    if (!r->verified || r->token.kind != ZS_TOKEN_WRAP || !f || !f->authenticator_opened ||
        (f->mutual && !f->ap_rep_opened))
        return true;
    return r->unwrapped.acceptor_subkey == (f->subkey_from == ZS_SUBKEY_ACCEPTOR);
}

/* RFC 4121, 4.2.2 and 4.2.3: the sender bit, and numbers that go up by one; those of RFC 1964's tokens have 32
 * bits. What is injected, reflected or sent again is said, and changes nothing about what is due. */
static void check_token(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                        struct zs_turn *turn)
{
    struct zs_side *side = &s->side[dir];
    uint64_t range = r->token.kind == ZS_TOKEN_WRAP_OLD ? UINT32_MAX : UINT64_MAX;

    if (!s->roles_known)
        return;
    if (r->has_sequence && r->sent_by_acceptor == (dir == s->initiator)) {
        turn->defect = ZS_E_WRAP_DIRECTION;
        return;
    }
    if (s->context && zs_context_usable(s->context) && r->defect != ZS_OK && !r->verified) {
        /* Damaged, its number perhaps too: it stands for the one that was due. */
        zs_sequence_skip(&side->sequence);
        return;
    }
    if (!r->has_sequence)
        return;
    turn->expected = side->sequence.next & range;
    turn->defect = zs_sequence_take(&side->sequence, r->sequence, range);
    if (turn->defect == ZS_OK)
        turn->expected = 0;
    /* Where nothing can be verified, an invented number must not make all that follow it late ones. */
    if (turn->defect == ZS_E_WRAP_REVERSAL && !r->verified)
        zs_sequence_start(&side->sequence, r->sequence + 1);
    if (turn->defect == ZS_OK && !fits_subkey(s, r))
        turn->defect = ZS_E_WRAP_SUBKEY;
}

static bool ends_handshake(const struct zs_reading *r)
{
    enum zs_mechanism m = r->mechanism;

    if (r->kind != ZS_READ_COMMAND)
        return false;
    if (r->content.id == ZS_CMD_READY)
        return true;
    if (r->content.id == ZS_CMD_INITIATE)
        return m == ZS_MECHANISM_PLAIN || m == ZS_MECHANISM_CURVE;
    /* A sealed command that stays closed: in a handshake there is none but READY. */
    return r->wrapped && !r->verified && m == ZS_MECHANISM_GSSAPI;
}

static bool is_handshake(const struct zs_reading *r)
{
    static const bool in_handshake[ZS_CMD_COUNT] = {
        [ZS_CMD_READY] = true,
        [ZS_CMD_HELLO] = true,
        [ZS_CMD_WELCOME] = true,
        [ZS_CMD_INITIATE] = true,
    };
    return r->kind == ZS_READ_TOKEN || (r->kind == ZS_READ_COMMAND && in_handshake[r->content.id]);
}

static bool is_traffic(const struct zs_reading *r)
{
    static const bool in_traffic[ZS_CMD_COUNT] = {
        [ZS_CMD_PING] = true,   [ZS_CMD_PONG] = true, [ZS_CMD_SUBSCRIBE] = true,
        [ZS_CMD_CANCEL] = true, [ZS_CMD_JOIN] = true, [ZS_CMD_LEAVE] = true,
    };
    return r->kind == ZS_READ_MESSAGE || (r->kind == ZS_READ_COMMAND && in_traffic[r->content.id]);
}

/* 23/ZMTP: each side shakes hands once, then sends its traffic. Between the sides nothing is asked for: packets of
 * two directions may stand in a capture in another order than they were sent. */
static bool is_out_of_order(const struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    const struct zs_side *side = &s->side[dir];

    if (side->losses || framing_of(s) != ZS_FRAMING_3 || r->mechanism == ZS_MECHANISM_OTHER)
        return false;
    return side->ready ? is_handshake(r) : is_traffic(r);
}

/* What GSSAPI's peers do against themselves: READY in the clear behind a context, and libzmq's subscriptions that
 * lost their 00 or 01 (docs/protocol.md, dialect C). */
static enum zs_rc mishap(struct zs_session *s, const struct zs_side *side,
                         const struct zs_reading *r)
{
    if (r->kind == ZS_READ_COMMAND && r->content.id == ZS_CMD_READY && !r->wrapped && s->answered &&
        !s->bare) {
        s->bare = true;
        return ZS_E_PLAINTEXT_MODE;
    }
    bool prefixed = r->data.n && r->data.p[0] <= 1;
    if (r->kind == ZS_READ_MESSAGE && r->verified && side->socket_type == ZS_SOCKET_SUB &&
        !prefixed)
        return ZS_E_SUBSCRIPTION_LOST;
    return ZS_OK;
}

/* What else a reading says about the side that sent it. */
static void note_side(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    struct zs_side *side = &s->side[dir];

    if (ends_handshake(r))
        side->ready = true;
    if (r->kind == ZS_READ_COMMAND && r->has_metadata)
        side->socket_type = zs_metadata_socket_type(r->content.body);
    side->traffic |= is_traffic(r);
    if (r->kind == ZS_READ_COMMAND && r->content.id == ZS_CMD_ERROR)
        side->sent_error = true;
    if (r->kind == ZS_READ_MESSAGE) {
        bool closed = r->wrapped && !r->verified;
        side->sealed += closed;
        side->messages += !closed && !r->more;
        side->message_octets += r->data.n;
    }
}

void zs_session_step(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                     struct zs_stamp at, struct zs_turn *turn)
{
    *turn = (struct zs_turn){0};
    if (r->kind == ZS_READ_IDENTITY) {
        s->side[dir].identified = true;
        return;
    }
    if (is_out_of_order(s, dir, r))
        turn->defect = ZS_E_COMMAND_UNEXPECTED;
    if (r->kind == ZS_READ_TOKEN)
        on_token(s, dir, r, at, turn);
    else if (s->roles_known && dir != s->initiator)
        s->answered = true;
    if (r->wrapped)
        check_token(s, dir, r, turn);
    if (turn->defect == ZS_OK && s->roles_known)
        turn->defect = mishap(s, &s->side[dir], r);
    note_side(s, dir, r);
}

enum zs_rc zs_session_opened(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    /* Closed, it counted as a message that stayed sealed, unless its frame is a command's. */
    if (!(r->frame.flags & ZS_FRAME_COMMAND) || r->kind == ZS_READ_MESSAGE)
        s->side[dir].sealed--;
    enum zs_rc defect = s->roles_known ? mishap(s, &s->side[dir], r) : ZS_OK;
    note_side(s, dir, r);
    return defect;
}

void zs_session_lost(struct zs_session *s, enum zs_dir dir)
{
    s->side[dir].losses++;
    s->side[dir].sequence.known = false;
}

void zs_session_assume(struct zs_session *s, enum zs_dir dir, enum zs_mechanism mechanism)
{
    struct zs_side *side = &s->side[dir];

    if (side->greeting.part != ZS_GREETING_DONE)
        side->assumed = true;
    side->identified = true;
    if (s->assumed == ZS_MECHANISM_UNKNOWN)
        s->assumed = mechanism;
    zs_session_lost(s, dir);
}

/* What the secret says of first sequence numbers is long past. */
static bool find_context(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    bool by_acceptor,
        is_wrap = r->token.kind == ZS_TOKEN_WRAP || r->token.kind == ZS_TOKEN_WRAP_OLD;

    if (s->context || s->roles_known || !is_wrap || r->token.whole.n > SEARCH_OCTETS ||
        s->searches == SEARCHES)
        return false;
    s->searches++;
    s->context = zs_context_find(s->keys, r->token.whole, &by_acceptor);
    if (!s->context)
        return false;
    s->roles_known = s->answered = true;
    s->initiator = by_acceptor ? zs_dir_other(dir) : dir;
    s->mutual = zs_context_facts(s->context)->mutual;
    return true;
}

bool zs_session_settle(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r)
{
    if (!r->wrapped || s->settled)
        return false;
    if (!s->ap_req)
        return find_context(s, dir, r);
    s->settled = true;
    zs_session_conclude(s);
    return true;
}

bool zs_session_is_settled(const struct zs_session *s)
{
    return s->context && (s->settled || !s->ap_req);
}

bool zs_session_conclude(struct zs_session *s)
{
    if (!s->ap_req || s->context)
        return false;
    put_context(s, rebuild(s, zs_span(s->ap_req, s->ap_req_n), early_ap_rep(s)));
    return true;
}
