/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_TCP_H
#define ZS_NET_TCP_H

/* A TCP segment (RFC 9293, 3.1). */
#include "analyzer/net/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zs_tcp_answer {
    ZS_TCP_OK,
    ZS_TCP_CUT,       /* the capture ends inside the fixed part of the header */
    ZS_TCP_MALFORMED, /* a header length that cannot be */
};

enum {
    ZS_TCP_FIN = 0x01,
    ZS_TCP_SYN = 0x02,
    ZS_TCP_RST = 0x04,
    ZS_TCP_ACK = 0x10,
};

/* payload is borrowed from the input. */
struct zs_tcp {
    uint16_t from_port, to_port;
    uint32_t seq, ack;
    uint16_t window;
    uint8_t flags;
    const uint8_t *payload;
    size_t captured; /* octets of the payload that are there */
    size_t length;   /* octets of the payload on the wire; never below captured */
};

/* p: captured octets of a segment that had length octets on the wire; length >= captured. */
enum zs_tcp_answer zs_tcp_parse(const uint8_t *p, size_t captured, size_t length,
                                struct zs_tcp *tcp);

/* Does the checksum hold of the segment that is ip's payload? True, too, where the capture lacks octets of it. */
bool zs_tcp_checksum_holds(const struct zs_ip *ip);

#endif
