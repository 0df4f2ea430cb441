/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_WAITING_H
#define ZS_CONN_WAITING_H

/* Octets of frames whose rest is awaited, over all connections of a run: so that they can be kept below a cap, and who has
 * most of them is known. */
#include "core/conn/session.h"

struct zs_conn;

/* One side of a connection. */
struct zs_waiter {
    size_t n; /* octets */
    struct zs_conn *conn;
    enum zs_dir dir;
    struct zs_waiter *before, *behind; /* among the large ones */
};

/* Fields: read freely; most is the owner's. */
struct zs_waiting {
    size_t most; /* the cap */
    size_t n;    /* of all */
    struct zs_waiter *large;
};

/* x, zeroed but for conn and dir at first, has n octets now. With 0 it may go. */
void zs_waiting_note(struct zs_waiting *w, struct zs_waiter *x, size_t n);
/* Who has most; NULL: nobody has ZS_WAITER_LARGE. Those that have are few: the cap by that. */
struct zs_waiter *zs_waiting_largest(const struct zs_waiting *w);
#define ZS_WAITER_LARGE ((size_t)64 << 10)

#endif
