/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_SOCKET_H
#define ZS_PROTO_SOCKET_H

/* Which socket types may talk to which, and what each may say: 23/ZMTP and 37/ZMTP, "The Socket-Type Property"; the
 * newer ones as libzmq has them. */
#include "core/wire/socket.h"

/* UNKNOWN talks to nobody. */
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
