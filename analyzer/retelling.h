/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_RETELLING_H
#define ZS_ANALYZER_RETELLING_H

/* A conversation in the clear: what a connection of mechanism NULL would have sent for what the events of another
 * mechanism's say (37/ZMTP). */
#include "core/conn/event.h"

enum zs_retold {
    ZS_RETOLD_CLEAR,  /* it was in the clear already */
    ZS_RETOLD_OPENED, /* it was sealed, and its checksum held */
    ZS_RETOLD_SEALED, /* it stayed sealed: nothing is known to be said */
    ZS_RETOLD_UNREAD, /* it cannot be read, or has no place in its conversation and may hold a password */
    ZS_RETOLD_NOTHING, /* NULL has nothing like it: context tokens, HELLO */
};

#define ZS_RETELLING_HEAD 265 /* octets: the header of a frame, and a command's name */

/* The octets: head's first n, then body, which is borrowed from the event. */
struct zs_retelling {
    size_t n;
    uint8_t head[ZS_RETELLING_HEAD];
    struct zs_span body;
};

/* Sets t where the answer is CLEAR or OPENED. Of PLAIN's HELLO, which holds a password, there is nothing. */
enum zs_retold zs_retell(const struct zs_event *ev, struct zs_retelling *t);

/* Must a side with this greeting be repeated, octet for octet? So it is of the old versions, which have no mechanism, and of
 * mechanisms that nothing is known of. */
bool zs_retelling_is_repeating(const struct zs_greeting *g);

#endif
