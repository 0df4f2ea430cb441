/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections in the clear, as packets. A packet of the capture that completed something is a packet, or several of one
 * time, with a comment that says which it was and what was done to it. One that completed nothing but parts of the
 * mechanism is none. Sides of old versions, and of unknown mechanisms, are repeated octet for octet.
 *
 * Limits: a connection is known to be ZMTP's after some octets of it, so its handshake may stand behind later packets of
 * others; its times are right. A frame that the capture lacks a part of is left out. */
#include "analyzer/rendering.h"

#include "analyzer/net/outflow.h"
#include "analyzer/report/words.h"
#include "analyzer/retelling.h"

#include <string.h>

enum {
    HELD_MOST = 512,    /* octets of a side whose greeting is awaited, of 1.0 the other's */
    GREETING_OPEN = 12, /* octets of a greeting before its mechanism */
    SAID_MOST = 16,     /* connections of which the log is told by itself */
    TEXT_MOST = 1000,   /* octets of a sentence or a name */
};

/* One direction of a connection. */
struct told_side {
    bool greeted;         /* its greeting was whole, or frames came without one */
    bool repeated;        /* its octets go out as they came */
    GByteArray *held;     /* what came before it was greeted; NULL: it is of no use any more */
    bool cut;             /* there was more than is held */
    char *principal;      /* who speaks, as far as known */
    uint64_t came, taken; /* octets, and those of them that events told of */
};

struct told {
    const struct zs_flow *flow;
    bool begun; /* it is ZMTP's, and out is open */
    struct zs_outflow out;
    struct told_side sides[ZS_DIR_COUNT];
    GString *remark;           /* for its next comment */
    bool usable;               /* its context opens messages … */
    char *reason;              /* … or this says why not, if there is one; NULL: nothing to say */
    const char *sealed_reason; /* where there is none; static storage, NULL likewise */
    enum zs_rc rc;     /* what is wrong with the first frame that stayed sealed, if anything is */
    enum zs_rc damage; /* why octets could not be read, though they are there */
    bool curve;
    char *end; /* how it ended, in words */
    uint64_t sealed, unread;
};

/* What the packet at hand brought about on one side. */
struct page {
    struct told *told; /* NULL: nothing */
    enum zs_dir dir;
    struct zs_stamp at;
    bool greeting, made_up; /* made_up: the capture lacks it */
    unsigned clear, opened, sealed;
    unsigned refused; /* frames that could not be read, … */
    enum zs_rc why;   /* … the first of them */
    uint64_t unread;
    enum zs_rc damage;
};

struct zs_rendering {
    struct zs_outflows *out;
    FILE *log;
    bool live;        /* somebody waits for each packet */
    char *name;       /* of the capture, for comments */
    GHashTable *told; /* number -> struct told */
    struct page page;
    struct zs_rendering_counts counts;
    unsigned said; /* connections that the log was told of */
};

static void drop_held(struct told_side *side)
{
    if (side->held)
        g_byte_array_free(side->held, TRUE);
    side->held = NULL;
}

static void free_told(void *told)
{
    struct told *t = told;

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        drop_held(&t->sides[d]);
        g_free(t->sides[d].principal);
    }
    g_string_free(t->remark, TRUE);
    g_free(t->reason);
    g_free(t->end);
    g_free(t);
}

static char *name_of(const char *const *files)
{
    if (files[0] && !files[1])
        return strcmp(files[0], "-") == 0 ? g_strdup("standard input")
                                          : g_path_get_basename(files[0]);
    return g_strdup("all captures");
}

static void append_text(GString *s, const char *text)
{
    zs_append_octets(s, zs_span(text, strlen(text)), TEXT_MOST);
}

struct zs_rendering *zs_rendering_new(FILE *out, FILE *log, const char *const *files)
{
    struct zs_rendering *r = g_new0(struct zs_rendering, 1);
    GString *comment = g_string_new(
        "Made by zmtpscope decrypt: a reconstruction. What ZMTP's peers said is here in the clear, as if their mechanism "
        "had been NULL; link layer, sequence numbers, segments and acknowledgements are made up. Made of");

    r->name = name_of(files);
    r->log = log;
    r->live = g_strv_contains(files, "-");
    r->told = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_told);
    r->out = g_new0(struct zs_outflows, 1);
    r->out->blocks.out = out;
    for (const char *const *f = files; *f; f++) {
        char *base = g_path_get_basename(*f);
        g_string_append(comment, f == files ? " " : ", ");
        append_text(comment, strcmp(*f, "-") == 0 ? "standard input" : base);
        g_free(base);
    }
    zs_outflows_begin(r->out, comment->str);
    g_string_free(comment, TRUE);
    return r;
}

void zs_rendering_free(struct zs_rendering *r)
{
    g_hash_table_destroy(r->told);
    g_free(r->out);
    g_free(r->name);
    g_free(r);
}

struct zs_rendering_counts zs_rendering_counts(const struct zs_rendering *r)
{
    return r->counts;
}

static enum zs_flow_side side_of(enum zs_dir dir)
{
    return dir == ZS_C2S ? ZS_FLOW_CLIENT : ZS_FLOW_SERVER;
}

/* ==== comments ==== */

/* Why frames of t stay sealed. */
static const char *reason_of(const struct told *t)
{
    const struct zs_defect *d = zs_defect_of(t->rc);

    if (t->curve)
        return "zmtpscope does not open CURVE";
    if (t->reason && !t->usable)
        return t->reason;
    if (d)
        return d->sentence;
    if (t->reason)
        return t->reason;
    return t->sealed_reason ? t->sealed_reason
                            : "the capture has no Kerberos handshake of it, so no key is known";
}

static void append_opened(GString *s, const struct page *p)
{
    const char *principal = p->told->sides[p->dir].principal;

    g_string_append_printf(s, "%u frame%s, sealed", p->opened, zs_plural(p->opened));
    if (principal) {
        g_string_append(s, " by ");
        append_text(s, principal);
    }
    g_string_append(s, " and opened; ");
}

static void append_refused(GString *s, const struct page *p)
{
    const struct zs_defect *d = zs_defect_of(p->why);

    g_string_append_printf(s, "%u frame%s left out here, not to be read: %s; ", p->refused,
                           zs_plural(p->refused),
                           d ? d->sentence : "a command of another mechanism");
}

/* What it was, behind the packet's number. */
static void append_page(GString *s, const struct page *p)
{
    g_string_append(s, ": ");
    if (p->made_up)
        g_string_append(s, "a greeting, made up, for the capture lacks it; ");
    if (p->greeting)
        g_string_append(s, "greeting; ");
    if (p->opened)
        append_opened(s, p);
    if (p->clear)
        g_string_append_printf(s, "%u frame%s, in the clear; ", p->clear, zs_plural(p->clear));
    if (p->unread)
        g_string_append_printf(s,
                               "%" G_GUINT64_FORMAT
                               " octets before it are not in the capture, or could not be read; ",
                               p->unread);
    if (p->damage)
        g_string_append_printf(s, "not to be read: %s; ", zs_defect_of(p->damage)->sentence);
    if (p->refused)
        append_refused(s, p);
    if (p->sealed) {
        g_string_append_printf(s, "%u sealed frame%s left out here: ", p->sealed,
                               zs_plural(p->sealed));
        append_text(s, reason_of(p->told));
        g_string_append(s, "; ");
    }
    g_string_truncate(s, s->len - 2);
}

static GString *comment_begun(const struct zs_rendering *r, struct zs_stamp at)
{
    GString *s = g_string_new(NULL);

    g_string_append_printf(s, "packet %" G_GUINT64_FORMAT " of ", at.frame);
    append_text(s, r->name);
    return s;
}

static void append_remark(GString *s, struct told *t)
{
    if (t->remark->len)
        g_string_append_printf(s, "\n%s", t->remark->str);
    g_string_truncate(t->remark, 0);
}

/* ==== packets ==== */

/* What the packet at hand brought about goes out. */
static void turn(struct zs_rendering *r)
{
    struct page *p = &r->page;

    if (p->told && (p->greeting || p->made_up || p->clear || p->opened || p->sealed || p->refused ||
                    p->unread || p->damage || r->out->n)) {
        GString *comment = comment_begun(r, p->at);
        append_page(comment, p);
        append_remark(comment, p->told);
        zs_outflow_send(r->out, &p->told->out, side_of(p->dir), p->at.time_ns, comment->str);
        g_string_free(comment, TRUE);
        if (r->live)
            fflush(r->out->blocks.out);
    }
    *p = (struct page){0};
}

/* What comes now belongs to this packet and side. */
static void begin(struct zs_rendering *r, struct told *t, enum zs_dir dir, struct zs_stamp at)
{
    struct page *p = &r->page;

    if (p->told == t && p->dir == dir && p->at.frame == at.frame)
        return;
    turn(r);
    *p = (struct page){.told = t, .dir = dir, .at = at};
}

static void put(struct zs_rendering *r, const void *octets, size_t n)
{
    const struct page *p = &r->page;

    zs_outflow_put(r->out, &p->told->out, side_of(p->dir), octets, n, p->at.time_ns);
}

static struct told *told_of(struct zs_rendering *r, uint64_t number)
{
    return g_hash_table_lookup(r->told, &number);
}

/* ==== what happens ==== */

static void on_begun(void *user, const struct zs_flow *flow)
{
    struct zs_rendering *r = user;
    struct told *t = g_new0(struct told, 1);

    t->flow = flow;
    t->remark = g_string_new(NULL);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        t->sides[d].held = g_byte_array_new();
    g_hash_table_insert(r->told, (gpointer)&flow->number, t);
}

static void on_connection(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    GString *comment = comment_begun(r, ev->at);

    r->counts.connections++;
    t->begun = true;
    g_string_append_printf(comment, ": connection %" G_GUINT64_FORMAT " of the capture%s",
                           t->flow->number,
                           t->flow->midstream ? ", whose beginning is not in it" : "");
    zs_outflow_open(r->out, &t->out, t->flow, ev->at.time_ns, comment->str);
    g_string_free(comment, TRUE);
}

static void on_context(struct told *t, const struct zs_report_connection *c,
                       const struct zs_event_context *made)
{
    const struct zs_context_facts *f = made->facts;

    t->usable = zs_context_usable(made->context);
    g_free(t->reason);
    t->reason = g_strdup(f->reason);
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        g_free(t->sides[d].principal);
        t->sides[d].principal = g_strdup(c->principal[d]);
    }
    if (t->remark->len > ZS_BLOCKS_COMMENT) /* contexts, and nothing that is said in them */
        return;
    g_string_append(t->remark, t->remark->len ? "\ncontext: " : "context: ");
    if (f->client_principal)
        append_text(t->remark, f->client_principal);
    g_string_append(t->remark, f->client_principal ? " to " : "for ");
    append_text(t->remark, f->service_principal ? f->service_principal : "an unknown service");
    if (f->keytab_entry) {
        g_string_append(t->remark, "; opened by ");
        append_text(t->remark, f->keytab_entry);
    }
    if (f->reason) {
        g_string_append(t->remark, "; ");
        append_text(t->remark, f->reason);
    }
}

/* Of a token, a command or a message. */
static const struct zs_reading *reading_of(const struct zs_event *ev)
{
    if (ev->kind == ZS_EVENT_TOKEN)
        return ev->token.reading;
    return ev->kind == ZS_EVENT_MESSAGE ? ev->message : ev->command;
}

/* A reader finds frames behind a greeting alone. Before version 3 it would have to say more than is known. */
static void make_up_greeting(struct zs_rendering *r, const struct told *t,
                             enum zs_mechanism mechanism)
{
    struct zs_greeting g = {.versioned = true, .padding = 1, .major = 3, .minor = 1};
    const struct zs_event ev = {.kind = ZS_EVENT_GREETING, .greeting = &g};
    struct zs_retelling told;

    if (mechanism == ZS_MECHANISM_NONE)
        return;
    if (t->curve || mechanism == ZS_MECHANISM_CURVE)
        g_strlcpy(g.mechanism, "CURVE", sizeof g.mechanism);
    if (zs_retell(&ev, &told) == ZS_RETOLD_CLEAR)
        put(r, told.head, told.n);
    r->page.made_up = true;
}

/* From here on the side's octets are frames. */
static void on_greeted(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    struct told_side *side = &t->sides[ev->dir];
    const struct zs_greeting *g = ev->kind == ZS_EVENT_GREETING ? ev->greeting : NULL;

    if (side->greeted)
        return;
    side->greeted = true;
    side->repeated = g && side->held && !side->cut && zs_retelling_is_repeating(g);
    t->curve = t->curve || (g && zs_mechanism_of(g->mechanism) == ZS_MECHANISM_CURVE);
    if (side->repeated)
        put(r, side->held->data, side->held->len);
    drop_held(side);
    if (!g)
        make_up_greeting(r, t, reading_of(ev)->mechanism);
}

static void note_sealed(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    r->page.sealed++;
    r->counts.sealed++;
    t->sealed++;
    if (t->rc == ZS_OK)
        t->rc = reading_of(ev)->defect;
}

static void note_unread(struct zs_rendering *r, struct told *t, uint64_t n)
{
    r->counts.unread += n;
    t->unread += n;
}

static void note_refused(struct zs_rendering *r, struct told *t, const struct zs_reading *reading)
{
    if (r->page.refused++ == 0)
        r->page.why = reading->defect;
    note_unread(r, t, reading->frame.header + reading->frame.size);
}

/* Octets of it. */
static uint64_t size_of(const struct zs_event *ev)
{
    if (ev->kind == ZS_EVENT_GREETING)
        return ZS_GREETING_SIZE;
    return reading_of(ev)->frame.header + reading_of(ev)->frame.size;
}

/* A greeting, a command or a message. */
static void on_part(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    struct zs_retelling told;

    begin(r, t, ev->dir, ev->at);
    on_greeted(r, t, ev);
    enum zs_retold what = zs_retell(ev, &told);
    bool is_frame = ev->kind != ZS_EVENT_GREETING;
    r->page.greeting |= !is_frame;
    t->sides[ev->dir].taken += size_of(ev);
    if (what == ZS_RETOLD_SEALED)
        note_sealed(r, t, ev);
    if (what == ZS_RETOLD_UNREAD && !t->sides[ev->dir].repeated)
        note_refused(r, t, reading_of(ev));
    if (what != ZS_RETOLD_CLEAR && what != ZS_RETOLD_OPENED)
        return;
    r->page.clear += is_frame && what == ZS_RETOLD_CLEAR;
    r->page.opened += what == ZS_RETOLD_OPENED;
    r->counts.clear += is_frame && what == ZS_RETOLD_CLEAR;
    r->counts.opened += what == ZS_RETOLD_OPENED;
    if (t->sides[ev->dir].repeated)
        return;
    put(r, told.head, told.n);
    put(r, told.body.p, told.body.n);
}

/* A side that is repeated has the gap, too; in another one the next frame follows, and nobody would miss a thing but for
 * the comment. */
static void on_gap(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    struct told_side *side = &t->sides[ev->dir];
    uint64_t n = ev->gap.bytes + ev->gap.unread;

    begin(r, t, ev->dir, ev->at);
    if (!side->greeted)
        drop_held(side);
    if (side->repeated && ev->gap.bytes) {
        if (r->out->n)
            zs_outflow_send(r->out, &t->out, side_of(ev->dir), ev->at.time_ns, NULL);
        zs_outflow_skip(&t->out, side_of(ev->dir), ev->gap.bytes);
    }
    side->taken += ev->gap.unread;
    r->page.unread += n;
    note_unread(r, t, n);
}

/* Framing that is damaged ends its direction, and so does a greeting that is none. */
static bool is_damage(enum zs_rc rc)
{
    return rc == ZS_E_FRAME_FLAGS || rc == ZS_E_FRAME_SIZE || rc == ZS_E_GREETING_SIGNATURE ||
           rc == ZS_E_GREETING_MECHANISM || rc == ZS_E_GREETING_AS_SERVER;
}

static void on_damage(struct zs_rendering *r, struct told *t, const struct zs_event *ev)
{
    begin(r, t, ev->dir, ev->at);
    r->page.damage = ev->defect.rc;
    r->counts.damaged += t->damage == ZS_OK;
    t->damage = ev->defect.rc;
}

static void on_close(struct told *t, const struct zs_event_close *close)
{
    GString *s = g_string_new(": the connection ended");

    t->sealed_reason = close->sealed;
    if (close->reason)
        g_string_append_printf(s, ": %s", close->reason);
    t->end = g_string_free(s, FALSE);
}

static void on_event(void *user, const struct zs_report_connection *c, const struct zs_event *ev)
{
    struct zs_rendering *r = user;
    struct told *t = told_of(r, c->number);

    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        turn(r);
        on_connection(r, t, ev);
        break;
    case ZS_EVENT_CONTEXT:
        turn(r);
        on_context(t, c, &ev->context);
        break;
    case ZS_EVENT_GREETING:
    case ZS_EVENT_TOKEN:
    case ZS_EVENT_COMMAND:
    case ZS_EVENT_MESSAGE:
        on_part(r, t, ev);
        break;
    case ZS_EVENT_GAP:
        on_gap(r, t, ev);
        break;
    case ZS_EVENT_CLOSE:
        turn(r);
        on_close(t, &ev->close);
        break;
    case ZS_EVENT_DEFECT:
        if (is_damage(ev->defect.rc))
            on_damage(r, t, ev);
        break;
    case ZS_EVENT_LIMIT:
        break;
    }
}

static void on_data(void *user, uint64_t connection, enum zs_dir dir, struct zs_span octets,
                    struct zs_stamp at)
{
    struct zs_rendering *r = user;
    struct told *t = told_of(r, connection);
    struct told_side *side = &t->sides[dir];

    side->came += octets.n;
    if (side->repeated) {
        begin(r, t, dir, at);
        put(r, octets.p, octets.n);
    } else if (side->held) {
        size_t n = MIN(octets.n, HELD_MOST - side->held->len);
        g_byte_array_append(side->held, octets.p, (guint)n);
        side->cut |= n < octets.n;
    }
    turn(r);
}

/* ==== the end ==== */

/* A refusing side stops inside its greeting, before it has said its mechanism. */
static void tell_half_greeting(struct zs_rendering *r, struct told *t, enum zs_dir dir,
                               struct zs_stamp at)
{
    const struct told_side *side = &t->sides[dir];

    if (side->greeted || !side->held || side->held->len == 0 || side->held->data[0] != 0xff)
        return;
    begin(r, t, dir, at);
    r->page.greeting = true;
    put(r, side->held->data, MIN(side->held->len, GREETING_OPEN));
    turn(r);
}

/* The beginning of a frame whose end never came. */
static void tell_half_frame(struct zs_rendering *r, struct told *t, enum zs_dir dir,
                            struct zs_stamp at)
{
    const struct told_side *side = &t->sides[dir];

    if (!side->greeted || side->repeated || side->came <= side->taken)
        return;
    begin(r, t, dir, at);
    r->page.unread += side->came - side->taken;
    note_unread(r, t, side->came - side->taken);
    turn(r);
}

/* What is missing of a connection, in words. */
static void append_missing(GString *s, const struct told *t)
{
    const char *between = " ";

    if (t->sealed) {
        g_string_append_printf(s, "%s%" G_GUINT64_FORMAT " sealed frame%s left out: ", between,
                               t->sealed, zs_plural(t->sealed));
        append_text(s, reason_of(t));
        between = "; ";
    }
    if (t->unread) {
        g_string_append_printf(
            s, "%s%" G_GUINT64_FORMAT " octets are not in the capture, or could not be read",
            between, t->unread);
        between = "; ";
    }
    if (t->damage)
        g_string_append_printf(s, "%snot all of it could be read: %s", between,
                               zs_defect_of(t->damage)->sentence);
}

static void complain(struct zs_rendering *r, const struct told *t)
{
    if ((!t->sealed && !t->unread && !t->damage) || ++r->said > SAID_MOST + 1)
        return;
    GString *s = g_string_new(NULL);
    if (r->said > SAID_MOST) {
        g_string_append(s, "more connections are not whole; comments in the file say why");
    } else {
        g_string_append_printf(s, "connection %" G_GUINT64_FORMAT ":", t->flow->number);
        append_missing(s, t);
    }
    fprintf(r->log, "zmtpscope: %s\n", s->str);
    g_string_free(s, TRUE);
}

static void on_ended(void *user, const struct zs_flow *flow, enum zs_flow_end why,
                     struct zs_stamp at)
{
    struct zs_rendering *r = user;
    struct told *t = told_of(r, flow->number);

    turn(r);
    if (t->begun) {
        GString *comment = comment_begun(r, at);
        for (int d = 0; d < ZS_DIR_COUNT; d++) {
            tell_half_greeting(r, t, (enum zs_dir)d, at);
            tell_half_frame(r, t, (enum zs_dir)d, at);
        }
        g_string_append(comment, t->end);
        bool has_end = why == ZS_FLOW_FIN || why == ZS_FLOW_RST;
        bool has_remark = t->remark->len > 0;
        append_remark(comment, t);
        if (has_end)
            zs_outflow_close(r->out, &t->out, why, flow->ended_by, at.time_ns, comment->str);
        else if (has_remark)
            zs_outflow_send(r->out, &t->out, ZS_FLOW_CLIENT, at.time_ns, comment->str);
        g_string_free(comment, TRUE);
        complain(r, t);
    }
    g_hash_table_remove(r->told, &flow->number);
}

struct zs_onlooker zs_rendering_onlooker(struct zs_rendering *r)
{
    return (struct zs_onlooker){
        .event = on_event, .data = on_data, .begun = on_begun, .ended = on_ended, .user = r};
}
