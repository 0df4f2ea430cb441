/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_SOCKET_H
#define ZS_PROTO_SOCKET_H

/* Socket types and which may talk to which: 23/ZMTP and 37/ZMTP, "The Socket-Type Property"; the newer ones as libzmq
 * has them. */
#include "core/wire/span.h"

enum zs_socket_type {
    ZS_SOCKET_PAIR,
    ZS_SOCKET_PUB,
    ZS_SOCKET_SUB,
    ZS_SOCKET_REQ,
    ZS_SOCKET_REP,
    ZS_SOCKET_DEALER,
    ZS_SOCKET_ROUTER,
    ZS_SOCKET_PULL,
    ZS_SOCKET_PUSH,
    ZS_SOCKET_XPUB,
    ZS_SOCKET_XSUB,
    ZS_SOCKET_SERVER,
    ZS_SOCKET_CLIENT,
    ZS_SOCKET_RADIO,
    ZS_SOCKET_DISH,
    ZS_SOCKET_GATHER,
    ZS_SOCKET_SCATTER,
    ZS_SOCKET_PEER,
    ZS_SOCKET_CHANNEL,
    ZS_SOCKET_COUNT
};

const char *zs_socket_name(enum zs_socket_type t); /* "DEALER" */
/* The type that a name (as Socket-Type has it) stands for; ZS_SOCKET_COUNT: none. */
enum zs_socket_type zs_socket_of(struct zs_span name);
bool zs_socket_may_talk(enum zs_socket_type a, enum zs_socket_type b);

/* Does it say Identity in its READY? */
bool zs_socket_has_identity(enum zs_socket_type t);
/* May it send messages of the application? SUB and PULL, for two, only take them. */
bool zs_socket_may_send(enum zs_socket_type t);
/* SUB and XSUB: what it sends are subscriptions. */
bool zs_socket_subscribes(enum zs_socket_type t);
/* REQ and REP: an empty frame stands before what the application says (28/REQREP: the empty delimiter). */
bool zs_socket_delimits(enum zs_socket_type t);

#endif
