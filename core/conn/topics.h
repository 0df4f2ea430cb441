/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_TOPICS_H
#define ZS_CONN_TOPICS_H

/* What a subscriber subscribed to (29/PUBSUB): each topic once, as libzmq's publishers count them. */
#include "core/wire/span.h"

#include <glib.h>

/* Fields: read freely, never write. */
struct zs_topics {
    GPtrArray *sorted; /* of struct topic */
    size_t octets;     /* of all topics */
    guint most;        /* no more topics than these … */
    size_t octets_most;
};

void zs_topics_init(struct zs_topics *t, guint most, size_t octets_most);
/* False: it is not kept, for that would be too much. */
bool zs_topics_add(struct zs_topics *t, struct zs_span topic);
void zs_topics_remove(struct zs_topics *t, struct zs_span topic);
void zs_topics_forget(struct zs_topics *t); /* all of them */
/* The longest topic that s begins with, valid until the topics change. False: none is. */
bool zs_topics_match(const struct zs_topics *t, struct zs_span s, struct zs_span *topic);
/* Octets of memory, about. */
size_t zs_topics_held(const struct zs_topics *t);
void zs_topics_clear(struct zs_topics *t);

#endif
