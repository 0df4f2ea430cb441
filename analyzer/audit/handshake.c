/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about handshakes that come to nothing: who stopped where. docs/protocol.md has the failures F1 to F10. */
#include "analyzer/audit/predicate.h"

/* As zs_answer_outcome(), of GSSAPI. */
static enum zs_answer gssapi_outcome(const struct zs_facts *f, struct zs_ruling *r)
{
    return zs_is_gssapi(f) ? zs_answer_outcome(f, r) : ZS_ANSWER_NONE;
}

/* It failed: FAIL if in this way, which mark shows, else PASS. */
static enum zs_answer failed_so(struct zs_ruling *r, bool so, const struct zs_mark *mark)
{
    return so ? zs_answer_fail(r, mark) : ZS_ANSWER_PASS;
}

/* Whoever initiates; before that is known, whoever opened the connection. */
static const struct zs_side *acceptor(const struct zs_session *s)
{
    return &s->side[zs_dir_other(s->initiator)];
}

static bool both_sent_ap_reqs(const struct zs_session *s)
{
    return s->side[ZS_C2S].sent_ap_req && s->side[ZS_S2C].sent_ap_req;
}

/* The ladder of reasons, where there are keys; else what the order of events says. */
ZS_PREDICATE(meets_silence)
{
    const struct zs_facts *f = c->facts;
    const struct zs_session *s = f->session;
    const struct zs_context_facts *k = f->context;
    enum zs_answer a = gssapi_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    bool closed = k && !k->ticket_opened && k->reason && k->why != ZS_WHY_NO_KEYS;
    const char *reason = closed ? k->reason : f->reason;
    zs_facts_clip(r->detail, sizeof r->detail, zs_span(reason, strlen(reason)));
    return failed_so(r, s->roles_known && !s->answered && !both_sent_ap_reqs(s),
                     &f->sight[ZS_SIGHT_AP_REQ]);
}

/* RFC 4120, 7.5.9, those that an acceptor says. */
static const char *code_in_words(int32_t code)
{
    static const struct {
        int32_t code;
        const char *words;
    } known[] = {
        {31, "the ticket does not decrypt"},
        {32, "the ticket has expired"},
        {33, "the ticket is not yet valid"},
        {34, "a replay"},
        {35, "the ticket is for somebody else"},
        {36, "ticket and authenticator are of different clients"},
        {37, "the clocks differ too much"},
        {41, "the message was modified"},
        {44, "no key of that version"},
        {45, "no key of the service"},
        {60, "generic error"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].code == code)
            return known[i].words;
    return "see RFC 4120, 7.5.9";
}

ZS_PREDICATE(is_refused_by_kerberos)
{
    const struct zs_facts *f = c->facts;

    if (!zs_is_gssapi(f))
        return ZS_ANSWER_NONE;
    g_snprintf(r->detail, sizeof r->detail,
               "code %d, %s; the sender's clock is %+" G_GINT64_FORMAT " s from the capture's",
               (int)f->krb_error, code_in_words(f->krb_error), f->krb_error_ahead_s);
    return zs_answer_seen(f, r, &f->sight[ZS_SIGHT_KRB_ERROR]);
}

ZS_PREDICATE(lacks_its_credential)
{
    const struct zs_facts *f = c->facts;

    if (!zs_is_gssapi(f))
        return ZS_ANSWER_NONE;
    if (f->context && f->context->ticket_opened && f->context->verdict == ZS_VERDICT_ACCEPTABLE)
        g_strlcpy(r->detail, "the ticket is good: this key opens it, and its times hold",
                  sizeof r->detail);
    return zs_answer_seen(f, r, &f->defect[ZS_E_ACCEPTOR_HINT]);
}

ZS_PREDICATE(sends_no_ap_req)
{
    const struct zs_facts *f = c->facts;
    const struct zs_session *s = f->session;
    enum zs_answer a = gssapi_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    bool agree = zs_greetings_are_there(s) &&
                 zs_session_place(s, ZS_C2S).mechanism == zs_session_place(s, ZS_S2C).mechanism;
    return failed_so(r, agree && !f->sight[ZS_SIGHT_TOKEN].count, &f->sight[ZS_SIGHT_GREETING]);
}

ZS_PREDICATE(has_two_clients)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = gssapi_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    return failed_so(r, both_sent_ap_reqs(f->session), &f->sight[ZS_SIGHT_AP_REQ]);
}

static bool greetings_are_good(const struct zs_facts *f)
{
    return !f->defect[ZS_E_GREETING_SIGNATURE].count && !f->defect[ZS_E_GREETING_MECHANISM].count &&
           !f->defect[ZS_E_GREETING_AS_SERVER].count;
}

static const char *wish_of(const struct zs_greeting *g)
{
    return g->mechanism[0] ? g->mechanism : "a version without mechanisms";
}

/* One greeting is not whole: the refusing side has not said its mechanism when it closes. Or it died just then. */
static enum zs_answer guess_refusal(const struct zs_facts *f, struct zs_ruling *r)
{
    const struct zs_greeting *client = &f->session->side[ZS_C2S].greeting,
                             *server = &f->session->side[ZS_S2C].greeting;

    if (client->part == ZS_GREETING_SIGNATURE || server->part == ZS_GREETING_SIGNATURE)
        return ZS_ANSWER_PASS;
    if (client->part != ZS_GREETING_DONE && server->part != ZS_GREETING_DONE)
        return zs_answer_unmeasured(r, ZS_OBSTACLE_GREETING);
    bool is_client = client->part == ZS_GREETING_DONE;
    r->confidence = ZS_CONFIDENCE_INFERRED;
    g_snprintf(r->detail, sizeof r->detail,
               "the TCP %s asks for %s, and the %s stops inside its greeting",
               is_client ? "client" : "server", wish_of(is_client ? client : server),
               is_client ? "server" : "client");
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_CLOSE]);
}

ZS_PREDICATE(disagrees_on_the_mechanism)
{
    const struct zs_facts *f = c->facts;
    const struct zs_greeting *client = &f->session->side[ZS_C2S].greeting,
                             *server = &f->session->side[ZS_S2C].greeting;
    enum zs_answer a = zs_answer_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    if (!greetings_are_good(f))
        return ZS_ANSWER_PASS;
    if (!zs_greetings_are_there(f->session))
        return guess_refusal(f, r);
    g_snprintf(r->detail, sizeof r->detail, "the TCP client asks for %s, the server for %s",
               wish_of(client), wish_of(server));
    return failed_so(r, !f->old && strcmp(client->mechanism, server->mechanism) != 0,
                     &f->sight[ZS_SIGHT_CLOSE]);
}

/* Behind the acceptor's answer and before both were ready. */
static bool ended_behind_the_context(const struct zs_session *s)
{
    return s->answered && !s->refused && !s->hinted && !both_sent_ap_reqs(s) &&
           !s->side[ZS_C2S].sent_error && !s->side[ZS_S2C].sent_error;
}

ZS_PREDICATE(disagrees_on_protection)
{
    const struct zs_facts *f = c->facts;
    const struct zs_session *s = f->session;
    enum zs_answer a = gssapi_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    g_strlcpy(r->detail, s->bare ? "READY came in the clear" : "READY came wrapped",
              sizeof r->detail);
    return failed_so(r, ended_behind_the_context(s) && acceptor(s)->ready,
                     &f->sight[ZS_SIGHT_CLOSE]);
}

ZS_PREDICATE(stalls_after_the_context)
{
    const struct zs_facts *f = c->facts;
    const struct zs_session *s = f->session;
    enum zs_answer a = gssapi_outcome(f, r);

    if (a != ZS_ANSWER_FAIL)
        return a;
    return failed_so(r, ended_behind_the_context(s) && !acceptor(s)->ready,
                     &f->sight[ZS_SIGHT_CLOSE]);
}

ZS_PREDICATE(is_refused)
{
    const struct zs_facts *f = c->facts;

    return f->mechanism == ZS_MECHANISM_UNKNOWN ? ZS_ANSWER_NONE
                                                : zs_answer_seen(f, r, &f->sight[ZS_SIGHT_ERROR]);
}
