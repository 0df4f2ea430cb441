/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_RENDERING_H
#define ZS_ANALYZER_RENDERING_H

/* What zmtpscope decrypt writes: the connections of an observation as packets of a pcapng, in the clear. */
#include "analyzer/observe.h"

#include <glib.h>
#include <stdio.h>

struct zs_rendering;

struct zs_rendering_counts {
    uint64_t connections;
    uint64_t clear, opened; /* frames, greetings aside */
    uint64_t sealed;        /* frames that were left out because they stayed sealed */
    uint64_t damaged;       /* connections that could not be read to their end */
    uint64_t unread;        /* octets that were missing, or could not be read because of it */
};

/* files are the captures' names. log is told, in a line, of each connection that something is left out of, but not of
 * very many. Both streams stay the caller's. */
struct zs_rendering *zs_rendering_new(FILE *out, FILE *log, const char *const *files);
/* The one who looks on and writes; it borrows r. */
struct zs_onlooker zs_rendering_onlooker(struct zs_rendering *r);
struct zs_rendering_counts zs_rendering_counts(const struct zs_rendering *r);
void zs_rendering_free(struct zs_rendering *r);

#endif
