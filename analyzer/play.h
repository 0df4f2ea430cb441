/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_PLAY_H
#define ZS_ANALYZER_PLAY_H

/* A captured connection, one side of it said again live: what the other side answers is held against what it answered
 * in the capture. */
#include "analyzer/ignore.h"
#include "analyzer/live/connection.h"
#include "analyzer/report/account.h"
#include "analyzer/script.h"

struct zs_play;

struct zs_play_options {
    enum zs_role role; /* whose lines are said */
    double
        pace; /* of the capture's times: 1 as captured, 0.5 twice as fast; 0: as soon as it may be */
    double rate;                    /* lines of ours a second, at most; 0: no limit */
    double patience;                /* seconds that an answer may take */
    const struct zs_ignore *ignore; /* what need not be the same; may be NULL */
};

/* What came of a line. */
struct zs_play_outcome {
    enum zs_fate fate;
    gint64 latency; /* of theirs, nanoseconds */
    char *sentence; /* what is wrong; NULL: nothing */
};

/* on_difference: about a message of theirs. on_end: it is over; may free p. */
struct zs_play_handler {
    void (*on_difference)(void *user, const struct zs_play *p,
                          const struct zs_account_difference *d);
    void (*on_end)(void *user, struct zs_play *p);
};

/* Takes over socket and live as zs_connection_new() does; the others outlive it. */
struct zs_play *zs_play_new(GSocket *socket, struct zs_live *live, const struct zs_script *script,
                            const struct zs_play_options *options,
                            const struct zs_play_handler *handler, void *user);
/* Says no more and waits for no more; on_end follows. */
void zs_play_stop(struct zs_play *p);
const struct zs_account *zs_play_account(const struct zs_play *p);
const struct zs_play_outcome *zs_play_outcome(const struct zs_play *p, guint line);
void zs_play_free(struct zs_play *p); /* NULL is fine */

#endif
