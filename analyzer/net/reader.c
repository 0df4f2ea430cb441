/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's way from the capture to the connection table, one layer after the other.
 * Limits: those of the layers; tunnels are not opened. */
#include "analyzer/net/reader.h"

#include "analyzer/net/ip.h"
#include "analyzer/net/link.h"
#include "analyzer/net/tcp.h"

#define PROTOCOL_TCP 6

/* Down to the segment. The answer is the counter of where the way ended: at its goal, segments. */
static uint64_t *descend(const struct zs_packet *packet, struct zs_net_counters *counters,
                         struct zs_ip *ip, struct zs_tcp *tcp)
{
    struct zs_link link;
    switch (
        zs_link_parse(packet->link_type, packet->data, packet->captured, packet->length, &link)) {
    case ZS_LINK_OK:
        break;
    case ZS_LINK_CUT:
        return &counters->cut;
    case ZS_LINK_UNKNOWN:
        return &counters->unknown;
    }
    switch (zs_ip_parse(link.ethertype, link.payload, link.captured, link.length, ip)) {
    case ZS_IP_OK:
        break;
    case ZS_IP_OTHER:
        return &counters->not_ip;
    case ZS_IP_CUT:
        return &counters->cut;
    case ZS_IP_MALFORMED:
        return &counters->malformed;
    case ZS_IP_FRAGMENT:
        return &counters->fragments;
    }
    if (ip->protocol != PROTOCOL_TCP)
        return &counters->not_tcp;
    switch (zs_tcp_parse(ip->payload, ip->captured, ip->length, tcp)) {
    case ZS_TCP_OK:
        break;
    case ZS_TCP_CUT:
        return &counters->cut;
    case ZS_TCP_MALFORMED:
        return &counters->malformed;
    }
    return &counters->segments;
}

void zs_net_packet(const struct zs_packet *packet, struct zs_flows *flows,
                   struct zs_net_counters *counters)
{
    struct zs_ip ip;
    struct zs_tcp tcp;
    uint64_t *counter = descend(packet, counters, &ip, &tcp);
    counters->packets++;
    ++*counter;
    if (counter == &counters->segments) {
        struct zs_net_stamp at = {packet->time_ns, packet->number};
        zs_flows_segment(flows, &ip, &tcp, &at);
    }
}
