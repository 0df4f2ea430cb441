/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_SHARE_H
#define ZS_ANALYZER_SHARE_H

/* A run in shares: each reads all packets, looks into the connections of its own, and writes what it has to say with
 * the place where it belongs; merged, the shares say what a single run says. docs/shares.md is the format. */
#include "analyzer/observe.h"

/* Runs share o->share of o->shares and writes its result to descriptor. o->options.out, o->place, o->progress and
 * o->summary are the share's own business. False: *error as of zs_observe(), or of writing. */
bool zs_share_write(const struct zs_observation *o, int descriptor, GError **error);

/* Merges n results, read from descriptors that then belong to it; names is what errors call them. False: *error is
 * the first thing that is wrong with them; or with what they read, where out says all that could be said. */
bool zs_share_merge(const int *descriptors, const char *const *names, size_t n, FILE *out,
                    GError **error);

#endif
