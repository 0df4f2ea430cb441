/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's way from the capture to the connection table, one layer after the other, through tunnels and back.
 * Limits: those of the layers. */
#include "analyzer/net/reader.h"

#include "analyzer/net/fragments.h"
#include "analyzer/net/ip.h"
#include "analyzer/net/link.h"
#include "analyzer/net/tcp.h"
#include "analyzer/net/tunnel.h"

#define PROTOCOL_TCP 6
#define ETHERNET     1 /* DLT_EN10MB */

/* What is left of a packet, and what it begins with. */
struct rest {
    int link_type; /* … or, if negative, the network layer of this ethertype */
    uint16_t ethertype;
    const uint8_t *p;
    size_t captured, length;
};

enum { NO_LINK = -1 };

/* Takes the link layer off. NULL: it was; else the counter of why not. */
static uint64_t *strip_link(struct zs_net_counters *c, struct rest *rest)
{
    struct zs_link link;

    if (rest->link_type == NO_LINK)
        return NULL;
    switch (zs_link_parse(rest->link_type, rest->p, rest->captured, rest->length, &link)) {
    case ZS_LINK_OK:
        *rest = (struct rest){NO_LINK, link.ethertype, link.payload, link.captured, link.length};
        return NULL;
    case ZS_LINK_CUT:
        return &c->cut;
    case ZS_LINK_UNKNOWN:
        break;
    }
    return &c->unknown;
}

/* Parts of datagrams are put together; what comes of it may have been a part itself. */
static enum zs_ip_answer parse_ip(struct zs_net *n, const struct rest *rest, int64_t time_ns,
                                  struct zs_ip *ip)
{
    struct zs_ip whole;
    enum zs_ip_answer answer =
        zs_ip_parse(rest->ethertype, rest->p, rest->captured, rest->length, ip);

    if (answer != ZS_IP_FRAGMENT || !zs_fragments_add(n->fragments, ip, time_ns, &whole))
        return answer;
    *ip = whole;
    return zs_ip_resume(ip);
}

static uint64_t *strip_ip(struct zs_net *n, const struct rest *rest, int64_t time_ns,
                          struct zs_ip *ip)
{
    switch (parse_ip(n, rest, time_ns, ip)) {
    case ZS_IP_OK:
        return NULL;
    case ZS_IP_OTHER:
        return &n->counters.not_ip;
    case ZS_IP_CUT:
        return &n->counters.cut;
    case ZS_IP_FRAGMENT:
        return &n->counters.fragments;
    case ZS_IP_MALFORMED:
        break;
    }
    return &n->counters.malformed;
}

/* Into the tunnel that ip holds. NULL: rest is what is in it. */
static uint64_t *strip_tunnel(struct zs_net_counters *c, const struct zs_ip *ip, struct rest *rest)
{
    struct zs_tunnel t;

    switch (zs_tunnel_parse(ip, &t)) {
    case ZS_TUNNEL_IP:
        *rest = (struct rest){NO_LINK, t.ethertype, t.payload, t.captured, t.length};
        return NULL;
    case ZS_TUNNEL_ETHERNET:
        *rest = (struct rest){ETHERNET, 0, t.payload, t.captured, t.length};
        return NULL;
    case ZS_TUNNEL_CUT:
        return &c->cut;
    case ZS_TUNNEL_NONE:
        break;
    }
    return &c->not_tcp;
}

static uint64_t *strip_tcp(const struct zs_net *n, struct zs_net_counters *c,
                           const struct zs_ip *ip, struct zs_tcp *tcp)
{
    switch (zs_tcp_parse(ip->payload, ip->captured, ip->length, tcp)) {
    case ZS_TCP_OK:
        break;
    case ZS_TCP_CUT:
        return &c->cut;
    case ZS_TCP_MALFORMED:
        return &c->malformed;
    }
    return n->checksums && !zs_tcp_checksum_holds(ip) ? &c->bad_checksum : &c->segments;
}

/* Down to the segment. The answer is the counter of where the way ended: at its goal, segments. */
static uint64_t *descend(struct zs_net *n, const struct zs_packet *packet, struct zs_ip *ip,
                         struct zs_tcp *tcp)
{
    struct zs_net_counters *c = &n->counters;
    struct rest rest = {packet->link_type, 0, packet->data, packet->captured, packet->length};

    for (unsigned depth = 0; depth <= ZS_NET_TUNNELS; depth++) {
        uint64_t *stopped = strip_link(c, &rest);
        if (!stopped)
            stopped = strip_ip(n, &rest, packet->time_ns, ip);
        if (stopped)
            return stopped;
        if (ip->protocol == PROTOCOL_TCP)
            return strip_tcp(n, c, ip, tcp);
        stopped = strip_tunnel(c, ip, &rest);
        if (stopped)
            return stopped;
    }
    return &c->not_tcp;
}

void zs_net_init(struct zs_net *n, struct zs_flows *flows, bool checksums)
{
    *n = (struct zs_net){.flows = flows, .checksums = checksums, .fragments = zs_fragments_new()};
}

void zs_net_packet(struct zs_net *n, const struct zs_packet *packet)
{
    struct zs_ip ip;
    struct zs_tcp tcp;
    uint64_t *counter = descend(n, packet, &ip, &tcp);

    n->counters.packets++;
    ++*counter;
    if (counter == &n->counters.segments) {
        struct zs_net_stamp at = {packet->time_ns, packet->number};
        zs_flows_segment(n->flows, &ip, &tcp, &at);
    }
}

void zs_net_clear(struct zs_net *n)
{
    zs_fragments_free(n->fragments);
    n->fragments = NULL;
}
