/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_ACCOUNT_H
#define ZS_REPORT_ACCOUNT_H

/* What came of one side of a captured connection that was said again live. */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct zs_account {
    uint64_t sent;     /* of ours */
    uint64_t matched;  /* of theirs: as captured, … */
    uint64_t differed; /* … otherwise, … */
    uint64_t missing;  /* … not at all, … */
    uint64_t extra;    /* … though the capture has none */
    GArray *
        latencies; /* of gint64, nanoseconds: from our last line to each of theirs; sorted as it is written */
    char *failed; /* the connection did not stand, or not to the end: why; NULL: it did */
};

/* A line: text, or as docs/replay.md has it. */
void zs_account_put(FILE *out, bool json, uint64_t connection, const struct zs_account *a);
/* A sentence about a message of theirs; text. */
void zs_account_difference(FILE *out, uint64_t connection, const char *sentence);

#endif
