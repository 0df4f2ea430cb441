/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope connect: a client of ZMTP with GSSAPI, shown step by step, as openssl's s_client is for TLS. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/lines.h"
#include "analyzer/live/address.h"
#include "analyzer/output.h"
#include "analyzer/peers.h"
#include "analyzer/stop.h"

#include <string.h>

enum { WAIT_FOR_EVER = -1 };

struct connect_options {
    struct zs_peer_arguments peer;
    char *service, *ccache, *keytab, *principal, *bindings;
    gboolean spnego, delegate;
    char **topics, **rest;
    double wait; /* seconds; WAIT_FOR_EVER */
};

struct client {
    const struct connect_options *options;
    struct zs_dialog dialog;
    struct zs_connection *connection;
    struct zs_lines *lines;
    GMainLoop *loop;
    int64_t started; /* microseconds */
    gint64 messages; /* that came, whole */
    bool inside;     /* … in the middle of one */
    bool awaiting;   /* REQ: the reply */
    bool ended;      /* no more lines */
    bool closing;    /* from here */
    bool failed, over;
    enum zs_peer_state broke_off; /* the other side closed, or was silent, while this was awaited */
};

static void clear_options(struct connect_options *o)
{
    zs_peer_arguments_clear(&o->peer);
    g_free(o->service);
    g_free(o->ccache);
    g_free(o->keytab);
    g_free(o->principal);
    g_free(o->bindings);
    g_strfreev(o->topics);
    g_strfreev(o->rest);
}

static bool parse(int argc, char **argv, struct connect_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"service", 's', 0, G_OPTION_ARG_STRING, &o->service,
         "whom to authenticate to: SERVICE@HOST, or a principal's name", "NAME"},
        {"ccache", 0, 0, G_OPTION_ARG_FILENAME, &o->ccache,
         "the credential cache to take tickets from, instead of the default one", "CACHE"},
        {"client-keytab", 0, 0, G_OPTION_ARG_FILENAME, &o->keytab,
         "get tickets with this keytab; they are kept in memory alone, unless --ccache is given",
         "KEYTAB"},
        {"principal", 0, 0, G_OPTION_ARG_STRING, &o->principal, "as whom to authenticate", "NAME"},
        {"spnego", 0, 0, G_OPTION_ARG_NONE, &o->spnego, "negotiate Kerberos by SPNEGO", NULL},
        {"delegate", 0, 0, G_OPTION_ARG_NONE, &o->delegate,
         "forward the ticket-granting ticket to the server; it must be forwardable (kinit -f)",
         NULL},
        {"channel-bindings", 0, 0, G_OPTION_ARG_STRING, &o->bindings,
         "bind the context to a channel whose application data is TEXT", "TEXT"},
        {"subscribe", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->topics,
         "SUB and XSUB: what to subscribe to (everything); may be given again", "TOPIC"},
        {"wait", 'w', 0, G_OPTION_ARG_DOUBLE, &o->wait,
         "behind the last line, wait so long for what still comes (1); -1: until the other side closes",
         "SECONDS"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->rest, NULL, "ENDPOINT"},
        {0},
    };
    GOptionContext *c =
        g_option_context_new("- a client, live; lines of standard input are messages");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_peer_arguments_add(&o->peer, c);
    g_option_context_set_description(
        c,
        "ENDPOINT is tcp://HOST:PORT or ipc://PATH. The socket type is DEALER unless --type says another. What is said\n"
        "is shown behind >, what comes behind <. Ctrl+C ends it once all that was said is taken, and 3 seconds later anyway; a\n"
        "second one ends it at once. Exit status: 0, or 2 if no connection stood, it did not end in order, or the other side\n"
        "closed before a REQ had its reply.\n\n"
        "Examples:\n  zmtpscope connect -s zmq@server.example.org tcp://server.example.org:5555\n"
        "  echo hello | zmtpscope connect -q -t REQ -s zmq@localhost tcp://localhost:5555\n");
    bool ok = zs_arguments_parse(c, argc, argv, "sw" ZS_PEER_LETTERS, error);
    g_option_context_free(c);
    return ok;
}

/* ==== what happens ==== */

/* What it may mean that the other side says nothing more there: docs/protocol.md, 10. */
static const char *guess(const struct client *c)
{
    bool gssapi = !zs_connection_peer(c->connection)->options.null;

    switch (gssapi ? c->broke_off : ZS_PEER_OPEN) {
    case ZS_PEER_WANT_GREETING:
        return "; who says no greeting is no peer of ZMTP 3, or wants another mechanism";
    case ZS_PEER_WANT_TOKEN:
        return "; a server that does not accept the ticket or the principal says no more (docs/protocol.md, 10: F1, F3)";
    case ZS_PEER_WANT_READY:
        return "; the server knows the principal: its ZAP handler denies or is missing, or PLAINTEXT is set on one "
               "side alone (docs/protocol.md, 10: F5, F7, F8)";
    default:
        return "";
    }
}

static bool only_receives(const struct client *c)
{
    return !zs_socket_may_send(zs_connection_peer(c->connection)->options.socket_type);
}

static void close_from_here(struct client *c)
{
    c->closing = true;
    zs_connection_close(c->connection);
}

static gboolean on_waited(gpointer user)
{
    close_from_here(user);
    return G_SOURCE_REMOVE;
}

/* Nothing more will be said. What still comes is waited for, but a REQ knows when it has all of it. */
static void wait_for_rest(struct client *c)
{
    bool is_req = zs_connection_peer(c->connection)->options.socket_type == ZS_SOCKET_REQ;

    if (c->over || c->options->wait == WAIT_FOR_EVER)
        return;
    if (c->options->wait == 0 || (is_req && !c->awaiting))
        close_from_here(c);
    else
        g_timeout_add((guint)(c->options->wait * 1000), on_waited, c);
}

static void on_end(void *user)
{
    struct client *c = user;

    c->ended = true;
    wait_for_rest(c);
}

static bool on_line(void *user, struct zs_span line)
{
    struct client *c = user;
    bool is_req = zs_connection_peer(c->connection)->options.socket_type == ZS_SOCKET_REQ;

    if (c->over || c->closing || c->awaiting || zs_connection_is_full(c->connection))
        return false;
    if (!zs_peers_say(c->connection, c->options->peer.separator, line))
        fputs("zmtpscope: a line was not sent: it is too long\n", stderr);
    else
        c->awaiting = is_req;
    return true;
}

static void on_event(void *user, struct zs_connection *connection, bool said,
                     const struct zs_peer_event *ev)
{
    struct client *c = user;

    zs_peers_show(&c->dialog, "", connection, said, ev, &c->inside);
    if (ev->kind == ZS_PEER_DEFECT &&
        (ev->rc == ZS_E_STREAM_ENDED || ev->rc == ZS_E_HANDSHAKE_TIMEOUT))
        c->broke_off = ev->state;
    if (said || ev->kind != ZS_PEER_MESSAGE || ev->more)
        return;
    c->messages++;
    c->awaiting = false;
    if (c->messages == c->options->peer.count ||
        (c->ended && c->options->wait != WAIT_FOR_EVER &&
         zs_connection_peer(connection)->options.socket_type == ZS_SOCKET_REQ))
        close_from_here(c);
    else if (c->lines)
        zs_lines_go_on(c->lines);
}

static void on_open(void *user, struct zs_connection *connection)
{
    static const char *everything[] = {"", NULL};
    struct client *c = user;
    const struct zs_peer *p = zs_connection_peer(connection);
    char **topics = c->options->topics ? c->options->topics : (char **)everything;

    zs_dialog_open(&c->dialog, "", p, (g_get_monotonic_time() - c->started) * 1000);
    if (c->options->delegate && !p->options.null &&
        !(p->gss->body->facts(p->gss->self)->flags & ZS_GSS_DELEG))
        zs_dialog_note(&c->dialog, "", "delegation",
                       "nothing was delegated: the ticket-granting ticket is not forwardable");
    if (zs_socket_subscribes(p->options.socket_type))
        for (; *topics; topics++)
            zs_connection_subscribe(connection, false, zs_span(*topics, strlen(*topics)));
    if (only_receives(c))
        return;
    c->lines = zs_lines_new(on_line, on_end, c);
    zs_lines_go_on(c->lines);
}

static void on_drained(void *user, struct zs_connection *connection)
{
    struct client *c = user;

    (void)connection;
    if (c->lines)
        zs_lines_go_on(c->lines);
}

static void on_closed(void *user, struct zs_connection *connection, const char *why)
{
    struct client *c = user;
    const struct zs_peer *p = zs_connection_peer(connection);

    c->over = true;
    if (!why && c->awaiting && !c->closing)
        why = "the other side closed before its reply came";
    c->failed = why || !p->other_type;
    if (p->state < ZS_PEER_OPEN) /* a reset, which is no end that a peer is told of */
        c->broke_off = p->state;
    if (why)
        fprintf(stderr, "zmtpscope: %s: %s%s\n", c->options->rest[0], why, guess(c));
    zs_dialog_note(&c->dialog, "", "closed", c->failed ? "not in order" : "in order");
    g_main_loop_quit(c->loop);
}

static void on_signal(void *user)
{
    close_from_here(user);
}

/* It was stopped, and the other side did not let itself be ended in order. */
static void tell_left(struct client *c)
{
    c->failed = true;
    fprintf(stderr, "zmtpscope: %s: stopped before all that was said was taken\n",
            c->options->rest[0]);
    zs_dialog_note(&c->dialog, "", "closed", "not in order");
}

/* ==== the connection ==== */

static int talk(struct client *c, GSocket *socket, struct zs_live *live,
                const struct zs_peer_options *options)
{
    static const struct zs_connection_handler handler = {
        .on_event = on_event, .on_open = on_open, .on_drained = on_drained, .on_closed = on_closed};

    c->loop = g_main_loop_new(NULL, FALSE);
    c->started = g_get_monotonic_time();
    c->connection = zs_connection_new(socket, options, live, &handler, c);
    struct zs_stop *stop = zs_stop_new(c->loop, on_signal, c);
    g_main_loop_run(c->loop);
    zs_stop_free(stop);
    if (!c->over)
        tell_left(c);
    zs_lines_free(c->lines);
    zs_connection_free(c->connection);
    g_main_loop_unref(c->loop);
    return c->failed ? ZS_EXIT_FAILED : ZS_EXIT_CLEAN;
}

/* Credential and context first: without a ticket nobody is bothered. */
static int initiate(const struct connect_options *o, const struct zs_peer_options *options)
{
    struct client c = {
        .options = o, .dialog = zs_peer_arguments_dialog(&o->peer), .broke_off = ZS_PEER_OPEN};
    const struct zs_live_wishes wishes = {
        .spnego = o->spnego, .delegate = o->delegate, .bindings = o->bindings};
    struct zs_live_credential *credential = NULL;
    struct zs_live *live = NULL;
    char *why = NULL, *peer = NULL;
    int status = ZS_EXIT_FAILED;
    GError *error = NULL;
    GSocket *socket = NULL;

    GSocketConnectable *to = zs_address_to_connect(o->rest[0], &error);
    if (to && !options->null)
        credential = zs_live_client_credential(o->ccache, o->keytab, o->principal, &why);
    if (credential)
        live = zs_live_initiate(credential, o->service, &wishes, &why);
    if (to && !why)
        socket = zs_address_connect(to, options->handshake_ns / 1000, &peer, &error);
    if (socket) {
        zs_dialog_note(&c.dialog, "", "connected", peer);
        status = talk(&c, socket, live, options);
    } else {
        zs_live_free(live);
        status = error ? zs_output_fail(o->rest[0], error->message) : zs_output_fail("GSSAPI", why);
    }
    if (to)
        g_object_unref(to);
    g_clear_error(&error);
    g_free(why);
    g_free(peer);
    zs_live_credential_free(credential);
    return status;
}

static const char *objection(const struct connect_options *o)
{
    if (!o->rest || o->rest[1])
        return "wants one ENDPOINT; zmtpscope connect --help says what it takes";
    if (!o->peer.null && !o->service)
        return "wants --service NAME, or --null; zmtpscope connect --help says what it takes";
    return NULL;
}

static int run_connect(int argc, char **argv)
{
    struct connect_options o = {.wait = 1};
    struct zs_peer_options options;
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope connect");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!parse(argc, argv, &o, &error)) {
        zs_output_misused("connect", error);
    } else if (objection(&o)) {
        zs_output_fail("connect", objection(&o));
    } else if ((o.wait == WAIT_FOR_EVER ||
                zs_arguments_number("wait", o.wait, 0, ZS_SECONDS_MAX)) &&
               zs_peer_arguments_options(&o.peer, ZS_ROLE_CLIENT, ZS_SOCKET_DEALER, &options)) {
        status = initiate(&o, &options);
    }
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_connect = {
    "connect", "a client, live: handshake step by step, then lines as messages", run_connect};
