/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints of ZeroMQ to addresses of GIO.
 *
 * Limits: a network interface's name in the place of an address (zmq_tcp(7)) is not looked up; no source address. */
#include "analyzer/live/address.h"

#include <gio/gnetworking.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

static const char tcp[] = "tcp://", ipc[] = "ipc://";

static void refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, why);
}

static GSocketAddress *unix_address(const char *endpoint, GError **error)
{
    const char *path = endpoint + strlen(ipc);
    bool abstract = path[0] == '@';

    path += abstract;
    if (!*path || strlen(path) >= 108) {
        refuse(error, "a Unix socket's path has 1 to 107 octets");
        return NULL;
    }
    return g_unix_socket_address_new_with_type(
        path, -1, abstract ? G_UNIX_SOCKET_ADDRESS_ABSTRACT : G_UNIX_SOCKET_ADDRESS_PATH);
}

/* Host and port of tcp://HOST:PORT; a host of IPv6 stands between brackets. g_free(*host). */
static bool split_tcp(const char *endpoint, char **host, guint16 *port, GError **error)
{
    const char *text = endpoint + strlen(tcp), *colon = strrchr(text, ':');
    guint64 number;

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, &number, NULL)) {
        refuse(error, "wants a port, as in tcp://HOST:5555");
        return false;
    }
    size_t n = (size_t)(colon - text);
    bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';
    *host = g_strndup(text + brackets, n - 2 * brackets);
    *port = (guint16)number;
    if (**host && (brackets || !strchr(*host, ':')))
        return true;
    refuse(error, **host ? "an IPv6 address stands between [ and ]" : "wants a host");
    g_free(*host);
    return false;
}

static bool is_tcp(const char *endpoint, GError **error)
{
    if (g_str_has_prefix(endpoint, tcp))
        return true;
    refuse(error, "is neither tcp://HOST:PORT nor ipc://PATH");
    return false;
}

GSocketConnectable *zs_address_to_connect(const char *endpoint, GError **error)
{
    guint16 port;
    char *host;

    if (g_str_has_prefix(endpoint, ipc))
        return (GSocketConnectable *)unix_address(endpoint, error);
    if (!is_tcp(endpoint, error) || !split_tcp(endpoint, &host, &port, error))
        return NULL;
    GSocketConnectable *to = g_network_address_new(host, port);
    g_free(host);
    return to;
}

static GInetAddress *look_up(const char *host, GError **error)
{
    if (strcmp(host, "*") == 0)
        return g_inet_address_new_any(G_SOCKET_FAMILY_IPV4);
    GInetAddress *literal = g_inet_address_new_from_string(host);
    if (literal)
        return literal;
    GResolver *resolver = g_resolver_get_default();
    /* libzmq: IPv4, unless ZMQ_IPV6 is set. */
    GList *found = g_resolver_lookup_by_name_with_flags(
        resolver, host, G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY, NULL, NULL);
    if (!found)
        found = g_resolver_lookup_by_name(resolver, host, NULL, error);
    GInetAddress *first = found ? g_object_ref(found->data) : NULL;
    g_list_free_full(found, g_object_unref);
    g_object_unref(resolver);
    return first;
}

GSocketAddress *zs_address_to_bind(const char *endpoint, GError **error)
{
    guint16 port;
    char *host;

    if (g_str_has_prefix(endpoint, ipc))
        return unix_address(endpoint, error);
    if (!is_tcp(endpoint, error) || !split_tcp(endpoint, &host, &port, error))
        return NULL;
    GInetAddress *address = look_up(host, error);
    g_free(host);
    if (!address)
        return NULL;
    GSocketAddress *a = g_inet_socket_address_new(address, port);
    g_object_unref(address);
    return a;
}

static char *format_tcp(GInetSocketAddress *a)
{
    GInetAddress *address = g_inet_socket_address_get_address(a);
    char *host = g_inet_address_to_string(address);
    bool six = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    char *text = g_strdup_printf(six ? "tcp://[%s]:%u" : "tcp://%s:%u", host,
                                 g_inet_socket_address_get_port(a));

    g_free(host);
    return text;
}

char *zs_address_format(GSocketAddress *a)
{
    if (G_IS_INET_SOCKET_ADDRESS(a))
        return format_tcp(G_INET_SOCKET_ADDRESS(a));
    if (!G_IS_UNIX_SOCKET_ADDRESS(a))
        return g_strdup("unknown");
    GUnixSocketAddress *u = G_UNIX_SOCKET_ADDRESS(a);
    bool abstract = g_unix_socket_address_get_address_type(u) == G_UNIX_SOCKET_ADDRESS_ABSTRACT;
    return g_strdup_printf("ipc://%s%s", abstract ? "@" : "", g_unix_socket_address_get_path(u));
}

static char *take_format(GSocketAddress *a)
{
    char *text = a ? zs_address_format(a) : g_strdup("unknown");

    if (a)
        g_object_unref(a);
    return text;
}

char *zs_address_own(GSocket *s)
{
    return take_format(g_socket_get_local_address(s, NULL));
}

char *zs_address_other(GSocket *s)
{
    return take_format(g_socket_get_remote_address(s, NULL));
}

/* Is s connected in time, an absolute one in microseconds? GSocket's own timeout knows whole seconds alone. */
static bool complete(GSocket *s, gint64 end, GError **error)
{
    gint64 left = MAX(end - g_get_monotonic_time(), 0);

    return g_socket_condition_timed_wait(s, G_IO_OUT, left, NULL, error) &&
           g_socket_check_connect_result(s, error);
}

static GSocket *connect_one(GSocketAddress *address, gint64 end, GError **error)
{
    GError *pending = NULL;
    GSocket *s = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                              G_SOCKET_PROTOCOL_DEFAULT, error);

    if (!s)
        return NULL;
    g_socket_set_blocking(s, FALSE);
    if (g_socket_connect(s, address, NULL, &pending))
        return s;
    bool begun = g_error_matches(pending, G_IO_ERROR, G_IO_ERROR_PENDING);
    if (begun)
        g_error_free(pending);
    else
        g_propagate_error(error, pending);
    if (begun && complete(s, end, error))
        return s;
    g_object_unref(s);
    return NULL;
}

GSocket *zs_address_connect(GSocketConnectable *to, gint64 patience_us, char **peer, GError **error)
{
    GSocketAddressEnumerator *all = g_socket_connectable_enumerate(to);
    GSocketAddress *address;
    GSocket *s = NULL;
    gint64 end = 0;

    for (;;) {
        GError *next = NULL;
        address = g_socket_address_enumerator_next(all, NULL, &next);
        if (!address && !next)
            break;
        g_clear_error(error);
        if (!address) {
            g_propagate_error(error, next);
            break;
        }
        if (!end)
            end = g_get_monotonic_time() + patience_us;
        s = connect_one(address, end, error);
        if (s)
            *peer = zs_address_format(address);
        g_object_unref(address);
        if (s)
            break;
    }
    g_object_unref(all);
    return s;
}

void zs_address_begin_connect(GSocketConnectable *to, guint seconds, GCancellable *cancel,
                              GAsyncReadyCallback done, void *user)
{
    GSocketClient *client = g_socket_client_new();

    g_socket_client_set_timeout(client, seconds);
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_connect_async(client, to, cancel, done, user);
    g_object_unref(client);
}

GSocketConnection *zs_address_take_connected(GObject *source, GAsyncResult *result, GError **error)
{
    GSocketConnection *stream =
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, error);

    if (stream)
        g_socket_set_timeout(g_socket_connection_get_socket(stream), 0);
    return stream;
}

/* A socket file that a server before left behind is in the way of the next. */
static void remove_stale(GSocketAddress *a)
{
    if (!G_IS_UNIX_SOCKET_ADDRESS(a))
        return;
    GUnixSocketAddress *u = G_UNIX_SOCKET_ADDRESS(a);
    const char *path = g_unix_socket_address_get_path(u);
    GStatBuf st;
    if (g_unix_socket_address_get_address_type(u) == G_UNIX_SOCKET_ADDRESS_PATH &&
        g_lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        g_unlink(path);
}

GSocket *zs_address_listen(const char *endpoint, GError **error)
{
    GSocketAddress *a = zs_address_to_bind(endpoint, error);
    GSocket *s = NULL;

    if (a)
        s = g_socket_new(g_socket_address_get_family(a), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_DEFAULT, error);
    if (s) {
        remove_stale(a);
        g_socket_set_blocking(s, FALSE);
        g_socket_set_listen_backlog(s, SOMAXCONN);
        if (!g_socket_bind(s, a, TRUE, error) || !g_socket_listen(s, error))
            g_clear_object(&s);
    }
    if (a)
        g_object_unref(a);
    return s;
}
