/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_LINK_H
#define ZS_NET_LINK_H

/* The link layer: what is in front of the network layer, by libpcap's link types (DLT_). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zs_link_answer {
    ZS_LINK_OK,
    ZS_LINK_UNKNOWN, /* no row for this link type */
    ZS_LINK_CUT,     /* ends inside the link-layer header */
};

#define ZS_ETHERTYPE_IPV4 0x0800
#define ZS_ETHERTYPE_IPV6 0x86dd

/* payload is borrowed from the input. */
struct zs_link {
    uint16_t ethertype; /* of the payload; 0: the header does not say it in terms of ethertypes */
    const uint8_t *payload;
    size_t captured; /* octets of the payload that are there, trailing padding with them */
    size_t length;   /* octets of the payload on the wire; never below captured */
};

bool zs_link_known(int link_type);

/* p: captured octets of a packet that had length octets on the wire; length >= captured. */
enum zs_link_answer zs_link_parse(int link_type, const uint8_t *p, size_t captured, size_t length,
                                  struct zs_link *link);

#endif
