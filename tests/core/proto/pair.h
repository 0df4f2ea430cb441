/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_PAIR_H
#define ZS_TESTS_PAIR_H

/* A client and a server who talk to each other in memory, and a log of what each of them met: a line per event,
 * "s TOKEN INITIATE". Contexts are the test's. */
#include "core/proto/peer.h"

#include <glib.h>

struct pair {
    struct zs_peer peer[ZS_ROLE_COUNT];
    struct zs_peer_options options[ZS_ROLE_COUNT];
    const struct zs_gss *gss[ZS_ROLE_COUNT];
    GString *log[ZS_ROLE_COUNT];              /* of what each met */
    GString *said[ZS_ROLE_COUNT];             /* of what each said */
    GByteArray *stream[ZS_ROLE_COUNT];        /* all that each said, as octets */
    struct zs_peer_event last[ZS_ROLE_COUNT]; /* without what it borrowed */
    int64_t now;
    size_t chunk; /* octets that are handed over at once; 0: all that there are */
};

/* A REQ of a client and a REP of a server, in libzmq's form; change options before pair_begin(). */
void pair_init(struct pair *p, const struct zs_gss *client, const struct zs_gss *server);
void pair_begin(struct pair *p);
void pair_clear(struct pair *p);

/* Hands over what each has said until neither says more. */
void pair_talk(struct pair *p);
/* The same octet by octet, until this role's peer is in this state and no further. */
void pair_talk_until(struct pair *p, enum zs_role role, enum zs_peer_state state);
/* Hands over what role has said once. */
void pair_hand_over(struct pair *p, enum zs_role role);
/* Gives octets to role's peer; the number of events. */
unsigned pair_feed(struct pair *p, enum zs_role role, struct zs_span octets);
/* The same, in the middle of nothing: what it met is the last event, which is one. */
const struct zs_peer_event *pair_meet(struct pair *p, enum zs_role role, struct zs_span octets);

/* Both ended up so. */
void pair_expect(const struct pair *p, enum zs_peer_state client, enum zs_peer_state server);

static inline enum zs_role pair_other(enum zs_role r)
{
    return r == ZS_ROLE_CLIENT ? ZS_ROLE_SERVER : ZS_ROLE_CLIENT;
}

#endif
