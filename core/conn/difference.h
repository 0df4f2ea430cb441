/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_DIFFERENCE_H
#define ZS_CONN_DIFFERENCE_H

/* What ours says held against what the captured side said: of the parts of rerun.c. */
#include "core/conn/rerun.h"

/* Who is told, and how many there were. */
struct zs_differences {
    const struct zs_rerun_handler *handler;
    void *user;
    uint64_t *count;
};

void zs_differ(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
               const char *field, const char *ours, const char *captured, const char *clause);
/* The same statement by ours and by the captured side. */
void zs_differ_statements(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                          const struct zs_peer_event *ours, const struct zs_peer_event *captured);
/* Where libzmq's form of GSSAPI leaves the specification, ours with it: each such thing. */
void zs_differ_from_spec(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                         const struct zs_peer_event *ev);
const char *zs_statement_name(const struct zs_peer_event *ev); /* "greeting", "READY", … */

#endif
