/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_FLOW_H
#define ZS_NET_FLOW_H

/* The TCP connections of a capture: segments in, two ordered streams of octets each out. */
#include "analyzer/net/endpoint.h"
#include "analyzer/net/ip.h"
#include "analyzer/net/stamp.h"
#include "analyzer/net/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who sent it. */
enum zs_flow_side { ZS_FLOW_CLIENT, ZS_FLOW_SERVER };

enum zs_flow_end {
    ZS_FLOW_FIN,     /* both sides have sent their FIN */
    ZS_FLOW_RST,     /* a side has sent RST */
    ZS_FLOW_REUSED,  /* a new SYN opened another connection between the same ends */
    ZS_FLOW_EVICTED, /* it made room: the cap on connections was reached */
    ZS_FLOW_FLUSHED, /* the capture has ended */
};

/* Fields: read freely, never write. Lives until closed() has returned. The client is who sent the
 * SYN; where neither SYN nor SYN/ACK was seen, the end with the higher port. */
struct zs_flow {
    /* from 1, in order of the first packet, over all TCP connections: tshark's tcp.stream + 1 */
    uint64_t number;
    struct zs_endpoint client;
    struct zs_endpoint server;
    uint32_t
        hash; /* of the two ends, whoever is the client; the same in every run and on every machine */
    bool midstream; /* neither SYN nor SYN/ACK was seen, so far */
    enum zs_flow_side
        ended_by;       /* by closed(), with FIN and RST: who sent the segment that ended it */
    uint64_t misplaced; /* by closed(): segments so far off their stream that they were left out */
};

/* What a user wants to hear of a connection after some octets of it. */
enum zs_flow_interest {
    ZS_FLOW_WANTED,  /* all that comes */
    ZS_FLOW_ENOUGH,  /* nothing more: its octets are neither kept nor copied any more */
    ZS_FLOW_REFUSED, /* likewise, and it is of those that make room first where the table is full */
};

/* What a user of the streams is told. conn is what opened() answered for the connection; where that
 * was NULL, nothing more is said of it. Octets of one side come in order, and each octet that
 * the capture lacks is in a gap at its place: n octets, never 0. bytes are borrowed until the
 * callback returns. at is the packet that completed the thing. No callback may call into the
 * zs_flows that calls it.
 *
 * data() answers what the user still wants. After anything but ZS_FLOW_WANTED the next that is said of the connection is
 * closed(); it keeps its number and its place in the table. closed() is said once for each opened(), but for
 * zs_flows_free().
 *
 * conflict(): n octets of this side that were held came a second time with other content; the first
 * content is the one handed out. It is said before the data() that holds them.
 *
 * full(): a cap on octets that wait out of order is reached, so that a hole is given up before its time; the gap()
 * follows. */
struct zs_flow_sink {
    void *(*opened)(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at);
    enum zs_flow_interest (*data)(void *conn, enum zs_flow_side from, const uint8_t *bytes,
                                  size_t n, const struct zs_net_stamp *at);
    void (*gap)(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at);
    void (*conflict)(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at);
    void (*full)(void *conn, enum zs_flow_side from, const struct zs_net_stamp *at);
    void (*closed)(void *conn, enum zs_flow_end why, const struct zs_net_stamp *at);
};

#define ZS_FLOW_CONNECTIONS 65536
#define ZS_FLOW_PENDING     ((size_t)16 << 20)
#define ZS_FLOW_ALL_PENDING ((size_t)64 << 20)

/* The caps. 0 in a field: the default. */
struct zs_flow_limits {
    unsigned connections;      /* in the table at once; ZS_FLOW_CONNECTIONS */
    size_t pending_octets;     /* out of order, of one side of one connection; ZS_FLOW_PENDING */
    unsigned pending_pieces;   /* likewise, how many; 1024 */
    size_t all_pending_octets; /* of all connections together; ZS_FLOW_ALL_PENDING */
};

struct zs_flows;

/* sink and user outlive the table; limits may be NULL. */
struct zs_flows *zs_flows_new(const struct zs_flow_sink *sink, void *user,
                              const struct zs_flow_limits *limits);
/* One segment: ip holds it, tcp was read from ip's payload. */
void zs_flows_segment(struct zs_flows *f, const struct zs_ip *ip, const struct zs_tcp *tcp,
                      const struct zs_net_stamp *at);
/* The capture has ended: every connection that is still open says what it holds, and is closed.
 * The table is then empty; numbers go on. */
void zs_flows_flush(struct zs_flows *f, const struct zs_net_stamp *at);
uint64_t zs_flows_count(const struct zs_flows *f); /* connections so far: the last number given */
/* Says nothing to the sink. */
void zs_flows_free(struct zs_flows *f);

#endif
