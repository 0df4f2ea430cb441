/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as text (RFC 5952 for IPv6, in brackets before a port as in RFC 3986).
 * Limits: a link-local address is shown without its zone, which is not on the wire. */
#include "analyzer/net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>

void zs_endpoint_format(const struct zs_endpoint *e, char text[static ZS_ENDPOINT_TEXT])
{
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(e->family == 6 ? AF_INET6 : AF_INET, e->address, address, sizeof address);
    snprintf(text, ZS_ENDPOINT_TEXT, e->family == 6 ? "[%s]:%u" : "%s:%u", address, e->port);
}
