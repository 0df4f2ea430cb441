/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer on a socket. core/proto says what goes out and what came in; here it is moved. */
#include "analyzer/live/connection.h"

#include <gio/gnetworking.h>
#include <string.h>

enum {
    CHUNK = 65536,      /* octets read at a time, so that others get their turn */
    FULL = 1 << 20,     /* octets that wait to be sent: reading pauses … */
    DRAINED = FULL / 4, /* … until no more than these do */
    LINGER_MS = 1000,   /* how long the other side may take to close after us */
    NS_PER_US = 1000,
};

struct zs_connection {
    GSocket *socket;
    struct zs_live *live;
    struct zs_peer peer;
    const struct zs_connection_handler *handler;
    void *user;
    GSource *readable, *writable, *timer, *soon; /* attached, or NULL */
    int64_t timer_at;                            /* when timer fires; the peer's clock */
    GQueue said;      /* of struct statement: what was said during a step */
    bool dispatching; /* settle() follows anyway */
    bool stepping, opened, full, ending, lingering, doomed, over;
    char *why;
};

/* What a peer said while it took what came: handed on behind that, which is what it answers. */
struct statement {
    struct zs_peer_event event;
    struct zs_greeting greeting;
    uint8_t *body;
};

static int64_t now(void)
{
    return g_get_monotonic_time() * NS_PER_US;
}

static void drop(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
    }
    *source = NULL;
}

static size_t waiting(const struct zs_connection *c)
{
    return zs_peer_output(&c->peer).n;
}

/* ==== what is said ==== */

static void free_statement(gpointer data)
{
    struct statement *s = data;

    g_free(s->body);
    g_free(s);
}

static void on_said(void *user, const struct zs_peer_event *said)
{
    struct zs_connection *c = user;

    if (!c->stepping) {
        c->handler->on_event(c->user, c, true, said);
        return;
    }
    struct statement *s = g_new0(struct statement, 1);
    s->event = *said;
    s->event.body.p = s->body = g_memdup2(said->body.p, said->body.n);
    if (said->greeting) {
        s->greeting = *said->greeting;
        s->event.greeting = &s->greeting;
    }
    g_queue_push_tail(&c->said, s);
}

static void tell_said(struct zs_connection *c)
{
    struct statement *s;

    while ((s = g_queue_pop_head(&c->said))) {
        c->handler->on_event(c->user, c, true, &s->event);
        free_statement(s);
    }
}

/* ==== the end ==== */

static void finish(struct zs_connection *c)
{
    if (c->over)
        return;
    c->over = true;
    drop(&c->readable);
    drop(&c->writable);
    drop(&c->timer);
    drop(&c->soon);
    g_socket_close(c->socket, NULL);
    c->handler->on_closed(c->user, c, c->why);
}

static void say_why(struct zs_connection *c, const char *what)
{
    if (!c->why)
        c->why = g_strdup(what);
}

static void say_defect(struct zs_connection *c, const struct zs_peer_event *ev)
{
    const struct zs_defect *d = zs_defect_of(ev->rc);
    char *text = g_strdup_printf("%s%s%s", d->sentence, ev->detail ? ": " : "",
                                 ev->detail ? ev->detail : "");

    say_why(c, text);
    g_free(text);
}

/* libzmq: the reason is the status code of its ZAP handler (27/ZAP). */
static const char *meaning_of(struct zs_span reason)
{
    return zs_span_is(reason, "300")   ? ": its ZAP handler is out of order for now"
           : zs_span_is(reason, "400") ? ": its ZAP handler denies"
           : zs_span_is(reason, "500") ? ": its ZAP handler failed"
                                       : "";
}

static void say_refused(struct zs_connection *c, struct zs_span reason)
{
    char *octets = g_strndup((const char *)reason.p, reason.n), *shown = g_strescape(octets, NULL);
    char *text =
        g_strdup_printf("the other side refuses with ERROR \"%s\"%s", shown, meaning_of(reason));

    say_why(c, text);
    g_free(text);
    g_free(shown);
    g_free(octets);
}

static void tell(struct zs_connection *c, const struct zs_peer_event *ev)
{
    if (ev->kind == ZS_PEER_DEFECT)
        say_defect(c, ev);
    if (ev->kind == ZS_PEER_ERROR)
        say_refused(c, ev->body);
    c->handler->on_event(c->user, c, false, ev);
    tell_said(c);
    if (c->peer.state == ZS_PEER_OPEN && !c->opened) {
        c->opened = true;
        c->handler->on_open(c->user, c);
    }
}

/* ==== the loop ==== */

static void settle(struct zs_connection *c);

static gboolean on_timer(gpointer user)
{
    struct zs_connection *c = user;
    struct zs_peer_event ev;

    drop(&c->timer);
    c->dispatching = true;
    if (c->lingering) {
        finish(c);
        return G_SOURCE_REMOVE;
    }
    c->stepping = true;
    bool happened = zs_peer_tick(&c->peer, now(), &ev);
    c->stepping = false;
    if (happened)
        tell(c, &ev);
    else
        tell_said(c);
    settle(c);
    return G_SOURCE_REMOVE;
}

/* One that fires too early is set anew then: most deadlines move on before they come. */
static void set_timer(struct zs_connection *c, int64_t at)
{
    if (c->timer && c->timer_at <= at && !c->lingering)
        return;
    drop(&c->timer);
    if (at == INT64_MAX)
        return;
    int64_t left = MAX(at - now(), 0) / NS_PER_US;
    c->timer_at = at;
    c->timer = g_timeout_source_new((guint)MIN(left / 1000 + 1, G_MAXINT));
    g_source_set_callback(c->timer, on_timer, c, NULL);
    g_source_attach(c->timer, g_main_context_get_thread_default());
}

static void take(struct zs_connection *c, struct zs_span in)
{
    struct zs_peer_event ev;

    for (;;) {
        c->stepping = true;
        bool happened = zs_peer_step(&c->peer, &in, now(), &ev);
        c->stepping = false;
        if (!happened)
            break;
        tell(c, &ev);
    }
    tell_said(c);
}

static void take_end(struct zs_connection *c)
{
    struct zs_peer_event ev;

    drop(&c->readable);
    if (zs_peer_end(&c->peer, now(), &ev))
        tell(c, &ev);
    c->ending = true;
}

static gboolean on_readable(GSocket *socket, GIOCondition condition, gpointer user)
{
    static uint8_t chunk[CHUNK];
    struct zs_connection *c = user;
    GError *error = NULL;

    (void)condition;
    c->dispatching = true;
    gssize n = g_socket_receive(socket, (char *)chunk, sizeof chunk, NULL, &error);
    if (n > 0) {
        take(c, zs_span(chunk, (size_t)n));
    } else if (n == 0) {
        take_end(c);
        if (c->lingering) {
            finish(c);
            return G_SOURCE_REMOVE;
        }
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        if (!c->lingering)
            say_why(c, error->message);
        g_clear_error(&error);
        finish(c);
        return G_SOURCE_REMOVE;
    }
    g_clear_error(&error);
    settle(c);
    return G_SOURCE_CONTINUE;
}

static gboolean on_writable(GSocket *socket, GIOCondition condition, gpointer user)
{
    struct zs_connection *c = user;

    (void)socket;
    (void)condition;
    drop(&c->writable);
    settle(c);
    return G_SOURCE_REMOVE;
}

static GSource *watch(struct zs_connection *c, GIOCondition condition, GSocketSourceFunc function)
{
    GSource *s = g_socket_create_source(c->socket, condition, NULL);

    g_source_set_callback(s, G_SOURCE_FUNC(function), c, NULL);
    g_source_attach(s, g_main_context_get_thread_default());
    return s;
}

/* As much as the socket takes. False: it takes none any more. */
static bool flush(struct zs_connection *c)
{
    GError *error = NULL;

    while (waiting(c)) {
        struct zs_span out = zs_peer_output(&c->peer);
        gssize n = g_socket_send(c->socket, (const char *)out.p, out.n, NULL, &error);
        if (n > 0) {
            zs_peer_sent(&c->peer, (size_t)n);
        } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            g_error_free(error);
            return true;
        } else {
            say_why(c, error ? error->message : "nothing more is taken");
            g_clear_error(&error);
            return false;
        }
    }
    return true;
}

/* All is sent, and nothing more will be: the other side is given a moment to read it. */
static void end(struct zs_connection *c)
{
    bool in_order = !c->why && c->readable;

    if (!in_order || !g_socket_shutdown(c->socket, FALSE, TRUE, NULL)) {
        finish(c);
        return;
    }
    c->lingering = true;
    set_timer(c, now() + (int64_t)LINGER_MS * 1000 * NS_PER_US);
}

static void pace(struct zs_connection *c)
{
    bool was_full = c->full;

    c->full = waiting(c) > (c->full ? DRAINED : FULL);
    if (c->full && c->readable)
        drop(&c->readable);
    else if (!c->full && !c->readable && !c->ending)
        c->readable = watch(c, G_IO_IN, on_readable);
    if (was_full && !c->full && c->opened)
        c->handler->on_drained(c->user, c);
}

/* After anything happened: sends, and sees to what is to be waited for. May end in on_closed. */
static void settle(struct zs_connection *c)
{
    c->dispatching = false;
    if (c->over || (c->lingering && !c->doomed))
        return;
    if (c->doomed || !flush(c)) {
        finish(c);
        return;
    }
    pace(c);
    if (waiting(c) && !c->writable)
        c->writable = watch(c, G_IO_OUT, on_writable);
    if (!waiting(c) && (c->ending || c->peer.state == ZS_PEER_CLOSED)) {
        end(c);
        return;
    }
    set_timer(c, zs_peer_deadline(&c->peer));
    if (c->handler->on_held)
        c->handler->on_held(c->user, c);
}

static gboolean on_begin(gpointer user)
{
    struct zs_connection *c = user;

    drop(&c->soon);
    tell_said(c);
    settle(c);
    return G_SOURCE_REMOVE;
}

/* Settles from the loop, for whoever asks for it may be in the middle of a callback. */
static void settle_soon(struct zs_connection *c)
{
    if (c->over || (c->lingering && !c->doomed) || c->dispatching || c->soon)
        return;
    c->soon = g_idle_source_new();
    g_source_set_priority(c->soon, G_PRIORITY_DEFAULT);
    g_source_set_callback(c->soon, on_begin, c, NULL);
    g_source_attach(c->soon, g_main_context_get_thread_default());
}

struct zs_connection *zs_connection_new(GSocket *socket, const struct zs_peer_options *options,
                                        struct zs_live *live,
                                        const struct zs_connection_handler *handler, void *user)
{
    struct zs_connection *c = g_new0(struct zs_connection, 1);
    struct zs_peer_options own = *options;

    c->socket = socket;
    c->live = live;
    c->handler = handler;
    c->user = user;
    own.on_said = on_said;
    own.user = c;
    g_queue_init(&c->said);
    g_socket_set_blocking(socket, FALSE);
    if (g_socket_get_family(socket) != G_SOCKET_FAMILY_UNIX)
        g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    c->stepping = true; /* its greeting is told from the loop */
    zs_peer_init(&c->peer, &own, live ? zs_live_gss(live) : NULL, now());
    c->stepping = false;
    settle_soon(c);
    return c;
}

void zs_connection_free(struct zs_connection *c)
{
    if (!c)
        return;
    drop(&c->readable);
    drop(&c->writable);
    drop(&c->timer);
    drop(&c->soon);
    g_queue_clear_full(&c->said, free_statement);
    zs_peer_clear(&c->peer);
    zs_live_free(c->live);
    g_object_unref(c->socket);
    g_free(c->why);
    g_free(c);
}

const struct zs_peer *zs_connection_peer(const struct zs_connection *c)
{
    return &c->peer;
}

bool zs_connection_send_frame(struct zs_connection *c, struct zs_span data, bool more)
{
    bool ok = zs_peer_send(&c->peer, data, more);

    settle_soon(c);
    return ok;
}

bool zs_connection_send(struct zs_connection *c, const struct zs_span *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (zs_connection_send_frame(c, parts[i], i + 1 < n))
            continue;
        if (i) {
            say_why(c, "a message could not be sent whole");
            c->ending = true;
        }
        return false;
    }
    return true;
}

bool zs_connection_subscribe(struct zs_connection *c, bool cancel, struct zs_span topic)
{
    bool ok = cancel ? zs_peer_cancel(&c->peer, topic) : zs_peer_subscribe(&c->peer, topic);

    settle_soon(c);
    return ok;
}

size_t zs_connection_held(const struct zs_connection *c)
{
    return zs_peer_held(&c->peer);
}

void zs_connection_trim(struct zs_connection *c)
{
    zs_peer_trim(&c->peer);
}

bool zs_connection_is_full(const struct zs_connection *c)
{
    return waiting(c) > FULL;
}

void zs_connection_close(struct zs_connection *c)
{
    c->ending = true;
    settle_soon(c);
}

void zs_connection_abort(struct zs_connection *c, const char *why)
{
    say_why(c, why);
    c->doomed = true;
    settle_soon(c);
}
