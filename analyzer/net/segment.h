/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_SEGMENT_H
#define ZS_NET_SEGMENT_H

/* A TCP segment to be written, inside IP, inside an Ethernet frame: the other way of link.h, ip.h and tcp.h. */
#include "analyzer/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

/* Octets of payload: what Ethernet carries at most, with IPv6's header. */
#define ZS_SEGMENT_MOST 1440
#define ZS_SEGMENT_ROOM (14 + 40 + 24 + ZS_SEGMENT_MOST)

struct zs_segment {
    const struct zs_endpoint *from, *to; /* of one family */
    uint32_t seq, ack;
    uint8_t flags;          /* of tcp.h; with SYN the largest payload is said, too */
    uint16_t window;        /* octets */
    const uint8_t *payload; /* n octets, ZS_SEGMENT_MOST at most */
    size_t n;
};

/* Writes the frame and answers how many octets it has. MAC addresses are 0, as on Linux' loopback. */
size_t zs_segment_write(const struct zs_segment *s, uint8_t frame[static ZS_SEGMENT_ROOM]);

#endif
