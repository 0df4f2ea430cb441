/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_RERUN_H
#define ZS_REPORT_RERUN_H

/* What came of captured connections that were run again: as ladders for a person, as NDJSON (docs/replay.md) for a
 * program. */
#include "analyzer/report/report.h"
#include "core/conn/rerun.h"

#include <glib.h>

struct zs_rerun_options {
    FILE *out;
    bool colours; /* ladders */
    bool all;     /* ladders: messages too, not the handshake alone */
};

/* The connection that is told of. */
struct zs_rerun_connection {
    const struct zs_report_connection *shown;
    struct zs_stamp first; /* its first octets */
    bool established;      /* so far */
    GHashTable *told;      /* the reports' own: differences that were told already */
};

struct zs_rerun_counts {
    uint64_t verdict[ZS_RERUN_NOT_RUN + 1];
};

struct zs_rerun_report {
    void (*begin)(const struct zs_rerun_options *o, const struct zs_rerun_connection *c);
    void (*statement)(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                      enum zs_role role, struct zs_stamp at, const struct zs_peer_event *ev);
    void (*difference)(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                       enum zs_role role, struct zs_stamp at, const struct zs_rerun_difference *d);
    void (*verdict)(const struct zs_rerun_options *o, const struct zs_rerun_connection *c,
                    const struct zs_rerun_result *r);
    void (*end)(const struct zs_rerun_options *o, const struct zs_rerun_counts *n);
};

extern const struct zs_rerun_report zs_rerun_report_text, zs_rerun_report_json;

#endif
