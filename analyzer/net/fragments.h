/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_FRAGMENTS_H
#define ZS_NET_FRAGMENTS_H

/* IP datagrams that came in parts (RFC 791, 3.2; RFC 8200, 4.5). */
#include "analyzer/net/ip.h"

struct zs_fragments;

#define ZS_FRAGMENTS_DATAGRAMS 128 /* that are waited for at once, of 64 KiB at most each */

struct zs_fragments *zs_fragments_new(void);
/* One part, as zs_ip_parse() answered ZS_IP_FRAGMENT for. True: its datagram is whole now; *whole is like the part but
 * for protocol, payload and fragment, and zs_ip_resume() goes on with it. Its payload is borrowed until a later part
 * makes another datagram whole. */
bool zs_fragments_add(struct zs_fragments *f, const struct zs_ip *part, int64_t time_ns,
                      struct zs_ip *whole);
void zs_fragments_free(struct zs_fragments *f);

#endif
