/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One observed connection: recognises ZMTP by the first octets of either direction, cuts the streams into frames,
 * and says as events what they mean (23/ZMTP, 37/ZMTP).
 *
 * Behind a gap that took a frame's header with it, behind damaged framing, and where the beginning of a connection is not
 * in the capture, it looks for the next frame's (resync.h), and says how many octets it could not read.
 *
 * Limits: what resync.h does not find. A connection met in its middle is looked at for SEARCH_LIMIT octets. Damaged
 * framing costs the rest of its piece. */
#include "core/conn/conn.h"

#include "core/conn/batch.h"
#include "core/conn/resync.h"
#include "core/conn/waiting.h"

#include <glib.h>

enum {
    PROBE_LIMIT = 512,      /* octets of a side that wait for the other side's first ones */
    SEARCH_LIMIT = 1 << 20, /* octets of a side in which a frame must stand that proves ZMTP */
    SCRATCH_KEPT = 1 << 20, /* octets of room for plaintexts that are kept from frame to frame */
};

/* One direction's octets. */
struct stream {
    GByteArray
        *pending; /* the beginning of a frame or greeting whose rest is awaited; NULL: none */
    struct zs_waiter waiter; /* pending's octets, as far as they are noted */
    uint64_t pass;           /* octets of a body to pass over */
    /* Where the next frame begins is unknown, and looked for; pending is then what may begin one. */
    bool searching;
    bool guessed;    /* … was found, but may turn out wrong */
    bool counting;   /* what is passed over counts as unread */
    uint64_t unread; /* octets that were here and could not be read, not yet said */
    /* What befell it while nobody knew that it is ZMTP, to be said then. */
    uint64_t early_gap;
    bool early_conflict;
};

enum recognition { UNDECIDED, IS_ZMTP, IS_NOT_ZMTP };

struct zs_conn {
    const struct zs_conn_config *config;
    void *user;
    bool midstream;
    bool assumed; /* somebody says that it is ZMTP */
    enum recognition recognition;
    struct zs_stamp opened_at;
    struct zs_session session;
    struct zs_exchange *exchange;
    bool has_handshake;
    int64_t handshake_ns;
    struct stream stream[ZS_DIR_COUNT];
    bool looking_across; /* one side's greeting is looked at again because of the other's */
    uint8_t
        *scratch; /* plaintexts; grows to the largest token seen, at most SCRATCH_KEPT for long */
    size_t scratch_n;
};

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

struct zs_conn *zs_conn_new(const struct zs_conn_config *config, void *user, bool midstream,
                            struct zs_stamp at)
{
    struct zs_conn *c = g_new(struct zs_conn, 1);

    g_assert(config->frame_limit <= ZS_FRAME_LIMIT_MAX);
    *c = (struct zs_conn){.config = config, .user = user, .midstream = midstream, .opened_at = at};
    zs_session_init(&c->session, config->keys);
    c->session.authenticators = config->authenticators;
    c->session.midstream = midstream;
    c->session.authenticators_only = config->on_event == NULL;
    if (config->on_event)
        c->exchange = zs_exchange_new();
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        c->stream[d].waiter = (struct zs_waiter){.conn = c, .dir = (enum zs_dir)d};
    return c;
}

void zs_conn_assume(struct zs_conn *c)
{
    c->assumed = true;
}

static void drop_pending(struct stream *s)
{
    if (s->pending)
        g_byte_array_free(s->pending, TRUE);
    s->pending = NULL;
}

/* Plaintexts are wiped before their memory goes back. */
static void drop_scratch(struct zs_conn *c)
{
    if (c->scratch)
        explicit_bzero(c->scratch, c->scratch_n);
    g_free(c->scratch);
    c->scratch = NULL;
    c->scratch_n = 0;
}

void zs_conn_free(struct zs_conn *c)
{
    if (!c)
        return;
    zs_conn_settle(c->config);
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        drop_pending(&c->stream[d]);
        if (c->config->waiting)
            zs_waiting_note(c->config->waiting, &c->stream[d].waiter, 0);
    }
    drop_scratch(c);
    zs_exchange_free(c->exchange);
    zs_session_clear(&c->session);
    g_free(c);
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

static void emit(struct zs_conn *c, struct zs_event ev, enum zs_dir dir, struct zs_stamp at)
{
    if (!c->config->on_event)
        return;
    ev.at = at;
    ev.directed = is_directed(&ev);
    ev.dir = dir;
    c->config->on_event(c->user, &ev);
}

static void emit_defect(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at, enum zs_rc rc,
                        const char *detail)
{
    if (rc != ZS_OK)
        emit(c, (struct zs_event){.kind = ZS_EVENT_DEFECT, .defect = {.rc = rc, .detail = detail}},
             dir, at);
}

static void emit_context(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct zs_event_context made = {
        .facts = zs_context_facts(c->session.context),
        .context = c->session.context,
        .initiator = c->session.initiator,
    };
    emit(c, (struct zs_event){.kind = ZS_EVENT_CONTEXT, .context = made}, dir, at);
}

static void emit_token(struct zs_conn *c, enum zs_dir dir, const struct zs_reading *r,
                       enum zs_mic_state mic, struct zs_stamp at)
{
    struct zs_ap_req req;
    struct zs_krb_error error;
    struct zs_event_token t = {.reading = r, .token = &r->token, .mic = mic};

    if (r->mech.kind == ZS_TOKEN_AP_REQ && zs_ap_req_parse(r->mech.inner, &req) == ZS_OK)
        t.ap_req = &req;
    if (r->mech.kind == ZS_TOKEN_KRB_ERROR && zs_krb_error_parse(r->mech.inner, &error) == ZS_OK)
        t.krb_error = &error;
    emit(c, (struct zs_event){.kind = ZS_EVENT_TOKEN, .token = t}, dir, at);
}

static void emit_reading(struct zs_conn *c, enum zs_dir dir, const struct zs_reading *r,
                         const struct zs_turn *turn, const struct zs_exchange_fact *fact,
                         struct zs_stamp at)
{
    switch (r->kind) {
    case ZS_READ_TOKEN:
        emit_token(c, dir, r, turn->mic, at);
        return;
    case ZS_READ_COMMAND:
        emit(c, (struct zs_event){.kind = ZS_EVENT_COMMAND, .command = r, .fact = fact}, dir, at);
        return;
    case ZS_READ_MESSAGE:
        emit(c, (struct zs_event){.kind = ZS_EVENT_MESSAGE, .message = r, .fact = fact}, dir, at);
        return;
    case ZS_READ_IDENTITY:
        return; /* part of the greeting of the old versions */
    }
}

/* Octets that could not be read are said when reading goes on, or at the end. */
static void tell_unread(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    if (s->unread)
        emit(c, (struct zs_event){.kind = ZS_EVENT_GAP, .gap.unread = s->unread}, dir, at);
    s->unread = 0;
    s->counting = false;
}

/* Room for plaintexts, which grows to the largest token and is wiped before it goes back. */
static void make_room(struct zs_conn *c, size_t room)
{
    if (room <= c->scratch_n)
        return;
    drop_scratch(c);
    c->scratch = g_malloc(room);
    c->scratch_n = room;
}

static void read_frame(struct zs_conn *c, enum zs_dir dir, const struct zs_frame *f,
                       struct zs_reading *r)
{
    struct zs_place place = zs_session_place(&c->session, dir);

    make_room(c, zs_reading_room(&place, f));
    zs_reading_make(&place, f, c->scratch, c->scratch_n, r);
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

static void emit_turn(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at,
                      const struct zs_reading *r, const struct zs_turn *turn)
{
    char detail[96];

    if (turn->context_made)
        emit_context(c, dir, at);
    emit_defect(c, dir, at, turn->defect, detail_of(turn, r, detail, sizeof detail));
}

static void on_reading(struct zs_conn *c, enum zs_dir dir, const struct zs_reading *r,
                       struct zs_stamp at)
{
    struct zs_turn turn;
    struct zs_exchange_fact fact;

    zs_session_step(&c->session, dir, r, at, &turn);
    if (!c->config->on_event)
        return;
    zs_exchange_step(c->exchange, &c->session, dir, r, at, NULL, &fact);
    if (fact.established) {
        c->has_handshake = true;
        c->handshake_ns = fact.handshake_ns;
    }
    emit_reading(c, dir, r, &turn, &fact, at);
    emit_defect(c, dir, at, r->defect, NULL);
    emit_turn(c, dir, at, r, &turn);
}

static void on_waited(const struct zs_waited *w)
{
    struct zs_place place = zs_session_place(&w->conn->session, w->dir);
    struct zs_reading r;

    place.answer = &w->answer;
    zs_reading_make(&place, &w->frame, NULL, 0, &r);
    on_reading(w->conn, w->dir, &r, w->at);
}

void zs_conn_settle(const struct zs_conn_config *config)
{
    for (const struct zs_waited *w; config->batch && (w = zs_batch_next(config->batch));)
        on_waited(w);
}

/* Where the next frames stand must not follow from what is in this one, nor may anything be due before it. */
static bool can_wait(struct zs_conn *c, enum zs_dir dir, const struct zs_frame *f,
                     struct zs_stamp at)
{
    const struct stream *s = &c->stream[dir];
    struct zs_batch *batch = c->config->batch;
    struct zs_span token;

    if (!batch || s->unread || s->counting || !zs_session_is_settled(&c->session))
        return false;
    struct zs_place place = zs_session_place(&c->session, dir);
    const struct zs_waited w = {.conn = c, .dir = dir, .at = at, .frame = *f};
    if (!zs_reading_is_sealed(&place, f, &token) || !zs_batch_put(batch, &w, token, place.context))
        return false;
    if (zs_batch_is_full(batch))
        zs_conn_settle(c->config);
    return true;
}

static void on_frame(struct zs_conn *c, enum zs_dir dir, const struct zs_frame *f,
                     struct zs_stamp at)
{
    struct zs_reading r;

    if (can_wait(c, dir, f, at))
        return;
    zs_conn_settle(c->config);
    tell_unread(c, dir, at);
    read_frame(c, dir, f, &r);
    if (zs_session_settle(&c->session, dir, &r)) {
        emit_context(c, dir, at);
        read_frame(c, dir, f, &r);
    }
    on_reading(c, dir, &r, at);
    if (c->scratch_n > SCRATCH_KEPT)
        drop_scratch(c);
}

/* One greeting part from the front of in. */
static enum zs_rc take_greeting(struct zs_conn *c, enum zs_dir dir, struct zs_span in,
                                struct zs_stamp at, size_t *used)
{
    zs_conn_settle(c->config);
    enum zs_rc rc = zs_session_greeting(&c->session, dir, in, used);

    if (rc == ZS_OK && *used && c->exchange)
        zs_exchange_greeting(c->exchange, at);
    if (rc == ZS_OK && zs_session_greeted(&c->session, dir))
        emit(c,
             (struct zs_event){.kind = ZS_EVENT_GREETING,
                               .greeting = &c->session.side[dir].greeting},
             dir, at);
    return rc;
}

/* One frame from the front of in. One that is too large is passed over as it comes, and costs nothing else. */
static enum zs_rc take_frame(struct zs_conn *c, enum zs_dir dir, struct zs_span in,
                             struct zs_stamp at, size_t *used)
{
    struct zs_frame f;
    enum zs_framing framing = zs_session_place(&c->session, dir).framing;

    enum zs_rc rc = zs_frame_parse(framing, in, c->config->frame_limit, &f);
    if (rc == ZS_E_FRAME_SIZE && zs_frame_header_parse(framing, in, &f) == ZS_OK) {
        char detail[40];
        zs_conn_settle(c->config);
        tell_unread(c, dir, at);
        g_snprintf(detail, sizeof detail, "%" G_GUINT64_FORMAT " octets", f.size);
        emit_defect(c, dir, at, rc, detail);
        zs_session_lost(&c->session, dir);
        c->stream[dir].pass = f.size;
        *used = f.header;
        return ZS_OK;
    }
    if (rc == ZS_OK) {
        *used = f.header + f.body.n;
        on_frame(c, dir, &f, at);
    }
    return rc;
}

static size_t pass_over(struct stream *s, size_t n)
{
    size_t passed = s->pass < n ? (size_t)s->pass : n;
    s->pass -= passed;
    if (s->counting)
        s->unread += passed;
    return passed;
}

static struct zs_span held(const struct zs_conn *c, enum zs_dir dir)
{
    const GByteArray *p = c->stream[dir].pending;
    return p ? zs_span(p->data, p->len) : zs_span(NULL, 0);
}

static void consume_held(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at);

/* How the other side's greeting goes on may follow from this side's: ZMTP 1.0 and 2.0. */
static void look_across(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    if (c->looking_across || zs_session_greeted(&c->session, zs_dir_other(dir)))
        return;
    c->looking_across = true;
    consume_held(c, zs_dir_other(dir), at);
    c->looking_across = false;
}

/* rest is none of a frame: the framing is damaged, unless what was only guessed to be one proves wrong. The next one is
 * looked for in the pieces to come, as behind a gap. */
static void on_damage(struct zs_conn *c, enum zs_dir dir, struct zs_span rest, struct zs_stamp at,
                      enum zs_rc rc)
{
    struct stream *s = &c->stream[dir];

    zs_conn_settle(c->config);
    if (!s->guessed) {
        emit_defect(c, dir, at, rc, NULL);
        zs_session_lost(&c->session, dir);
    }
    s->searching = true;
    s->unread += rest.n;
}

/* As much of in as stands by itself. Answers how many octets that was. */
static size_t consume(struct zs_conn *c, enum zs_dir dir, struct zs_span in, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];
    size_t done = 0;

    while (!s->searching) {
        size_t used = pass_over(s, in.n - done);
        done += used;
        struct zs_span rest = zs_span_skip(in, done);
        bool greeted = zs_session_greeted(&c->session, dir);
        if (rest.n == 0 && greeted) /* a greeting's last part may have no octets */
            break;
        enum zs_rc rc =
            greeted ? take_frame(c, dir, rest, at, &used) : take_greeting(c, dir, rest, at, &used);
        if (rc == ZS_MORE)
            break;
        if (rc != ZS_OK) {
            on_damage(c, dir, rest, at, rc);
            break;
        }
        done += used;
        if (!greeted)
            look_across(c, dir, at);
    }
    return s->searching ? in.n : done;
}

/* As much as can be of what waits. */
static void consume_held(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    if (s->searching)
        return;
    struct zs_span in = held(c, dir);
    size_t done = consume(c, dir, in, at);
    if (done == in.n)
        drop_pending(s);
    else if (done)
        g_byte_array_remove_range(s->pending, 0, (guint)done);
}

static void hold(struct stream *s, struct zs_span in)
{
    if (in.n == 0)
        return;
    if (!s->pending)
        s->pending = g_byte_array_new();
    g_byte_array_append(s->pending, in.p, (guint)in.n);
}

/* The first n octets held will not be read. */
static void leave_unread(struct stream *s, size_t n)
{
    s->unread += n;
    if (n == s->pending->len)
        drop_pending(s);
    else if (n)
        g_byte_array_remove_range(s->pending, 0, (guint)n);
}

/* Looks for a frame in what is held, whose last piece begins at octet piece. True: what is held begins with it. */
static bool look(struct zs_conn *c, enum zs_dir dir, size_t piece)
{
    struct stream *s = &c->stream[dir];
    struct zs_place place = zs_session_place(&c->session, dir);
    bool known = c->recognition == IS_ZMTP || c->assumed;
    const struct zs_search search = {.framing = place.framing,
                                     .mechanism = place.mechanism,
                                     .bare = c->session.bare,
                                     .limit = c->config->frame_limit};
    struct zs_boundary b = {.at = s->pending->len};

    bool any = zs_resync(&search, held(c, dir), piece, &b) && (b.open || b.proven || known);
    leave_unread(s, any ? b.at : s->pending->len);
    if (!any || b.open)
        return false;
    s->searching = false;
    s->guessed = !b.proven;
    zs_session_assume(&c->session, dir, b.mechanism);
    return true;
}

static void search(struct zs_conn *c, enum zs_dir dir, struct zs_span in, struct zs_stamp at)
{
    size_t piece = held(c, dir).n;

    zs_conn_settle(c->config);
    hold(&c->stream[dir], in);
    if (look(c, dir, piece))
        consume_held(c, dir, at);
}

/* Not the beginning of a direction, but some place in it: there is no signature. */
static bool begins_inside(const struct zs_conn *c, enum zs_dir dir, struct zs_span first)
{
    return c->midstream && !zs_session_greeted(&c->session, dir) &&
           c->session.side[dir].greeting.part == ZS_GREETING_SIGNATURE &&
           zs_signature_probe(first) == ZS_E_GREETING_SIGNATURE;
}

/* How many octets of in pending lacks until what it begins can be taken; at least 1. Never more than a frame, so
 * that what follows it is read from the caller's buffer. */
static size_t wanted(const struct zs_conn *c, enum zs_dir dir, struct zs_span pending)
{
    struct zs_frame f;

    if (!zs_session_greeted(&c->session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->session, dir).framing, pending, &f) != ZS_OK)
        return 1;
    size_t have = pending.n - f.header;
    return f.size > have && f.size <= c->config->frame_limit ? (size_t)f.size - have : 1;
}

static void feed(struct zs_conn *c, enum zs_dir dir, struct zs_span in, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    if (in.n == 0)
        return;
    if (!s->pending && begins_inside(c, dir, in))
        s->searching = true;
    if (s->searching) {
        search(c, dir, in, at);
        return;
    }
    while (s->pending && in.n && !s->searching) {
        size_t n = wanted(c, dir, held(c, dir));
        n = n < in.n ? n : in.n;
        g_byte_array_append(s->pending, in.p, (guint)n);
        in = zs_span_skip(in, n);
        consume_held(c, dir, at);
    }
    if (s->searching && in.n) { /* none of a frame, as was found on the way */
        s->unread += in.n;
        return;
    }
    size_t done = in.n ? consume(c, dir, in, at) : 0;
    if (done < in.n)
        hold(s, zs_span_skip(in, done));
}

/* One direction's signature is proof enough; the other may be a peer of ZMTP 1.0, which has none. */
static enum recognition recognise(const struct zs_conn *c)
{
    bool possible = true;

    if (c->assumed)
        return IS_ZMTP;
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        struct zs_span first = held(c, (enum zs_dir)d);
        if (c->session.side[d].assumed) /* a frame was found */
            return IS_ZMTP;
        if (c->stream[d].searching) {
            possible = possible && c->stream[d].unread <= SEARCH_LIMIT;
            continue;
        }
        enum zs_rc rc = zs_signature_probe(first);
        if (rc == ZS_OK)
            return IS_ZMTP;
        if (rc == ZS_MORE)
            continue;
        enum zs_rc identity = zs_identity_probe(first);
        if ((identity != ZS_OK && identity != ZS_MORE) || first.n > PROBE_LIMIT)
            possible = false;
    }
    return possible ? UNDECIDED : IS_NOT_ZMTP;
}

static void tell_early(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    const struct stream *s = &c->stream[dir];

    if (s->early_conflict)
        emit_defect(c, dir, at, ZS_E_STREAM_CONFLICT, NULL);
    if (s->early_gap)
        emit(c, (struct zs_event){.kind = ZS_EVENT_GAP, .gap.bytes = s->early_gap}, dir, at);
}

static void start(struct zs_conn *c, struct zs_stamp at)
{
    zs_conn_settle(c->config);
    emit(c, (struct zs_event){.kind = ZS_EVENT_CONNECTION, .midstream = c->midstream}, ZS_C2S,
         c->opened_at);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        tell_early(c, (enum zs_dir)d, at);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        consume_held(c, (enum zs_dir)d, at);
}

/* A signature is looked for before anything is said, so that other traffic costs nothing. It decides with its
 * last octet: what follows in the same piece comes behind what the other side has said so far. */
static void probe(struct zs_conn *c, enum zs_dir dir, struct zs_span in, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];
    size_t have = held(c, dir).n, head = have < ZS_SIGNATURE_SIZE ? ZS_SIGNATURE_SIZE - have : 0;

    if (head > in.n)
        head = in.n;
    hold(s, zs_span(in.p, head));
    if (begins_inside(c, dir, held(c, dir)))
        s->searching = true;
    if (s->searching) {
        hold(s, zs_span_skip(in, head));
        head = in.n;
        look(c, dir, have);
    }
    c->recognition = recognise(c);
    if (c->recognition == IS_ZMTP) {
        start(c, at);
        feed(c, dir, zs_span_skip(in, head), at);
        return;
    }
    hold(s, zs_span_skip(in, head));
    c->recognition = recognise(c);
    if (c->recognition == IS_NOT_ZMTP) {
        drop_pending(&c->stream[ZS_C2S]);
        drop_pending(&c->stream[ZS_S2C]);
    }
}

/* Passes over the frame whose rest this side awaits. False: it awaits none's. */
static bool give_up_frame(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];
    struct zs_waiting *w = c->config->waiting;
    struct zs_span pending = held(c, dir);
    struct zs_frame f;

    if (pending.n == 0 || s->searching || !zs_session_greeted(&c->session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->session, dir).framing, pending, &f) != ZS_OK)
        return false;
    zs_conn_limit(c, dir, &(struct zs_event_limit){ZS_LIMIT_FRAMES, w->most}, at);
    s->pass = f.size - (pending.n - f.header);
    s->counting = true;
    s->unread += pending.n;
    drop_pending(s);
    zs_waiting_note(w, &s->waiter, 0);
    zs_session_lost(&c->session, dir);
    return true;
}

/* Octets of dir came: what waits may be more, or less. Where it is too much the largest goes; where all are small, this. */
static void note_waiting(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct zs_waiting *w = c->config->waiting;
    bool goes = true;

    for (int d = 0; w && d < ZS_DIR_COUNT; d++) {
        size_t n = held(c, (enum zs_dir)d).n;
        if (n != c->stream[d].waiter.n)
            zs_waiting_note(w, &c->stream[d].waiter, n);
    }
    while (w && w->n > w->most && goes) {
        const struct zs_waiter *largest = zs_waiting_largest(w);
        goes = largest ? give_up_frame(largest->conn, largest->dir, at) : give_up_frame(c, dir, at);
    }
}

bool zs_conn_data(struct zs_conn *c, enum zs_dir dir, const void *octets, size_t n,
                  struct zs_stamp at)
{
    if (n == 0)
        return true;
    if (c->recognition == UNDECIDED)
        probe(c, dir, zs_span(octets, n), at);
    else if (c->recognition == IS_ZMTP)
        feed(c, dir, zs_span(octets, n), at);
    note_waiting(c, dir, at);
    return c->recognition != IS_NOT_ZMTP;
}

bool zs_conn_awaits_ap_req(const struct zs_conn *c)
{
    return c->recognition == UNDECIDED || zs_session_awaits_ap_req(&c->session);
}

/* A gap inside one frame's body costs that frame; one that reaches beyond it costs the direction. */
static bool gap_inside_frame(struct zs_conn *c, enum zs_dir dir, uint64_t bytes)
{
    struct stream *s = &c->stream[dir];
    struct zs_span pending = held(c, dir);
    struct zs_frame f;

    if (s->pass >= bytes) {
        s->pass -= bytes;
        return true;
    }
    if (s->pass || pending.n == 0 || !zs_session_greeted(&c->session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->session, dir).framing, pending, &f) != ZS_OK)
        return false;
    uint64_t awaited = f.size - (pending.n - f.header);
    if (bytes > awaited)
        return false;
    s->pass = awaited - bytes;
    return true;
}

void zs_conn_gap(struct zs_conn *c, enum zs_dir dir, uint64_t bytes, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    zs_conn_settle(c->config);
    if (!s->searching)
        s->searching = !gap_inside_frame(c, dir, bytes);
    s->counting = true;
    s->unread += held(c, dir).n;
    drop_pending(s);
    if (c->recognition == IS_ZMTP) {
        struct zs_event_gap gap = {.bytes = bytes, .unread = s->unread};
        emit(c, (struct zs_event){.kind = ZS_EVENT_GAP, .gap = gap}, dir, at);
        s->unread = 0;
    } else {
        s->early_gap += bytes;
    }
    zs_session_lost(&c->session, dir);
}

void zs_conn_conflict(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    zs_conn_settle(c->config);
    if (c->recognition == IS_ZMTP)
        emit_defect(c, dir, at, ZS_E_STREAM_CONFLICT, NULL);
    else
        c->stream[dir].early_conflict = true;
}

void zs_conn_limit(struct zs_conn *c, enum zs_dir dir, const struct zs_event_limit *limit,
                   struct zs_stamp at)
{
    zs_conn_settle(c->config);
    if (c->recognition == IS_ZMTP)
        emit(c, (struct zs_event){.kind = ZS_EVENT_LIMIT, .limit = *limit}, dir, at);
}

/* The end has come, and what was held may have been the beginning of something. */
static void tell_unfinished(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    if (s->searching)
        s->unread += held(c, dir).n;
    tell_unread(c, dir, at);
}

void zs_conn_end(struct zs_conn *c, bool closed, struct zs_stamp at)
{
    struct zs_event ev = {.kind = ZS_EVENT_CLOSE};

    zs_conn_settle(c->config);
    if (c->recognition != IS_ZMTP)
        return;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        tell_unfinished(c, (enum zs_dir)d, at);
    if (zs_session_conclude(&c->session))
        emit_context(c, ZS_C2S, at);
    ev.close.reason = zs_session_explain(&c->session, closed);
    if (!ev.close.reason) {
        ev.close.outcome = ZS_OUTCOME_ESTABLISHED;
        ev.close.sealed = zs_session_explain_sealed(&c->session);
    } else if (c->midstream) {
        ev.close.outcome = ZS_OUTCOME_MIDSTREAM;
    } else {
        ev.close.outcome = closed ? ZS_OUTCOME_FAILED : ZS_OUTCOME_INCOMPLETE;
    }
    ev.close.has_handshake = c->has_handshake;
    ev.close.handshake_ns = c->handshake_ns;
    ev.close.session = &c->session;
    emit(c, ev, ZS_C2S, at);
}
