/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet (IEEE 802.3), IPv4 (RFC 791) or IPv6 (RFC 8200), and TCP (RFC 9293) around a payload. */
#include "analyzer/net/segment.h"

#include "analyzer/net/checksum.h"
#include "analyzer/net/link.h"
#include "analyzer/net/octets.h"
#include "analyzer/net/tcp.h"

#include <assert.h>
#include <string.h>

enum { ETHERNET = 14, IPV4 = 20, IPV6 = 40, TCP = 20, HOPS = 64, PROTOCOL_TCP = 6 };
enum { OPTION_SEGMENT_SIZE = 2, OPTION_SIZE = 4 };

static void put_ipv4(const struct zs_segment *s, uint8_t *p, size_t length)
{
    memset(p, 0, IPV4);
    p[0] = 0x45; /* version; header in words */
    zs_put_be16(p + 2, (uint16_t)(IPV4 + length));
    zs_put_be16(p + 6, 0x4000); /* do not fragment: the identification may then be 0 (RFC 6864) */
    p[8] = HOPS;
    p[9] = PROTOCOL_TCP;
    memcpy(p + 12, s->from->address, 4);
    memcpy(p + 16, s->to->address, 4);
    zs_put_be16(p + 10, (uint16_t)~zs_checksum_fold(zs_checksum_add(0, p, IPV4)));
}

static void put_ipv6(const struct zs_segment *s, uint8_t *p, size_t length)
{
    memset(p, 0, IPV6);
    p[0] = 0x60;
    zs_put_be16(p + 4, (uint16_t)length);
    p[6] = PROTOCOL_TCP;
    p[7] = HOPS;
    memcpy(p + 8, s->from->address, 16);
    memcpy(p + 24, s->to->address, 16);
}

/* Answers how long the segment is. */
static size_t put_tcp(const struct zs_segment *s, uint8_t *p)
{
    size_t header = TCP + (s->flags & ZS_TCP_SYN ? OPTION_SIZE : 0);

    memset(p, 0, header);
    zs_put_be16(p, s->from->port);
    zs_put_be16(p + 2, s->to->port);
    zs_put_be32(p + 4, s->seq);
    zs_put_be32(p + 8, s->ack);
    p[12] = (uint8_t)(header / 4 << 4);
    p[13] = s->flags;
    zs_put_be16(p + 14, s->window);
    if (s->flags & ZS_TCP_SYN) {
        p[TCP] = OPTION_SEGMENT_SIZE;
        p[TCP + 1] = OPTION_SIZE;
        zs_put_be16(p + TCP + 2, ZS_SEGMENT_MOST);
    }
    if (s->n)
        memcpy(p + header, s->payload, s->n);
    return header + s->n;
}

size_t zs_segment_write(const struct zs_segment *s, uint8_t frame[static ZS_SEGMENT_ROOM])
{
    bool is_6 = s->from->family == 6;
    size_t address = is_6 ? 16 : 4, before = ETHERNET + (is_6 ? IPV6 : IPV4);

    assert(s->n <= ZS_SEGMENT_MOST && s->from->family == s->to->family);
    size_t length = put_tcp(s, frame + before);
    memset(frame, 0, ETHERNET);
    zs_put_be16(frame + 12, is_6 ? ZS_ETHERTYPE_IPV6 : ZS_ETHERTYPE_IPV4);
    (is_6 ? put_ipv6 : put_ipv4)(s, frame + ETHERNET, length);
    uint64_t sum = zs_checksum_add_pseudo(0, s->from->address, s->to->address, address, length);
    sum = zs_checksum_add(sum, frame + before, length);
    zs_put_be16(frame + before + 16, (uint16_t)~zs_checksum_fold(sum));
    return before + length;
}
