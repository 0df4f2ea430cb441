/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn: a script of what two sides say and what the capture lacks, with a fixed service key. Speeches are raw
 * octets, or parts of a real handshake and sealed messages, which a fuzzer without the keys could never make. What
 * an event points to can be read and fits together; both reports of it are harmless; and the same script in small pieces
 * (of one octet, but where that would be more than PIECES_MOST) says the same, where no boundary is looked for (behind a
 * loss, damage or the beginning): that depends on how the stream is cut. */
#include "core/conn/batch.h"
#include "core/conn/conn.h"
#include "core/conn/waiting.h"

#include "analyzer/report/report.h"
#include "core/conn/authenticators.h"
#include "core/krb/init.h"
#include "tests/core/conn/talk.h"
#include "tests/fuzz/fuzz.h"

enum { LIMIT = 2048, STEPS_MAX = 48, PIECES_MOST = 512 };

/* The first octet of a script, by bits. */
enum { KEYLESS = 0x01, MIDSTREAM = 0x02, CLOSED = 0x04 };

/* Each further step: an octet (lowest bit: direction; the rest: what), two of length or count, and octets. */
enum what {
    RAW,
    GREETING, /* of GSSAPI */
    AP_REQ,
    AP_REP,
    SEALED,   /* octets: flags of the frame, then what is wrapped */
    NUMBERED, /* the same, whose sequence number is the length and not the next */
    GAP,
    CONFLICT,
    WHAT_COUNT
};

struct step {
    enum what what;
    enum zs_dir dir;
    uint16_t count;
    GByteArray *octets; /* NULL: none */
};

static struct talk talk;

/* ==== what must hold of events ==== */

struct seen {
    GString *log;
    unsigned events, greetings[ZS_DIR_COUNT];
    unsigned step,
        ap_req; /* from 1: the one that is played; the one that brought an AP-REQ, 0: none */
    bool reported, closed;
    bool damaged; /* framing was */
};

/* Feels every octet. */
static void log_span(struct seen *seen, struct zs_span s)
{
    uint32_t sum = (uint32_t)s.n;

    for (size_t i = 0; i < s.n; i++)
        sum = sum * 31 + s.p[i];
    g_string_append_printf(seen->log, " %zu:%08x", s.n, sum);
}

static void check_reading(struct seen *seen, const struct zs_reading *r)
{
    FUZZ_CHECK(r->frame.body.n == r->frame.size && r->frame.size <= LIMIT);
    FUZZ_CHECK(r->wrapped || !r->verified);
    FUZZ_CHECK(r->verified || !r->has_inner_flags);
    FUZZ_CHECK(r->defect == ZS_OK || zs_defect_of(r->defect));
    FUZZ_CHECK(r->wrapped || r->kind != ZS_READ_MESSAGE || r->data.n == r->frame.body.n);
    FUZZ_CHECK(!r->wrapped || r->verified || (r->data.n == 0 && r->content.body.n == 0));
    FUZZ_CHECK(r->data.n <= LIMIT && r->content.body.n <= LIMIT);
    g_string_append_printf(seen->log, "%d%d%d", r->content.id, r->verified, r->more);
    if (r->wrapped && !r->verified)
        return;
    log_span(seen, r->content.name);
    log_span(seen, r->content.body);
    log_span(seen, r->data);
}

static void check_token(struct seen *seen, const struct zs_event_token *t)
{
    check_reading(seen, t->reading);
    FUZZ_CHECK(fuzz_inside(t->reading->frame.body, t->token->whole));
    FUZZ_CHECK(zs_token_kind_name(t->token->kind) && zs_mech_name(t->token->mech));
    log_span(seen, t->token->whole);
}

static void check_close(struct seen *seen, const struct zs_event_close *c)
{
    FUZZ_CHECK((c->reason == NULL) == (c->outcome == ZS_OUTCOME_ESTABLISHED));
    FUZZ_CHECK(zs_outcome_name(c->outcome));
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g_string_append_printf(seen->log, " %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                               c->session->side[d].messages, c->session->side[d].message_octets);
    seen->closed = true;
}

static void check_fact(struct seen *seen, const struct zs_reading *r,
                       const struct zs_exchange_fact *f)
{
    bool open_part = r->kind == ZS_READ_MESSAGE && (!r->wrapped || r->verified);

    FUZZ_CHECK((f->message != 0) == open_part && (f->part != 0) == open_part);
    FUZZ_CHECK(!open_part || (f->last == !r->more && f->octets >= r->data.n));
    FUZZ_CHECK(f->delimiter <= f->part && (f->role != ZS_PART_DELIMITER || r->data.n == 0));
    FUZZ_CHECK(!f->subscribed || (f->part == 1 && f->subscription.n <= r->data.n));
    FUZZ_CHECK(!f->asks || !f->answers);
    g_string_append_printf(seen->log, " %" G_GUINT64_FORMAT ".%u %s%d%d%d%d", f->message, f->part,
                           zs_part_role_name(f->role), f->torn, f->asks, f->answers, f->subscribed);
    if (f->subscribed)
        log_span(seen, f->subscription);
}

/* May the next frame be looked for behind it? */
static bool is_damage(enum zs_rc rc)
{
    return rc == ZS_E_FRAME_FLAGS || rc == ZS_E_FRAME_SIZE || rc == ZS_E_GREETING_SIGNATURE ||
           rc == ZS_E_GREETING_MECHANISM || rc == ZS_E_GREETING_AS_SERVER ||
           rc == ZS_E_GREETING_VERSION;
}

static void check_event(struct seen *seen, const struct zs_event *ev)
{
    FUZZ_CHECK((ev->kind == ZS_EVENT_CONNECTION) == (seen->events++ == 0) && !seen->closed);
    g_string_append_printf(seen->log, "\n%d %d ", ev->kind, ev->directed ? (int)ev->dir : -1);
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        break;
    case ZS_EVENT_GREETING:
        FUZZ_CHECK(zs_greeting_version(ev->greeting) && seen->greetings[ev->dir]++ == 0);
        g_string_append(seen->log, zs_greeting_version(ev->greeting));
        break;
    case ZS_EVENT_TOKEN:
        check_token(seen, &ev->token);
        if (!seen->ap_req && ev->token.reading->mech.kind == ZS_TOKEN_AP_REQ)
            seen->ap_req = seen->step;
        break;
    case ZS_EVENT_CONTEXT:
        g_string_append(seen->log, zs_why_code(ev->context.facts->why));
        break;
    case ZS_EVENT_COMMAND:
        check_reading(seen, ev->command);
        check_fact(seen, ev->command, ev->fact);
        break;
    case ZS_EVENT_MESSAGE:
        check_reading(seen, ev->message);
        check_fact(seen, ev->message, ev->fact);
        break;
    case ZS_EVENT_GAP:
        g_string_append_printf(seen->log, "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, ev->gap.bytes,
                               ev->gap.unread);
        break;
    case ZS_EVENT_DEFECT:
        FUZZ_CHECK(zs_defect_of(ev->defect.rc));
        g_string_append(seen->log, zs_defect_of(ev->defect.rc)->code);
        seen->damaged |= is_damage(ev->defect.rc);
        break;
    case ZS_EVENT_LIMIT:
        g_string_append(seen->log, zs_limit_name(ev->limit.which));
        break;
    case ZS_EVENT_CLOSE:
        check_close(seen, &ev->close);
        break;
    }
}

/* A report is one line of UTF-8 without a character that a terminal obeys. */
static void check_report(const struct zs_report *report, const struct zs_event *ev)
{
    static const struct zs_report_connection names = {
        .number = 1, .client = "192.0.2.1:1", .server = "192.0.2.2:2"};
    char *line = NULL;
    size_t n = 0;
    struct zs_report_options o = {.out = open_memstream(&line, &n)};

    report->event(&o, &names, ev);
    fclose(o.out);
    FUZZ_CHECK(n > 0 && line[n - 1] == '\n');
    line[n - 1] = 0;
    FUZZ_CHECK(strlen(line) == n - 1 && g_utf8_validate(line, -1, NULL));
    for (const char *p = line; *p; p = g_utf8_next_char(p))
        FUZZ_CHECK(!g_unichar_iscntrl(g_utf8_get_char(p)));
    free(line);
}

static void on_event(void *user, const struct zs_event *ev)
{
    struct seen *seen = user;

    check_event(seen, ev);
    if (!seen->reported)
        return;
    check_report(&zs_report_json, ev);
    check_report(&zs_report_text, ev);
}

/* ==== scripts ==== */

static GByteArray *seal(struct step *s, struct zs_span in, uint64_t sequence)
{
    uint8_t flags = in.n ? in.p[0] & (ZS_FRAME_MORE | ZS_FRAME_COMMAND) : 0;
    struct forge_wrap w = {
        .key = talk.forge.acceptor_subkey,
        .flags = ZS_CFX_SEALED | ZS_CFX_ACCEPTOR_SUBKEY | (s->dir == ZS_S2C),
        .sequence = sequence,
        .text = in.n ? zs_span_skip(in, 1) : in,
    };
    return talk_carry(flags, ZS_FORM_LIBZMQ, "MESSAGE", forge_wrap(&w));
}

static GByteArray *copy(const GByteArray *a)
{
    return der_octets(a->data, a->len);
}

/* The handshake is made once: it is what costs most. */
static GByteArray *handshake(enum what what)
{
    static GByteArray *made[WHAT_COUNT];

    if (!made[GREETING]) {
        made[GREETING] = talk_greeting(1, "GSSAPI", false);
        made[AP_REQ] = talk_carry(ZS_FRAME_COMMAND, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk));
        made[AP_REP] = talk_carry(ZS_FRAME_COMMAND, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_rep(&talk));
    }
    return copy(made[what]);
}

static void fill(struct step *s, struct zs_rd *rd, uint64_t next[ZS_DIR_COUNT])
{
    bool has_octets = s->what == RAW || s->what == SEALED || s->what == NUMBERED;
    size_t n = s->count < rd->left.n ? s->count : rd->left.n;
    struct zs_span in = has_octets ? zs_rd_bytes(rd, n) : zs_span(NULL, 0);

    if (s->what == RAW)
        s->octets = der_octets(in.p, in.n);
    else if (s->what == SEALED)
        s->octets = seal(s, in, next[s->dir]++);
    else if (s->what == NUMBERED)
        s->octets = seal(s, in, s->count);
    else if (s->what < SEALED)
        s->octets = handshake(s->what);
}

static unsigned read_script(struct zs_rd *rd, struct step steps[STEPS_MAX])
{
    uint64_t next[ZS_DIR_COUNT] = {(uint64_t)talk.forge.initiator_sequence,
                                   (uint64_t)talk.forge.acceptor_sequence};
    unsigned n = 0;

    while (n < STEPS_MAX && rd->left.n >= 3) {
        struct step *s = &steps[n++];
        uint8_t first = zs_rd_u8(rd);
        *s = (struct step){.what = (first >> 1) % WHAT_COUNT, .dir = first & 1};
        s->count = zs_rd_be16(rd);
        fill(s, rd, next);
    }
    return n;
}

/* In pieces that end where their memory does. */
static void say(struct zs_conn *c, const struct step *s, size_t piece, struct zs_stamp at)
{
    for (size_t done = 0; done < s->octets->len; done += piece) {
        size_t rest = s->octets->len - done, n = piece < rest ? piece : rest;
        uint8_t *p = g_memdup2(s->octets->data + done, n);
        zs_conn_data(c, s->dir, p, n, at);
        g_free(p);
    }
}

static void play_step(struct zs_conn *c, const struct step *s, size_t piece, struct zs_stamp at)
{
    if (s->what == GAP)
        zs_conn_gap(c, s->dir, s->count, at);
    else if (s->what == CONFLICT)
        zs_conn_conflict(c, s->dir, at);
    else
        say(c, s, piece ? piece : s->octets->len, at);
}

/* A connection of which nobody is told has enough with the step that brings the AP-REQ, not before and not later. */
static void check_enough(uint8_t first, const struct step *steps, unsigned n, unsigned ap_req)
{
    struct zs_authenticators *authenticators = zs_authenticators_new();
    struct zs_conn_config config = {.authenticators = authenticators, .frame_limit = LIMIT};
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(&config, NULL, first & MIDSTREAM, at);
    unsigned i = 0;

    while (i < n && zs_conn_awaits_ap_req(c))
        play_step(c, &steps[i++], 0, at);
    FUZZ_CHECK(!ap_req || (i == ap_req && !zs_conn_awaits_ap_req(c)));
    zs_conn_free(c);
    zs_authenticators_free(authenticators);
}

/* piece 0: each speech whole, its events reported, and sealed messages wait for others. */
static GString *play(uint8_t first, const struct step *steps, unsigned n, size_t piece,
                     bool *damaged)
{
    struct zs_waiting waiting = {
        .most = 3 * LIMIT}; /* more than can wait: it would depend on the cut */
    struct zs_conn_config config = {.keys = first & KEYLESS ? NULL : talk.keys,
                                    .frame_limit = LIMIT,
                                    .batch = piece ? NULL : zs_batch_new(),
                                    .waiting = &waiting,
                                    .on_event = on_event};
    struct seen seen = {.log = g_string_new(NULL), .reported = piece == 0};
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(&config, &seen, first & MIDSTREAM, at);

    for (seen.step = 1; seen.step <= n; seen.step++)
        play_step(c, &steps[seen.step - 1], piece, at);
    zs_conn_end(c, first & CLOSED, at);
    FUZZ_CHECK(seen.closed == (seen.events > 0));
    zs_conn_free(c);
    FUZZ_CHECK(waiting.n == 0 && !waiting.large);
    zs_batch_free(config.batch);
    *damaged = seen.damaged;
    if (piece == 0)
        check_enough(first, steps, n, seen.ap_req);
    return seen.log;
}

/* Is every boundary where the octets before it say, however they are cut? */
static bool is_whole(uint8_t first, const struct step *steps, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (steps[i].what == GAP)
            return false;
    return !(first & MIDSTREAM);
}

static size_t small_piece(const struct step *steps, unsigned n)
{
    size_t octets = 0;

    for (unsigned i = 0; i < n; i++)
        octets += steps[i].octets ? steps[i].octets->len : 0;
    return 1 + octets / PIECES_MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_rd rd = zs_rd(zs_span(data, size));
    struct step steps[STEPS_MAX];

    if (!talk.keys) {
        zs_krb_init();
        talk_init(&talk);
    }
    uint8_t first = zs_rd_u8(&rd);
    unsigned n = read_script(&rd, steps);
    bool damaged, again;
    GString *whole = play(first, steps, n, 0, &damaged);
    GString *cut = play(first, steps, n, small_piece(steps, n), &again);
    bool same = strcmp(whole->str, cut->str) == 0;
    FUZZ_CHECK(damaged == again || !is_whole(first, steps, n));
    if (!same && !damaged && is_whole(first, steps, n)) {
        fprintf(stderr, "whole:%s\nin pieces:%s\n", whole->str, cut->str);
        FUZZ_CHECK(same);
    }
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
    for (unsigned i = 0; i < n; i++)
        if (steps[i].octets)
            g_byte_array_unref(steps[i].octets);
    return 0;
}
