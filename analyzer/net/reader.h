/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_READER_H
#define ZS_NET_READER_H

/* From packets to connections: link layer, IP, TCP, connection table; and an account of what was
 * not read. */
#include "analyzer/net/packet.h"
#include "analyzer/net/flow.h"

/* Each packet counts in packets and in exactly one of the others. */
struct zs_net_counters {
    uint64_t packets;
    uint64_t segments;  /* went to the connection table */
    uint64_t not_ip;    /* ARP, LLC, ...: another network layer */
    uint64_t not_tcp;   /* UDP, ICMP, tunnels */
    uint64_t fragments; /* of IP datagrams: not put together */
    uint64_t cut;       /* the capture ends inside the headers */
    uint64_t malformed; /* headers that cannot be, of IP or TCP */
    uint64_t unknown;   /* link type without a reader */
};

/* One packet to the table. */
void zs_net_packet(const struct zs_packet *packet, struct zs_flows *flows,
                   struct zs_net_counters *counters);

#endif
