/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames to events: each is read where it stands, the session and the exchange take note of it, and what that comes to is
 * said, in an order that never changes: what it is, what is wrong with it, what it made, what is wrong at this point. */
#include "core/conn/teller.h"

#include <glib.h>

/* Octets of room for plaintexts that are kept from frame to frame. */
enum { SCRATCH_KEPT = 1 << 20 };

const char *zs_outcome_name(enum zs_outcome o)
{
    static const char *const names[] = {"established", "failed", "incomplete", "midstream"};
    return names[o];
}

const char *zs_limit_name(enum zs_limit l)
{
    static const char *const names[] = {"connections", "pending", "frames"};
    return names[l];
}

void zs_teller_init(struct zs_teller *t, const struct zs_conn_config *config, void *user,
                    bool midstream)
{
    *t = (struct zs_teller){.config = config, .user = user};
    zs_session_init(&t->session, config->keys);
    t->session.authenticators = config->authenticators;
    t->session.midstream = midstream;
    t->session.authenticators_only = config->on_event == NULL;
    if (config->on_event)
        t->exchange = zs_exchange_new();
}

/* Plaintexts are wiped before their memory goes back. */
static void drop_scratch(struct zs_teller *t)
{
    if (t->scratch)
        explicit_bzero(t->scratch, t->scratch_n);
    g_free(t->scratch);
    t->scratch = NULL;
    t->scratch_n = 0;
}

void zs_teller_clear(struct zs_teller *t)
{
    drop_scratch(t);
    zs_exchange_free(t->exchange);
    zs_session_clear(&t->session);
}

static bool is_directed(const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
    case ZS_EVENT_CONTEXT:
    case ZS_EVENT_CLOSE:
        return false;
    case ZS_EVENT_LIMIT:
        return ev->limit.which != ZS_LIMIT_CONNECTIONS;
    default:
        return true;
    }
}

void zs_teller_say(struct zs_teller *t, struct zs_event ev, enum zs_dir dir, struct zs_stamp at)
{
    if (!t->config->on_event)
        return;
    ev.at = at;
    ev.directed = is_directed(&ev);
    ev.dir = dir;
    t->config->on_event(t->user, &ev);
}

void zs_teller_defect(struct zs_teller *t, enum zs_dir dir, struct zs_stamp at, enum zs_rc rc,
                      const char *detail)
{
    if (rc != ZS_OK)
        zs_teller_say(
            t, (struct zs_event){.kind = ZS_EVENT_DEFECT, .defect = {.rc = rc, .detail = detail}},
            dir, at);
}

static void say_context(struct zs_teller *t, enum zs_dir dir, struct zs_stamp at)
{
    struct zs_event_context made = {
        .facts = zs_context_facts(t->session.context),
        .context = t->session.context,
        .initiator = t->session.initiator,
    };
    zs_teller_say(t, (struct zs_event){.kind = ZS_EVENT_CONTEXT, .context = made}, dir, at);
}

static void say_token(struct zs_teller *t, enum zs_dir dir, const struct zs_reading *r,
                      enum zs_mic_state mic, struct zs_stamp at)
{
    struct zs_ap_req req;
    struct zs_krb_error error;
    struct zs_event_token said = {.reading = r, .token = &r->token, .mic = mic};

    if (r->mech.kind == ZS_TOKEN_AP_REQ && zs_ap_req_parse(r->mech.inner, &req) == ZS_OK)
        said.ap_req = &req;
    if (r->mech.kind == ZS_TOKEN_KRB_ERROR && zs_krb_error_parse(r->mech.inner, &error) == ZS_OK)
        said.krb_error = &error;
    zs_teller_say(t, (struct zs_event){.kind = ZS_EVENT_TOKEN, .token = said}, dir, at);
}

static void say_reading(struct zs_teller *t, enum zs_dir dir, const struct zs_reading *r,
                        const struct zs_turn *turn, const struct zs_exchange_fact *fact,
                        struct zs_stamp at)
{
    switch (r->kind) {
    case ZS_READ_TOKEN:
        say_token(t, dir, r, turn->mic, at);
        return;
    case ZS_READ_COMMAND:
        zs_teller_say(t, (struct zs_event){.kind = ZS_EVENT_COMMAND, .command = r, .fact = fact},
                      dir, at);
        return;
    case ZS_READ_MESSAGE:
        zs_teller_say(t, (struct zs_event){.kind = ZS_EVENT_MESSAGE, .message = r, .fact = fact},
                      dir, at);
        return;
    case ZS_READ_IDENTITY:
        return; /* part of the greeting of the old versions */
    }
}

/* Room for plaintexts, which grows to the largest token and is wiped before it goes back. */
static void make_room(struct zs_teller *t, size_t room)
{
    if (room <= t->scratch_n)
        return;
    drop_scratch(t);
    t->scratch = g_malloc(room);
    t->scratch_n = room;
}

static void read_frame(struct zs_teller *t, enum zs_dir dir, const struct zs_frame *f,
                       const struct zs_unwrap_answer *answer, struct zs_reading *r)
{
    struct zs_place place = zs_session_place(&t->session, dir);

    place.answer = answer;
    if (!answer)
        make_room(t, zs_reading_room(&place, f));
    zs_reading_make(&place, f, t->scratch, t->scratch_n, r);
}

/* The numbers that belong to a defect's sentence; NULL: none do. */
static const char *detail_of(const struct zs_turn *turn, const struct zs_reading *r, char *buf,
                             size_t size)
{
    if (turn->defect == ZS_E_WRAP_GAP || turn->defect == ZS_E_WRAP_DUPLICATE ||
        turn->defect == ZS_E_WRAP_REVERSAL)
        g_snprintf(buf, size, "expected %" G_GUINT64_FORMAT ", got %" G_GUINT64_FORMAT,
                   turn->expected, r->sequence);
    else if (turn->defect == ZS_E_AP_REQ_REPLAYED)
        g_snprintf(buf, size, "first in packet %" G_GUINT64_FORMAT, turn->first.frame);
    else
        return NULL;
    return buf;
}

static void say_turn(struct zs_teller *t, enum zs_dir dir, struct zs_stamp at,
                     const struct zs_reading *r, const struct zs_turn *turn)
{
    char detail[96];

    if (turn->context_made)
        say_context(t, dir, at);
    zs_teller_defect(t, dir, at, turn->defect, detail_of(turn, r, detail, sizeof detail));
}

static void on_reading(struct zs_teller *t, enum zs_dir dir, const struct zs_reading *r,
                       struct zs_stamp at)
{
    struct zs_turn turn;
    struct zs_exchange_fact fact;

    zs_session_step(&t->session, dir, r, at, &turn);
    if (!t->config->on_event)
        return;
    zs_exchange_step(t->exchange, &t->session, dir, r, at, NULL, &fact);
    if (fact.established) {
        t->has_handshake = true;
        t->handshake_ns = fact.handshake_ns;
    }
    say_reading(t, dir, r, &turn, &fact, at);
    zs_teller_defect(t, dir, at, r->defect, NULL);
    say_turn(t, dir, at, r, &turn);
}

void zs_teller_frame(struct zs_teller *t, enum zs_dir dir, const struct zs_frame *f,
                     const struct zs_unwrap_answer *answer, struct zs_stamp at)
{
    struct zs_reading r;

    read_frame(t, dir, f, answer, &r);
    if (!answer && zs_session_settle(&t->session, dir, &r)) {
        say_context(t, dir, at);
        read_frame(t, dir, f, answer, &r);
    }
    on_reading(t, dir, &r, at);
    if (t->scratch_n > SCRATCH_KEPT)
        drop_scratch(t);
}

void zs_teller_close(struct zs_teller *t, bool closed, struct zs_stamp at)
{
    struct zs_event ev = {.kind = ZS_EVENT_CLOSE};

    if (zs_session_conclude(&t->session))
        say_context(t, ZS_C2S, at);
    ev.close.reason = zs_session_explain(&t->session, closed);
    if (!ev.close.reason) {
        ev.close.outcome = ZS_OUTCOME_ESTABLISHED;
        ev.close.sealed = zs_session_explain_sealed(&t->session);
    } else if (t->session.midstream) {
        ev.close.outcome = ZS_OUTCOME_MIDSTREAM;
    } else {
        ev.close.outcome = closed ? ZS_OUTCOME_FAILED : ZS_OUTCOME_INCOMPLETE;
    }
    ev.close.has_handshake = t->has_handshake;
    ev.close.handshake_ns = t->handshake_ns;
    ev.close.session = &t->session;
    zs_teller_say(t, ev, ZS_C2S, at);
}
