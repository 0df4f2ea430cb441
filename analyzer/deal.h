/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_DEAL_H
#define ZS_ANALYZER_DEAL_H

/* Which of several processes looks into which connection, where all read the same packets: each connection is one's, most
 * are dealt out in turns, and one that lags behind loses some to who is ahead. */
#include <stdbool.h>
#include <stdint.h>

struct zs_deal;

/* In memory that processes share which are forked from now on. NULL: there is none, and errno says why. */
struct zs_deal *zs_deal_new(unsigned shares);
void zs_deal_free(struct zs_deal *d);

/* Does this share take connection number connection (from 1, going up), which begins with this packet? Each share asks
 * once, and one of them is answered true. */
bool zs_deal_takes(struct zs_deal *d, unsigned share, uint64_t connection, uint64_t packet);
/* Now and then: the share is that far. */
void zs_deal_passes(struct zs_deal *d, unsigned share, uint64_t packet);

#endif
