/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_ACCOUNT_H
#define ZS_REPORT_ACCOUNT_H

/* What came of one side of a captured connection that was said again live, and of all of them. */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How often something took how long, in a fixed room: each power of two has 32 steps, so that what is read out of it is
 * off by less than 2 %. */
enum { ZS_LATENCY_STEPS = 32, ZS_LATENCY_BUCKETS = 60 * ZS_LATENCY_STEPS };

struct zs_latencies {
    uint64_t count;
    uint32_t bucket[ZS_LATENCY_BUCKETS];
};

void zs_latencies_add(struct zs_latencies *l, gint64 ns);
/* By nearest rank: of one that is there, at least percent of all are not longer. 0 where there are none. */
gint64 zs_latencies_percentile(const struct zs_latencies *l, guint percent);

struct zs_account {
    uint64_t sent;                 /* of ours */
    uint64_t matched;              /* of theirs: as captured, … */
    uint64_t differed;             /* … otherwise, … */
    uint64_t missing;              /* … not at all, … */
    uint64_t extra;                /* … though the capture has none */
    struct zs_latencies latencies; /* from our last line to each of theirs */
    bool stood;                    /* the handshake was through */
    bool stopped; /* it was ended from here before its end: what had not come then is not missing */
    char *failed; /* the connection did not stand, or not to the end: why; NULL: it did */
};

/* Which one it is. */
struct zs_account_of {
    uint64_t connection;  /* of the capture */
    uint64_t copy, round; /* from 1 */
    bool several;         /* there is more than one of a connection: text says which */
};

/* Of all that were run. */
struct zs_account_total {
    struct zs_account sum;
    uint64_t connections, stood, failed, stopped;
    double seconds;
};

/* What came of a line of the script. */
enum zs_fate {
    ZS_FATE_NONE, /* it was not reached */
    ZS_FATE_SENT, /* ours: … */
    ZS_FATE_UNSENT,
    ZS_FATE_MATCHED, /* theirs: … */
    ZS_FATE_DIFFERED,
    ZS_FATE_MISSING,
    ZS_FATE_EXTRA, /* no line of the script at all */
};

struct zs_account_difference {
    enum zs_fate fate;
    uint64_t frame; /* of the line; 0: none */
    guint part;     /* from 1, that differs; 0: it is no part */
    const char *sentence;
};

/* "c1", or of several "c1.2.3"; g_free() it. */
char *zs_account_name(const struct zs_account_of *of);
void zs_account_add(struct zs_account_total *total, const struct zs_account *a);

/* Lines: text, or as docs/replay.md has it. Before all others, bound: where clients may come. */
void zs_account_put_listening(FILE *out, bool json, const char *endpoint);
void zs_account_put(FILE *out, bool json, const struct zs_account_of *of,
                    const struct zs_account *a);
void zs_account_put_difference(FILE *out, bool json, const struct zs_account_of *of,
                               const struct zs_account_difference *d);
void zs_account_put_total(FILE *out, bool json, const struct zs_account_total *total);
/* How far it is: one line of text, without its end. expected 0: there is no end. */
void zs_account_put_progress(FILE *out, const struct zs_account_total *total, uint64_t open,
                             uint64_t expected);

#endif
