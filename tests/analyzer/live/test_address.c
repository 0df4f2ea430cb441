/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints as ZeroMQ writes them. */
#include "analyzer/live/address.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

/* What an endpoint to listen on becomes, written out again. */
static void check_bind(const char *endpoint, const char *wanted)
{
    GError *error = NULL;
    GSocketAddress *a = zs_address_to_bind(endpoint, &error);

    g_assert_no_error(error);
    char *text = zs_address_format(a);
    g_assert_cmpstr(text, ==, wanted);
    g_free(text);
    g_object_unref(a);
}

static void check_refused(const char *endpoint, const char *why)
{
    GError *error = NULL;

    g_assert_null(zs_address_to_connect(endpoint, &error));
    g_assert_nonnull(strstr(error->message, why));
    g_clear_error(&error);
    g_assert_null(zs_address_to_bind(endpoint, &error));
    g_assert_nonnull(strstr(error->message, why));
    g_clear_error(&error);
}

static void addresses_of_all_kinds(void)
{
    check_bind("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555");
    check_bind("tcp://[::1]:5555", "tcp://[::1]:5555");
    check_bind("tcp://*:0", "tcp://0.0.0.0:0");
    check_bind("tcp://localhost:65535", "tcp://127.0.0.1:65535");
    check_bind("ipc:///run/zmq.sock", "ipc:///run/zmq.sock");
    check_bind("ipc://@hidden", "ipc://@hidden");
}

static void a_host_to_connect_to(void)
{
    GError *error = NULL;
    GSocketConnectable *to = zs_address_to_connect("tcp://[2001:db8::1]:5555", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(g_network_address_get_hostname(G_NETWORK_ADDRESS(to)), ==, "2001:db8::1");
    g_assert_cmpuint(g_network_address_get_port(G_NETWORK_ADDRESS(to)), ==, 5555);
    g_object_unref(to);
}

static void what_is_no_endpoint(void)
{
    check_refused("localhost:5555", "neither");
    check_refused("udp://localhost:5555", "neither");
    check_refused("tcp://localhost", "a port");
    check_refused("tcp://localhost:", "a port");
    check_refused("tcp://localhost:65536", "a port");
    check_refused("tcp://localhost:5555/x", "a port");
    check_refused("tcp://:5555", "a host");
    check_refused("tcp://::1:5555", "between [ and ]");
    check_refused("ipc://", "1 to 107");
    check_refused("ipc://@", "1 to 107");
}

static void a_path_that_is_too_long(void)
{
    char *path = g_strnfill(108, 'x');
    char *endpoint = g_strconcat("ipc://", path, NULL);

    check_refused(endpoint, "1 to 107");
    endpoint[strlen("ipc://") + 107] = 0;
    check_bind(endpoint, endpoint);
    g_free(endpoint);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/all_kinds", addresses_of_all_kinds);
    g_test_add_func("/address/to_connect", a_host_to_connect_to);
    g_test_add_func("/address/no_endpoint", what_is_no_endpoint);
    g_test_add_func("/address/too_long", a_path_that_is_too_long);
    return g_test_run();
}
