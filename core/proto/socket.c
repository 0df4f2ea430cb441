/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What socket types do: 23/ZMTP and 37/ZMTP, "The Socket-Type Property"; 28/REQREP, 29/PUBSUB, 30/PIPELINE, 31/EXPAIR;
 * SERVER, CLIENT and the other thread-safe ones as libzmq pairs them. */
#include "core/proto/socket.h"

#define BIT(t) (UINT32_C(1) << ZS_SOCKET_##t)

enum { IDENTITY = 1, SENDS = 2, SUBSCRIBES = 4, DELIMITS = 8 };

/* clang-format off */
static const struct {
    uint32_t peers;
    uint8_t ways;
} types[ZS_SOCKET_COUNT] = {
    [ZS_SOCKET_PAIR]    = {BIT(PAIR),                           SENDS},
    [ZS_SOCKET_PUB]     = {BIT(SUB) | BIT(XSUB),                SENDS},
    [ZS_SOCKET_SUB]     = {BIT(PUB) | BIT(XPUB),                SUBSCRIBES},
    [ZS_SOCKET_REQ]     = {BIT(REP) | BIT(ROUTER),              SENDS | IDENTITY | DELIMITS},
    [ZS_SOCKET_REP]     = {BIT(REQ) | BIT(DEALER),              SENDS | DELIMITS},
    [ZS_SOCKET_DEALER]  = {BIT(REP) | BIT(DEALER) | BIT(ROUTER), SENDS | IDENTITY},
    [ZS_SOCKET_ROUTER]  = {BIT(REQ) | BIT(DEALER) | BIT(ROUTER), SENDS | IDENTITY},
    [ZS_SOCKET_PULL]    = {BIT(PUSH),                           0},
    [ZS_SOCKET_PUSH]    = {BIT(PULL),                           SENDS},
    [ZS_SOCKET_XPUB]    = {BIT(SUB) | BIT(XSUB),                SENDS},
    [ZS_SOCKET_XSUB]    = {BIT(PUB) | BIT(XPUB),                SENDS | SUBSCRIBES},
    [ZS_SOCKET_SERVER]  = {BIT(CLIENT),                         SENDS},
    [ZS_SOCKET_CLIENT]  = {BIT(SERVER),                         SENDS},
    [ZS_SOCKET_RADIO]   = {BIT(DISH),                           SENDS},
    [ZS_SOCKET_DISH]    = {BIT(RADIO),                          0},
    [ZS_SOCKET_GATHER]  = {BIT(SCATTER),                        0},
    [ZS_SOCKET_SCATTER] = {BIT(GATHER),                         SENDS},
    [ZS_SOCKET_PEER]    = {BIT(PEER),                           SENDS},
    [ZS_SOCKET_CHANNEL] = {BIT(CHANNEL),                        SENDS},
};
/* clang-format on */

bool zs_socket_may_talk(enum zs_socket_type a, enum zs_socket_type b)
{
    return types[a].peers >> b & 1;
}

bool zs_socket_has_identity(enum zs_socket_type t)
{
    return types[t].ways & IDENTITY;
}

bool zs_socket_may_send(enum zs_socket_type t)
{
    return types[t].ways & SENDS;
}

bool zs_socket_subscribes(enum zs_socket_type t)
{
    return types[t].ways & SUBSCRIBES;
}

bool zs_socket_delimits(enum zs_socket_type t)
{
    return types[t].ways & DELIMITS;
}
