/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 25/ZMTP-CURVE and 26/CURVEZMQ: sizes are fixed but for the boxes of INITIATE, READY and MESSAGE. */
#include "core/wire/curve.h"

enum {
    ANTI_AMPLIFICATION = 72, /* HELLO's padding: a HELLO is as long as the WELCOME it asks for */
    PUBLICKEY = 32,
    NONCE = 8,
    WELCOME_NONCE = 16,
    SIGNATURE_BOX = 80,
    WELCOME_BOX = 144,
    COOKIE = 96,
    BOX_MIN = 16, /* the authenticator of an empty box */
};

enum zs_rc zs_curve_parse(enum zs_command_id id, struct zs_span body, struct zs_curve *c)
{
    struct zs_rd rd = zs_rd(body);
    struct zs_curve got = {0};

    switch (id) {
    case ZS_CMD_HELLO:
        got.major = zs_rd_u8(&rd);
        got.minor = zs_rd_u8(&rd);
        zs_rd_bytes(&rd, ANTI_AMPLIFICATION);
        got.publickey = zs_rd_bytes(&rd, PUBLICKEY);
        got.nonce = zs_rd_bytes(&rd, NONCE);
        got.signature = zs_rd_bytes(&rd, SIGNATURE_BOX);
        break;
    case ZS_CMD_WELCOME:
        got.nonce = zs_rd_bytes(&rd, WELCOME_NONCE);
        got.box = zs_rd_bytes(&rd, WELCOME_BOX);
        break;
    case ZS_CMD_INITIATE:
        got.cookie = zs_rd_bytes(&rd, COOKIE);
        /* fall through */
    case ZS_CMD_READY:
    case ZS_CMD_MESSAGE:
        got.nonce = zs_rd_bytes(&rd, NONCE);
        got.box = zs_rd_bytes(&rd, rd.left.n < BOX_MIN ? BOX_MIN : rd.left.n);
        break;
    default:
        return ZS_E_COMMAND_UNKNOWN;
    }
    if (rd.ran_out || rd.left.n)
        return ZS_E_COMMAND_BODY;
    *c = got;
    return ZS_OK;
}
