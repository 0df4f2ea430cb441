/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_ENDING_H
#define ZS_NET_ENDING_H

/* Has one direction of a connection come to its end? Told from headers alone, whoever looks at the octets: so that
 * everybody who sees the same packets sees connections end at the same ones. */
#include "analyzer/net/tcp.h"

/* Zeroed before use. */
struct zs_ending {
    bool started, acked, fin, ahead;
    uint32_t next;                 /* every octet before this number was seen */
    uint32_t ahead_from, ahead_to; /* … and these, behind a hole; if ahead */
    uint32_t fin_at;               /* the number of the FIN */
    uint32_t acked_to;             /* the peer's latest ACK */
};

/* A segment of the direction. */
void zs_ending_segment(struct zs_ending *e, const struct zs_tcp *tcp);
/* The peer acknowledges every number before ack. */
void zs_ending_ack(struct zs_ending *e, uint32_t ack);
/* Its FIN was seen, and all before it; or the peer has acknowledged both. */
bool zs_ending_reached(const struct zs_ending *e);

#endif
