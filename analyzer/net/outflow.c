/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections, written (RFC 9293). Sequence numbers begin where the connection's number says, so that each of
 * several between the same ends is another one to every reader. Every segment acknowledges all that the peer has
 * sent, and who receives long without a word of its own acknowledges by itself.
 *
 * Limits: a connection that made room in the table and went on is two, the second without a beginning; a reader may
 * take both for one. */
#include "analyzer/net/outflow.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <string.h>

enum {
    PSH = 0x08,
    WINDOW = 65535,
    WAITING_MOST = 32, /* segments: less than a window */
};

void zs_outflows_begin(struct zs_outflows *f, const char *comment)
{
    zs_blocks_section(&f->blocks, comment);
    zs_blocks_interface(&f->blocks, DLT_EN10MB);
}

static void write_segment(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                          uint8_t flags, int64_t time_ns, const char *comment)
{
    struct zs_outflow_side *mine = &o->sides[from], *peers = &o->sides[!from];
    uint8_t frame[ZS_SEGMENT_ROOM];
    const struct zs_segment s = {
        .from = &mine->end,
        .to = &peers->end,
        .seq = mine->next,
        .ack = flags & ZS_TCP_ACK ? peers->next : 0,
        .flags = flags,
        .window = mine->window,
        .payload = f->piece,
        .n = f->n,
    };
    uint32_t n = (uint32_t)zs_segment_write(&s, frame);

    zs_blocks_packet(
        &f->blocks,
        &(struct zs_packet){.time_ns = time_ns, .length = n, .captured = n, .data = frame},
        comment);
    f->packets++;
    mine->next += (uint32_t)f->n + (flags & (ZS_TCP_SYN | ZS_TCP_FIN) ? 1 : 0);
    mine->acked = s.ack;
    mine->waiting += f->n > 0;
    peers->waiting = 0;
    f->n = 0;
}

void zs_outflow_open(struct zs_outflows *f, struct zs_outflow *o, const struct zs_flow *flow,
                     int64_t time_ns, const char *comment)
{
    uint32_t first = (uint32_t)flow->number * UINT32_C(0x9e3779b1); /* far from its neighbours' */

    *o = (struct zs_outflow){
        .sides[ZS_FLOW_CLIENT] = {.end = flow->client, .next = first, .window = WINDOW},
        .sides[ZS_FLOW_SERVER] = {.end = flow->server, .next = ~first, .window = WINDOW},
    };
    if (flow->midstream) {
        write_segment(f, o, ZS_FLOW_CLIENT, ZS_TCP_ACK, time_ns, comment);
        return;
    }
    write_segment(f, o, ZS_FLOW_CLIENT, ZS_TCP_SYN, time_ns, comment);
    write_segment(f, o, ZS_FLOW_SERVER, ZS_TCP_SYN | ZS_TCP_ACK, time_ns, NULL);
    write_segment(f, o, ZS_FLOW_CLIENT, ZS_TCP_ACK, time_ns, NULL);
}

static void write_piece(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                        uint8_t flags, int64_t time_ns, const char *comment)
{
    write_segment(f, o, from, flags, time_ns, comment);
    if (o->sides[from].waiting >= WAITING_MOST) {
        assert(f->n == 0);
        write_segment(f, o, from == ZS_FLOW_CLIENT ? ZS_FLOW_SERVER : ZS_FLOW_CLIENT, ZS_TCP_ACK,
                      time_ns, NULL);
    }
}

void zs_outflow_put(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                    const uint8_t *octets, size_t n, int64_t time_ns)
{
    while (n > 0) {
        size_t step = ZS_SEGMENT_MOST - f->n;
        if (step == 0) { /* only where more follows: the last one has the comment */
            write_piece(f, o, from, ZS_TCP_ACK, time_ns, NULL);
            continue;
        }
        step = step < n ? step : n;
        memcpy(f->piece + f->n, octets, step);
        f->n += step;
        octets += step;
        n -= step;
    }
}

void zs_outflow_send(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                     int64_t time_ns, const char *comment)
{
    struct zs_outflow_side *mine = &o->sides[from];

    if (f->n) {
        write_piece(f, o, from, PSH | ZS_TCP_ACK, time_ns, comment);
        return;
    }
    /* The same number acknowledged once more, in the same window, would be a complaint of the receiver's
     * (RFC 5681, 2). */
    if (mine->acked == o->sides[!from].next)
        mine->window ^= 1;
    write_segment(f, o, from, ZS_TCP_ACK, time_ns, comment);
}

void zs_outflow_skip(struct zs_outflow *o, enum zs_flow_side from, uint64_t n)
{
    o->sides[from].next += (uint32_t)n;
}

void zs_outflow_close(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_end why,
                      enum zs_flow_side last, int64_t time_ns, const char *comment)
{
    enum zs_flow_side first = last == ZS_FLOW_CLIENT ? ZS_FLOW_SERVER : ZS_FLOW_CLIENT;

    if (why == ZS_FLOW_RST)
        write_segment(f, o, last, ZS_TCP_RST | ZS_TCP_ACK, time_ns, comment);
    if (why != ZS_FLOW_FIN)
        return;
    write_segment(f, o, first, ZS_TCP_FIN | ZS_TCP_ACK, time_ns, comment);
    write_segment(f, o, last, ZS_TCP_FIN | ZS_TCP_ACK, time_ns, NULL);
    write_segment(f, o, first, ZS_TCP_ACK, time_ns, NULL);
}
