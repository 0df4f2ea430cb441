/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_CFX_H
#define ZS_KRB_CFX_H

/* Wrap tokens and MIC tokens of RFC 4121 under one key. */
#include "core/krb/seal.h"
#include "core/wire/token.h"

/* RFC 4121, 2: KG-USAGE-ACCEPTOR-SEAL and KG-USAGE-INITIATOR-SEAL, of wrap tokens sealed or not. */
enum { ZS_USAGE_ACCEPTOR_SEAL = 22, ZS_USAGE_INITIATOR_SEAL = 24 };
/* KG-USAGE-ACCEPTOR-SIGN and KG-USAGE-INITIATOR-SIGN, of MIC tokens. */
enum { ZS_USAGE_ACCEPTOR_SIGN = 23, ZS_USAGE_INITIATOR_SIGN = 25 };

/* Opens c with s. buf has c->payload.n octets at least. On ZS_OK *plain points into buf, or, where the token is
 * not sealed and not rotated, into the token. ZS_E_WRAP_SHORT, _CHECKSUM, _HEADER, _EC. */
enum zs_rc zs_cfx_open(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf,
                       struct zs_span *plain);

/* The same in two halves, for a token that is sealed and not rotated: between them the caller answers *check. False:
 * this is none, or there is nothing to be asked, and zs_cfx_open() says what it is. */
bool zs_cfx_begin(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf,
                  struct zs_mac_check *check);
enum zs_rc zs_cfx_end(struct zs_seal *s, const struct zs_cfx *c, uint8_t *buf, bool holds,
                      struct zs_span *plain);

/* Does m hold over text (4.2.4)? s is of the sender's usage for signing. */
bool zs_cfx_mic_holds(struct zs_seal *s, const struct zs_mic *m, struct zs_span text);

/* Appends the token of the text that a and b make up, with c's flags and sequence number: sealed if the flags say so.
 * EC and RRC are MIT's: 0, and of a token that is not sealed EC the checksum's length. False: it did not fit, or
 * libgcrypt refused, and out is as it was but for being full. */
bool zs_cfx_seal(struct zs_seal *s, const struct zs_cfx *c, struct zs_span a, struct zs_span b,
                 struct zs_buf *out);

#endif
