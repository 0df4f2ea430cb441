/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_ENDPOINT_H
#define ZS_NET_ENDPOINT_H

/* One end of a connection: an IP address and a port. */
#include <stdint.h>

/* No octet of it is padding: compared and hashed as it lies in memory. An IPv4 address takes the
 * first four octets, the others are 0. */
struct zs_endpoint {
    uint8_t address[16];
    uint16_t port;
    uint16_t family; /* 4 or 6 */
};

#define ZS_ENDPOINT_TEXT 56 /* octets that the longest text needs, with its NUL */

/* "192.0.2.1:5555" or "[2001:db8::1]:5555". */
void zs_endpoint_format(const struct zs_endpoint *e, char text[static ZS_ENDPOINT_TEXT]);

#endif
