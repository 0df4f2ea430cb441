/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_IGNORE_H
#define ZS_ANALYZER_IGNORE_H

/* What of an answer need not be as it was captured: whole parts of messages, by number, and whatever a regular expression
 * finds in a part. */
#include <glib.h>
#include <stdbool.h>

struct zs_ignore;

/* Rules, up to a NULL; none is fine. A number, from 1, is a part; all else a regular expression over octets (PCRE's).
 * NULL: *why is one sentence; g_free() it. */
struct zs_ignore *zs_ignore_new(char *const *rules, char **why);
/* Where two parts begin to differ: octets from their beginnings. */
struct zs_ignore_place {
    gsize came, captured;
};

/* Are the two the same but for that? If not, *where is the first octet, or the end, that differs. part: from 1. i may be
 * NULL. */
bool zs_ignore_equal(const struct zs_ignore *i, guint part, GBytes *came, GBytes *captured,
                     struct zs_ignore_place *where);
void zs_ignore_free(struct zs_ignore *i); /* NULL is fine */

#endif
