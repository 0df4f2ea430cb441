/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_REASSEMBLY_H
#define ZS_NET_REASSEMBLY_H

/* One direction of one TCP connection: segments as they were captured become a stream of octets. Two of them keep their
 * order: what a side sent behind octets of the other comes behind them. */
#include "analyzer/net/stamp.h"
#include "analyzer/net/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is said of the stream. Offsets count from the first octet of the direction, 0; every
 * octet from there to the end is in exactly one data() or gap(), in order; n is never 0. bytes
 * are borrowed until the callback returns. at is of the packet that is looked at, but that of data() the latest of those
 * that the stream needed up to there. What is handed on at once begins where a segment did, unless too many wait. data()
 * answers whether there is still interest: after a false nothing more is said or held. conflict(): of octets that are
 * held, n from offset came again and differ; the first ones stay. full(): a cap is reached, and holes are given up before their time. */
struct zs_reassembly_sink {
    bool (*data)(void *user, uint64_t offset, const uint8_t *bytes, size_t n,
                 const struct zs_net_stamp *at);
    void (*gap)(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at);
    void (*conflict)(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at);
    void (*full)(void *user, const struct zs_net_stamp *at);
};

/* What all directions of a capture share: the sink and the caps. */
struct zs_reassembly_pool {
    const struct zs_reassembly_sink *sink;
    size_t octets;     /* cap: held out of order by one direction */
    unsigned pieces;   /* cap: held by one direction, how many */
    size_t all_octets; /* cap: held by all directions together */
    size_t held;       /* by all directions now, the cost of a piece itself included */
};

struct zs_piece;

/* Offsets count from origin. No field is for others than reassembly.c but started, origin and
 * misplaced. */
struct zs_reassembly {
    struct zs_reassembly_pool *pool;
    struct zs_reassembly *peer; /* NULL: none so far */
    void *user;                 /* for the sink */
    uint32_t origin;            /* sequence number of offset 0 */
    bool started;               /* origin is known */
    bool muted;                 /* no interest any more */
    bool fin_seen;              /* fin_at is known */
    bool acked;                 /* acked_to is known */
    bool
        hole_waits; /* what is due at next is held or was acknowledged; hole_ fields count from then */
    uint64_t next;     /* the next octet to hand on */
    uint64_t fin_at;   /* the stream ends here */
    uint64_t acked_to; /* the peer has every octet before this, by its latest ACK */
    uint64_t hole_to;  /* acknowledged when the wait began */
    int64_t hole_since;
    unsigned hole_segments;
    unsigned far_segments;      /* in a row: too far off the stream to be placed */
    uint64_t misplaced;         /* all of them */
    struct zs_piece *pieces;    /* held beyond next: by offset, disjoint */
    unsigned n_pieces, room;    /* in use, allocated */
    size_t held;                /* octets, the cost of the pieces included */
    struct zs_net_stamp latest; /* of the packets that were needed up to next */
};

/* pool and user outlive r. */
void zs_reassembly_init(struct zs_reassembly *r, struct zs_reassembly_pool *pool, void *user);
/* The two directions of one connection. From now on octets that were sent behind others of the peer (they acknowledge
 * them) wait for these while the peer's stream waits for them, but not longer. Of one packet zs_reassembly_ack() comes
 * before zs_reassembly_segment(). */
void zs_reassembly_pair(struct zs_reassembly *a, struct zs_reassembly *b);
/* The stream is known to start at seq, which is the number of its first octet. Before the first segment. */
void zs_reassembly_start(struct zs_reassembly *r, uint32_t seq);
/* A segment of this direction. Without a SYN before it the stream starts at the first octet
 * seen. */
void zs_reassembly_segment(struct zs_reassembly *r, const struct zs_tcp *tcp,
                           const struct zs_net_stamp *at);
/* The other direction acknowledges every octet before ack. */
void zs_reassembly_ack(struct zs_reassembly *r, uint32_t ack, const struct zs_net_stamp *at);
/* Nothing more will come, nor to the peer: holes become gaps, what is held is handed on. */
void zs_reassembly_flush(struct zs_reassembly *r, const struct zs_net_stamp *at);
/* No interest any more: what is held is dropped, nothing more is said. */
void zs_reassembly_mute(struct zs_reassembly *r);
void zs_reassembly_clear(struct zs_reassembly *r);

#endif
