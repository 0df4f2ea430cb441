/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_ACCEPTOR_H
#define ZS_KRB_ACCEPTOR_H

/* A context from within, inside core/krb only: for context.c, which rebuilds it, and for what opens tokens with it. */
#include "core/krb/cfx.h"
#include "core/krb/context.h"
#include "core/krb/old.h"
#include "core/krb/secrets.h"

enum { KEY_COUNT = ZS_SUBKEY_SESSION + 1, SENDER_COUNT = 2 };

struct zs_context {
    struct zs_context_facts facts;
    struct zs_key key[KEY_COUNT]; /* by enum zs_subkey_from */
    uint8_t id[ZS_SECRET_ID];     /* of its session secret */
    bool by_secret;               /* one was used */
    /* Derived keys and their handles, made when the first token wants them; [key][sender is acceptor]. */
    struct zs_seal *seal[KEY_COUNT][SENDER_COUNT];
    struct zs_old_seal *old[KEY_COUNT];
};

/* A token of RFC 4121 that is being opened: what its header says, and the key that it asks for. Borrowed from token and
 * context. */
struct zs_opening {
    struct zs_cfx cfx;
    enum zs_subkey_from which;
    struct zs_seal *seal;
};
/* room: of the buffer that is there for it. ZS_E_CFX_HEADER, ZS_E_WRAP_CHECKSUM (there is no such key), _SHORT. */
enum zs_rc zs_opening_begin(struct zs_opening *o, const struct zs_context *c, struct zs_span token,
                            size_t room);
/* It holds plain. */
void zs_opening_end(const struct zs_opening *o, struct zs_span plain, struct zs_unwrapped *u);

/* Is it an enctype whose per-message tokens can be opened? */
bool zs_can_open(int32_t enctype);

#endif
