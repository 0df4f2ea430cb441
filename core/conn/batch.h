/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_BATCH_H
#define ZS_CONN_BATCH_H

/* Frames whose reading waits, so that what is sealed in them is opened many at once (core/krb/lanes.h). The connections
 * of a run share one, and what went in first comes out first. */
#include "core/conn/session.h"

struct zs_conn;
struct zs_batch;

/* A frame that waited. */
struct zs_waited {
    struct zs_conn *conn; /* borrowed */
    enum zs_dir dir;
    struct zs_stamp at;
    struct zs_frame frame; /* its body is borrowed, … */
    struct zs_unwrap_answer
        answer; /* … as is its token's plaintext, until the next zs_batch_put() */
};

struct zs_batch *zs_batch_new(void);
void zs_batch_free(struct zs_batch *b); /* wipes; nothing may wait; NULL is fine */

/* Lets f wait, whose body holds token, which context opens. False: it is not taken, for it is large, or because
 * nothing is gained on this machine. There must be room. */
bool zs_batch_put(struct zs_batch *b, const struct zs_waited *w, struct zs_span token,
                  const struct zs_context *context);
/* No room is left. */
bool zs_batch_is_full(const struct zs_batch *b);
#define ZS_BATCH_FRAME ((size_t)65 << 10) /* octets of the largest body that is taken */

/* The next of those that wait, the first of them when the last was answered; all are opened by then. NULL: none
 * is left, and there is room again. Between the first one and NULL nothing may be put. */
const struct zs_waited *zs_batch_next(struct zs_batch *b);
/* The one that zs_batch_next() answered last, until it is asked again; NULL: none, or b is NULL. */
const struct zs_waited *zs_batch_now(const struct zs_batch *b);

#endif
