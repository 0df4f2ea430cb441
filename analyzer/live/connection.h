/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_LIVE_CONNECTION_H
#define ZS_LIVE_CONNECTION_H

/* One connection with a live peer: a socket, a peer of core/proto and its security context, run by GLib's main loop.
 * Reading pauses while much waits to be sent, so that a peer who does not read costs bounded memory. */
#include "analyzer/live/live.h"
#include "core/proto/peer.h"

#include <gio/gio.h>

struct zs_connection;

/* What its owner is told. Callbacks may send and close, and free the connection only where that is said. */
struct zs_connection_handler {
    /* said: by us; else it came. In the order of the conversation. */
    void (*on_event)(void *user, struct zs_connection *c, bool said,
                     const struct zs_peer_event *ev);
    void (*on_open)(void *user, struct zs_connection *c);    /* both sides are through: once */
    void (*on_drained)(void *user, struct zs_connection *c); /* there is room to send again */
    /* Octets came or went, so that zs_connection_held() may be another. NULL: that is not asked. */
    void (*on_held)(void *user, struct zs_connection *c);
    /* It is over. why: a sentence where it did not end in order, else NULL. May free c. */
    void (*on_closed)(void *user, struct zs_connection *c, const char *why);
};

/* Takes over a connected socket and the context (NULL for the NULL mechanism); what options borrow outlives it, and
 * its on_said is not used. Begins as the loop runs. */
struct zs_connection *zs_connection_new(GSocket *socket, const struct zs_peer_options *options,
                                        struct zs_live *live,
                                        const struct zs_connection_handler *handler, void *user);
void zs_connection_free(struct zs_connection *c); /* NULL is fine */

/* Read freely. */
const struct zs_peer *zs_connection_peer(const struct zs_connection *c);

/* A whole message of n parts. False: not all of it could be put to the output, now or ever, and the connection ends
 * where part of it was. */
bool zs_connection_send(struct zs_connection *c, const struct zs_span *parts, size_t n);
/* One frame of one. */
bool zs_connection_send_frame(struct zs_connection *c, struct zs_span data, bool more);
/* cancel: takes a subscription back. */
bool zs_connection_subscribe(struct zs_connection *c, bool cancel, struct zs_span topic);
/* Octets of memory that the peer has: zs_peer_held(). */
size_t zs_connection_held(const struct zs_connection *c);
/* Gives back what is only kept for later. */
void zs_connection_trim(struct zs_connection *c);
/* So much waits to be sent that no more should be given. */
bool zs_connection_is_full(const struct zs_connection *c);
/* Ends it when all is sent; on_closed follows. */
void zs_connection_close(struct zs_connection *c);
/* Ends it at once, for this reason; on_closed follows. */
void zs_connection_abort(struct zs_connection *c, const char *why);

#endif
