/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_CHANNEL_H
#define ZS_KRB_CHANNEL_H

/* One end of an established context of RFC 4121: seals what this end says, opens what the other end says, and counts
 * both. Bulk crypto is libgcrypt's; nothing is allocated for a message but room in the caller's buffer. */
#include "core/krb/context.h"
#include "core/wire/buf.h"

struct zs_channel_keys {
    struct zs_key key;
    bool initiator;         /* this end is */
    bool acceptor_subkey;   /* key is the acceptor's subkey, as tokens then say */
    uint64_t send, receive; /* the next sequence number of each direction */
};

struct zs_channel;

/* Does an enctype have tokens of RFC 4121 that can be sealed and opened? */
bool zs_channel_enctype(int32_t enctype);
/* NULL where it has not, or libgcrypt refuses. */
struct zs_channel *zs_channel_new(const struct zs_channel_keys *k);
void zs_channel_free(struct zs_channel *c); /* wipes; NULL is fine */

/* Appends the token of the text that a and b make up. False: it did not fit, or libgcrypt refused; no number is used
 * up, and out is full or as it was. */
bool zs_channel_wrap(struct zs_channel *c, bool confidential, struct zs_span a, struct zs_span b,
                     struct zs_buf *out);
/* Opens one; buf has zs_unwrap_room(token.n) octets. Of an answer but ZS_OK *u is untouched and nothing is counted:
 * as zs_context_unwrap(), and ZS_E_WRAP_DIRECTION, _SUBKEY, _GAP, _DUPLICATE: numbers go up by one, and nothing else. */
enum zs_rc zs_channel_unwrap(struct zs_channel *c, struct zs_span token, uint8_t *buf,
                             struct zs_unwrapped *u);

#endif
