/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script, said by one of its sides to a live peer. A line of ours waits until all that the other side had said
 * before it in the capture has come, or has been waited for in vain: so questions follow answers as they did.
 *
 * Limits: their messages are expected in the captured order. A subscription of theirs is a line that comes, too. Of a
 * message that comes COMING_MAX octets and PARTS_MAX parts are kept; who says more is not listened to any longer. */
#include "analyzer/play.h"

#include "analyzer/report/words.h"

enum {
    SETTLE_MS = 300, /* behind the last line: for what comes though the capture has none */
    COMING_MAX = 64 << 20,
    PARTS_MAX = 65536,
};

struct zs_play {
    const struct zs_script *script;
    const struct zs_play_options *options;
    const struct zs_play_handler *handler;
    void *user;
    struct zs_connection *connection;
    enum zs_dir ours;
    guint next; /* line: all before it are done */
    guint
        awaited; /* line of theirs that has not come; all of theirs before it have, or were given up */
    GPtrArray *coming;   /* parts so far of their message; of GBytes */
    size_t coming_n;     /* their octets */
    guint spoken;        /* lines of ours */
    gint64 opened, said; /* microseconds: when it stood, when ours last spoke */
    gint64
        heard; /* and when a line of theirs last came; not what comes besides, for it may come for ever */
    guint timer;
    struct zs_account account;
    struct zs_play_outcome *outcomes; /* of each line */
    bool over;
};

static void go_on(struct zs_play *p);

static const struct zs_line *line_at(const struct zs_play *p, guint i)
{
    return i < p->script->lines->len ? p->script->lines->pdata[i] : NULL;
}

static gboolean on_timer(gpointer user)
{
    struct zs_play *p = user;

    p->timer = 0;
    go_on(p);
    return G_SOURCE_REMOVE;
}

static void wake(struct zs_play *p, gint64 microseconds)
{
    if (p->timer)
        g_source_remove(p->timer);
    p->timer = g_timeout_add((guint)CLAMP(microseconds / 1000 + 1, 1, G_MAXINT), on_timer, p);
}

/* ==== ours ==== */

static bool say(struct zs_play *p, const struct zs_line *l)
{
    struct zs_span *parts = g_new(struct zs_span, l->parts->len);
    bool ok;

    for (guint i = 0; i < l->parts->len; i++) {
        gsize n;
        const void *octets = g_bytes_get_data(l->parts->pdata[i], &n);
        parts[i] = zs_span(octets, n);
    }
    if (l->kind == ZS_LINE_MESSAGE)
        ok = zs_connection_send(p->connection, parts, l->parts->len);
    else
        ok = zs_connection_subscribe(p->connection, l->kind == ZS_LINE_CANCEL, parts[0]);
    g_free(parts);
    p->said = g_get_monotonic_time();
    p->spoken++;
    p->account.sent += ok;
    return ok;
}

/* When the line is due, by a fixed rate or the capture's times. */
static gint64 due(const struct zs_play *p, const struct zs_line *l)
{
    const struct zs_line *first = line_at(p, 0);

    if (p->options->rate > 0)
        return p->opened + (gint64)(p->spoken * 1e6 / p->options->rate);
    return p->opened + (gint64)((double)zs_stamp_since(l->at, first->at) / 1000 * p->options->pace);
}

/* ==== theirs ==== */

/* Line i, or none of the script, came to this. Takes sentence. */
static void tell(struct zs_play *p, guint i, enum zs_fate fate, guint part, char *sentence)
{
    const struct zs_line *l = line_at(p, i);
    const struct zs_account_difference d = {
        .fate = fate, .frame = l ? l->at.frame : 0, .part = part, .sentence = sentence};

    p->handler->on_difference(p->user, p, &d);
    if (l) {
        p->outcomes[i].fate = fate;
        p->outcomes[i].sentence = sentence;
    } else {
        g_free(sentence);
    }
}

static struct zs_span span_of(GBytes *b)
{
    gsize n;
    const void *octets = g_bytes_get_data(b, &n);

    return zs_span(octets, n);
}

/* What a part has from where it differs. */
static void append_rest(GString *text, GBytes *part, gsize at)
{
    struct zs_span whole = span_of(part);

    zs_append_quoted(text, zs_span(at ? whole.p + at : whole.p, whole.n - at));
    if (at)
        g_string_append_printf(text, " from offset %zu on", at);
    g_string_append_printf(text, " (%zu octet%s)", whole.n, whole.n == 1 ? "" : "s");
}

/* The first thing that is not as captured, in words, and the part that it is about; NULL: all is. */
static char *find_difference(const struct zs_play *p, const struct zs_line *l, GPtrArray *came,
                             guint *part)
{
    struct zs_ignore_place where;

    if (came->len != l->parts->len)
        return g_strdup_printf("%u part%s came, the capture has %u", came->len,
                               came->len == 1 ? "" : "s", l->parts->len);
    for (guint i = 0; i < came->len; i++) {
        GBytes *ours = came->pdata[i], *captured = l->parts->pdata[i];
        if (zs_ignore_equal(p->options->ignore, i + 1, ours, captured, &where))
            continue;
        *part = i + 1;
        GString *text = g_string_new(NULL);
        g_string_printf(text, "part %u is ", i + 1);
        append_rest(text, ours, where.came);
        g_string_append(text, ", the capture has ");
        append_rest(text, captured, where.captured);
        return g_string_free(text, FALSE);
    }
    return NULL;
}

/* Moves to their next line, from where awaited is. */
static const struct zs_line *find_awaited(struct zs_play *p)
{
    const struct zs_line *l;

    while ((l = line_at(p, p->awaited)) && l->dir == p->ours)
        p->awaited++;
    return l;
}

static void take(struct zs_play *p, enum zs_line_kind kind, GPtrArray *came)
{
    const struct zs_line *l = find_awaited(p);
    gint64 latency = (g_get_monotonic_time() - (p->said ? p->said : p->opened)) * 1000;
    guint i = p->awaited, part = 0;

    if (!l) {
        p->account.extra++;
        tell(p, i, ZS_FATE_EXTRA, 0, g_strdup("a message came that the capture does not have"));
        return;
    }
    p->awaited++;
    p->heard = g_get_monotonic_time();
    zs_latencies_add(&p->account.latencies, latency);
    p->outcomes[i].latency = latency;
    char *what = kind == l->kind ? find_difference(p, l, came, &part)
                                 : g_strdup("something of another kind came");
    if (what) {
        p->account.differed++;
        tell(p, i, ZS_FATE_DIFFERED, part, what);
    } else {
        p->account.matched++;
        p->outcomes[i].fate = ZS_FATE_MATCHED;
    }
}

/* ==== the course ==== */

/* Does any line of theirs before this one still have to come? */
static bool awaits_before(struct zs_play *p, guint line)
{
    return find_awaited(p) && p->awaited < line;
}

static void give_up_before(struct zs_play *p, guint line)
{
    while (awaits_before(p, line)) {
        tell(p, p->awaited, ZS_FATE_MISSING, 0, g_strdup("its message did not come"));
        p->awaited++;
        p->account.missing++;
    }
}

/* When a line of either side last passed, or else when it stood: who goes on talking is not late. */
static gint64 last_of(const struct zs_play *p)
{
    return MAX(MAX(p->opened, p->said), p->heard);
}

/* Says what may be said, and sees to what is waited for. */
static void go_on(struct zs_play *p)
{
    gint64 patience = (gint64)(p->options->patience * 1e6);

    while (!p->over && !p->account.stopped && p->next < p->script->lines->len) {
        const struct zs_line *l = line_at(p, p->next);
        gint64 now = g_get_monotonic_time(), last = last_of(p);
        guint before = p->next + (l->dir != p->ours);
        if (awaits_before(p, before)) {
            if (now < last + patience) {
                wake(p, last + patience - now);
                return;
            }
            give_up_before(p, before);
        }
        if (l->dir == p->ours && now < due(p, l)) {
            wake(p, due(p, l) - now);
            return;
        }
        if (l->dir == p->ours && zs_connection_is_full(p->connection))
            return; /* on_drained() comes back */
        if (l->dir == p->ours) {
            if (say(p, l))
                p->outcomes[p->next].fate = ZS_FATE_SENT;
            else
                tell(p, p->next, ZS_FATE_UNSENT, 0, g_strdup("ours could not be sent"));
        }
        p->next++;
    }
    if (p->over || p->account.stopped)
        return;
    gint64 now = g_get_monotonic_time(), end = last_of(p) + SETTLE_MS * 1000;
    if (now < end)
        wake(p, end - now);
    else
        zs_connection_close(p->connection);
}

static void on_event(void *user, struct zs_connection *c, bool said, const struct zs_peer_event *ev)
{
    struct zs_play *p = user;
    bool subscribes = ev->kind == ZS_PEER_COMMAND &&
                      (ev->command == ZS_CMD_SUBSCRIBE || ev->command == ZS_CMD_CANCEL);

    if (said || !(ev->kind == ZS_PEER_MESSAGE || subscribes) || p->account.failed)
        return;
    p->coming_n += ev->body.n;
    if (p->coming_n > COMING_MAX || p->coming->len == PARTS_MAX) {
        p->account.failed = g_strdup("a message came that is too large to be compared");
        zs_connection_close(c);
        return;
    }
    g_ptr_array_add(p->coming, g_bytes_new(ev->body.p, ev->body.n));
    if (ev->more)
        return;
    take(p,
         ev->kind == ZS_PEER_MESSAGE       ? ZS_LINE_MESSAGE
         : ev->command == ZS_CMD_SUBSCRIBE ? ZS_LINE_SUBSCRIBE
                                           : ZS_LINE_CANCEL,
         p->coming);
    g_ptr_array_set_size(p->coming, 0);
    p->coming_n = 0;
    wake(p, 0);
}

static void on_open(void *user, struct zs_connection *c)
{
    struct zs_play *p = user;
    (void)c;

    p->opened = g_get_monotonic_time();
    p->account.stood = true;
    go_on(p);
}

static void on_drained(void *user, struct zs_connection *c)
{
    (void)c;
    go_on(user);
}

static void on_closed(void *user, struct zs_connection *c, const char *why)
{
    struct zs_play *p = user;
    (void)c;

    p->over = true;
    if (p->opened && !p->account.stopped)
        give_up_before(p, p->script->lines->len);
    if ((why || !p->opened) && !p->account.stopped && !p->account.failed)
        p->account.failed = g_strdup(why ? why : "the other side closed before both were through");
    p->handler->on_end(p->user, p);
}

struct zs_play *zs_play_new(GSocket *socket, struct zs_live *live, const struct zs_script *script,
                            const struct zs_play_options *options,
                            const struct zs_play_handler *handler, void *user)
{
    static const struct zs_connection_handler own = {
        .on_event = on_event, .on_open = on_open, .on_drained = on_drained, .on_closed = on_closed};
    struct zs_play *p = g_new0(struct zs_play, 1);

    *p = (struct zs_play){.script = script, .options = options, .handler = handler, .user = user};
    p->ours = options->role == ZS_ROLE_CLIENT ? script->client : zs_dir_other(script->client);
    p->coming = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    p->outcomes = g_new0(struct zs_play_outcome, script->lines->len);
    struct zs_peer_options o = zs_peer_options(options->role, script->type[p->ours]);
    o.null = script->null;
    o.plaintext = script->plaintext;
    o.metadata = span_of(script->metadata[p->ours]);
    p->connection = zs_connection_new(socket, &o, live, &own, p);
    return p;
}

const struct zs_account *zs_play_account(const struct zs_play *p)
{
    return &p->account;
}

const struct zs_play_outcome *zs_play_outcome(const struct zs_play *p, guint line)
{
    return &p->outcomes[line];
}

void zs_play_stop(struct zs_play *p)
{
    if (p->over || p->account.stopped)
        return;
    p->account.stopped = true;
    zs_connection_close(p->connection);
}

void zs_play_free(struct zs_play *p)
{
    if (!p)
        return;
    if (p->timer)
        g_source_remove(p->timer);
    zs_connection_free(p->connection);
    g_ptr_array_unref(p->coming);
    for (guint i = 0; i < p->script->lines->len; i++)
        g_free(p->outcomes[i].sentence);
    g_free(p->outcomes);
    g_free(p->account.failed);
    g_free(p);
}
