/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as the reports show them. */
#include "analyzer/net/endpoint.h"

#include <arpa/inet.h>
#include <glib.h>

static void says(uint16_t family, const char *address, uint16_t port, const char *expected)
{
    struct zs_endpoint e = {.family = family, .port = port};
    char text[ZS_ENDPOINT_TEXT];
    g_assert_cmpint(inet_pton(family == 6 ? AF_INET6 : AF_INET, address, e.address), ==, 1);
    zs_endpoint_format(&e, text);
    g_assert_cmpstr(text, ==, expected);
}

static void ipv4_is_address_colon_port(void)
{
    says(4, "192.0.2.1", 5555, "192.0.2.1:5555");
    says(4, "255.255.255.255", 65535, "255.255.255.255:65535");
}

static void ipv6_stands_in_brackets(void)
{
    says(6, "::1", 5555, "[::1]:5555");
    says(6, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    says(6, "::ffff:192.0.2.255", 65535, "[::ffff:192.0.2.255]:65535");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/ipv4_is_address_colon_port", ipv4_is_address_colon_port);
    g_test_add_func("/endpoint/ipv6_stands_in_brackets", ipv6_stands_in_brackets);
    return g_test_run();
}
