/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about what is in the clear: mechanism, version, the AP-REQ's outside, the form of frames and tokens. */
#include "analyzer/audit/predicate.h"
#include "core/krb/key.h"

static bool stands(const struct zs_facts *f)
{
    return f->outcome == ZS_OUTCOME_ESTABLISHED;
}

ZS_PREDICATE(uses_another_mechanism)
{
    const struct zs_facts *f = c->facts;

    if (!c->policy->expect_gssapi || !stands(f) || f->mechanism == ZS_MECHANISM_UNKNOWN)
        return ZS_ANSWER_NONE;
    if (zs_is_gssapi(f))
        return ZS_ANSWER_PASS;
    g_strlcpy(r->detail, zs_mechanism_text(f->mechanism), sizeof r->detail);
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_CLOSE]);
}

ZS_PREDICATE(sends_plain_credentials)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *hello = &f->sight[ZS_SIGHT_PLAIN_HELLO];

    if (f->mechanism == ZS_MECHANISM_UNKNOWN)
        return ZS_ANSWER_NONE;
    if (f->mechanism == ZS_MECHANISM_PLAIN && !hello->count)
        return f->outcome == ZS_OUTCOME_FAILED && zs_is_whole(f)
                   ? ZS_ANSWER_NONE
                   : zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
    g_snprintf(r->detail, sizeof r->detail, "user %s, and a password that is not shown", f->user);
    return zs_answer_seen(f, r, hello);
}

/* READY tells it; where that is missing, what is said behind a context does. */
ZS_PREDICATE(travels_unprotected)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *ready = &f->defect[ZS_E_PLAINTEXT_MODE];

    if (!zs_is_gssapi(f) || !stands(f) || zs_is_anonymous(f))
        return ZS_ANSWER_NONE;
    return zs_answer_seen(f, r, ready->count ? ready : &f->sight[ZS_SIGHT_BARE]);
}

ZS_PREDICATE(speaks_old_zmtp)
{
    const struct zs_facts *f = c->facts;

    if (f->mechanism == ZS_MECHANISM_UNKNOWN)
        return ZS_ANSWER_NONE;
    if (!f->old)
        return zs_greetings_are_there(f->session) ? ZS_ANSWER_PASS : zs_answer_absent(f, r);
    return stands(f) ? zs_answer_seen(f, r, &f->sight[ZS_SIGHT_MESSAGE]) : ZS_ANSWER_NONE;
}

ZS_PREDICATE(has_a_weak_ticket)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);
    char name[ZS_ENCTYPE_NAME_MAX];

    if (a != ZS_ANSWER_PASS || !zs_enctype_is_weak(f->context->ticket_etype))
        return a;
    g_strlcpy(r->detail, zs_enctype_name(f->context->ticket_etype, name, sizeof name),
              sizeof r->detail);
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

ZS_PREDICATE(lacks_mutual)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS || f->context->mutual)
        return a;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* The acceptor's own tokens are what the client must not have taken. */
ZS_PREDICATE(lacks_the_proof)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS || !f->context->mutual)
        return a == ZS_ANSWER_PASS ? ZS_ANSWER_NONE : a;
    if (f->sight[ZS_SIGHT_AP_REP].count)
        return stands(f) ? ZS_ANSWER_PASS : ZS_ANSWER_NONE;
    if (!zs_is_whole(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
    return stands(f) ? zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]) : ZS_ANSWER_NONE;
}

ZS_PREDICATE(authenticates_nobody)
{
    const struct zs_facts *f = c->facts;

    if (!zs_is_gssapi(f) || !stands(f))
        return ZS_ANSWER_NONE;
    if (f->sight[ZS_SIGHT_TOKEN].count)
        return ZS_ANSWER_PASS;
    if (!zs_is_anonymous(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
    const struct zs_mark *message = &f->sight[ZS_SIGHT_MESSAGE];
    return zs_answer_fail(r, message->count ? message : &f->sight[ZS_SIGHT_CLOSE]);
}

ZS_PREDICATE(lacks_an_acceptor_subkey)
{
    const struct zs_facts *f = c->facts;

    if (!f->sight[ZS_SIGHT_WRAP].count)
        return ZS_ANSWER_NONE;
    if (f->sight[ZS_SIGHT_ACCEPTOR_SUBKEY].count)
        return ZS_ANSWER_PASS;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_WRAP]);
}

/* ==== mechanisms inside GSSAPI ==== */

static enum zs_answer of_tokens(const struct zs_facts *f, struct zs_ruling *r,
                                const struct zs_mark *mark)
{
    if (!zs_is_gssapi(f) || zs_is_anonymous(f))
        return ZS_ANSWER_NONE;
    if (!mark->count && !f->sight[ZS_SIGHT_AP_REQ].count && stands(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_AP_REQ);
    return zs_answer_seen(f, r, mark);
}

/* A token of it that comes to nothing, for Kerberos is agreed on, is an offer. */
ZS_PREDICATE(speaks_ntlm)
{
    const struct zs_facts *f = c->facts;

    if (f->sight[ZS_SIGHT_AP_REQ].count)
        return ZS_ANSWER_PASS;
    if (f->sight[ZS_SIGHT_NTLM].count && f->sight[ZS_SIGHT_LOSS].count)
        return zs_answer_unmeasured(r, ZS_OBSTACLE_LOST); /* the AP-REQ may be among it */
    return of_tokens(f, r, &f->sight[ZS_SIGHT_NTLM]);
}

ZS_PREDICATE(offers_ntlm)
{
    return of_tokens(c->facts, r, &c->facts->sight[ZS_SIGHT_NTLM_OFFER]);
}

ZS_PREDICATE(negotiates)
{
    return of_tokens(c->facts, r, &c->facts->sight[ZS_SIGHT_SPNEGO]);
}

ZS_PREDICATE(uses_an_odd_mechanism)
{
    return of_tokens(c->facts, r, &c->facts->sight[ZS_SIGHT_OTHER_MECH]);
}

ZS_PREDICATE(is_replayed)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS)
        return a;
    g_snprintf(r->detail, sizeof r->detail, "%s%s", f->replayed,
               f->copied ? ", with the same answer: or one connection captured at two places" : "");
    if (f->copied)
        r->confidence = ZS_CONFIDENCE_INFERRED;
    const struct zs_mark *again = &f->defect[ZS_E_AP_REQ_REPLAYED];
    return again->count ? zs_answer_fail(r, again) : ZS_ANSWER_PASS;
}

/* ==== form ==== */

/* libzmq before 4.3.3 said 3.0, and its padding is a length. JeroMQ and NetMQ write the same. */
ZS_PREDICATE(seems_an_old_libzmq)
{
    const struct zs_facts *f = c->facts;
    bool seen = false;

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        const struct zs_greeting *g = &f->session->side[d].greeting;
        if (g->part != ZS_GREETING_DONE || !g->versioned || zs_greeting_is_2(g))
            continue;
        seen = true;
        if (g->major != 3 || g->minor != 0 || g->padding == 0)
            continue;
        g_strlcpy(r->detail, d == ZS_C2S ? "the TCP client" : "the TCP server", sizeof r->detail);
        return zs_answer_fail(r, &f->sight[ZS_SIGHT_GREETING]);
    }
    if (!seen || zs_greetings_are_there(f->session))
        return seen ? ZS_ANSWER_PASS : ZS_ANSWER_NONE;
    return zs_answer_absent(f, r);
}

/* What no peer may send, whoever it is. */
static const enum zs_rc malformed[] = {
    ZS_E_GREETING_SIGNATURE, ZS_E_GREETING_MECHANISM,
    ZS_E_GREETING_AS_SERVER, ZS_E_FRAME_FLAGS,
    ZS_E_FRAME_SIZE,         ZS_E_FRAME_MORE_COMMAND,
    ZS_E_COMMAND_NAME,       ZS_E_COMMAND_BODY,
    ZS_E_COMMAND_UNKNOWN,    ZS_E_COMMAND_UNEXPECTED,
    ZS_E_METADATA,           ZS_E_PING_CONTEXT,
    ZS_E_TOKEN_LENGTH,       ZS_E_DER,
    ZS_E_TOKEN_FRAMING,      ZS_E_CFX_HEADER,
    ZS_E_WRAP_SHORT,         ZS_E_INNER_FLAGS,
};

ZS_PREDICATE(is_malformed)
{
    return zs_answer_defects(c->facts, r, malformed, G_N_ELEMENTS(malformed));
}

ZS_PREDICATE(is_too_large)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *whole = &f->sight[ZS_SIGHT_LARGE];

    return zs_answer_seen(f, r, whole->count ? whole : &f->defect[ZS_E_TOKEN_SIZE]);
}

ZS_PREDICATE(shows_lengths)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *cfx = &f->sight[ZS_SIGHT_WRAP];

    if (!zs_is_gssapi(f) || !f->sight[ZS_SIGHT_MESSAGE].count)
        return ZS_ANSWER_NONE;
    return zs_answer_seen(f, r, cfx->count ? cfx : &f->sight[ZS_SIGHT_WRAP_OLD]);
}

/* Without an id libzmq writes 1. */
ZS_PREDICATE(shows_routing_ids)
{
    const struct zs_facts *f = c->facts;

    if (!zs_is_gssapi(f))
        return ZS_ANSWER_NONE;
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        uint64_t padding = f->session->side[d].greeting.padding;
        if (padding < 2 || padding > 256)
            continue;
        g_snprintf(r->detail, sizeof r->detail, "%u octets, of the TCP %s", (unsigned)padding - 1,
                   d == ZS_C2S ? "client" : "server");
        return zs_answer_fail(r, &f->sight[ZS_SIGHT_GREETING]);
    }
    return zs_greetings_are_there(f->session) ? ZS_ANSWER_PASS : zs_answer_absent(f, r);
}
