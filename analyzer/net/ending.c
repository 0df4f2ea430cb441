/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a direction (RFC 9293, 3.6), from sequence numbers and flags.
 *
 * Limits: of several holes at once the first and what follows it are known; with more of them the end is reached when
 * the peer acknowledges it. */
#include "analyzer/net/ending.h"

#define WINDOW (UINT32_C(1) << 30) /* octets: the largest window that TCP can announce */

/* How far b is ahead of a, as serial numbers. */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

static void note_ahead(struct zs_ending *e, uint32_t from, uint32_t to)
{
    if (!e->ahead || distance(e->ahead_to, from) > 0) {
        e->ahead_from = from;
        e->ahead_to = to;
        e->ahead = true;
        return;
    }
    if (distance(e->ahead_from, from) < 0 && distance(e->ahead_from, to) >= 0)
        e->ahead_from = from;
    if (distance(e->ahead_to, to) > 0)
        e->ahead_to = to;
}

void zs_ending_segment(struct zs_ending *e, const struct zs_tcp *tcp)
{
    uint32_t from = tcp->seq + (tcp->flags & ZS_TCP_SYN ? 1 : 0), to = from + (uint32_t)tcp->length;

    if (!e->started) {
        e->started = true;
        e->next = from;
    }
    if (to - e->next <= WINDOW) {
        if (distance(e->next, from) <= 0)
            e->next = to;
        else
            note_ahead(e, from, to);
        if (tcp->flags & ZS_TCP_FIN && !e->fin) {
            e->fin = true;
            e->fin_at = to;
        }
    }
    if (e->ahead && distance(e->next, e->ahead_from) <= 0) {
        if (distance(e->next, e->ahead_to) > 0)
            e->next = e->ahead_to;
        e->ahead = false;
    }
}

void zs_ending_ack(struct zs_ending *e, uint32_t ack)
{
    e->acked = true;
    e->acked_to = ack;
}

bool zs_ending_reached(const struct zs_ending *e)
{
    return e->fin && (distance(e->fin_at, e->next) >= 0 ||
                      (e->acked && distance(e->fin_at, e->acked_to) > 0));
}
