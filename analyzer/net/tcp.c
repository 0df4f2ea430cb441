/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP header (RFC 9293, 3.1), and its checksum.
 * Limits: options are skipped; urgent data is data. */
#include "analyzer/net/tcp.h"

#include "analyzer/net/checksum.h"
#include "analyzer/net/octets.h"

#define FIXED 20 /* octets of the header before its options */

enum zs_tcp_answer zs_tcp_parse(const uint8_t *p, size_t captured, size_t length,
                                struct zs_tcp *tcp)
{
    if (captured < FIXED)
        return length < FIXED ? ZS_TCP_MALFORMED : ZS_TCP_CUT;
    size_t header = (size_t)(p[12] >> 4) * 4;
    if (header < FIXED || header > length)
        return ZS_TCP_MALFORMED;
    *tcp = (struct zs_tcp){
        .from_port = zs_be16(p),
        .to_port = zs_be16(p + 2),
        .seq = zs_be32(p + 4),
        .ack = zs_be32(p + 8),
        .flags = p[13],
        .window = zs_be16(p + 14),
        .payload = p + (header < captured ? header : captured),
        .captured = header < captured ? captured - header : 0,
        .length = length - header,
    };
    return ZS_TCP_OK;
}

bool zs_tcp_checksum_holds(const struct zs_ip *ip)
{
    size_t address = ip->family == 6 ? 16 : 4;

    if (ip->captured < ip->length)
        return true;
    uint64_t sum = zs_checksum_add_pseudo(0, ip->from, ip->to, address, ip->length);
    return zs_checksum_fold(zs_checksum_add(sum, ip->payload, ip->length)) == 0xffff;
}
