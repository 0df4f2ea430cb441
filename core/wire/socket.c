/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket types of 15/ZMTP, 23/ZMTP and 37/ZMTP. */
#include "core/wire/socket.h"

static const char *const names[ZS_SOCKET_COUNT] = {
    [ZS_SOCKET_PAIR] = "PAIR",       [ZS_SOCKET_PUB] = "PUB",         [ZS_SOCKET_SUB] = "SUB",
    [ZS_SOCKET_REQ] = "REQ",         [ZS_SOCKET_REP] = "REP",         [ZS_SOCKET_DEALER] = "DEALER",
    [ZS_SOCKET_ROUTER] = "ROUTER",   [ZS_SOCKET_PULL] = "PULL",       [ZS_SOCKET_PUSH] = "PUSH",
    [ZS_SOCKET_XPUB] = "XPUB",       [ZS_SOCKET_XSUB] = "XSUB",       [ZS_SOCKET_CLIENT] = "CLIENT",
    [ZS_SOCKET_SERVER] = "SERVER",   [ZS_SOCKET_RADIO] = "RADIO",     [ZS_SOCKET_DISH] = "DISH",
    [ZS_SOCKET_GATHER] = "GATHER",   [ZS_SOCKET_SCATTER] = "SCATTER", [ZS_SOCKET_PEER] = "PEER",
    [ZS_SOCKET_CHANNEL] = "CHANNEL",
};

enum zs_socket_type zs_socket_type_of(struct zs_span name)
{
    for (int t = ZS_SOCKET_PAIR; t < ZS_SOCKET_COUNT; t++)
        if (zs_span_is(name, names[t]))
            return (enum zs_socket_type)t;
    return ZS_SOCKET_UNKNOWN;
}

enum zs_socket_type zs_socket_type_of_number(uint8_t number)
{
    return number <= ZS_SOCKET_XSUB - ZS_SOCKET_PAIR
               ? (enum zs_socket_type)(number + ZS_SOCKET_PAIR)
               : ZS_SOCKET_UNKNOWN;
}

enum zs_socket_type zs_metadata_socket_type(struct zs_span metadata)
{
    static const char name[] = "Socket-Type";
    return zs_socket_type_of(zs_metadata_find(metadata, zs_span(name, sizeof name - 1)).value);
}

const char *zs_socket_type_name(enum zs_socket_type t)
{
    return (unsigned)t < ZS_SOCKET_COUNT ? names[t] : NULL;
}
