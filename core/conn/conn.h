/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_CONN_H
#define ZS_CONN_CONN_H

/* One observed connection: two byte streams in, events out. It never reads, writes, waits or looks at a
 * clock. Octets go from the caller's buffer to the reading without a copy where a frame is whole in it. */
#include "core/conn/event.h"

struct zs_batch;
struct zs_conn;
struct zs_waiting;

/* Outlives every connection, and so do its keys. */
struct zs_conn_config {
    const struct zs_keyring *keys;            /* may be NULL */
    struct zs_authenticators *authenticators; /* of the whole capture; likewise */
    /* Octets of a frame's body that are kept; a longer one is a defect and passed over. ZS_FRAME_LIMIT_MAX at most. */
    size_t frame_limit;
    /* Sealed messages wait here for others, of any connection that has the same one, up to whatever else happens on any
     * of these; NULL: each is read when it comes. What it costs is that events come late, though in their order. */
    struct zs_batch *batch;
    /* Octets of unfinished frames, of all connections that have the same one, stay below its cap: the largest frame is
     * passed over, and ZS_LIMIT_FRAMES says so; NULL: frame_limit alone bounds them. */
    struct zs_waiting *waiting;
    /* NULL: nobody is told anything; all that a connection does is to add to authenticators. */
    void (*on_event)(void *user, const struct zs_event *ev);
};

/* Reads what waits in config's batch. Before the batch goes, and where nothing more comes for a while. */
void zs_conn_settle(const struct zs_conn_config *config);

#define ZS_FRAME_LIMIT     ((size_t)64 << 20) /* a default: 64 MiB */
#define ZS_FRAME_LIMIT_MAX ((size_t)1 << 30)  /* GLib's arrays count their octets in 32 bits */

/* user goes to on_event. midstream: the beginning of the connection is not in the capture. */
struct zs_conn *zs_conn_new(const struct zs_conn_config *config, void *user, bool midstream,
                            struct zs_stamp at);

/* Somebody who knows says that it is ZMTP, whatever it looks like. Before the first octets. */
void zs_conn_assume(struct zs_conn *c);

/* The next octets of a side, as one piece came. False: this is not ZMTP; nothing more need be handed in. */
bool zs_conn_data(struct zs_conn *c, enum zs_dir dir, const void *octets, size_t n,
                  struct zs_stamp at);
/* May the AP-REQ still come? False: it was there, or there will be none. */
bool zs_conn_awaits_ap_req(const struct zs_conn *c);
/* bytes octets of a side are missing here. */
void zs_conn_gap(struct zs_conn *c, enum zs_dir dir, uint64_t bytes, struct zs_stamp at);
/* A retransmission held other octets than the first copy. */
void zs_conn_conflict(struct zs_conn *c, enum zs_dir dir, struct zs_stamp at);
/* A cap was reached that costs this connection something; dir: of which side's octets, but with
 * ZS_LIMIT_CONNECTIONS. */
void zs_conn_limit(struct zs_conn *c, enum zs_dir dir, const struct zs_event_limit *limit,
                   struct zs_stamp at);
/* The end: of the connection (closed), or of the capture. */
void zs_conn_end(struct zs_conn *c, bool closed, struct zs_stamp at);
void zs_conn_free(struct zs_conn *c);

#endif
