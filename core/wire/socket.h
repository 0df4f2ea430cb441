/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_SOCKET_H
#define ZS_WIRE_SOCKET_H

/* Socket types: names in READY's metadata (23/ZMTP, 37/ZMTP), a number in the greeting of 15/ZMTP. */
#include "core/wire/command.h"

/* From PAIR on in libzmq's order, whose numbers less one they are: 15/ZMTP has the first nine. */
enum zs_socket_type {
    ZS_SOCKET_UNKNOWN,
    ZS_SOCKET_PAIR,
    ZS_SOCKET_PUB,
    ZS_SOCKET_SUB,
    ZS_SOCKET_REQ,
    ZS_SOCKET_REP,
    ZS_SOCKET_DEALER,
    ZS_SOCKET_ROUTER,
    ZS_SOCKET_PULL,
    ZS_SOCKET_PUSH,
    ZS_SOCKET_XPUB, /* libzmq sends its number too */
    ZS_SOCKET_XSUB,
    ZS_SOCKET_CLIENT, /* from here on 37/ZMTP and its drafts: names only */
    ZS_SOCKET_SERVER,
    ZS_SOCKET_RADIO,
    ZS_SOCKET_DISH,
    ZS_SOCKET_GATHER,
    ZS_SOCKET_SCATTER,
    ZS_SOCKET_PEER,
    ZS_SOCKET_CHANNEL,
    ZS_SOCKET_COUNT
};

/* UNKNOWN for a name or a number that is none. */
enum zs_socket_type zs_socket_type_of(struct zs_span name);
enum zs_socket_type zs_socket_type_of_number(uint8_t number);
/* … and of metadata without the property: Socket-Type, the first one that is there. */
enum zs_socket_type zs_metadata_socket_type(struct zs_span metadata);
const char *zs_socket_type_name(enum zs_socket_type t); /* "DEALER"; NULL for UNKNOWN */

#endif
