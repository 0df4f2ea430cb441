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
#include "core/conn/teller.h"
#include "core/conn/waiting.h"

#include <glib.h>

enum {
    PROBE_LIMIT = 512,      /* octets of a side that wait for the other side's first ones */
    SEARCH_LIMIT = 1 << 20, /* octets of a side in which a frame must stand that proves ZMTP */
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
    bool midstream;
    bool assumed; /* somebody says that it is ZMTP */
    enum recognition recognition;
    struct zs_stamp opened_at;
    struct zs_teller teller;
    struct stream stream[ZS_DIR_COUNT];
    bool looking_across; /* one side's greeting is looked at again because of the other's */
};

struct zs_conn *zs_conn_new(const struct zs_conn_config *config, void *user, bool midstream,
                            struct zs_stamp at)
{
    struct zs_conn *c = g_new(struct zs_conn, 1);

    g_assert(config->frame_limit <= ZS_FRAME_LIMIT_MAX);
    *c = (struct zs_conn){.config = config, .midstream = midstream, .opened_at = at};
    zs_teller_init(&c->teller, config, user, midstream);
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
    zs_teller_clear(&c->teller);
    g_free(c);
}

/* Octets that could not be read are said when reading goes on, or at the end. */
static void tell_unread(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    struct stream *s = &c->stream[dir];

    if (s->unread)
        zs_teller_say(&c->teller, (struct zs_event){.kind = ZS_EVENT_GAP, .gap.unread = s->unread},
                      dir, at);
    s->unread = 0;
    s->counting = false;
}

void zs_conn_settle(const struct zs_conn_config *config)
{
    for (const struct zs_waited *w; config->batch && (w = zs_batch_next(config->batch));)
        zs_teller_frame(&w->conn->teller, w->dir, &w->frame, &w->answer, w->at);
}

/* Where the next frames stand must not follow from what is in this one, nor may anything be due before it. */
static bool can_wait(struct zs_conn *c, enum zs_dir dir, const struct zs_frame *f,
                     struct zs_stamp at)
{
    const struct stream *s = &c->stream[dir];
    struct zs_batch *batch = c->config->batch;
    struct zs_span token;

    if (!batch || s->unread || s->counting || !zs_session_is_settled(&c->teller.session))
        return false;
    struct zs_place place = zs_session_place(&c->teller.session, dir);
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
    if (can_wait(c, dir, f, at))
        return;
    zs_conn_settle(c->config);
    tell_unread(c, dir, at);
    zs_teller_frame(&c->teller, dir, f, NULL, at);
}

/* One greeting part from the front of in. */
static enum zs_rc take_greeting(struct zs_conn *c, enum zs_dir dir, struct zs_span in,
                                struct zs_stamp at, size_t *used)
{
    zs_conn_settle(c->config);
    enum zs_rc rc = zs_session_greeting(&c->teller.session, dir, in, used);

    if (rc == ZS_OK && *used && c->teller.exchange)
        zs_exchange_greeting(c->teller.exchange, at);
    if (rc == ZS_OK && zs_session_greeted(&c->teller.session, dir))
        zs_teller_say(&c->teller,
                      (struct zs_event){.kind = ZS_EVENT_GREETING,
                                        .greeting = &c->teller.session.side[dir].greeting},
                      dir, at);
    return rc;
}

/* One frame from the front of in. One that is too large is passed over as it comes, and costs nothing else. */
static enum zs_rc take_frame(struct zs_conn *c, enum zs_dir dir, struct zs_span in,
                             struct zs_stamp at, size_t *used)
{
    struct zs_frame f;
    enum zs_framing framing = zs_session_place(&c->teller.session, dir).framing;

    enum zs_rc rc = zs_frame_parse(framing, in, c->config->frame_limit, &f);
    if (rc == ZS_E_FRAME_SIZE && zs_frame_header_parse(framing, in, &f) == ZS_OK) {
        char detail[40];
        zs_conn_settle(c->config);
        tell_unread(c, dir, at);
        g_snprintf(detail, sizeof detail, "%" G_GUINT64_FORMAT " octets", f.size);
        zs_teller_defect(&c->teller, dir, at, rc, detail);
        zs_session_lost(&c->teller.session, dir);
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
    if (c->looking_across || zs_session_greeted(&c->teller.session, zs_dir_other(dir)))
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
        zs_teller_defect(&c->teller, dir, at, rc, NULL);
        zs_session_lost(&c->teller.session, dir);
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
        bool greeted = zs_session_greeted(&c->teller.session, dir);
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
    struct zs_place place = zs_session_place(&c->teller.session, dir);
    bool known = c->recognition == IS_ZMTP || c->assumed;
    const struct zs_search search = {.framing = place.framing,
                                     .mechanism = place.mechanism,
                                     .bare = c->teller.session.bare,
                                     .limit = c->config->frame_limit};
    struct zs_boundary b = {.at = s->pending->len};

    bool any = zs_resync(&search, held(c, dir), piece, &b) && (b.open || b.proven || known);
    leave_unread(s, any ? b.at : s->pending->len);
    if (!any || b.open)
        return false;
    s->searching = false;
    s->guessed = !b.proven;
    zs_session_assume(&c->teller.session, dir, b.mechanism);
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
    return c->midstream && !zs_session_greeted(&c->teller.session, dir) &&
           c->teller.session.side[dir].greeting.part == ZS_GREETING_SIGNATURE &&
           zs_signature_probe(first) == ZS_E_GREETING_SIGNATURE;
}

/* How many octets of in pending lacks until what it begins can be taken; at least 1. Never more than a frame, so
 * that what follows it is read from the caller's buffer. */
static size_t wanted(const struct zs_conn *c, enum zs_dir dir, struct zs_span pending)
{
    struct zs_frame f;

    if (!zs_session_greeted(&c->teller.session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->teller.session, dir).framing, pending, &f) !=
            ZS_OK)
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
        if (c->teller.session.side[d].assumed) /* a frame was found */
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
        zs_teller_defect(&c->teller, dir, at, ZS_E_STREAM_CONFLICT, NULL);
    if (s->early_gap)
        zs_teller_say(&c->teller,
                      (struct zs_event){.kind = ZS_EVENT_GAP, .gap.bytes = s->early_gap}, dir, at);
}

static void start(struct zs_conn *c, struct zs_stamp at)
{
    zs_conn_settle(c->config);
    zs_teller_say(&c->teller,
                  (struct zs_event){.kind = ZS_EVENT_CONNECTION, .midstream = c->midstream}, ZS_C2S,
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

    if (pending.n == 0 || s->searching || !zs_session_greeted(&c->teller.session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->teller.session, dir).framing, pending, &f) !=
            ZS_OK)
        return false;
    zs_conn_limit(c, dir, &(struct zs_event_limit){ZS_LIMIT_FRAMES, w->most}, at);
    s->pass = f.size - (pending.n - f.header);
    s->counting = true;
    s->unread += pending.n;
    drop_pending(s);
    zs_waiting_note(w, &s->waiter, 0);
    zs_session_lost(&c->teller.session, dir);
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
    return c->recognition == UNDECIDED || zs_session_awaits_ap_req(&c->teller.session);
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
    if (s->pass || pending.n == 0 || !zs_session_greeted(&c->teller.session, dir) ||
        zs_frame_header_parse(zs_session_place(&c->teller.session, dir).framing, pending, &f) !=
            ZS_OK)
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
        zs_teller_say(&c->teller, (struct zs_event){.kind = ZS_EVENT_GAP, .gap = gap}, dir, at);
        s->unread = 0;
    } else {
        s->early_gap += bytes;
    }
    zs_session_lost(&c->teller.session, dir);
}

void zs_conn_conflict(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at)
{
    zs_conn_settle(c->config);
    if (c->recognition == IS_ZMTP)
        zs_teller_defect(&c->teller, dir, at, ZS_E_STREAM_CONFLICT, NULL);
    else
        c->stream[dir].early_conflict = true;
}

void zs_conn_limit(struct zs_conn *c, enum zs_dir dir, const struct zs_event_limit *limit,
                   struct zs_stamp at)
{
    zs_conn_settle(c->config);
    if (c->recognition == IS_ZMTP)
        zs_teller_say(&c->teller, (struct zs_event){.kind = ZS_EVENT_LIMIT, .limit = *limit}, dir,
                      at);
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
    zs_conn_settle(c->config);
    if (c->recognition != IS_ZMTP)
        return;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        tell_unfinished(c, (enum zs_dir)d, at);
    zs_teller_close(&c->teller, closed, at);
}
