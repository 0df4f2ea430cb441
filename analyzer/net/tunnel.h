/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_TUNNEL_H
#define ZS_NET_TUNNEL_H

/* Packets inside packets: IP in IP (RFC 2003, 4213), GRE (RFC 2784, 2890) and VXLAN (RFC 7348). */
#include "analyzer/net/ip.h"

enum zs_tunnel_answer {
    ZS_TUNNEL_NONE,     /* it carries something else */
    ZS_TUNNEL_IP,       /* payload is IP of this ethertype */
    ZS_TUNNEL_ETHERNET, /* payload is an Ethernet frame */
    ZS_TUNNEL_CUT,      /* the capture ends inside its headers */
};

/* payload is borrowed from the input. */
struct zs_tunnel {
    uint16_t ethertype;
    const uint8_t *payload;
    size_t captured, length;
};

/* What is in ip's payload, by its protocol? */
enum zs_tunnel_answer zs_tunnel_parse(const struct zs_ip *ip, struct zs_tunnel *tunnel);

#endif
