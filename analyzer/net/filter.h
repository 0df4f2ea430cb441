/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_FILTER_H
#define ZS_NET_FILTER_H

/* A pcap-filter(7) expression, for packets of any link types. */
#include "analyzer/net/packet.h"

#include <stdbool.h>

struct zs_filter;

/* expression is copied. */
struct zs_filter *zs_filter_new(const char *expression);
/* NULL: the expression can be used on this link type; else why not, borrowed from f until the next call. */
const char *zs_filter_compile(struct zs_filter *f, int link_type);
/* False, too, of a link type on which the expression cannot be used. */
bool zs_filter_passes(struct zs_filter *f, const struct zs_packet *packet);
void zs_filter_free(struct zs_filter *f); /* NULL is fine */

#endif
