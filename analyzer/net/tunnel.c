/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP in IP, GRE with its optional fields and what bridges Ethernet over it (NVGRE, ERSPAN), VXLAN on its own port.
 * Limits: GRE with source routes and version 1 (PPTP) are not opened; VXLAN on other ports is not known for it. What is
 * encrypted (ESP) is none of it. */
#include "analyzer/net/tunnel.h"

#include "analyzer/net/link.h"
#include "analyzer/net/octets.h"

enum { PROTOCOL_IPV4 = 4, PROTOCOL_UDP = 17, PROTOCOL_IPV6 = 41, PROTOCOL_GRE = 47 };
enum { PORT_VXLAN = 4789 };

/* Takes n octets off the front. False: they are not all there. */
static bool take(struct zs_tunnel *in, size_t n, const uint8_t **octets)
{
    if (in->captured < n)
        return false;
    *octets = in->payload;
    in->payload += n;
    in->captured -= n;
    in->length -= n;
    return true;
}

static enum zs_tunnel_answer parse_gre(struct zs_tunnel *in)
{
    enum { CHECKSUM = 0x8000, ROUTES = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, VERSION = 0x0007 };
    enum { TYPE_BRIDGED = 0x6558, TYPE_ERSPAN = 0x88be };
    const uint8_t *header, *optional;

    if (!take(in, 4, &header))
        return ZS_TUNNEL_CUT;
    uint16_t flags = zs_be16(header), type = zs_be16(header + 2);
    if (flags & (ROUTES | VERSION))
        return ZS_TUNNEL_NONE;
    size_t n = (flags & CHECKSUM ? 4 : 0) + (flags & KEY ? 4 : 0) + (flags & SEQUENCE ? 4 : 0);
    if (type == TYPE_ERSPAN && flags & SEQUENCE) /* type II has a header of its own, type I none */
        n += 8;
    if (!take(in, n, &optional))
        return ZS_TUNNEL_CUT;
    in->ethertype = type;
    if (type == ZS_ETHERTYPE_IPV4 || type == ZS_ETHERTYPE_IPV6)
        return ZS_TUNNEL_IP;
    return type == TYPE_BRIDGED || type == TYPE_ERSPAN ? ZS_TUNNEL_ETHERNET : ZS_TUNNEL_NONE;
}

static enum zs_tunnel_answer parse_udp(struct zs_tunnel *in)
{
    enum { HEADERS = 8 + 8, HAS_NUMBER = 0x08 };
    const uint8_t *header;

    if (in->captured < 4 || zs_be16(in->payload + 2) != PORT_VXLAN)
        return ZS_TUNNEL_NONE;
    if (!take(in, HEADERS, &header))
        return ZS_TUNNEL_CUT;
    return header[8] & HAS_NUMBER ? ZS_TUNNEL_ETHERNET : ZS_TUNNEL_NONE;
}

enum zs_tunnel_answer zs_tunnel_parse(const struct zs_ip *ip, struct zs_tunnel *tunnel)
{
    *tunnel =
        (struct zs_tunnel){.payload = ip->payload, .captured = ip->captured, .length = ip->length};
    switch (ip->protocol) {
    case PROTOCOL_IPV4:
        tunnel->ethertype = ZS_ETHERTYPE_IPV4;
        return ZS_TUNNEL_IP;
    case PROTOCOL_IPV6:
        tunnel->ethertype = ZS_ETHERTYPE_IPV6;
        return ZS_TUNNEL_IP;
    case PROTOCOL_GRE:
        return parse_gre(tunnel);
    case PROTOCOL_UDP:
        return parse_udp(tunnel);
    default:
        return ZS_TUNNEL_NONE;
    }
}
