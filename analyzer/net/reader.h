/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_READER_H
#define ZS_NET_READER_H

/* From packets to connections: link layer, IP, tunnels, TCP, connection table; and an account of what was
 * not read. */
#include "analyzer/net/flow.h"
#include "analyzer/net/packet.h"

struct zs_fragments;

/* Each packet counts in packets and in exactly one of the others. */
struct zs_net_counters {
    uint64_t packets;
    uint64_t segments; /* went to the connection table */
    uint64_t not_ip;   /* ARP, LLC, ...: another network layer */
    uint64_t not_tcp;  /* UDP, ICMP, ...; tunnels in tunnels beyond ZS_NET_TUNNELS */
    uint64_t
        fragments; /* of IP datagrams: taken in; the one that makes a datagram whole counts as that */
    uint64_t cut;          /* the capture ends inside the headers */
    uint64_t malformed;    /* headers that cannot be, of IP or TCP */
    uint64_t bad_checksum; /* of TCP, where that was asked for */
    uint64_t unknown;      /* link type without a reader */
};

#define ZS_NET_TUNNELS 8 /* one in the other */

/* Fields but counters: nobody else's. */
struct zs_net {
    struct zs_net_counters counters;
    struct zs_flows *flows;
    struct zs_fragments *fragments;
    bool checksums;
};

/* flows outlives n. checksums: a segment whose TCP checksum does not hold is left out, as its receiver did. Not
 * otherwise, for offloading makes it wrong at the capturing host. */
void zs_net_init(struct zs_net *n, struct zs_flows *flows, bool checksums);
/* One packet to the table. */
void zs_net_packet(struct zs_net *n, const struct zs_packet *packet);
void zs_net_clear(struct zs_net *n);

#endif
