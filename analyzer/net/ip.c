/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 (RFC 791) and IPv6 (RFC 8200; AH: RFC 4302) down to the transport layer.
 * An IPv6 "atomic" fragment is a whole datagram (RFC 6946).
 * Limits: checksums are not looked at: offloading makes them wrong at the
 * capturing host. With a routing header the destination is the next hop's, as on the wire. */
#include "analyzer/net/ip.h"

#include "analyzer/net/link.h"
#include "analyzer/net/octets.h"

#include <string.h>

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AH = 51,
    NEXT_DESTINATION = 60,
};

/* What is left of the packet while headers are taken off its front; captured <= length. */
struct rest {
    const uint8_t *p;
    size_t captured, length;
};

/* n <= rest->captured. */
static void skip(struct rest *rest, size_t n)
{
    rest->p += n;
    rest->captured -= n;
    rest->length -= n;
}

/* The header says how long the packet is: what comes after is padding of the link layer. */
static void limit(struct rest *rest, size_t length)
{
    if (length < rest->length)
        rest->length = length;
    if (rest->captured > rest->length)
        rest->captured = rest->length;
}

static void set_payload(struct zs_ip *ip, const struct rest *rest)
{
    ip->payload = rest->p;
    ip->captured = rest->captured;
    ip->length = rest->length;
}

static enum zs_ip_answer parse_ipv4(struct rest rest, struct zs_ip *ip)
{
    if (rest.captured < 20)
        return rest.length < 20 ? ZS_IP_MALFORMED : ZS_IP_CUT;
    const uint8_t *p = rest.p;
    size_t header = (size_t)(p[0] & 0x0f) * 4, total = zs_be16(p + 2);
    if (p[0] >> 4 != 4 || header < 20 || header > rest.length)
        return ZS_IP_MALFORMED;
    /* 0: the host handed a segment of more than 64 KiB, or of unknown length, to its adapter. */
    if (total != 0 && total < header)
        return ZS_IP_MALFORMED;
    if (total != 0)
        limit(&rest, total);
    if (header > rest.captured)
        return ZS_IP_CUT;
    *ip = (struct zs_ip){.family = 4, .protocol = p[9]};
    memcpy(ip->from, p + 12, 4);
    memcpy(ip->to, p + 16, 4);
    skip(&rest, header);
    set_payload(ip, &rest);
    unsigned part = zs_be16(p + 6) & 0x3fff; /* more fragments, and an offset in units of eight */
    if (part == 0)
        return ZS_IP_OK;
    ip->fragment = (struct zs_ip_fragment){
        .id = zs_be16(p + 4), .offset = (part & 0x1fff) * 8, .more = part & 0x2000};
    return ZS_IP_FRAGMENT;
}

static bool is_extension(uint8_t next)
{
    return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
           next == NEXT_AH || next == NEXT_DESTINATION;
}

/* RFC 8200, 4.5. True: it is a part of a datagram; an atomic fragment is none. */
static bool read_fragment(const uint8_t *p, struct zs_ip *ip)
{
    uint16_t part = zs_be16(p + 2);
    ip->fragment =
        (struct zs_ip_fragment){.id = zs_be32(p + 4), .offset = part & 0xfff8u, .more = part & 1};
    return part & 0xfff9;
}

/* Takes the extension header that the payload begins with off it. */
static enum zs_ip_answer skip_extension(struct zs_ip *ip)
{
    struct rest rest = {ip->payload, ip->captured, ip->length};
    if (rest.captured < 8)
        return rest.length < 8 ? ZS_IP_MALFORMED : ZS_IP_CUT;
    const uint8_t *p = rest.p;
    size_t length = ((size_t)p[1] + 1) * 8;
    if (ip->protocol == NEXT_FRAGMENT)
        length = 8;
    else if (ip->protocol == NEXT_AH)
        length = ((size_t)p[1] + 2) * 4; /* RFC 4302, 2.2: in words, less 2 */
    if (length > rest.length)
        return ZS_IP_MALFORMED;
    if (length > rest.captured)
        return ZS_IP_CUT;
    bool part = ip->protocol == NEXT_FRAGMENT && read_fragment(p, ip);
    ip->protocol = p[0];
    skip(&rest, length);
    set_payload(ip, &rest);
    return part ? ZS_IP_FRAGMENT : ZS_IP_OK;
}

enum zs_ip_answer zs_ip_resume(struct zs_ip *ip)
{
    enum zs_ip_answer answer = ZS_IP_OK;
    /* Each header takes 8 octets at least, so that this ends with the packet. */
    while (answer == ZS_IP_OK && ip->family == 6 && is_extension(ip->protocol))
        answer = skip_extension(ip);
    return answer;
}

static enum zs_ip_answer parse_ipv6(struct rest rest, struct zs_ip *ip)
{
    if (rest.captured < 40)
        return rest.length < 40 ? ZS_IP_MALFORMED : ZS_IP_CUT;
    const uint8_t *p = rest.p;
    if (p[0] >> 4 != 6)
        return ZS_IP_MALFORMED;
    size_t payload = zs_be16(p + 4);
    *ip = (struct zs_ip){.family = 6, .protocol = p[6]};
    memcpy(ip->from, p + 8, 16);
    memcpy(ip->to, p + 24, 16);
    skip(&rest, 40);
    if (payload != 0) /* 0: longer than 64 KiB (RFC 2675), or left to the adapter */
        limit(&rest, payload);
    set_payload(ip, &rest);
    return zs_ip_resume(ip);
}

enum zs_ip_answer zs_ip_parse(uint16_t ethertype, const uint8_t *p, size_t captured, size_t length,
                              struct zs_ip *ip)
{
    struct rest rest = {p, captured, length};
    struct zs_ip made;
    if (ethertype == ZS_ETHERTYPE_IPV4)
        return parse_ipv4(rest, ip);
    if (ethertype != ZS_ETHERTYPE_IPV6)
        return ZS_IP_OTHER;
    enum zs_ip_answer answer = parse_ipv6(rest, &made);
    if (answer == ZS_IP_OK || answer == ZS_IP_FRAGMENT)
        *ip = made;
    return answer;
}
