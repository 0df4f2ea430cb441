/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope serve: a server of ZMTP with GSSAPI for many clients, shown step by step, as openssl's s_server is for TLS.
 *
 * Limits: one listening endpoint. Of a client SUBSCRIPTIONS_MAX subscriptions of SUBSCRIPTION_OCTETS in all are kept. All
 * whose handshake goes on hold HANDSHAKES_MAX octets of memory together, all others OPEN_MAX; a line that finds no room
 * beside what other clients are to have of it is missed, as by who is slow. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/lines.h"
#include "analyzer/live/address.h"
#include "analyzer/output.h"
#include "analyzer/peers.h"
#include "analyzer/stop.h"
#include "core/conn/topics.h"

#include <string.h>

enum {
    ACCEPTED_AT_ONCE = 64, /* before others get their turn */
    BREATH_MS = 100,       /* without descriptors left, accepting waits so long */
    SUBSCRIPTIONS_MAX = 10000,
    SUBSCRIPTION_OCTETS = 1 << 20,
    HALF_OPEN_MAX = 1024,
    CLIENTS_MAX = 10000,
    HANDSHAKES_MAX = 24 << 20, /* octets */
    OPEN_MAX = 512 << 20,      /* a client that has its largest messages echoed takes half of it */
};

struct serve_options {
    struct zs_peer_arguments peer;
    char *service, *bindings;
    char **keytabs, **allow, **rest;
    gboolean echo;
    gint clients_max, half_open_max;
};

/* What some clients hold together, in octets of memory. */
struct pool {
    size_t held, most;
    const char *why; /* one of them is dropped */
};

struct server {
    const struct serve_options *options;
    struct zs_peer_options peer;
    struct zs_dialog dialog;
    struct zs_live_credential *credential;
    struct zs_live_wishes wishes;
    GSocket *socket;
    GSource *acceptable;
    GQueue clients;   /* of struct client, oldest first */
    GQueue half_open; /* … those whose handshake goes on */
    struct pool handshakes, open;
    struct client *busy; /* is told something just now, and must not be freed; or NULL */
    struct zs_lines *lines;
    GMainLoop *loop;
    uint64_t connections;
    gint64 messages; /* that came, whole */
    bool stopping;
};

struct client {
    struct server *server;
    struct zs_connection *connection;
    char who[24];
    GList *link, *half_open; /* in the server's queues; NULL: not there (any more) */
    struct pool *pool;
    size_t held; /* its part of that */
    struct zs_topics topics;
    bool surfeited;  /* it is said that not all of them are kept */
    bool dropped;    /* it ends as soon as it may */
    int64_t started; /* microseconds */
    bool inside;     /* in the middle of a message that comes */
};

static void clear_options(struct serve_options *o)
{
    zs_peer_arguments_clear(&o->peer);
    g_strfreev(o->keytabs);
    g_free(o->service);
    g_free(o->bindings);
    g_strfreev(o->allow);
    g_strfreev(o->rest);
}

static bool parse(int argc, char **argv, struct serve_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"keytab", 'K', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->keytabs,
         "the service's keys, instead of the default keytab: a keytab, or a directory of keytabs; may be given again",
         "KEYTAB"},
        {"service", 's', 0, G_OPTION_ARG_STRING, &o->service,
         "take tickets for it alone: SERVICE@HOST, or a principal's name; else for any of the keytabs",
         "NAME"},
        {"allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->allow,
         "let in whom it fits: alice@REALM, @REALM for all of a realm, zmq/*@REALM; may be given again. "
         "Without it everybody with a ticket may come in",
         "PRINCIPAL"},
        {"channel-bindings", 0, 0, G_OPTION_ARG_STRING, &o->bindings,
         "refuse who binds the context to a channel whose application data is not TEXT", "TEXT"},
        {"echo", 'e', 0, G_OPTION_ARG_NONE, &o->echo, "send each message back", NULL},
        {"max-clients", 0, 0, G_OPTION_ARG_INT, &o->clients_max, "refuse more at a time (10000)",
         "N"},
        {"max-half-open", 0, 0, G_OPTION_ARG_INT, &o->half_open_max,
         "of more handshakes at a time the oldest ends (1024)", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->rest, NULL, "ENDPOINT"},
        {0},
    };
    GOptionContext *c = g_option_context_new("- a server, live, for any number of clients");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_peer_arguments_add(&o->peer, c);
    g_option_context_set_description(
        c,
        "ENDPOINT is tcp://HOST:PORT, tcp://*:PORT or ipc://PATH; port 0 is any that is free. The socket type is ROUTER\n"
        "unless --type says another. Lines of standard input are messages: of PUB and XPUB to whom subscribed, of PUSH and\n"
        "DEALER to one client after the other, of the others to all. Ctrl+C ends it once all clients took what was said, and\n"
        "3 seconds later anyway; a second one ends it at once. Of a client 10000 subscriptions of 1 MiB in all are kept; what\n"
        "clients make it keep is bounded, 512 MiB of memory for all of them, and who holds most of it is dropped. Exit status:\n"
        "0, or 2 if it could not serve.\n\n"
        "Example:\n  zmtpscope serve -K zmq.keytab --allow @EXAMPLE.ORG --echo tcp://*:5555\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Ks" ZS_PEER_LETTERS, error);
    g_option_context_free(c);
    return ok;
}

/* ==== clients ==== */

static void hold(struct client *c, size_t octets)
{
    c->pool->held += octets - c->held;
    c->held = octets;
}

static void measure(struct client *c)
{
    hold(c, c->dropped ? 0 : zs_connection_held(c->connection) + zs_topics_held(&c->topics));
}

static void is_no_more_half_open(struct client *c)
{
    hold(c, 0);
    if (c->half_open)
        g_queue_delete_link(&c->server->half_open, c->half_open);
    c->half_open = NULL;
    c->pool = &c->server->open;
}

static void free_client(struct client *c)
{
    is_no_more_half_open(c);
    if (c->link)
        g_queue_delete_link(&c->server->clients, c->link);
    zs_topics_clear(&c->topics);
    zs_connection_free(c->connection);
    g_free(c);
}

static void on_subscription(struct client *c, bool cancel, struct zs_span topic)
{
    if (cancel) {
        zs_topics_remove(&c->topics, topic);
    } else if (!zs_topics_add(&c->topics, topic) && !c->surfeited) {
        c->surfeited = true;
        zs_dialog_note(&c->server->dialog, c->who, "too many",
                       "subscriptions: what is beyond 10000, or 1 MiB of topics, is not kept");
    }
}

static bool is_subscribed(const struct client *c, struct zs_span line)
{
    struct zs_span topic;

    return zs_topics_match(&c->topics, line, &topic);
}

static void stop(struct server *s)
{
    s->stopping = true;
    if (s->acceptable)
        g_source_destroy(s->acceptable);
    for (GList *l = s->clients.head; l; l = l->next)
        zs_connection_close(((struct client *)l->data)->connection);
    if (g_queue_is_empty(&s->clients))
        g_main_loop_quit(s->loop);
}

static void on_message(struct client *c, const struct zs_peer_event *ev)
{
    struct server *s = c->server;

    if (s->options->echo && !zs_connection_send_frame(c->connection, ev->body, ev->more))
        zs_connection_close(c->connection);
    if (ev->more)
        return;
    s->messages++;
    if (s->messages == s->options->peer.count)
        stop(s);
}

static void on_event(void *user, struct zs_connection *connection, bool said,
                     const struct zs_peer_event *ev)
{
    struct client *c = user;

    zs_peers_show(&c->server->dialog, c->who, connection, said, ev, &c->inside);
    if (said)
        return;
    if (ev->kind == ZS_PEER_COMMAND &&
        (ev->command == ZS_CMD_SUBSCRIBE || ev->command == ZS_CMD_CANCEL))
        on_subscription(c, ev->command == ZS_CMD_CANCEL, ev->body);
    if (ev->kind == ZS_PEER_MESSAGE)
        on_message(c, ev);
}

/* There is room for lines: c is told so. */
static void go_on(struct client *c)
{
    struct server *s = c->server;

    s->busy = c;
    if (s->lines)
        zs_lines_go_on(s->lines);
    s->busy = NULL;
}

static void on_open(void *user, struct zs_connection *connection)
{
    struct client *c = user;

    is_no_more_half_open(c);
    zs_dialog_open(&c->server->dialog, c->who, zs_connection_peer(connection),
                   (g_get_monotonic_time() - c->started) * 1000);
    go_on(c);
}

static void on_drained(void *user, struct zs_connection *connection)
{
    (void)connection;
    go_on(user);
}

static void on_closed(void *user, struct zs_connection *connection, const char *why)
{
    struct client *c = user;
    struct server *s = c->server;

    (void)connection;
    zs_dialog_note(&s->dialog, c->who, "closed", why ? why : "in order");
    free_client(c);
    if (s->stopping && g_queue_is_empty(&s->clients))
        g_main_loop_quit(s->loop);
}

static void drop(struct client *c, const char *why)
{
    zs_dialog_note(&c->server->dialog, c->who, "dropped", why);
    free_client(c);
}

/* ==== memory ==== */

static struct client *find_largest(const struct server *s, const struct pool *p)
{
    struct client *largest = NULL;

    for (const GList *l = s->clients.head; l; l = l->next) {
        struct client *c = l->data;
        if (c->pool == p && (!largest || c->held > largest->held))
            largest = c;
    }
    return largest;
}

/* What is only kept for later goes first. */
static void trim(struct server *s, const struct pool *p)
{
    for (GList *l = s->clients.head; l; l = l->next) {
        struct client *c = l->data;
        if (c->pool != p || c == s->busy)
            continue;
        zs_connection_trim(c->connection);
        measure(c);
    }
}

static void drop_largest(struct server *s, struct pool *p)
{
    struct client *largest = find_largest(s, p);

    if (largest != s->busy) {
        drop(largest, p->why);
        return;
    }
    largest->dropped = true;
    measure(largest);
    zs_connection_abort(largest->connection, p->why);
}

/* Room for so many octets is made by whoever holds most, the oldest of those: a good client never holds much. */
static void find_room(struct server *s, struct pool *p, size_t octets)
{
    if (p->held + octets > p->most)
        trim(s, p);
    while (p->held && p->held + octets > p->most)
        drop_largest(s, p);
}

static void on_held(void *user, struct zs_connection *connection)
{
    struct client *c = user;

    (void)connection;
    measure(c);
    c->server->busy = c;
    find_room(c->server, c->pool, 0);
    c->server->busy = NULL;
}

/* ==== lines ==== */

static bool is_open(const struct client *c)
{
    return !c->dropped && zs_connection_peer(c->connection)->state == ZS_PEER_OPEN;
}

static bool say(struct client *c, struct zs_span line)
{
    const char *separator = c->server->options->peer.separator;
    bool said =
        !zs_connection_is_full(c->connection) && zs_peers_say(c->connection, separator, line);

    measure(c);
    return said;
}

/* To the next client that can take it; it is then the last in the row. */
static bool say_to_next(struct server *s, struct zs_span line)
{
    for (GList *l = s->clients.head; l; l = l->next) {
        struct client *c = l->data;
        if (!is_open(c) || !say(c, line))
            continue;
        g_queue_unlink(&s->clients, l);
        g_queue_push_tail_link(&s->clients, l);
        return true;
    }
    return false;
}

/* A publisher does not wait for a slow subscriber: who cannot take it misses it. */
static bool say_to_all(struct server *s, bool subscribed, struct zs_span line)
{
    bool any = false;

    find_room(s, &s->open, line.n);
    for (GList *l = s->clients.head; l; l = l->next) {
        struct client *c = l->data;
        if (!is_open(c) || (subscribed && !is_subscribed(c, line)))
            continue;
        any |= s->open.held + line.n <= s->open.most && say(c, line);
    }
    return any || subscribed;
}

static bool on_line(void *user, struct zs_span line)
{
    struct server *s = user;

    if (s->stopping)
        return false;
    switch (s->peer.socket_type) {
    case ZS_SOCKET_PUSH:
    case ZS_SOCKET_DEALER:
    case ZS_SOCKET_REQ:
        return say_to_next(s, line);
    case ZS_SOCKET_PUB:
    case ZS_SOCKET_XPUB:
        return say_to_all(s, true, line);
    default:
        return say_to_all(s, false, line);
    }
}

static void on_end(void *user)
{
    (void)user; /* it goes on for its clients */
}

/* ==== listening ==== */

static void take_client(struct server *s, GSocket *socket)
{
    static const struct zs_connection_handler handler = {.on_event = on_event,
                                                         .on_open = on_open,
                                                         .on_drained = on_drained,
                                                         .on_held = on_held,
                                                         .on_closed = on_closed};
    char *from = zs_address_other(socket);
    struct client *c = g_new0(struct client, 1);

    c->server = s;
    c->pool = &s->handshakes;
    zs_topics_init(&c->topics, SUBSCRIPTIONS_MAX, SUBSCRIPTION_OCTETS);
    c->started = g_get_monotonic_time();
    g_snprintf(c->who, sizeof c->who, "c%" G_GUINT64_FORMAT " ", ++s->connections);
    g_queue_push_tail(&s->clients, c);
    c->link = s->clients.tail;
    g_queue_push_tail(&s->half_open, c);
    c->half_open = s->half_open.tail;
    zs_dialog_note(&s->dialog, c->who, "connected", from);
    c->connection = zs_connection_new(
        socket, &s->peer, s->credential ? zs_live_accept(s->credential, &s->wishes) : NULL,
        &handler, c);
    g_free(from);
    if ((gint)s->half_open.length > s->options->half_open_max)
        drop(s->half_open.head->data, "more handshakes at a time than --max-half-open");
}

static void turn_away(const struct server *s, GSocket *socket)
{
    char *from = zs_address_other(socket);
    char *text = g_strdup_printf("%s: more clients at a time than --max-clients", from);

    zs_dialog_note(&s->dialog, "", "refused", text);
    g_free(text);
    g_free(from);
    g_object_unref(socket);
}

static gboolean on_breath(gpointer user);

/* Descriptors ran out: whoever has not even come in makes room, or all wait. */
static gboolean make_room(struct server *s, const char *why)
{
    if (!g_queue_is_empty(&s->half_open)) {
        drop(s->half_open.head->data, why);
        return G_SOURCE_CONTINUE;
    }
    g_source_unref(s->acceptable);
    s->acceptable = NULL;
    g_timeout_add(BREATH_MS, on_breath, s);
    return G_SOURCE_REMOVE;
}

static gboolean on_acceptable(GSocket *socket, GIOCondition condition, gpointer user)
{
    struct server *s = user;

    (void)condition;
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        GError *error = NULL;
        GSocket *accepted = g_socket_accept(socket, NULL, &error);
        if (!accepted) {
            bool none = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
            gboolean go_on = none ? G_SOURCE_CONTINUE : make_room(s, error->message);
            g_error_free(error);
            return go_on;
        }
        if ((gint)s->clients.length < s->options->clients_max)
            take_client(s, accepted);
        else
            turn_away(s, accepted);
    }
    return G_SOURCE_CONTINUE;
}

static void await_clients(struct server *s)
{
    s->acceptable = g_socket_create_source(s->socket, G_IO_IN, NULL);
    g_source_set_callback(s->acceptable, G_SOURCE_FUNC(on_acceptable), s, NULL);
    g_source_attach(s->acceptable, NULL);
}

static gboolean on_breath(gpointer user)
{
    struct server *s = user;

    if (!s->stopping)
        await_clients(s);
    return G_SOURCE_REMOVE;
}

static void on_signal(void *user)
{
    stop(user);
}

static void tell_listening(const struct server *s)
{
    char *text = zs_address_own(s->socket);

    zs_dialog_note(&s->dialog, "", "listening", text);
    g_free(text);
}

static void tell_end(const struct server *s)
{
    char *text = g_strdup_printf(
        "%" G_GUINT64_FORMAT " connection%s, %" G_GINT64_FORMAT " message%s", s->connections,
        s->connections == 1 ? "" : "s", s->messages, s->messages == 1 ? "" : "s");

    zs_dialog_note(&s->dialog, "", "served", text);
    g_free(text);
}

static void serve(struct server *s)
{
    s->loop = g_main_loop_new(NULL, FALSE);
    struct zs_stop *stop = zs_stop_new(s->loop, on_signal, s);
    tell_listening(s);
    await_clients(s);
    if (zs_socket_may_send(s->peer.socket_type) && s->peer.socket_type != ZS_SOCKET_REP)
        s->lines = zs_lines_new(on_line, on_end, s);
    g_main_loop_run(s->loop);
    zs_stop_free(stop);
    while (!g_queue_is_empty(&s->clients))
        drop(s->clients.head->data, "it did not take all of what was said");
    tell_end(s);
    zs_lines_free(s->lines);
    if (s->acceptable)
        g_source_unref(s->acceptable);
    g_main_loop_unref(s->loop);
}

static int accept_clients(struct server *s)
{
    const char *endpoint = s->options->rest[0];
    int status = ZS_EXIT_CLEAN;
    GError *error = NULL;
    char *why = NULL;

    if (!s->peer.null)
        s->credential = zs_live_server_credential(s->options->keytabs, s->options->service, &why);
    if (!why)
        s->socket = zs_address_listen(endpoint, &error);
    if (s->socket)
        serve(s);
    else
        status = why ? zs_output_fail("GSSAPI", why) : zs_output_fail(endpoint, error->message);
    g_clear_error(&error);
    g_free(why);
    g_clear_object(&s->socket);
    zs_live_credential_free(s->credential);
    return status;
}

static const char *objection(const struct serve_options *o)
{
    if (!o->rest || o->rest[1])
        return "wants one ENDPOINT; zmtpscope serve --help says what it takes";
    if (o->clients_max < 1 || o->half_open_max < 1)
        return "--max-clients and --max-half-open want a number, 1 or more";
    return NULL;
}

static int run(const struct serve_options *o)
{
    struct server s = {
        .options = o,
        .dialog = zs_peer_arguments_dialog(&o->peer),
        .wishes = {.bindings = o->bindings},
        .handshakes = {.most = HANDSHAKES_MAX,
                       .why = "handshakes hold too much memory, and this one most of it"},
        .open = {.most = OPEN_MAX, .why = "clients hold too much memory, and this one most of it"}};
    struct zs_allow *allow = NULL;
    int status = ZS_EXIT_FAILED;

    if (objection(o))
        return zs_output_fail("serve", objection(o));
    zs_peers_raise_descriptors();
    bool ok = zs_peer_arguments_options(&o->peer, ZS_ROLE_SERVER, ZS_SOCKET_ROUTER, &s.peer) &&
              zs_arguments_allow(o->allow, &allow);
    s.peer.allow = allow;
    if (ok && o->echo && !zs_socket_may_send(s.peer.socket_type))
        zs_output_fail("serve", "--echo: this socket type sends nothing");
    else if (ok)
        status = accept_clients(&s);
    zs_allow_free(allow);
    return status;
}

static int run_serve(int argc, char **argv)
{
    struct serve_options o = {.clients_max = CLIENTS_MAX, .half_open_max = HALF_OPEN_MAX};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope serve");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (parse(argc, argv, &o, &error)) {
        status = run(&o);
    } else {
        zs_output_misused("serve", error);
    }
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_serve = {
    "serve", "a server, live: many clients, shown or echoed", run_serve};
