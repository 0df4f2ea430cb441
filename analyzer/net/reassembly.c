/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP reassembly of one direction (RFC 9293, 3.4 and 3.10.7.4; windows: RFC 7323, 2.3).
 *
 * Octets in order go from the packet to the sink without a copy. What lies beyond a hole is held in
 * pieces, a sorted array: one for each segment, so that they are handed on as they were sent, until there are half as
 * many as may be; from then on a segment that goes on where a piece ends is added to it, so that the array has about
 * one more element per hole. Its cap bounds what a packet can cost.
 *
 * A hole becomes a gap when it cannot be filled any more: the peer has acknowledged it and then a
 * second of packet time or 64 segments went by (packets of a capture may be out of order, too),
 * a cap is reached, or the connection is over. All holes that were acknowledged when the wait began
 * go together, so that many holes do not add up to a long wait.
 *
 * While the hole of one direction waits, segments of the other that acknowledge octets behind it wait, too, held
 * in pieces as if they lay beyond a hole: whoever sent them had these octets. A retransmission of what was acknowledged
 * before waits for nothing, for when it was first sent is not known. No octets are given up for that order: where
 * 64 pieces are held, or there is no room, they go on.
 *
 * Limits: Octets that were handed on are not kept: a retransmission of them with other content goes
 * unnoticed, as in tshark. Octets before the first segment seen are dropped. The tail of a segment
 * that the capture cut off is a gap even where a retransmission would hold it, and such a segment does not wait for the
 * other direction. A keep-alive that is
 * the first segment seen counts as an octet of the stream. Where the FIN was lost together with
 * octets before it, the gap is one octet too long; a lost FIN alone is no gap.
 * A direction that loses more than 1 GiB at once goes on after 64 segments behind the loss; after
 * more than 3 GiB it may take them for retransmissions. */
#include "analyzer/net/reassembly.h"

#include <glib.h>
#include <string.h>

#define WINDOW        (UINT32_C(1) << 30) /* octets: the largest window that TCP can announce */
#define FAR_SEGMENTS  64
#define HOLE_SEGMENTS 64
#define HOLE_NS       1000000000
#define PIECE_COST    80 /* octets charged for a piece: its place in the array, its malloc */

struct zs_piece {
    uint64_t offset;
    size_t n, room; /* in use, allocated */
    uint8_t *bytes;
    uint64_t awaits;        /* the peer's octets before this come first */
    struct zs_net_stamp at; /* its latest packet */
};

/* A segment's payload on its way to its place. */
struct part {
    uint64_t offset;
    const uint8_t *bytes;
    size_t captured, length; /* captured <= length */
    uint64_t awaits;         /* as a piece's */
    bool has_no_room;        /* nor does what is held before its end wait for the peer any longer */
};

static uint64_t end_of(const struct zs_piece *piece)
{
    return piece->offset + piece->n;
}

/* The end of what is held; next where nothing is. */
static uint64_t held_to(const struct zs_reassembly *r)
{
    return r->n_pieces > 0 ? end_of(&r->pieces[r->n_pieces - 1]) : r->next;
}

static void charge(struct zs_reassembly *r, size_t octets)
{
    r->held += octets;
    r->pool->held += octets;
}

static void refund(struct zs_reassembly *r, size_t octets)
{
    r->held -= octets;
    r->pool->held -= octets;
}

static void drop_pieces(struct zs_reassembly *r)
{
    for (unsigned i = 0; i < r->n_pieces; i++)
        g_free(r->pieces[i].bytes);
    g_clear_pointer(&r->pieces, g_free);
    r->n_pieces = r->room = 0;
    refund(r, r->held);
}

/* The next n octets of the stream, which needed the packet at; bytes NULL: they are lost. */
static void hand_on(struct zs_reassembly *r, const uint8_t *bytes, uint64_t n,
                    const struct zs_net_stamp *at)
{
    if (n == 0 || r->muted)
        return;
    uint64_t offset = r->next;
    r->next += n;
    r->hole_waits = false;
    if (!bytes) {
        r->pool->sink->gap(r->user, offset, n, at);
        return;
    }
    if (at->frame >= r->latest.frame)
        r->latest = *at;
    struct zs_net_stamp latest = r->latest;
    if (!r->pool->sink->data(r->user, offset, bytes, n, &latest))
        zs_reassembly_mute(r);
}

/* The first piece, which starts at next. It leaves the array before the sink can drop the array. */
static void hand_on_first(struct zs_reassembly *r)
{
    struct zs_piece first = r->pieces[0];
    refund(r, first.n + PIECE_COST);
    r->n_pieces--;
    memmove(r->pieces, r->pieces + 1, r->n_pieces * sizeof *r->pieces);
    if (r->n_pieces == 0)
        drop_pieces(r);
    hand_on(r, first.bytes, first.n, &first.at);
    g_free(first.bytes);
}

/* Is what is due at next held? */
static bool is_held(const struct zs_reassembly *r)
{
    return r->n_pieces > 0 && r->pieces[0].offset == r->next;
}

/* Does the peer still wait for something before awaits, behind which octets of r were sent? */
static bool is_early(const struct zs_reassembly *r, uint64_t awaits)
{
    const struct zs_reassembly *peer = r->peer;
    return peer && awaits > peer->next && (peer->hole_waits || is_held(peer)) && !peer->muted;
}

/* False: nothing was ready. */
static bool hand_on_ready(struct zs_reassembly *r)
{
    uint64_t from = r->next;
    while (is_held(r) && !is_early(r, r->pieces[0].awaits))
        hand_on_first(r);
    return r->next != from;
}

/* One step on, whatever it waits for: what is held at next, or the hole there, or the part of it before to. */
static void go_past(struct zs_reassembly *r, uint64_t to, const struct zs_net_stamp *at)
{
    if (is_held(r))
        hand_on_first(r);
    else
        hand_on(r, NULL, (r->n_pieces > 0 ? MIN(to, r->pieces[0].offset) : to) - r->next, at);
    hand_on_ready(r);
}

/* Gives up every hole before to. */
static void lose_holes(struct zs_reassembly *r, uint64_t to, const struct zs_net_stamp *at)
{
    while (r->next < to && !r->muted)
        go_past(r, to, at);
}

static bool fits(const struct zs_reassembly *r, size_t n)
{
    const struct zs_reassembly_pool *pool = r->pool;
    return r->n_pieces < pool->pieces && r->held <= pool->octets &&
           n + PIECE_COST <= pool->octets - r->held && pool->held <= pool->all_octets &&
           n + PIECE_COST <= pool->all_octets - pool->held;
}

/* The index of the first piece that ends behind offset. */
static unsigned piece_behind(const struct zs_reassembly *r, uint64_t offset)
{
    unsigned low = 0, high = r->n_pieces;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (end_of(&r->pieces[middle]) > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void append(struct zs_piece *piece, const uint8_t *bytes, size_t n)
{
    if (n > piece->room - piece->n) {
        piece->room = piece->n + MAX(n, piece->n);
        piece->bytes = g_realloc(piece->bytes, piece->room);
    }
    memcpy(piece->bytes + piece->n, bytes, n);
    piece->n += n;
}

/* Holds the first n octets of p, which no piece holds; i: the first piece behind them, before and after. begins: it is
 * p's first octet that is held, of which a piece may be made. What lies between pieces is added to the one before, so
 * that one segment makes one new piece at most. */
static unsigned hold(struct zs_reassembly *r, unsigned i, const struct part *p, size_t n,
                     bool begins, const struct zs_net_stamp *at)
{
    charge(r, n);
    if (i > 0 && end_of(&r->pieces[i - 1]) == p->offset &&
        (!begins || r->n_pieces >= r->pool->pieces / 2)) {
        append(&r->pieces[i - 1], p->bytes, n);
        r->pieces[i - 1].at = *at;
        return i;
    }
    charge(r, PIECE_COST);
    if (r->n_pieces == r->room) {
        r->room = MAX(4, 2 * r->room);
        r->pieces = g_renew(struct zs_piece, r->pieces, r->room);
    }
    memmove(r->pieces + i + 1, r->pieces + i, (r->n_pieces - i) * sizeof *r->pieces);
    r->n_pieces++;
    r->pieces[i] = (struct zs_piece){.offset = p->offset, .awaits = p->awaits, .at = *at};
    append(&r->pieces[i], p->bytes, n);
    return i + 1;
}

/* The first n octets of p came again; piece holds them. */
static void compare(const struct zs_reassembly *r, const struct zs_piece *piece,
                    const struct part *p, size_t n, const struct zs_net_stamp *at)
{
    const uint8_t *held = piece->bytes + (p->offset - piece->offset);
    if (memcmp(held, p->bytes, n) == 0)
        return;
    size_t first = 0, end = n;
    while (held[first] == p->bytes[first])
        first++;
    while (held[end - 1] == p->bytes[end - 1])
        end--;
    r->pool->sink->conflict(r->user, p->offset + first, end - first, at);
}

static void drop_front(struct part *p, uint64_t n)
{
    size_t gone = MIN(n, p->length), seen = MIN(gone, p->captured);
    p->offset += gone;
    p->length -= gone;
    p->captured -= seen;
    if (seen > 0)
        p->bytes += seen;
}

/* Octets at next or beyond: handed on, held, or compared with what is held. Of p what was not captured is left. */
static void place(struct zs_reassembly *r, struct part *p, const struct zs_net_stamp *at)
{
    unsigned i = piece_behind(r, p->offset);
    bool begins = true;
    while (p->captured > 0 && !r->muted) {
        const struct zs_piece *piece = i < r->n_pieces ? &r->pieces[i] : NULL;
        size_t k = p->captured;
        if (piece && piece->offset <= p->offset) {
            k = MIN(k, end_of(piece) - p->offset);
            compare(r, piece, p, k, at);
            if (piece->offset == r->next && (p->has_no_room || !is_early(r, piece->awaits)))
                hand_on_first(r);
            else
                i++;
        } else {
            if (piece)
                k = MIN(k, piece->offset - p->offset);
            if (p->offset == r->next && !is_early(r, p->awaits)) {
                hand_on(r, p->bytes, k, at);
            } else {
                i = hold(r, i, p, k, begins, at);
            }
        }
        begins = false;
        drop_front(p, k);
    }
    hand_on_ready(r);
}

/* Finds the place of sequence number seq, around next. False: it is none of the stream's. */
static bool locate(struct zs_reassembly *r, uint32_t seq, size_t length, uint64_t *offset,
                   const struct zs_net_stamp *at)
{
    uint32_t ahead = seq - (r->origin + (uint32_t)r->next), behind = 0 - ahead;
    if (length <= WINDOW && (ahead <= WINDOW - length || behind <= WINDOW)) {
        r->far_segments = 0;
        *offset = ahead <= WINDOW ? r->next + ahead : r->next - behind;
        return true;
    }
    r->misplaced++;
    if (++r->far_segments < FAR_SEGMENTS || r->fin_seen || length > WINDOW)
        return false;
    /* A whole row of them: so much was lost that the stream is over there now. */
    *offset = r->next + ahead;
    lose_holes(r, *offset, at);
    r->far_segments = 0;
    return true;
}

/* The stream ends at end, unless what was seen of it already says otherwise. */
static void note_fin(struct zs_reassembly *r, uint64_t end)
{
    if (r->fin_seen || end - r->next > WINDOW || held_to(r) > end)
        return;
    r->fin_seen = true;
    r->fin_at = end;
}

/* How far the peer's ACK proves that there were octets. */
static uint64_t proven_to(const struct zs_reassembly *r)
{
    if (!r->acked || r->acked_to <= r->next)
        return r->next;
    if (r->fin_seen)
        return MIN(r->acked_to, r->fin_at);
    /* One number more than anything ever seen is a FIN that the capture lost. */
    return r->acked_to == held_to(r) + 1 ? held_to(r) : r->acked_to;
}

/* How far the stream goes on for certain. */
static uint64_t due_to(const struct zs_reassembly *r)
{
    uint64_t to = proven_to(r);
    return is_held(r) ? MAX(to, end_of(&r->pieces[0])) : to;
}

/* Has what is due at next been waited for long enough? */
static bool waited(const struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    return r->hole_waits && (r->hole_segments >= HOLE_SEGMENTS ||
                             (at->time_ns > r->hole_since &&
                              (uint64_t)at->time_ns - (uint64_t)r->hole_since > HOLE_NS));
}

/* Not further than the latest ACK: one beyond it was damaged. */
static void end_wait(struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    lose_holes(r, MIN(r->hole_to, due_to(r)), at);
}

static void begin_wait(struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    uint64_t to = due_to(r);
    if (to == r->next) {
        r->hole_waits = false;
    } else if (!r->hole_waits) {
        r->hole_waits = true;
        r->hole_to = to;
        r->hole_since = at->time_ns;
        r->hole_segments = 0;
    }
}

/* Ends the wait at next, for octets or for the peer, or starts it. */
static void judge_hole(struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    struct zs_reassembly *peer = r->peer;
    if (waited(r, at) && is_held(r) && peer && waited(peer, at)) { /* that one first */
        end_wait(peer, at);
        begin_wait(peer, at);
        hand_on_ready(r);
    }
    if (waited(r, at))
        end_wait(r, at);
    begin_wait(r, at);
}

/* r has gone on, perhaps: so does what the other direction has waiting for it, and so on. */
static void take_turns(struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    for (r = r->peer; r && hand_on_ready(r); r = r->peer)
        judge_hole(r, at);
}

void zs_reassembly_init(struct zs_reassembly *r, struct zs_reassembly_pool *pool, void *user)
{
    *r = (struct zs_reassembly){.pool = pool, .user = user};
}

void zs_reassembly_pair(struct zs_reassembly *a, struct zs_reassembly *b)
{
    a->peer = b;
    b->peer = a;
}

/* What waits for the peer does so only while there is room for it, and for p. */
static void heed_order(struct zs_reassembly *r, struct part *p)
{
    while (is_held(r) && (r->n_pieces >= HOLE_SEGMENTS || !fits(r, p->captured)))
        hand_on_first(r);
    p->has_no_room = !fits(r, p->captured);
    if (p->has_no_room || p->captured < p->length)
        p->awaits = 0;
}

/* p, which starts at next or beyond, or before next and is cut there. */
static void place_part(struct zs_reassembly *r, struct part *p, const struct zs_net_stamp *at)
{
    heed_order(r, p);
    /* Where giving up holes among the pieces is not enough, the one in front of p goes, too:
     * then p is in order and needs no room. */
    if (r->next < p->offset && p->captured > 0 && !fits(r, p->captured) && !r->muted)
        r->pool->sink->full(r->user, at);
    while (r->next < p->offset && p->captured > 0 && !fits(r, p->captured) && !r->muted)
        go_past(r, p->offset, at);
    if (r->next > p->offset)
        drop_front(p, r->next - p->offset);
    if (p->length == 0)
        return;
    place(r, p, at);
    if (r->next >= p->offset) /* in order: nobody waits for what the capture cut off */
        lose_holes(r, p->offset + p->length, at);
}

void zs_reassembly_start(struct zs_reassembly *r, uint32_t seq)
{
    r->started = true;
    r->origin = seq;
}

void zs_reassembly_segment(struct zs_reassembly *r, const struct zs_tcp *tcp,
                           const struct zs_net_stamp *at)
{
    bool fin = tcp->flags & ZS_TCP_FIN, syn = tcp->flags & ZS_TCP_SYN;
    if (r->muted)
        return;
    if (tcp->length == 0 && !fin && !syn) {
        judge_hole(r, at);
        take_turns(r, at);
        return;
    }
    uint32_t seq = tcp->seq + (syn ? 1 : 0); /* a SYN takes a number */
    if (!r->started)
        zs_reassembly_start(r, seq);
    struct part p = {.bytes = tcp->payload, .captured = tcp->captured, .length = tcp->length};
    if (!locate(r, seq, p.length, &p.offset, at))
        return;
    r->hole_segments++;
    /* Offsets before origin are huge numbers here, and are gone after this. */
    if (p.offset - r->next > WINDOW)
        drop_front(&p, r->next - p.offset);
    uint64_t end = p.offset + p.length;
    if (r->fin_seen && end > r->fin_at) {
        p.length = p.offset < r->fin_at ? r->fin_at - p.offset : 0;
        p.captured = MIN(p.captured, p.length);
    }
    if (r->peer && tcp->flags & ZS_TCP_ACK && (!r->acked || p.offset >= r->acked_to))
        p.awaits = r->peer->acked_to;
    if (p.length > 0)
        place_part(r, &p, at);
    if (fin)
        note_fin(r, end);
    judge_hole(r, at);
    take_turns(r, at);
}

void zs_reassembly_ack(struct zs_reassembly *r, uint32_t ack, const struct zs_net_stamp *at)
{
    if (!r->started || r->muted)
        return;
    uint32_t ahead = ack - (r->origin + (uint32_t)r->next);
    r->acked = true;
    r->acked_to = ahead <= WINDOW ? r->next + ahead : r->next;
    judge_hole(r, at);
    take_turns(r, at);
}

/* The end of all that is known of it. */
static uint64_t known_to(const struct zs_reassembly *r)
{
    return MAX(held_to(r), r->fin_seen ? r->fin_at : proven_to(r));
}

static bool is_over(const struct zs_reassembly *r)
{
    return r->muted || r->next >= known_to(r);
}

void zs_reassembly_flush(struct zs_reassembly *r, const struct zs_net_stamp *at)
{
    struct zs_reassembly *peer = r->peer;
    while (!is_over(r) || (peer && !is_over(peer))) {
        /* What is held at next waits for a hole of the other. */
        bool waits = peer && !is_over(peer) && is_held(r);
        struct zs_reassembly *first = is_over(r) || waits ? peer : r;
        go_past(first, known_to(first), at);
        judge_hole(first, at);
        take_turns(first, at);
    }
}

void zs_reassembly_mute(struct zs_reassembly *r)
{
    r->muted = true;
    drop_pieces(r);
}

void zs_reassembly_clear(struct zs_reassembly *r)
{
    if (r->peer)
        r->peer->peer = NULL;
    drop_pieces(r);
}
