/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_AUTHENTICATORS_H
#define ZS_CONN_AUTHENTICATORS_H

/* The authenticators of a whole capture, to tell one that comes again on another connection (RFC 4120, 3.2.3): it
 * was replayed, and a server with a replay cache refuses it. Needs no key. */
#include "core/conn/stamp.h"
#include "core/wire/span.h"

struct zs_authenticators;

struct zs_authenticators *zs_authenticators_new(void);
void zs_authenticators_free(struct zs_authenticators *r); /* NULL is fine */

/* Takes note of an authenticator's ciphertext. True: it was there before, and *first is where. */
bool zs_authenticators_seen(struct zs_authenticators *r, struct zs_span authenticator,
                            struct zs_stamp at, struct zs_stamp *first);

#endif
