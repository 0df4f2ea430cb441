/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_CURVE_H
#define ZS_WIRE_CURVE_H

/* 25/ZMTP-CURVE and 26/CURVEZMQ: the parts of its commands. Nothing is opened. */
#include "core/defect.h"
#include "core/wire/command.h"

/* The parts that a command has; the others are empty. */
struct zs_curve {
    uint8_t major, minor;     /* HELLO */
    struct zs_span publickey; /* HELLO: the client's transient key, 32 octets */
    struct zs_span cookie;    /* INITIATE: 96 octets */
    struct zs_span nonce;     /* 8 octets; WELCOME 16 */
    struct zs_span signature; /* HELLO: signature box, 80 octets */
    struct zs_span box;       /* WELCOME 144, INITIATE from 144, READY from 16, MESSAGE from 17 */
};

/* ZS_E_COMMAND_UNKNOWN where CURVE has no such command with parts; ZS_E_COMMAND_BODY. */
enum zs_rc zs_curve_parse(enum zs_command_id id, struct zs_span body, struct zs_curve *c);

#endif
