/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_IP_H
#define ZS_NET_IP_H

/* The network layer: IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zs_ip_answer {
    ZS_IP_OK,
    ZS_IP_OTHER,     /* the ethertype is not IP's */
    ZS_IP_CUT,       /* the capture ends inside the headers */
    ZS_IP_MALFORMED, /* a version or a length that cannot be */
    ZS_IP_FRAGMENT,  /* part of a datagram: all of zs_ip is set, fragment with it */
};

/* Which part of which datagram a payload is. */
struct zs_ip_fragment {
    uint32_t id;
    uint32_t offset; /* octets */
    bool more;       /* it is not the last part */
};

/* payload is borrowed from the input. An IPv4 address takes the first four octets, the others are
 * 0. */
struct zs_ip {
    uint8_t from[16], to[16];
    uint8_t family; /* 4 or 6 */
    uint8_t
        protocol; /* of the payload: 6 is TCP. Of an IPv6 fragment perhaps another extension header's */
    const uint8_t *payload;
    size_t captured;                /* octets of the payload that are there */
    size_t length;                  /* octets of the payload on the wire; never below captured */
    struct zs_ip_fragment fragment; /* of a ZS_IP_FRAGMENT */
};

/* p: captured octets of a packet that had length octets on the wire. */
enum zs_ip_answer zs_ip_parse(uint16_t ethertype, const uint8_t *p, size_t captured, size_t length,
                              struct zs_ip *ip);
/* Goes on with a datagram that was put together of fragments, ip as its first fragment had it but for the payload:
 * takes off the extension headers that were fragmented with it. */
enum zs_ip_answer zs_ip_resume(struct zs_ip *ip);

#endif
