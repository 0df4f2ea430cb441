/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_LANES_H
#define ZS_KRB_LANES_H

/* Wrap tokens opened many at once, of any contexts: several times as fast as one by one, for who can wait for
 * the last of them. It needs intel-ipsec-mb and a processor with AVX2 or AVX512. */
#include "core/krb/context.h"

/* One of them: a zs_context_unwrap(), its arguments and what it answers. */
struct zs_unwrapping {
    const struct zs_context *context;
    struct zs_span token;
    uint8_t *buf; /* each its own, of */
    size_t room;  /* zs_unwrap_room(token.n) octets at least */
    enum zs_rc rc;
    struct zs_unwrapped u; /* filled only where rc is ZS_OK, and then the checksum held */
};

struct zs_lanes;

/* NULL: nothing is gained here by many at once. One thread at a time may use it. */
struct zs_lanes *zs_lanes_new(void);
void zs_lanes_free(struct zs_lanes *l); /* wipes; NULL is fine */

/* So many at once gain most; more are too many. */
unsigned zs_lanes_count(const struct zs_lanes *l);
#define ZS_LANES_MOST 16

/* Opens n, zs_lanes_count() at most; each rc and u is what zs_context_unwrap() alone would have answered. Nothing is
 * allocated. */
void zs_lanes_unwrap(struct zs_lanes *l, struct zs_unwrapping *all, size_t n);

#endif
