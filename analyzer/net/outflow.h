/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_OUTFLOW_H
#define ZS_NET_OUTFLOW_H

/* TCP connections being written as packets to a pcapng: the other way of flow.h. Two ordered streams of octets in,
 * segments out, as they might have been, with comments on them. */
#include "analyzer/net/blocks.h"
#include "analyzer/net/flow.h"
#include "analyzer/net/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where all connections are written to. Zeroed before use but for blocks. Fields: nobody else's. */
struct zs_outflows {
    struct zs_blocks blocks;
    uint64_t packets; /* so far */
    size_t n;         /* octets that wait for more of their segment */
    uint8_t piece[ZS_SEGMENT_MOST];
};

struct zs_outflow_side {
    struct zs_endpoint end;
    uint32_t next;    /* the number of its next octet */
    uint32_t acked;   /* the last number that it acknowledged */
    uint16_t window;  /* that it said last */
    unsigned waiting; /* segments with octets that the peer has not acknowledged */
};

/* One connection. Fields: read freely, never write. */
struct zs_outflow {
    struct zs_outflow_side sides[2];
};

/* The section's head: once, before any connection. comment: UTF-8, as everywhere here; NULL: none. */
void zs_outflows_begin(struct zs_outflows *f, const char *comment);

/* The connection's ends and number are those of flow. It begins with a handshake, or, where its beginning was not seen, with
 * an ACK of the client's; the comment is on the first of them. */
void zs_outflow_open(struct zs_outflows *f, struct zs_outflow *o, const struct zs_flow *flow,
                     int64_t time_ns, const char *comment);
/* n octets of a side. What does not fill a segment waits; zs_outflow_send() comes before anything else is done. */
void zs_outflow_put(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                    const uint8_t *octets, size_t n, int64_t time_ns);
/* The rest of what was put, with the comment on it. Nothing was put: a segment without octets, for the comment. */
void zs_outflow_send(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                     int64_t time_ns, const char *comment);
/* n octets of a side are not there to be written: a gap, as the capture has it. */
void zs_outflow_skip(struct zs_outflow *o, enum zs_flow_side from, uint64_t n);
/* A FIN of each side, that of last behind the other; or last's RST. Nothing where the connection did not end so. */
void zs_outflow_close(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_end why,
                      enum zs_flow_side last, int64_t time_ns, const char *comment);

#endif
