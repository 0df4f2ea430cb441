/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a conversation came, and why no further, in a sentence (23/ZMTP, 38/ZMTP-GSSAPI; libzmq's ways).
 *
 * Limits: who is silent is explained by what libzmq is silent about. */
#include "core/conn/session.h"

#include <string.h>

static bool is_ready(const struct zs_session *s)
{
    if (zs_session_place(s, ZS_C2S).framing != ZS_FRAMING_3)
        return s->side[ZS_C2S].identified && s->side[ZS_S2C].identified;
    return s->side[ZS_C2S].ready && s->side[ZS_S2C].ready;
}

bool zs_session_established(const struct zs_session *s)
{
    const struct zs_side *c = &s->side[ZS_C2S], *v = &s->side[ZS_S2C];
    bool traffic =
        (c->traffic && (c->ready || c->losses)) || (v->traffic && (v->ready || v->losses));

    if (is_ready(s))
        return true;
    return traffic && (c->ready || c->losses) && (v->ready || v->losses);
}

/* Where the greetings are both there and agree, NULL. */
static const char *explain_greetings(const struct zs_session *s, bool closed)
{
    const struct zs_greeting *c = &s->side[ZS_C2S].greeting, *v = &s->side[ZS_S2C].greeting;

    if (c->part == ZS_GREETING_SIGNATURE || v->part == ZS_GREETING_SIGNATURE)
        return "one side has no greeting: it sent none, or the capture holds the other direction alone";
    if (c->part != ZS_GREETING_DONE || v->part != ZS_GREETING_DONE)
        return !closed ? "the capture ends inside the greeting"
               : v->part != ZS_GREETING_DONE
                   ? "the TCP server stopped inside its greeting: it refuses the mechanism or version of the client"
                   : "the TCP client stopped inside its greeting: it refuses the mechanism or version of the server";
    if (strcmp(c->mechanism, v->mechanism) != 0)
        return "the two greetings name different mechanisms";
    return NULL;
}

/* libzmq: the acceptor's READY comes first, once its ZAP handler has answered. */
static const char *explain_after_context(const struct zs_session *s)
{
    if (s->side[zs_dir_other(s->initiator)].ready)
        return "closed by the initiator at the acceptor's READY: it could not unwrap it, or the PLAINTEXT option "
               "is set on one side only";
    if (s->side[s->initiator].ready)
        return "closed after the context was established, before the acceptor's READY";
    return "closed after the context was established, before the acceptor's READY: libzmq's ZAP handler is missing, "
           "slow or denied the user";
}

/* libzmq's acceptor says nothing where it refuses. */
static const char *explain_silence(const struct zs_session *s)
{
    const struct zs_context_facts *f = s->context ? zs_context_facts(s->context) : NULL;

    if (!f || !f->ticket_opened)
        return "the acceptor never answered the AP-REQ: it refused the ticket and said nothing";
    if (f->verdict != ZS_VERDICT_ACCEPTABLE)
        return "the acceptor never answered the AP-REQ: it refused a ticket or a clock that it could not accept";
    return "the acceptor never answered the AP-REQ, although this key opens it and its times are good: the acceptor "
           "has another key (klist -kte on its keytab), another name, or saw this authenticator before";
}

/* The acceptor of GSSAPI has answered with nothing that goes on; or NULL. */
static const char *explain_roles(const struct zs_session *s, bool closed)
{
    if (!s->roles_known && s->foreign)
        return "no AP-REQ was seen: the context tokens are not Kerberos' own";
    if (!s->roles_known)
        return closed
                   ? "no AP-REQ was sent: the client has no ticket, or both sides are servers"
                   : "the capture ends before an AP-REQ: it is too short, the client has no ticket, or both sides "
                     "are servers";
    if (s->side[ZS_C2S].sent_ap_req && s->side[ZS_S2C].sent_ap_req)
        return "both sides sent an AP-REQ: both are clients";
    if (s->hinted)
        return "the acceptor answered with a SPNEGO hint: it could not acquire its credential (libzmq asks for one "
               "that initiates too: KRB5_CLIENT_KTNAME and a cache collection)";
    if (s->refused)
        return "the acceptor answered with a KRB-ERROR: it refused the ticket";
    if (!s->answered)
        return closed
                   ? explain_silence(s)
                   : "the capture ends before the acceptor answered the AP-REQ: it is too short, or the acceptor "
                     "refused the ticket and said nothing";
    return NULL;
}

static bool lacks_ap_req(const struct zs_session *s)
{
    return zs_session_place(s, ZS_C2S).mechanism == ZS_MECHANISM_GSSAPI && !s->roles_known;
}

/* Of a connection that was met in its middle. */
static const char *explain_midstream(const struct zs_session *s)
{
    if (lacks_ap_req(s))
        return "the connection began before the capture: without its AP-REQ only a session secret opens what is sealed";
    return "the connection began before the capture, and its handshake is not all in it";
}

const char *zs_session_explain_sealed(const struct zs_session *s)
{
    if (!lacks_ap_req(s) || !(s->side[ZS_C2S].sealed || s->side[ZS_S2C].sealed))
        return NULL;
    return s->foreign
               ? "the context tokens are not Kerberos' own, so nothing that is sealed can be opened"
               : "the AP-REQ is not in the capture, so only a session secret opens what is sealed: record the "
                 "connection from its beginning";
}

const char *zs_session_explain(const struct zs_session *s, bool closed)
{
    bool entered = s->midstream && (s->side[ZS_C2S].losses || s->side[ZS_S2C].losses);

    if (entered && (!is_ready(s) || lacks_ap_req(s)))
        return explain_midstream(s);
    if (zs_session_established(s))
        return NULL;
    if (s->side[ZS_C2S].losses || s->side[ZS_S2C].losses)
        return "octets of the handshake could not be read, so how far it came is not known";
    const char *why = explain_greetings(s, closed);
    if (why)
        return why;
    if (s->side[ZS_C2S].sent_error || s->side[ZS_S2C].sent_error)
        return "a peer refused the other with an ERROR command";
    bool gssapi = zs_session_place(s, ZS_C2S).mechanism == ZS_MECHANISM_GSSAPI;
    why = gssapi ? explain_roles(s, closed) : NULL;
    if (why)
        return why;
    if (!closed)
        return "the capture ends before both sides were ready";
    return gssapi ? explain_after_context(s) : "closed before both sides were ready";
}
