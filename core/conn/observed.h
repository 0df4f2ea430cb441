/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_OBSERVED_H
#define ZS_CONN_OBSERVED_H

/* A security context out of a capture, as a peer of core/proto uses one: its tokens are those that the capture has,
 * and what the other side wrapped is opened with the acceptor's context as an observer rebuilt it. */
#include "core/krb/context.h"
#include "core/proto/gss.h"
#include "core/proto/peer.h"

struct zs_observed;

/* The context seen from role's side. context outlives it; NULL: nothing can be opened. */
struct zs_observed *zs_observed_new(enum zs_role role, const struct zs_context *context);
/* The next context token that role sends in the capture; a copy is kept. */
void zs_observed_token(struct zs_observed *o, struct zs_span token);
/* step: role's tokens one after the other. An acceptor refuses what its keys do not open or its clock, the capture's,
 * could not accept; an initiator fails where the answer is no token that goes on, or does not open. Behind the last
 * token the context is complete. wrap: a token of RFC 4121's form that holds its text unsealed and without a
 * checksum: what would have been sealed. It is there to be read, never to be sent. */
const struct zs_gss *zs_observed_gss(struct zs_observed *o);
void zs_observed_free(struct zs_observed *o); /* NULL is fine */

#endif
