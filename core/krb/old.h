/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_OLD_H
#define ZS_KRB_OLD_H

/* Wrap tokens and MIC tokens of RFC 1964 with des3-cbc-sha1 and of RFC 4757 with arcfour-hmac, under one key. */
#include "core/krb/key.h"
#include "core/wire/token.h"

struct zs_old_seal;

/* NULL where key's enctype has no such tokens, or libgcrypt refuses. */
struct zs_old_seal *zs_old_seal_new(const struct zs_key *key);
void zs_old_seal_free(struct zs_old_seal *s); /* wipes; NULL is fine */
bool zs_old_enctype(int32_t enctype);

struct zs_old_opened {
    struct zs_span plain;
    bool confidential;
    bool sent_by_acceptor;
    uint32_t sequence;
};

/* Opens t, of kind ZS_TOKEN_WRAP_OLD. buf has t->inner.n octets at least; plain points into it. ZS_E_WRAP_SHORT,
 * _HEADER (algorithms that do not belong to the key), _CHECKSUM, _DIRECTION (octets that are neither side's), _EC
 * (padding). Nothing is allocated. The number of an RC4 token that is not sealed is under no checksum (RFC 4757, 7.3):
 * *o says what stands there. */
enum zs_rc zs_old_open(struct zs_old_seal *s, const struct zs_token *t, uint8_t *buf,
                       struct zs_old_opened *o);

/* Does t, of kind ZS_TOKEN_MIC_OLD, hold over text, made by the acceptor or by the initiator (RFC 1964, 1.2.1; RFC 4757,
 * 7.2)? */
bool zs_old_mic_holds(struct zs_old_seal *s, const struct zs_token *t, struct zs_span text,
                      bool by_acceptor);

#endif
