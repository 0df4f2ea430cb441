/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 25/ZMTP-CURVE and 26/CURVEZMQ: sizes are fixed but for the boxes of INITIATE, READY and MESSAGE.
 *
 * Limits: HELLO's padding is not looked at; nothing is opened. */
#include "core/wire/curve.h"

enum {
    ANTI_AMPLIFICATION = 72, /* HELLO's padding makes it longer than the WELCOME it asks for */
    PUBLICKEY = 32,
    NONCE = 8,
    WELCOME_NONCE = 16,
    SIGNATURE_BOX = 80,
    WELCOME_BOX = 144,
    COOKIE = 96,
    /* A box is 16 octets longer than what it holds: of INITIATE a key (32) and a vouch (96), of READY
     * metadata, which may be empty, of MESSAGE at least the flags octet. */
    INITIATE_BOX_MIN = 144,
    READY_BOX_MIN = 16,
    MESSAGE_BOX_MIN = 17,
};

/* The rest of the command, which is at least min octets long. */
static struct zs_span take_box(struct zs_rd *rd, size_t min)
{
    return zs_rd_bytes(rd, rd->left.n < min ? min : rd->left.n);
}

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
        got.nonce = zs_rd_bytes(&rd, NONCE);
        got.box = take_box(&rd, INITIATE_BOX_MIN);
        break;
    case ZS_CMD_READY:
        got.nonce = zs_rd_bytes(&rd, NONCE);
        got.box = take_box(&rd, READY_BOX_MIN);
        break;
    case ZS_CMD_MESSAGE:
        got.nonce = zs_rd_bytes(&rd, NONCE);
        got.box = take_box(&rd, MESSAGE_BOX_MIN);
        break;
    default:
        return ZS_E_COMMAND_UNKNOWN;
    }
    if (rd.ran_out || rd.left.n)
        return ZS_E_COMMAND_BODY;
    *c = got;
    return ZS_OK;
}
