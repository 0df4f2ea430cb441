/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A captured connection run again with our client and our server (23/ZMTP, 37/ZMTP, 38/ZMTP-GSSAPI).
 *
 * Both start once what they must be told is known: roles, keys, socket types; up to there the octets wait.
 *
 * Limits: ZMTP 3 with GSSAPI or NULL. A handshake of more than PENDING_MAX octets is not run. Timers do not run: how
 * long a side was silent is for who reads the times. PONGS_MAX PONGs of ours wait for the captured side to say them: one of
 * its that may answer an earlier PING is not judged. */
#include "core/conn/rerun.h"

#include "core/conn/difference.h"
#include "core/conn/observed.h"

#include <glib.h>
#include <string.h>

enum { PENDING_MAX = 1 << 20, BODY_MAX = 1 << 16, FRAME_MAX = 1 << 30, PONGS_MAX = 64 };

/* Octets that wait. */
struct chunk {
    enum zs_dir dir;
    struct zs_stamp at;
    GBytes *octets;
};

/* A statement that waits for its counterpart. */
struct statement {
    struct zs_peer_event event;
    struct zs_greeting greeting;
    struct zs_stamp at;
    uint8_t *body;
};

/* One of ours, and what is known of the captured one whose part it takes. */
struct part {
    struct zs_rerun *rerun;
    enum zs_role role;
    struct zs_peer peer;
    struct zs_observed *observed;
    GQueue said,
        heard;    /* of struct statement: by ours, by the captured one; one of them is empty */
    GQueue pongs; /* of struct statement: by ours, the last PONGS_MAX */
    uint64_t forgotten; /* those before that the captured one did not say in time */
    bool failed;        /* ours: what it hears is refused from here on */
};

/* What is learned of a direction before the start. */
struct learned {
    GPtrArray *tokens; /* GBytes */
    enum zs_socket_type type;
    uint8_t minor;
    bool ready;
};

struct zs_rerun {
    const struct zs_rerun_handler *handler;
    void *user;
    GQueue pending; /* of struct chunk */
    size_t pending_octets;
    struct learned learned[ZS_DIR_COUNT];
    enum zs_mechanism mechanism;
    enum zs_form form;
    bool form_known, bare, unsealed, sealed_ready;
    const struct zs_context *context;
    enum zs_dir initiator; /* or who opened the connection */
    bool started, closed, established_in_capture;
    struct part part[ZS_ROLE_COUNT];
    const struct zs_peer_event *mirrored; /* what ours is made to say again, at this moment */
    struct zs_stamp first, at;            /* of octets: the first, and those being heard */
    bool decided, lossy;
    struct zs_rerun_result result;
    struct zs_differences differences;
};

const char *zs_rerun_verdict_name(enum zs_rerun_verdict v)
{
    static const char *const names[] = {"same",   "differs",    "broken",
                                        "failed", "incomplete", "not-run"};
    return names[v];
}

static enum zs_role other(enum zs_role role)
{
    return role == ZS_ROLE_CLIENT ? ZS_ROLE_SERVER : ZS_ROLE_CLIENT;
}

enum zs_role zs_rerun_role(const struct zs_rerun *r, enum zs_dir dir)
{
    return dir == r->initiator ? ZS_ROLE_CLIENT : ZS_ROLE_SERVER;
}

static enum zs_dir dir_of(const struct zs_rerun *r, enum zs_role role)
{
    return role == ZS_ROLE_CLIENT ? r->initiator : zs_dir_other(r->initiator);
}

/* ==== verdicts: the first one stands ==== */

static void decide(struct zs_rerun *r, enum zs_rerun_verdict verdict, struct zs_stamp at,
                   const char *reason)
{
    if (r->decided)
        return;
    r->decided = true;
    r->result.verdict = verdict;
    r->result.at = at;
    r->result.reason = reason;
}

static void decide_by(struct zs_rerun *r, enum zs_rerun_verdict verdict, enum zs_role role,
                      enum zs_rc rc, const char *reason)
{
    if (r->decided)
        return;
    decide(r, verdict, r->at, reason);
    r->result.has_role = true;
    r->result.role = role;
    r->result.rc = rc;
}

/* What a side may do, though nothing comes of it; all other defects break the protocol. */
static bool is_failure(enum zs_rc rc)
{
    switch (rc) {
    case ZS_E_GREETING_VERSION:
    case ZS_E_MECHANISM_DIFFERS:
    case ZS_E_SOCKET_TYPE:
    case ZS_E_CONTEXT_REFUSED:
    case ZS_E_CONTEXT_WEAK:
    case ZS_E_PLAINTEXT_MODE:
    case ZS_E_STREAM_ENDED:
        return true;
    default:
        return false;
    }
}

/* ==== statements ==== */

static struct statement *copy(const struct zs_peer_event *ev, struct zs_stamp at)
{
    struct statement *s = g_new0(struct statement, 1);

    s->event = *ev;
    s->at = at;
    s->event.body.n = MIN(ev->body.n, BODY_MAX);
    s->event.body.p = s->body = g_memdup2(ev->body.p, s->event.body.n);
    if (ev->greeting) {
        s->greeting = *ev->greeting;
        s->event.greeting = &s->greeting;
    }
    return s;
}

static void free_statement(gpointer data)
{
    struct statement *s = data;

    g_free(s->body);
    g_free(s);
}

static void pair_up(struct zs_rerun *r, struct part *p)
{
    while (p->said.head && p->heard.head) {
        struct statement *ours = g_queue_pop_head(&p->said);
        struct statement *captured = g_queue_pop_head(&p->heard);
        zs_differ_statements(&r->differences, p->role, captured->at, &ours->event,
                             &captured->event);
        free_statement(ours);
        free_statement(captured);
    }
}

static void keep_pong(struct part *p, struct statement *pong)
{
    if (p->pongs.length == PONGS_MAX) {
        free_statement(g_queue_pop_head(&p->pongs));
        p->forgotten++;
    }
    g_queue_push_tail(&p->pongs, pong);
}

/* Ours says something. */
static void on_said(void *user, const struct zs_peer_event *said)
{
    struct part *p = user;
    struct zs_rerun *r = p->rerun;

    if (r->mirrored) {
        zs_differ_statements(&r->differences, p->role, r->at, said, r->mirrored);
        return;
    }
    if (said->kind == ZS_PEER_ERROR)
        return; /* its end is told as the defect that it answers */
    if (said->command == ZS_CMD_PONG) {
        keep_pong(p, copy(said, r->at));
        return;
    }
    g_queue_push_tail(&p->said, copy(said, r->at));
    pair_up(r, p);
}

/* A PONG that ours said when it heard the PING; the captured one may have said other things before. */
static bool take_pong(struct part *p, const struct zs_peer_event *ev)
{
    for (GList *l = p->pongs.head; l; l = l->next) {
        struct statement *s = l->data;
        if (s->event.body.n != ev->body.n ||
            (ev->body.n && memcmp(s->body, ev->body.p, ev->body.n) != 0))
            continue;
        free_statement(s);
        g_queue_delete_link(&p->pongs, l);
        return true;
    }
    if (p->forgotten == 0)
        return false;
    p->forgotten--;
    return true;
}

/* Ours is made to say it too. */
static void mirror(struct zs_rerun *r, struct part *p, const struct zs_peer_event *ev)
{
    if (p->peer.state != ZS_PEER_OPEN)
        return;
    r->mirrored = ev;
    if (ev->kind == ZS_PEER_MESSAGE)
        zs_peer_send(&p->peer, ev->body, ev->more);
    else if (ev->command == ZS_CMD_SUBSCRIBE)
        zs_peer_subscribe(&p->peer, ev->body);
    else if (ev->command == ZS_CMD_CANCEL)
        zs_peer_cancel(&p->peer, ev->body);
    else if (ev->command == ZS_CMD_PING)
        zs_peer_ping(&p->peer, ev->ttl, ev->body);
    r->mirrored = NULL;
    zs_peer_sent(&p->peer, zs_peer_output(&p->peer).n);
}

/* Keys and clock of the capture, or what our client asks for, rule out what the captured sides went on with. */
static void on_lenience(struct zs_rerun *r, enum zs_role role, const struct zs_peer_event *ev,
                        const char *clause)
{
    zs_differ(&r->differences, role, r->at, "context",
              ev->detail ? ev->detail : zs_defect_of(ev->rc)->sentence, "accepted", clause);
    decide(r, ZS_RERUN_DIFFERS, r->at, ev->detail ? ev->detail : zs_defect_of(ev->rc)->sentence);
}

static void on_refused(struct zs_rerun *r, enum zs_role speaker, const struct zs_peer_event *ev)
{
    bool accepting = speaker == ZS_ROLE_CLIENT && ev->rc == ZS_E_CONTEXT_REFUSED;
    const struct zs_context_facts *f = r->context ? zs_context_facts(r->context) : NULL;
    /* Our client failed before it heard anything but a greeting: of itself, or of the one that it stands for. */
    bool own = speaker == ZS_ROLE_SERVER && ev->state == ZS_PEER_WANT_GREETING &&
               (ev->rc == ZS_E_CONTEXT_REFUSED || ev->rc == ZS_E_CONTEXT_WEAK);
    bool hint = ev->detail && strstr(ev->detail, "hint");

    r->part[other(speaker)].failed = true;
    if (accepting && !(f && f->ticket_opened))
        decide(r, ZS_RERUN_NOT_RUN, r->at, ev->detail);
    else if (accepting && r->established_in_capture)
        on_lenience(r, ZS_ROLE_SERVER, ev, "RFC 4120, 3.2.3");
    else if (own && ev->rc == ZS_E_CONTEXT_WEAK && r->established_in_capture)
        on_lenience(r, ZS_ROLE_CLIENT, ev, "RFC 2743, 1.2.1");
    else
        decide_by(r, is_failure(ev->rc) && !hint ? ZS_RERUN_FAILED : ZS_RERUN_BROKEN,
                  own ? ZS_ROLE_CLIENT : speaker, ev->rc, ev->detail);
}

static void on_traffic(struct zs_rerun *r, struct part *p, const struct zs_peer_event *ev)
{
    if (ev->rc == ZS_E_SUBSCRIPTION_LOST) {
        zs_differ(&r->differences, p->role, r->at, "subscription", "01, then the topic",
                  "the topic alone", "libzmq: #4847, #4848");
        return;
    }
    if (ev->command == ZS_CMD_PONG) {
        if (!take_pong(p, ev) && p->peer.state == ZS_PEER_OPEN)
            zs_differ(&r->differences, p->role, r->at, "statement", "nothing", "PONG",
                      "37/ZMTP: heartbeating");
        return;
    }
    mirror(r, p, ev);
}

/* What the captured side of a role said, heard by our other side. */
static void on_heard(struct zs_rerun *r, enum zs_role speaker, const struct zs_peer_event *ev)
{
    struct zs_rerun_result *result = &r->result;
    struct part *p = &r->part[speaker];

    if (ev->kind == ZS_PEER_END)
        return;
    r->handler->on_statement(r->user, speaker, r->at, ev);
    if (ev->kind == ZS_PEER_DEFECT) {
        on_refused(r, speaker, ev);
        return;
    }
    result->statements[speaker]++;
    if (ev->kind == ZS_PEER_ERROR) {
        decide_by(r, ZS_RERUN_FAILED, speaker, ZS_OK, "it refused with an ERROR");
        return;
    }
    if (ev->kind == ZS_PEER_MESSAGE) {
        result->messages[speaker] += !ev->more;
        result->octets[speaker] += ev->body.n;
    }
    if (r->mechanism == ZS_MECHANISM_GSSAPI)
        zs_differ_from_spec(&r->differences, speaker, r->at, ev);
    if (ev->kind == ZS_PEER_MESSAGE ||
        (ev->kind == ZS_PEER_COMMAND && ev->command != ZS_CMD_EMPTY)) {
        on_traffic(r, p, ev);
        return;
    }
    g_queue_push_tail(&p->heard, copy(ev, r->at));
    pair_up(r, p);
}

static void hear(struct zs_rerun *r, enum zs_dir dir, struct zs_span in, struct zs_stamp at)
{
    enum zs_role speaker = zs_rerun_role(r, dir);
    struct part *listener = &r->part[other(speaker)];
    struct zs_rerun_result *result = &r->result;
    struct zs_peer_event ev;

    r->at = at;
    while (!listener->failed && zs_peer_step(&listener->peer, &in, 0, &ev)) {
        on_heard(r, speaker, &ev);
        zs_peer_sent(&listener->peer, zs_peer_output(&listener->peer).n);
    }
    bool both = r->part[0].peer.state == ZS_PEER_OPEN && r->part[1].peer.state == ZS_PEER_OPEN;
    if (both && !result->established) {
        result->established = true;
        result->handshake_ns = zs_stamp_since(at, r->first);
    }
}

/* ==== the start ==== */

static void set_options(const struct zs_rerun *r, enum zs_role role, struct zs_peer_options *o)
{
    const struct learned *l = &r->learned[dir_of(r, role)];
    enum zs_socket_type fallback = role == ZS_ROLE_CLIENT ? ZS_SOCKET_DEALER : ZS_SOCKET_ROUTER;

    *o = zs_peer_options(role, l->type ? l->type : fallback);
    o->null = r->mechanism == ZS_MECHANISM_NULL;
    o->form = r->form;
    o->plaintext = r->bare;
    o->integrity_only = r->unsealed;
    o->minor = l->minor;
    o->handshake_ns = 0;
    o->frame_limit = FRAME_MAX;
    o->handshake_limit = FRAME_MAX;
    o->output_limit = FRAME_MAX;
}

static const char *objection(const struct zs_rerun *r)
{
    if (r->mechanism != ZS_MECHANISM_GSSAPI && r->mechanism != ZS_MECHANISM_NULL)
        return "its mechanism or version is none that is run again: ZMTP 3 with GSSAPI or NULL";
    if (r->lossy)
        return "octets of its handshake are not in the capture";
    if (!r->sealed_ready)
        return NULL;
    if (!r->context)
        return "the AP-REQ of its handshake is not in the capture";
    return zs_context_facts(r->context)->reason ? zs_context_facts(r->context)->reason
                                                : "no key opens it";
}

static void start_part(struct zs_rerun *r, enum zs_role role)
{
    struct part *p = &r->part[role];
    struct zs_peer_options options;
    const GPtrArray *tokens = r->learned[dir_of(r, role)].tokens;

    set_options(r, role, &options);
    options.on_said = on_said;
    options.user = p;
    p->observed = zs_observed_new(role, r->context);
    for (guint i = 0; i < tokens->len; i++) {
        gsize n;
        const void *octets = g_bytes_get_data(tokens->pdata[i], &n);
        zs_observed_token(p->observed, zs_span(octets, n));
    }
    zs_peer_init(&p->peer, &options, options.null ? NULL : zs_observed_gss(p->observed), 0);
    zs_peer_sent(&p->peer, zs_peer_output(&p->peer).n);
}

static void free_chunk(gpointer data)
{
    struct chunk *c = data;

    g_bytes_unref(c->octets);
    g_free(c);
}

static void start(struct zs_rerun *r)
{
    struct chunk *c;

    r->started = true;
    if (objection(r)) {
        decide(r, ZS_RERUN_NOT_RUN, r->first, objection(r));
        g_queue_clear_full(&r->pending, free_chunk);
        return;
    }
    start_part(r, ZS_ROLE_CLIENT);
    start_part(r, ZS_ROLE_SERVER);
    while ((c = g_queue_pop_head(&r->pending))) {
        gsize n;
        const void *octets = g_bytes_get_data(c->octets, &n);
        hear(r, c->dir, zs_span(octets, n), c->at);
        free_chunk(c);
    }
}

static bool is_running(const struct zs_rerun *r)
{
    return r->part[0].observed != NULL;
}

/* ==== what is learned from the observed connection ==== */

static void learn_ready(struct zs_rerun *r, enum zs_dir dir, const struct zs_reading *in)
{
    r->learned[dir].ready = true;
    r->learned[dir].type = zs_metadata_socket_type(in->content.body);
    if (r->mechanism != ZS_MECHANISM_GSSAPI)
        return;
    r->bare |= !in->wrapped;
    r->unsealed |= in->wrapped && !in->unwrapped.confidential;
    if (!r->form_known)
        r->form = in->command.form;
    r->form_known = true;
}

static void learn_command(struct zs_rerun *r, enum zs_dir dir, const struct zs_reading *in)
{
    if (in->content.id == ZS_CMD_READY && in->has_metadata)
        learn_ready(r, dir, in);
    /* Of a handshake that is sealed to us. */
    r->sealed_ready |= in->wrapped && !in->verified;
    r->established_in_capture |= in->content.id == ZS_CMD_READY;
}

static void learn_token(struct zs_rerun *r, enum zs_dir dir, const struct zs_reading *in)
{
    GPtrArray *tokens = r->learned[dir].tokens;

    if (tokens->len < 64)
        g_ptr_array_add(tokens, g_bytes_new(in->token_octets.p, in->token_octets.n));
    if (!r->form_known)
        r->form = in->command.form;
    r->form_known = true;
    if (in->mech.kind == ZS_TOKEN_AP_REQ && !r->context &&
        !r->learned[zs_dir_other(dir)].tokens->len)
        r->initiator = dir;
}

static void learn(struct zs_rerun *r, const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_GREETING:
        r->mechanism = ev->greeting->versioned && !zs_greeting_is_2(ev->greeting)
                           ? zs_mechanism_of(ev->greeting->mechanism)
                           : ZS_MECHANISM_NONE;
        r->learned[ev->dir].minor = ev->greeting->minor;
        break;
    case ZS_EVENT_TOKEN:
        learn_token(r, ev->dir, ev->token.reading);
        break;
    case ZS_EVENT_CONTEXT:
        r->context = ev->context.context;
        r->initiator = ev->context.initiator;
        break;
    case ZS_EVENT_COMMAND:
        learn_command(r, ev->dir, ev->command);
        break;
    default:
        break;
    }
}

void zs_rerun_event(struct zs_rerun *r, const struct zs_event *ev)
{
    if (ev->kind == ZS_EVENT_GAP && ev->gap.bytes) {
        r->lossy = true;
        r->at = ev->at;
        if (r->started)
            decide(r, ZS_RERUN_INCOMPLETE, ev->at, "octets are not in the capture");
        for (int role = 0; role < ZS_ROLE_COUNT; role++)
            r->part[role].failed = true;
    }
    if (ev->kind == ZS_EVENT_CLOSE)
        r->closed = ev->close.outcome == ZS_OUTCOME_FAILED;
    if (ev->kind == ZS_EVENT_CONNECTION && ev->midstream)
        r->lossy = true;
    if (!r->started)
        learn(r, ev);
}

void zs_rerun_data(struct zs_rerun *r, enum zs_dir dir, struct zs_span octets, struct zs_stamp at)
{
    if (r->first.frame == 0)
        r->first = at;
    if (r->started) {
        if (is_running(r) && !r->lossy)
            hear(r, dir, octets, at);
        return;
    }
    struct chunk *c = g_new0(struct chunk, 1);
    *c = (struct chunk){.dir = dir, .at = at, .octets = g_bytes_new(octets.p, octets.n)};
    g_queue_push_tail(&r->pending, c);
    r->pending_octets += octets.n;
    bool known = r->learned[ZS_C2S].ready && r->learned[ZS_S2C].ready;
    if (known || r->sealed_ready || r->lossy || r->pending_octets > PENDING_MAX)
        start(r);
}

/* ==== the end ==== */

/* Who owes the other something: ours said it, the captured one did not. */
static const struct part *debtor(const struct zs_rerun *r)
{
    const struct part *server = &r->part[ZS_ROLE_SERVER], *client = &r->part[ZS_ROLE_CLIENT];

    if (!g_queue_is_empty((GQueue *)&server->said))
        return server;
    return g_queue_is_empty((GQueue *)&client->said) ? NULL : client;
}

static void end_handshake(struct zs_rerun *r)
{
    const struct part *p = debtor(r);

    if (!r->closed && p == NULL) {
        decide(r, ZS_RERUN_INCOMPLETE, r->at, "the capture ends inside the handshake");
        return;
    }
    if (!p) {
        decide_by(r, ZS_RERUN_FAILED, ZS_ROLE_CLIENT, ZS_E_STREAM_ENDED,
                  zs_peer_state_name(r->part[ZS_ROLE_SERVER].peer.state));
        return;
    }
    const struct statement *s = p->said.head->data;
    zs_differ(&r->differences, p->role, r->at, "statement", zs_statement_name(&s->event), "nothing",
              "23/ZMTP: mechanism");
    decide_by(r, ZS_RERUN_FAILED, p->role, ZS_OK, "it was silent where ours would have spoken");
}

static bool is_cut(const struct part *p)
{
    return (p->peer.input.n && !p->peer.spent) || p->peer.seen_part;
}

const struct zs_rerun_result *zs_rerun_end(struct zs_rerun *r)
{
    if (!r->started)
        start(r);
    if (!is_running(r))
        return &r->result;
    if (r->lossy)
        decide(r, ZS_RERUN_INCOMPLETE, r->at, "octets are not in the capture");
    else if (!r->result.established)
        end_handshake(r);
    else if (is_cut(&r->part[0]) || is_cut(&r->part[1]))
        decide(r, ZS_RERUN_INCOMPLETE, r->at, "it ends inside a frame or a message");
    decide(r, r->result.differences ? ZS_RERUN_DIFFERS : ZS_RERUN_SAME, (struct zs_stamp){0}, NULL);
    return &r->result;
}

struct zs_rerun *zs_rerun_new(const struct zs_rerun_handler *handler, void *user)
{
    struct zs_rerun *r = g_new0(struct zs_rerun, 1);

    r->handler = handler;
    r->user = user;
    r->differences = (struct zs_differences){handler, user, &r->result.differences};
    g_queue_init(&r->pending);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        r->learned[d].tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (int role = 0; role < ZS_ROLE_COUNT; role++) {
        struct part *p = &r->part[role];
        p->rerun = r;
        p->role = (enum zs_role)role;
        g_queue_init(&p->said);
        g_queue_init(&p->heard);
        g_queue_init(&p->pongs);
    }
    return r;
}

void zs_rerun_free(struct zs_rerun *r)
{
    if (!r)
        return;
    g_queue_clear_full(&r->pending, free_chunk);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g_ptr_array_unref(r->learned[d].tokens);
    for (int role = 0; role < ZS_ROLE_COUNT; role++) {
        struct part *p = &r->part[role];
        if (p->observed)
            zs_peer_clear(&p->peer);
        zs_observed_free(p->observed);
        g_queue_clear_full(&p->said, free_statement);
        g_queue_clear_full(&p->heard, free_statement);
        g_queue_clear_full(&p->pongs, free_statement);
    }
    g_free(r);
}
