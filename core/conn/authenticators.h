/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_AUTHENTICATORS_H
#define ZS_CONN_AUTHENTICATORS_H

/* The authenticators of a whole capture, to tell one that comes again on another connection (RFC 4120, 3.2.3): it
 * was replayed, and a server with a replay cache refuses it. Needs no key. */
#include "core/conn/stamp.h"
#include "core/wire/span.h"

struct zs_replays;

struct zs_replays *zs_replays_new(void);
void zs_replays_free(struct zs_replays *r); /* NULL is fine */

/* Takes note of an authenticator's ciphertext. True: it was there before, and *first is where. */
bool zs_replays_seen(struct zs_replays *r, struct zs_span authenticator, struct zs_stamp at,
                     struct zs_stamp *first);

#endif
