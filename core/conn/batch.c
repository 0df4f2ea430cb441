/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that wait for others: each has a place of its own for its octets and its plaintext, which grows to the largest
 * that was there. */
#include "core/conn/batch.h"

#include "core/krb/lanes.h"

#include <glib.h>
#include <string.h>

struct place {
    struct zs_waited waited;
    uint8_t *octets, *plain; /* of the frame's body; what its token is opened to; each has room */
    size_t room;
};

struct zs_batch {
    struct zs_lanes *lanes; /* made with the first frame; */
    bool has_none;          /* there are none */
    struct place places[ZS_LANES_MOST];
    struct zs_unwrapping unwrapping[ZS_LANES_MOST];
    size_t n, done; /* places in use; of them those that were answered */
};

struct zs_batch *zs_batch_new(void)
{
    return g_new0(struct zs_batch, 1);
}

static void drop_room(struct place *p)
{
    if (p->plain)
        explicit_bzero(p->plain, p->room);
    g_free(p->plain);
    g_free(p->octets);
}

void zs_batch_free(struct zs_batch *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < ZS_LANES_MOST; i++)
        drop_room(&b->places[i]);
    zs_lanes_free(b->lanes);
    g_free(b);
}

static bool has_lanes(struct zs_batch *b)
{
    if (!b->lanes && !b->has_none) {
        b->lanes = zs_lanes_new();
        b->has_none = !b->lanes;
    }
    return b->lanes != NULL;
}

static void make_room(struct place *p, size_t n)
{
    if (n <= p->room)
        return;
    drop_room(p);
    p->room = n;
    p->octets = g_malloc(n);
    p->plain = g_malloc(n);
}

bool zs_batch_put(struct zs_batch *b, const struct zs_waited *w, struct zs_span token,
                  const struct zs_context *context)
{
    struct zs_span body = w->frame.body;

    if (body.n > ZS_BATCH_FRAME || !has_lanes(b))
        return false;
    struct place *p = &b->places[b->n];
    make_room(p, body.n);
    memcpy(p->octets, body.p, body.n);
    p->waited = *w;
    p->waited.frame.body.p = p->octets;
    b->unwrapping[b->n++] = (struct zs_unwrapping){
        .context = context,
        .token = zs_span(p->octets + (token.p - body.p), token.n),
        .buf = p->plain,
        .room = p->room,
    };
    return true;
}

bool zs_batch_is_full(const struct zs_batch *b)
{
    return b->lanes && b->n == zs_lanes_count(b->lanes);
}

const struct zs_waited *zs_batch_next(struct zs_batch *b)
{
    if (b->done == b->n) {
        b->done = b->n = 0;
        return NULL;
    }
    if (b->done == 0)
        zs_lanes_unwrap(b->lanes, b->unwrapping, b->n);
    const struct zs_unwrapping *u = &b->unwrapping[b->done];
    struct zs_waited *w = &b->places[b->done++].waited;
    w->answer = (struct zs_unwrap_answer){.rc = u->rc, .unwrapped = u->u};
    return w;
}

const struct zs_waited *zs_batch_now(const struct zs_batch *b)
{
    return b && b->done ? &b->places[b->done - 1].waited : NULL;
}
